"""Runs and repairs of several jobs and pipelines of one bundle, with one Spark, one fork server and its services.

Import `LocalWorkspace` from the root of the package; commands and the pytest plugin import the modules.
"""

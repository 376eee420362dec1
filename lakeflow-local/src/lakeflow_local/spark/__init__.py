"""Spark on this machine: the session with Delta, its settings, warehouse and catalogs, the statements of the platform.

Import `SparkServer` from the root of the package; the engine imports names of catalogs and tables from here.
"""

"""Datasets, flows, expectations, names of tables, and what an update gives back: plain data.

Every room of pipelines imports from here.
"""

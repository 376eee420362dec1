"""Spark on this machine: the session with Delta, its settings, jars and Java, the warehouse and its catalogs.

Import `SparkServer` from the root of the package; the engine imports names of catalogs and tables from here.
"""

"""Paths of the platform (`/Volumes/…`, `/Workspace/…`, `dbfs:/…`) as folders of this machine, for Python and for Spark.

Import `PathMap` from `path_map`; only what runs code of a bundle in this process uses `python_files`.
"""

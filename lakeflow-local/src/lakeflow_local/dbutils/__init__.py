"""`dbutils` as tasks and source files of pipelines find it: files, secrets, widgets, task values, notebooks.

Import `runtime` where code of a bundle runs; nothing else needs it.
"""

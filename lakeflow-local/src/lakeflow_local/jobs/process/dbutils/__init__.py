"""`dbutils` as a task finds it: task values, widgets, secrets, files, notebooks.

Import `runtime` inside of a task's process; nothing else needs it.
"""

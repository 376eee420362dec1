"""How a task is carried out: one executor a task type, and what executors share.

The workspace imports the table of executors; an executor imports from the rooms below.
"""

"""Statement execution on the local Spark: each statement is a child of the process, its result is in files.

The application imports `statements`; `execute` runs in the child.
"""

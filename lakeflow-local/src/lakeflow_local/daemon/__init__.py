"""The local workspace of a bundle: one long-lived process that owns Spark, and how commands find it and use it.

Code of the bundle never runs in it. It runs in processes that the fork server makes for each command.
"""

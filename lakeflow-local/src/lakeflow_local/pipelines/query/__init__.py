"""Evaluating a dataset's query: what it reads, with which settings, and what its expectations count.

For `refresh`; nothing here writes a table.
"""

"""The history of runs in SQLite, its rows, its locks, and the JSON that the Jobs API would give.

Import from here to read or write runs; it decides nothing.
"""

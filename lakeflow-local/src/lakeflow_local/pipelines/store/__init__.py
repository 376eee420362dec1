"""What is kept between updates: progress, tables, code versions, the event log.

For the rooms above; no query is evaluated here.
"""

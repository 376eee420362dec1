"""Python tasks as processes: the warm fork server, its client, and what runs inside of a task.

Executors import the client; everything that a task's process imports is here or below.
"""

"""Pipelines as they were deployed: their settings, updates and events.

The application imports the calls. `play` runs in a child; tasks of deployed jobs use its `run_update`.
"""

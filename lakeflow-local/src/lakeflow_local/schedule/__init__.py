"""When jobs would run: cron, periodic and other triggers, and where runs collide. Nothing is run.

Import from here to ask for the times of a job's triggers.
"""

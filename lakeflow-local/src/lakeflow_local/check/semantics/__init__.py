"""What a bundle's configuration means: graphs of tasks, operands, calendars, triggers, the layers of targets.

Rules of several families import from here; nothing here knows a rule.
"""

"""What a bundle means, read without running it: graphs of tasks, operands, calendars, and what code calls and names.

Rules of several families import from here; nothing here knows a rule.
"""

"""What several rules work out from code and text: command lines, task values, the shapes of secrets.

Rules import from it; it imports from `check` below it.
"""

"""Values of Python code, worked out by reading it: nothing of it is imported, run or called.

`evaluate.value_of` is the way in; rules and readers of source files import from here.
"""

"""The command line: the entry point, one module a command, their options, output and progress.

The roof of the house: nothing imports from here.
"""

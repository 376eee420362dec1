"""The commands, a module each: its options, and what it calls.

`cli.main` imports one when it is asked for.
"""

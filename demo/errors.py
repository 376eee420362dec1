"""How a demo ends early: each is one line for a person, and an exit code."""


class DemoError(Exception):
    """Base of what ends the program with a message instead of a traceback."""

    exit_code = 1


class WrongInput(DemoError):
    """What was asked for cannot be done: a folder that is not there, a date that is none."""

    exit_code = 2


class Unexpected(DemoError):
    """The story took a turn that it must not take. Something is broken: this is what the demo is for."""

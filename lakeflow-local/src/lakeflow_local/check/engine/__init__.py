"""Loads a bundle, runs the rules over it, and leaves out what is ignored or known.

For the command line, the formats and tests.
"""

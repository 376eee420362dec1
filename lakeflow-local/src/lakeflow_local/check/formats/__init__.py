"""Findings as text, JSON, GitHub annotations and SARIF.

For the command line alone.
"""

"""The code of a bundle's tasks and pipelines, read without running it: what is reached, called, set and named.

Rules of several families, and `check.semantics`, import from here; nothing here knows a rule.
"""

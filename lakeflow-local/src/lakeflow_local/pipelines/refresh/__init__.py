"""Bringing datasets up to date: one attempt of an update, and how each kind of dataset is written.

`Pipeline` alone imports from here.
"""

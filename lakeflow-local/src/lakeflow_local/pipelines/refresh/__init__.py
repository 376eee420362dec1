"""Bringing datasets up to date: one attempt of an update, and what each kind of dataset is done with.

`Pipeline` alone imports from here.
"""

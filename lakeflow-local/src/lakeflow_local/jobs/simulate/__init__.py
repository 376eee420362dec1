"""A job played on given outcomes, without processes and without waiting.

Import `simulate` to ask what a job would do.
"""

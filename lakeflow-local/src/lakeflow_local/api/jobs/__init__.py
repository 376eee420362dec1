"""Jobs and their runs, version 2.2 of the API.

The application alone imports it.
"""

"""AUTO CDC: changes and snapshots become the rows of a target, of type 1, of type 2 or bitemporal.

`pipelines.refresh` alone imports from here.
"""

"""How rows get into tables and sinks: as streams, in the shape and types of their table, or in place of others.

AUTO CDC and `pipelines.refresh` import from here.
"""

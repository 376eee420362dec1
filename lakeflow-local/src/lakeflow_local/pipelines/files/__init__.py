"""Files that land: Auto Loader and `read_files`, their formats, and schemas inferred from them.

Import a reader from here; it knows nothing of datasets.
"""

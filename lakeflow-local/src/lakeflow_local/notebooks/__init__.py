"""Source formats: notebooks as `.py`, `.sql` and `.ipynb`, and the statements of a SQL text.

Shared by jobs and pipelines; knows nothing of either.
"""

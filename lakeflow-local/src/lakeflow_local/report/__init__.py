"""One run of a job or a pipeline as one HTML page, made from the history.

Import `contents` and `render`; the rest are parts of the page.
"""

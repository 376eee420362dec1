"""A configuration as a tree whose every key and value knows its file and line, and the notes made about it.

The ground of `bundle/`: everything in it may import from here.
"""

"""Which fields a section or a resource has, and of what type.

Import from here to ask what a key may hold, or to fit a tree to its schema.
"""

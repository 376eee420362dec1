"""Variables and `${…}` references: what they mean, and what is wrong with them.

Import from here to resolve a text; it knows nothing of what a resolution does with the result.
"""

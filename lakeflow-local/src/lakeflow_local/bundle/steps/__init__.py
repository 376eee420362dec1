"""Steps of a resolution that concern the whole bundle: includes, targets, identity, paths, modes, Python code.

For `bundle.loading` alone, which calls them in the CLI's order.
"""

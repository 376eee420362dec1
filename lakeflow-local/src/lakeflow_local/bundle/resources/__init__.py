"""Steps of a resolution that concern resources: their files, compute, presets, permissions, defaults.

For `bundle.loading` alone, which calls them in the CLI's order.
"""

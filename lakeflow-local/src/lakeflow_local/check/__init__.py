"""What `databricks bundle validate` misses, found without a workspace: rules over a resolved bundle and its files.

A rule is one function in one module below `check.rules`, with its fact and its examples. It reads the bundle through
`CheckedTarget` and `CheckedBundle`; nothing here executes the bundle's code.
"""

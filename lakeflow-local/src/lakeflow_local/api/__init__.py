"""The part of the Databricks REST API that bundles need, for the real CLI and SDK, with the local engine behind it.

The process of a bundle folder serves it: it imports `families`. No code of a bundle is imported here; what runs such
code is started through `state.player`.
"""

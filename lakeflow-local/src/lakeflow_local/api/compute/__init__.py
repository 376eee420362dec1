"""SQL warehouses, which all are the local Spark, and what bundles look up by name: clusters, pools, policies.

The application imports the calls; `api.sql` imports `warehouses`.
"""

"""What the rows of an event log are, for the pipelines that write them and for `event_log(…)`, which reads them."""

# https://docs.databricks.com/aws/en/ldp/monitor-event-log-schema; `table_name` is ours, as earlier logs have it.
_ORIGIN = {
    "cloud": "STRING",
    "region": "STRING",
    "org_id": "BIGINT",
    "user_id": "BIGINT",
    "pipeline_id": "STRING",
    "pipeline_type": "STRING",
    "pipeline_name": "STRING",
    "cluster_id": "STRING",
    "update_id": "STRING",
    "maintenance_id": "STRING",
    "table_id": "STRING",
    "table_name": "STRING",
    "dataset_name": "STRING",
    "sink_name": "STRING",
    "flow_id": "STRING",
    "flow_name": "STRING",
    "batch_id": "BIGINT",
    "request_id": "STRING",
    "catalog_name": "STRING",
    "schema_name": "STRING",
    "host": "STRING",
}
# `details` is JSON in a text, which `:` reads.
SCHEMA = (
    f"id STRING, sequence STRING, origin STRUCT<{', '.join(f'{name}: {kind}' for name, kind in _ORIGIN.items())}>, "
    "timestamp TIMESTAMP, message STRING, level STRING, "
    "error STRUCT<fatal: BOOLEAN, exceptions: ARRAY<STRUCT<class_name: STRING, message: STRING>>>, "
    "details STRING, event_type STRING, maturity_level STRING"
)

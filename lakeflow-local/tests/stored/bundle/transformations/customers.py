from pyspark import pipelines as dp
from pyspark.sql import functions as F

for scd_type, name in ((1, "customers"), (2, "customers_history")):
    dp.create_streaming_table(name)
    dp.create_auto_cdc_flow(
        target=name,
        source="customer_changes",
        keys=["customer_id"],
        sequence_by=F.col("changed"),
        apply_as_deletes=F.expr("op = 'DELETE'"),
        except_column_list=["op"],
        stored_as_scd_type=scd_type,
    )

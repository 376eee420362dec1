"""Which tables a schema has, as a task asks: in one question, whatever else the session knows."""

from payouts.table_names import table_names


def test_the_tables_and_views_of_a_schema_and_no_temporary_ones(spark):
    spark.sql("CREATE SCHEMA IF NOT EXISTS names_here")
    try:
        spark.sql("CREATE TABLE names_here.Orders (a INT) USING delta")
        spark.sql("CREATE VIEW names_here.masked AS SELECT a FROM names_here.Orders")
        spark.sql("CREATE TEMPORARY VIEW passing AS SELECT 1 AS a")
        assert table_names(spark, "`spark_catalog`.`names_here`") == {"orders", "masked"}
    finally:
        spark.sql("DROP VIEW IF EXISTS passing")
        spark.sql("DROP SCHEMA names_here CASCADE")


def test_a_schema_that_is_not_there_has_none(spark):
    assert table_names(spark, "`spark_catalog`.`nobody_made_it`") == frozenset()

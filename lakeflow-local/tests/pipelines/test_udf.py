"""Python UDFs run in workers of Spark, which can import neither a source file nor the modules beside it."""


def test_a_udf_uses_functions_of_its_own_file_and_of_a_helper_module(make_project):
    project = make_project(
        {
            "fares.py": """
                from pyspark import pipelines as dp
                from pyspark.sql import functions as F
                from rates import times

                def with_tip(fare):
                    return fare + 1

                @F.udf("long")
                def total(fare):
                    return times(with_tip(fare))

                @dp.materialized_view
                def fares():
                    return spark.range(3).select(total("id").alias("total"))
            """,
            "rates.py": "def times(fare):\n    return 2 * fare\n",
        }
    )
    update = project.update()
    assert update.state == "COMPLETED", update.error
    assert project.rows("fares") == [(2,), (4,), (6,)]

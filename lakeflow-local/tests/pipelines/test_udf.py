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

                spark.udf.register("doubled", times, "long")

                @dp.materialized_view
                def by_name():
                    return spark.sql("SELECT doubled(id) AS twice FROM range(2)")

                @F.udf("long")
                def share(fare):
                    return 1 // fare

                @dp.materialized_view
                def shares():
                    return spark.range(2).select(share("id").alias("n"))
            """,
            "rates.py": "def times(fare):\n    return 2 * fare\n",
        }
    )
    update = project.update()
    assert (update["fares"].error, update["by_name"].error) == (None, None)
    assert project.rows("fares") == [(2,), (4,), (6,)]
    assert project.rows("by_name") == [(0,), (2,)]
    assert "ZeroDivisionError: integer division or modulo by zero" in update["shares"].error
    assert "Traceback" not in update["shares"].error

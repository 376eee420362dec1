"""`pyspark.pipelines` as Databricks has it: what source files declare, in Python and in SQL.

Import `source.load` to run a pipeline's files; the rest is what those files find as `dp`.
"""

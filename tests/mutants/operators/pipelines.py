"""Datasets that read what is not there, rules that cannot count, and code that acts where it should only declare."""

from tests.mutants.draft import Draft, Place
from tests.mutants.operator import family

operator = family("pipelines")
DATASETS = "pipelines/payouts/**/*.py"
STREAMED = r"spark\.readStream\.table\(\"(\w+_raw)\"\)"
LAST_READ = r"^    return "


def _decorate(draft: Draft, place: Place, *lines: str) -> None:
    """Puts decorators above a function."""
    draft.replace_block(place, [*lines, *draft.block(place)])


def _states(draft: Draft) -> Place:
    """The function of a table of states, whose rows have typed columns that may be NULL."""
    return draft.pick("pipelines/payouts/silver/order_states.py", r"^def order_states\(\):")


@operator()
def unknown_table(draft: Draft) -> None:
    """A dataset reads a table that the pipeline does not have."""
    place = draft.pick(DATASETS, r"spark\.read(?:Stream)?\.table\(\"(\w+)\"")
    draft.put(place, draft.misspelt(place[1]), 1)


@operator()
def unknown_table_in_sql(draft: Draft) -> None:
    """A query reads a table that the pipeline does not have."""
    place = draft.pick("pipelines/payouts/**/*.sql", r"^FROM (\w+)$")
    draft.put(place, draft.misspelt(place[1]), 1)


@operator()
def unknown_source_of_changes(draft: Draft) -> None:
    """AUTO CDC reads changes from a table that the pipeline does not have."""
    place = draft.pick(DATASETS, r"source=\"(\w+)\"")
    draft.put(place, draft.misspelt(place[1]), 1)


@operator("pipelines/payouts/**/*.py")
def datasets_in_a_circle(draft: Draft) -> None:
    """A dataset reads one that is made from it."""
    place = draft.pick("pipelines/payouts/silver/refund_notices.py", r"spark\.read\.table\(\"(refunds_raw)\"\)")
    draft.put(place, "refunds", 1)


@operator(DATASETS)
def one_table_twice(draft: Draft) -> None:
    """A dataset file is copied, and the copy makes the same table."""
    file = draft.rng.choice(draft.files("pipelines/payouts/silver/*_quarantine.py"))
    draft.add_file(file.replace(".py", "_v2.py"), (draft.root / file).read_text(encoding="utf-8"))


@operator()
def rule_that_does_not_parse(draft: Draft) -> None:
    """The SQL of a rule has a mistake."""
    _decorate(draft, _states(draft), '@dp.expect("seller_known", "seller_id IS NOT NUL")')


@operator()
def rule_that_may_be_null(draft: Draft) -> None:
    """A rule compares a column that may be NULL."""
    _decorate(draft, _states(draft), '@dp.expect_or_drop("amount_small", "gross_amount < 1000000")')


@operator()
def rule_on_an_unknown_column(draft: Draft) -> None:
    """A rule names a column that the dataset does not have."""
    _decorate(draft, _states(draft), '@dp.expect("seller_named", "seller_nam IS NOT NULL")')


@operator()
def rule_of_one_name_twice(draft: Draft) -> None:
    """Two rules of a dataset have one name."""
    rules = [
        '@dp.expect("seller_present", "seller_id IS NOT NULL")',
        '@dp.expect("seller_present", "seller_id <> \'\'")',
    ]
    _decorate(draft, _states(draft), *rules)


@operator()
def rule_inside_the_function(draft: Draft) -> None:
    """The rules are moved into the function, where they attach to nothing."""
    place = draft.pick("pipelines/payouts/silver/*.py", r"^@(dp\.expect_all_or_drop\(.*?\)\))")
    draft.drop(place)
    inside = draft.pick(place.file, r"^    spark = SparkSession\.active\(\)$")
    draft.add(inside, place[1])


@operator()
def rule_of_a_view_in_sql_that_does_not_parse(draft: Draft) -> None:
    """The SQL of a constraint has a mistake."""
    place = draft.pick("pipelines/payouts/gold/seller_balances.sql", r"(MATERIALIZED VIEW seller_balances)$")
    draft.put(place, f"{place[1]} (CONSTRAINT balance_known EXPECT (balance IS NOT) ON VIOLATION DROP ROW)", 1)


@operator()
def rows_collected(draft: Draft) -> None:
    """A dataset function brings rows to the driver to decide what to return."""
    place = draft.pick("pipelines/payouts/gold/*.py", r"^    spark = SparkSession\.active\(\)$")
    draft.add(place, 'newest = spark.read.table("orders_raw").agg({"_ingested_at": "max"}).collect()\nprint(newest)')


@operator()
def rows_counted(draft: Draft) -> None:
    """A dataset function counts its rows for a message."""
    place = draft.pick("pipelines/payouts/silver/*_quarantine.py", r"^    spark = SparkSession\.active\(\)$")
    draft.add(place, 'if spark.read.table("orders_raw").count() == 0:\n    print("nothing has landed")')


@operator()
def pivot_in_a_dataset(draft: Draft) -> None:
    """A dataset pivots, so its columns depend on the data."""
    draft.add_file(
        "pipelines/payouts/gold/daily_amounts.py",
        '"""What was sold a day: one row per day, a column per currency."""\n\nfrom pyspark import pipelines as dp\n'
        "from pyspark.sql import SparkSession\n\n\n@dp.materialized_view()\ndef daily_amounts():\n"
        '    entries = SparkSession.active().read.table("balance_entries")\n'
        '    return entries.groupBy("entry_date").pivot("currency").sum("amount")\n',
    )


@operator()
def action_at_import(draft: Draft) -> None:
    """A dataset file changes a table when it is loaded."""
    place = draft.pick("pipelines/payouts/bronze/*.py", r"^from payouts\.schemas import ")
    draft.add(place, '\nSparkSession.active().sql("CREATE TABLE IF NOT EXISTS loaded_files (path STRING)")')


@operator()
def table_written_by_hand(draft: Draft) -> None:
    """A dataset function writes a second table by itself."""
    place = draft.pick("pipelines/payouts/silver/*_quarantine.py", r"^    spark = SparkSession\.active\(\)$")
    draft.add(place, 'spark.read.table("orders_raw").limit(10).write.mode("overwrite").saveAsTable("samples")')


@operator()
def message_from_a_dataset(draft: Draft) -> None:
    """A dataset function tells a chat that it runs: as often as it is analysed."""
    place = draft.pick("pipelines/payouts/gold/*.py", r"^    spark = SparkSession\.active\(\)$")
    draft.add(place, 'import requests\n\nrequests.post("https://chat.example/hook", json={"text": "gold"}, timeout=5)')


@operator()
def changed_rows_read_as_a_stream(draft: Draft) -> None:
    """A stream reads a table that AUTO CDC changes in place."""
    draft.add_file(
        "pipelines/payouts/gold/seller_feed.py",
        '"""Sellers for the search: one row per change."""\n\nfrom pyspark import pipelines as dp\n'
        "from pyspark.sql import SparkSession\n\n\n@dp.table()\ndef seller_feed():\n"
        '    return SparkSession.active().readStream.table("sellers").select("seller_id", "country")\n',
    )


@operator()
def history_may_be_reset(draft: Draft) -> None:
    """The line is lost that keeps a full refresh from emptying a table of history."""
    draft.drop(draft.pick("pipelines/payouts/bronze/*.py", r"\"pipelines\.reset\.allowed\": \"false\","))


@operator("pipelines/payouts/bronze/*.py")
def full_refresh_every_day(draft: Draft) -> None:
    """The job is told to refresh everything from the beginning, for a repair, and goes on doing so."""
    place = draft.pick("resources/*.job.yml", r"pipeline_id: \$\{resources\.pipelines\.payouts\.id\}")
    draft.add(place, "full_refresh: true")


@operator("resources/*.job.yml")
def selected_dataset_misspelt(draft: Draft) -> None:
    """A job selects a dataset that the pipeline does not have."""
    place = draft.pick("resources/*.job.yml", r"- (\w+)$", within="refresh_selection$")
    draft.put(place, draft.misspelt(place[1]), 1)


@operator("resources/*.job.yml")
def dataset_renamed_but_not_its_readers(draft: Draft) -> None:
    """A table gets a better name, and those that read it keep the old one."""
    place = draft.pick("pipelines/payouts/silver/*.py", r"name=\"(orders|sellers_history)\"")
    draft.put(place, f"{place[1]}_current", 1)
    target = draft.pick(place.file, r"target=\"(\w+)\"")
    draft.put(target, f"{place[1]}_current", 1)

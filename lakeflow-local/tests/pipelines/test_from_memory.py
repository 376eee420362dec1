"""A validation from memory resolves what is new since the last update, and shows what a whole one shows."""

import shutil
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from lakeflow_local.pipelines.store.state import Store

FILES = {
    "lines.py": """
        from pyspark import pipelines as dp

        @dp.table
        def lines():
            reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "text")
            return reader.load(spark.conf.get("landing"))
    """,
    "words.py": """
        import casing
        from pyspark import pipelines as dp

        dp.create_streaming_table("words")

        @dp.append_flow(target="words")
        def landed():
            return spark.readStream.table("lines").selectExpr(f"{casing.FUNCTION}(value) AS word")
    """,
    "casing.py": "FUNCTION = 'upper'",
    "short_words.sql": "CREATE TEMPORARY VIEW short_words AS SELECT * FROM words WHERE length(word) < 5",
    "totals.py": """
        from pathlib import Path
        from pyspark import pipelines as dp

        @dp.table
        def totals():
            with open(spark.conf.get("calls"), "a") as calls:
                calls.write("totals ")
            return spark.read.table("short_words").groupBy("word").count()
    """,
    "largest.sql": "CREATE MATERIALIZED VIEW largest AS SELECT max(count) AS n FROM totals",
    "longest.sql": "CREATE MATERIALIZED VIEW longest AS SELECT max(length(word)) AS n FROM words",
}
READ_WORDS = {"totals", "largest", "longest"}


@pytest.fixture(scope="module")
def project(make_project):
    """A pipeline after an update; a test leaves its files and tables as they were."""
    project = make_project(FILES)
    project.spec["configuration"]["calls"] = str(project.root / "calls")
    project.land("a.txt", "tram", "bus")
    update = project.update()
    assert update.state == "COMPLETED", update.error
    return project


@contextmanager
def written(project, name, text):
    """Another text of a source file, or a further file, for a while."""
    path = project.write(name, text)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        if name in FILES:
            project.write(name, FILES[name])


def resolved(project):
    """What a validation from memory resolves, once it shows all that a whole one shows."""
    shown, whole = ({r.name: r for r in project.update(validate_only=True, from_memory=m)} for m in (True, False))
    assert {name for name, result in whole.items() if result.up_to_date} == set()
    for of in (lambda r: (r.kind, sorted(r.reads)), lambda r: (r.state, r.error)):
        assert {name: of(result) for name, result in shown.items()} == {name: of(r) for name, r in whole.items()}
    return {name for name, result in shown.items() if not result.up_to_date and result.kind != "temporary_view"}


def test_nothing_is_resolved_when_nothing_is_new(project):
    calls = Path(project.spec["configuration"]["calls"])
    before = calls.read_text()
    update = project.update(validate_only=True, from_memory=True)
    assert (update.state, calls.read_text()) == ("COMPLETED", before)
    assert {result.name: (result.kind, result.reads) for result in update} == {
        "lines": ("streaming_table", ["landing"]),
        "words": ("streaming_table", ["lines"]),
        "short_words": ("temporary_view", ["words"]),
        "totals": ("materialized_view", ["short_words"]),
        "largest": ("materialized_view", ["totals"]),
        "longest": ("materialized_view", ["words"]),
    }
    assert resolved(project) == set()


@pytest.mark.parametrize(
    ("name", "change", "new"),
    [
        ("words.py", ("import casing", "import casing, os"), READ_WORDS | {"words"}),
        ("words.py", ('"lines"', '"nowhere"'), READ_WORDS | {"words"}),
        ("words.py", ("words", "other_words"), {"other_words", "longest"}),
        ("casing.py", ("upper", "lower"), READ_WORDS | {"lines", "words"}),
        ("short_words.sql", ("5", "4"), {"totals", "largest"}),
        ("short_words.sql", ("short_words", "other_words"), {"totals", "largest"}),
        ("totals.py", ('"short_words"', '"words"'), {"totals", "largest"}),
        ("largest.sql", ("totals", "(SELECT 1 AS count)"), {"largest"}),
        ("of_stored.sql", "CREATE MATERIALIZED VIEW of_stored AS SELECT word, count FROM totals", {"of_stored"}),
        ("of_stored.sql", "CREATE STREAMING TABLE of_stored AS SELECT upper(word) FROM STREAM(words)", {"of_stored"}),
        ("of_stored.sql", "CREATE TEMPORARY VIEW of_stored AS SELECT word FROM short_words", set()),
        ("of_stored.sql", "CREATE MATERIALIZED VIEW of_stored AS SELECT nothing FROM totals", {"of_stored"}),
    ],
)
def test_what_is_new_is_resolved_with_all_that_reads_it(project, name, change, new):
    with written(project, name, change if isinstance(change, str) else FILES[name].replace(*change)):
        assert resolved(project) == new


def test_a_new_value_of_the_configuration_is_new_to_all(project):
    project.spec["configuration"]["another"] = "value"
    assert resolved(project) == READ_WORDS | {"lines", "words"}
    del project.spec["configuration"]["another"]


def test_new_landing_files_are_new_to_what_reads_them(project):
    project.land("b.txt", "ferry")
    assert resolved(project) == READ_WORDS | {"lines", "words"}
    (project.root / "landing" / "b.txt").unlink()


def test_a_table_whose_folder_is_gone_is_new(project, tmp_path):
    folder = project.root_of("largest")
    shutil.move(folder, tmp_path / "moved")
    assert resolved(project) == {"largest"}
    shutil.move(tmp_path / "moved", folder)


def test_a_flow_that_is_gone_has_no_reads(make_project):
    flow = """
        from pyspark import pipelines as dp

        @dp.append_flow(target="rides")
        def {name}():
            return spark.readStream.format("cloudFiles").option("cloudFiles.format", "text").load("{folder}")
    """
    project = make_project({"rides.sql": "CREATE STREAMING TABLE rides (value STRING)"})
    for name in ("newer", "older"):
        (project.root / name).mkdir()
        project.write(f"{name}.py", flow.format(name=name, folder=project.root / name))
    assert project.update()["rides"].reads == ["newer", "older"]
    (project.root / "transformations" / "older.py").unlink()
    assert project.update()["rides"].reads == ["newer"]
    assert [flow.name for flow in project.update()["rides"].flows] == ["newer"]
    assert resolved(project) == set()


def test_a_memory_that_does_not_know_the_file_of_a_view_is_not_trusted(project):
    spec = project.pipeline().spec
    store, table = Store(spec.state_folder), spec.namespace.resolve("totals")
    memory = store.recall(table)
    code = {file: known for file, known in memory.code.items() if not file.endswith("short_words.sql")}
    store.remember(table, replace(memory, code=code))
    assert resolved(project) == {"totals", "largest"}
    store.remember(table, memory)

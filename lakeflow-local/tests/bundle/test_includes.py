"""Which files make up a bundle, in which order, and which mistakes in them are errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lakeflow_local.bundle import load
from lakeflow_local.errors import BundleError, UserError

JOB = "resources: {jobs: {%s: {name: %s}}}\n"


def test_includes_are_loaded_in_the_order_of_patterns_then_names(load_files) -> None:
    bundle = load_files(
        "bundle: {name: trips}\ninclude: [late/*.yml, '*.yml', late/a.yml]\n",
        files={"b.yml": JOB % ("b", "b"), "a.yml": JOB % ("a", "a"), "late/a.yml": JOB % ("late", "late")},
    )
    assert bundle.config["include"] == ["late/a.yml", "a.yml", "b.yml"]
    assert set(bundle.resources["jobs"]) == {"a", "b", "late"}


def test_two_stars_do_not_descend_into_folders(load_files) -> None:
    bundle = load_files(
        "bundle: {name: trips}\ninclude: [jobs/**/*.yml]\n",
        files={"jobs/x/a.yml": JOB % ("a", "a"), "jobs/x/y/b.yml": JOB % ("b", "b"), "jobs/c.yml": JOB % ("c", "c")},
    )
    assert set(bundle.resources["jobs"]) == {"a"}


def test_a_pattern_may_match_nothing_but_a_named_file_must_exist(load_files) -> None:
    assert "include" not in load_files("bundle: {name: trips}\ninclude: ['jobs/*.yml']\n").config
    with pytest.raises(BundleError, match=r"^databricks.yml:2: jobs/a.yml in include does not exist$"):
        load_files("bundle: {name: trips}\ninclude: [jobs/a.yml]\n")


def test_a_value_of_a_later_file_wins_and_lists_are_put_together(load_files) -> None:
    bundle = load_files(
        "bundle: {name: trips}\ninclude: [more.yml]\npresets: {name_prefix: a-}\nsync: {exclude: [tmp]}\n",
        files={"more.yml": "presets: {name_prefix: b-}\nsync: {exclude: [more.yml]}\n", "tmp/x": ""},
    )
    assert bundle.config["presets"]["name_prefix"] == "b-"
    assert bundle.config["sync"]["exclude"] == ["tmp", "more.yml"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", "databricks.yml:1: a bundle file is a map of sections"),
        ("bundle: trips\n", "databricks.yml:1: bundle.name is missing"),
        ("include: [/etc/*.yml]\nbundle: {name: t}\n", "databricks.yml:1: /etc/*.yml: includes must be relative paths"),
        ("resources: {}\n", "databricks.yml:1: bundle.name is missing"),
    ],
)
def test_a_wrong_type_at_the_top_is_one_line_with_its_place(load_files, text: str, message: str) -> None:
    with pytest.raises(BundleError) as caught:
        load_files(text)
    assert str(caught.value).startswith(message)


def test_an_include_that_is_not_yaml_is_refused(load_files) -> None:
    with pytest.raises(BundleError, match=r"databricks.yml:2: notes.txt in include is neither YAML nor JSON"):
        load_files("bundle: {name: t}\ninclude:  ['*.txt']\n", files={"notes.txt": "hello"})


def test_a_folder_without_a_bundle_says_where_to_go(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no databricks\.yml here"):
        load(tmp_path)


def test_a_resource_of_two_files_is_an_error_that_names_both(load_files) -> None:
    with pytest.raises(BundleError) as caught:
        load_files(
            "bundle: {name: t}\ninclude: ['*.yml']\n",
            files={"a.yml": JOB % ("load", "x"), "b.yml": "resources: {pipelines: {load: {name: y}}}\n"},
        )
    assert str(caught.value).startswith("b.yml:1: load is defined twice (also in a.yml:1)")


def test_an_unknown_key_is_a_warning_at_its_line_and_left_out(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        resources:
          jobs:
            nightly:
              name: nightly
              max_concurent_runs: 3
              tasks:
                - task_key: a
                  notbook_task: {}
        """
    )
    assert [str(note) for note in bundle.warnings] == [
        "databricks.yml:6: unknown field: max_concurent_runs",
        "databricks.yml:9: unknown field: notbook_task",
    ]
    assert bundle.resources["jobs"]["nightly"]["max_concurrent_runs"] == 1


def test_a_block_that_is_only_an_anchor_is_no_unknown_key(load_files) -> None:
    bundle = load_files(
        "bundle: {name: t}\nlimits: &limits {max_concurrent_runs: 2}\nresources: {jobs: {a: *limits}}\n"
    )
    assert bundle.warnings == ()
    assert bundle.resources["jobs"]["a"]["max_concurrent_runs"] == 2


def test_a_file_named_for_one_job_should_hold_one(load_files) -> None:
    text = "resources: {jobs: {a: {name: a}, b: {name: b}}}\n"
    bundle = load_files("bundle: {name: t}\ninclude: ['*.yml']\n", files={"a.job.yml": text})
    assert bundle.warnings == ()
    (advice,) = bundle.recommendations
    assert advice.severity == "recommendation"
    assert str(advice).startswith("a.job.yml:1: a file named *.job.yml should define one job only")


def test_wrong_types_below_the_top_are_warnings_and_left_out(load_files) -> None:
    bundle = load_files(
        """
        bundle: {name: t}
        resources:
          jobs:
            nightly:
              name: [a]
              timeout_seconds: "600"
              max_concurrent_runs: many
              tags: {size: 3, big: true}
              queue: {enabled: yes}
        """
    )
    assert [str(note) for note in bundle.warnings] == [
        "databricks.yml:5: expected string, found sequence",
        'databricks.yml:7: cannot parse "many" as an integer',
    ]
    job = bundle.resources["jobs"]["nightly"]
    assert (job["name"], job["timeout_seconds"], job["queue"]) == ("Untitled", 600, {"enabled": True})
    assert job["tags"] == {"size": "3", "big": "true"}


def test_an_error_names_the_path_from_the_root_whatever_folder_it_is_called_in(
    write: Callable[[dict[str, str]], Path], tmp_path: Path
) -> None:
    root = write({"databricks.yml": "bundle: {name: t}\ninclude: [a.yml]\n"})
    with pytest.raises(BundleError) as caught:
        load(root)
    assert str(caught.value).startswith("databricks.yml:2: ")

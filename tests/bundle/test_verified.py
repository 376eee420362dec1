"""docs/verified.md names every field of the platform that the bundle uses."""

import re

STRUCTURE = {
    *("resources", "schemas", "volumes", "pipelines", "jobs", "tasks", "dashboards", "bundle", "rules"),
    *("name", "description", "default", "type", "id", "value"),
}
FREE_FORM = {"configuration", "tags", "job_parameters", "variables"}  # their keys are ours, not the platform's
NAMED_BY_US = {"schemas", "volumes", "pipelines", "jobs", "dashboards", "alerts", "targets", "artifacts"}


def fields(value, named_by_us=False):
    if isinstance(value, dict):
        for key, inner in value.items():
            if not named_by_us:
                yield key
            if key not in FREE_FORM and not (key == "parameters" and isinstance(inner, dict)):
                yield from fields(inner, named_by_us=key in NAMED_BY_US and not named_by_us)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner)


def test_every_field_of_the_platform_that_the_bundle_uses_is_named(root, sources):
    named = set(re.findall(r"`([\w.]+)`", (root / "docs/verified.md").read_text()))
    used = {field for document in sources.values() for field in fields(document)}
    assert used - STRUCTURE - named == set()


def test_the_retries_of_the_pipeline_are_named_too(root, sources):
    named = set(re.findall(r"`([\w.]+)`", (root / "docs/verified.md").read_text()))
    configuration = sources["resources/payouts.pipeline.yml"]["resources"]["pipelines"]["payouts"]["configuration"]
    assert {key for key in configuration if key.startswith("pipelines.")} <= named


def test_nothing_is_said_to_have_run_on_a_workspace(root):
    """Until it has: then this sentence, and this test, change together with the page."""
    assert "**Nothing has run on a real workspace yet**" in (root / "docs/verified.md").read_text()


def test_every_row_says_by_what_it_was_checked(root):
    marks = {"doc", "CLI", "types", "local", "measured"}
    for line in (root / "docs/verified.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 4 and cells[0] != "feature":
            assert cells[1] and set(cells[1].split()) <= marks, line


def test_the_tests_that_it_points_to_exist(root):
    for path in re.findall(r"(?:tests|docs)/[\w/.-]+\.(?:py|md)", (root / "docs/verified.md").read_text()):
        assert (root / path).is_file(), path

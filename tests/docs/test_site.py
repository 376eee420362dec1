"""The documentation site: how links are rewritten, what is drawn, and that a link which leads nowhere is noticed.

`make docs` builds and checks the whole site in an environment of its own; CI runs it.
"""

import importlib.util
import json
import re
import sys
from pathlib import Path, PurePosixPath
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs/site"


def module(name: str) -> ModuleType:
    """A script of the site, which is no package: its environment is another one."""
    spec = importlib.util.spec_from_file_location(f"site_{name}", SITE / f"{name}.py")
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="module")
def gather() -> ModuleType:
    pytest.importorskip("pygments")
    sys.path.insert(0, str(SITE))
    try:
        return module("gather")
    finally:
        sys.path.remove(str(SITE))


def paths(*names: str) -> list[PurePosixPath]:
    return [PurePosixPath(name) for name in names]


@pytest.mark.parametrize(
    ("page", "before", "after"),
    [
        ("docs/guide.md", "[a](rules.md#rules)", "[a](rules.md#rules)"),
        ("docs/guide.md", "[a](../README.md)", "[a](../index.md)"),
        ("README.md", "[a](docs/adr)", "[a](docs/adr/README.md)"),
        ("docs/guide.md", "[a](../src/x.py) `f`", '<a href="../source/src/x.py.html">a</a> `f`'),
        ("README.md", "[a](.ci/run)", '<a href="source/dot-ci/run.html">a</a>'),
        ("README.md", "[a](src)", '<a href="source/src.html">a</a>'),
        (
            "README.md",
            "![a](docs/images/a.svg) [b](https://x.example/)",
            "![a](docs/images/a.svg) [b](https://x.example/)",
        ),
        ("README.md", "```\n[a](src)\n```", "```\n[a](src)\n```"),
        ("README.md", "[a](gone.md)", "[a](gone.md)"),
    ],
)
def test_a_link_leads_to_the_page_or_to_the_file_as_a_page(gather, page, before, after):
    pages = paths("README.md", "docs/guide.md", "docs/rules.md", "docs/adr/README.md")
    links = gather.Links([*pages, *paths("src/x.py", ".ci/run")], pages)
    assert links.rewrite(PurePosixPath(page), before) == after


def test_every_page_of_the_repository_stands_below_one_other_in_the_navigation(gather):
    pages = [path for path in gather.kept_files() if path.suffix == ".md" and path.parts[0] not in ("dist", "template")]
    shown: list[PurePosixPath] = []
    for page in pages:
        for entry in re.findall(r"^(?!:|`)(\S+)$", gather.navigation(page, pages), flags=re.MULTILINE):
            shown.append(PurePosixPath(f"{page.parent / entry}.md"))
    made = {"pictures.md", *(f"reference/{name}.md" for name in gather.REFERENCE)}
    assert sorted(str(path) for path in shown if str(path) not in made) == sorted(
        str(path) for path in pages if str(path) != "README.md"
    )


def test_each_job_and_dataset_is_drawn_and_leads_to_its_file():
    page = module("pictures").page()
    files = {f"source/{path.relative_to(ROOT)}.html" for path in ROOT.glob("resources/*.job.yml")}
    files |= {
        f"source/{path.relative_to(ROOT)}.html" for path in ROOT.glob("pipelines/payouts/*/*.*") if path.is_file()
    }
    assert set(re.findall(r'<a href="([^"]+)"', page)) == files
    assert "for each, side effect" in page and 'class="branch"' in page


def test_the_recorded_datasets_are_those_of_the_folder():
    recorded = {dataset["name"] for dataset in json.loads((SITE / "pipeline.json").read_text())["datasets"]}
    assert recorded == {path.stem for path in ROOT.glob("pipelines/payouts/*/*.*") if path.is_file()}


def test_a_link_that_leads_nowhere_and_an_asset_of_another_host_are_noticed(tmp_path, capsys):
    links = module("links")
    (tmp_path / "a.html").write_text(
        '<a id="here" href="b.html#there">b</a><a href="#here">a</a><a href="c.html">c</a>'
    )
    (tmp_path / "b.html").write_text(
        '<script src="https://cdn.example/x.js"></script><a href="https://x.example">x</a>'
    )
    assert links.main(tmp_path) == 1
    assert sorted(capsys.readouterr().err.splitlines()) == [
        "a.html: b.html#there has no such place",
        "a.html: c.html is not there",
        "b.html: loads https://cdn.example/x.js from another host",
    ]

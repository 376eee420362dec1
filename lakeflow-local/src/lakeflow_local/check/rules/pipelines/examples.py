"""The bundle around the examples of the rules for pipelines."""

from __future__ import annotations

_BUNDLE = """\
bundle:
  name: example
resources:
  pipelines:
    sales:
      name: sales
      catalog: main
      schema: sales
      serverless: true
      libraries:
        - glob:
            include: sales/**
targets:
  dev:
    default: true
"""


def pipeline(**files: str) -> dict[str, str]:
    """A bundle with one pipeline; a file is given by its name with `_py` or `_sql` for its ending."""
    found = {"databricks.yml": _BUNDLE}
    for name, text in files.items():
        stem, _, ending = name.rpartition("_")
        found[f"sales/{stem}.{ending}"] = text
    return found


def python(text: str) -> str:
    """A Python source file behind the import of the pipelines module."""
    return "from pyspark import pipelines as dp\n\n" + text

"""Names of targets and of their catalogs, in code and in resources."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakeflow_local.check.finding import Found, Place, found
from lakeflow_local.check.programs.deployed_code import deployed_modules, deployed_sql
from lakeflow_local.check.programs.environments import catalog_pattern, catalogs, comparisons
from lakeflow_local.check.rule import rule
from lakeflow_local.check.semantics.catalogs import catalogs_by_target
from lakeflow_local.check.target import CheckedBundle

_YAML = """
bundle:
  name: fleet
variables:
  catalog:
    description: Where the tables are.
targets:
  dev:
    default: true
    variables:
      catalog: fleet_dev
  prod:
    variables:
      catalog: fleet_prod
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: load
          spark_python_task:
            python_file: ./load.py
            parameters: [{parameters}]
          existing_cluster_id: 0000-000000-aaaaaaaa
"""
_CATALOG = '"--catalog=${var.catalog}"'
_GOOD = {
    "databricks.yml": _YAML.format(parameters=_CATALOG),
    "load.py": """
import sys

catalog = sys.argv[1].removeprefix("--catalog=")
spark.table(f"{catalog}.trips.rides").show()
""",
}


@rule(
    id="environment-in-code",
    family="targets",
    severity="warning",
    basis="policy",
    reason="Code that asks where it runs does in production what was tested nowhere, and forgets every new target.",
    fact="https://docs.databricks.com/aws/en/dev-tools/bundles/variables",
    fix="Give the task the value itself as a parameter, which each target sets.",
    drill="environment_in_code",
    scope="bundle",
    bad={
        **_GOOD,
        "load.py": """
import sys

env = sys.argv[1]
if env == "prod":  # <--
    spark.table("trips.rides").write.saveAsTable("trips.copy")
""",
    },
    good=_GOOD,
)
def environment_in_code(bundle: CheckedBundle) -> Iterator[Found]:
    """A comparison with the name of a target or environment, in code that a job or pipeline runs."""
    for module in deployed_modules(bundle):
        for mention in comparisons(module, bundle.target_names):
            place = Place("", module.file, mention.line if module.has_lines else 1)
            yield found(place, f"the environment decides here: {mention.text}")


@rule(
    id="catalog-in-code",
    family="targets",
    severity="warning",
    basis="policy",
    reason="A catalog that is written out is the same in every target: a copy of one's own reads or writes production.",
    fact="https://docs.databricks.com/aws/en/dev-tools/bundles/variables",
    fix="Give the task the catalog as a parameter, or let a pipeline's own catalog count.",
    drill="environment_in_code",
    scope="bundle",
    bad={
        **_GOOD,
        "load.py": """
spark.table("fleet_prod.trips.rides").show()  # <--
""",
    },
    good=_GOOD,
)
def catalog_in_code(bundle: CheckedBundle) -> Iterator[Found]:
    """A catalog of which targets have different ones, in a text of Python or SQL that a job or pipeline runs."""
    by_target = catalogs_by_target(bundle)
    names = set().union(*by_target.values()) - set.intersection(*by_target.values()) if by_target else set()
    for module in deployed_modules(bundle):
        for mention in catalogs(module, names):
            place = Place("", module.file, mention.line if module.has_lines else 1)
            yield found(place, f"the catalog is written out: {mention.text}")
    pattern = catalog_pattern(names)
    for file, line, text in deployed_sql(bundle) if pattern is not None else ():
        for match in pattern.finditer(text) if pattern is not None else ():
            place = Place("", file, line + text[: match.start()].count("\n"))
            yield found(place, f"the catalog is written out: {match[0]}")


@rule(
    id="catalog-of-another-target",
    family="targets",
    severity="warning",
    basis="policy",
    reason="The catalog is that of another target, so what is deployed here works there.",
    fact="https://docs.databricks.com/aws/en/dev-tools/bundles/variables",
    fix="Write the variable that each target sets.",
    drill="environment_in_code",
    scope="bundle",
    bad={**_GOOD, "databricks.yml": _YAML.format(parameters='"--catalog=fleet_prod"').replace("]\n", "]  # <--\n")},
    good=_GOOD,
)
def catalog_of_another_target(bundle: CheckedBundle) -> Iterator[Found]:
    """A text of a resource that names a catalog which another target sets, and this one does not."""
    by_target = catalogs_by_target(bundle, of_variables=True)
    for name, target in bundle.targets.items():
        others = {one for other, names in by_target.items() if other != name for one in names}
        foreign = others - by_target.get(name, set())
        resources = target.config.get("resources")
        if not foreign or resources is None:
            continue
        any_name = "|".join(map(re.escape, sorted(foreign)))
        pattern = re.compile(
            rf"(?:--?\w*catalog\w*[= ])?(?:{any_name})|(?:.*[\s`'\"/])?(?:{any_name})`?[./]`?[\w$].*", re.S
        )
        for value in resources.walk():
            text = value.node.value
            key = str(value.path[-1])
            if not isinstance(text, str) or key in ("description", "comment", "name", "display_name", "host"):
                continue
            is_query = {"query_text", "query_lines"} & set(map(str, value.path))
            if not is_query and re.search(r"source|src|from|upstream|read", key + text[:24], re.I):
                continue  # what it reads of another environment may be meant
            if not pattern.fullmatch(text):
                continue
            written = target.written.text_of(value.node) or ""
            if "${" not in written or (is_query and re.search(rf"\b(?:{any_name})`?\.", written)):
                yield found(value, "a catalog that another target sets is written out here", targets=(name,))

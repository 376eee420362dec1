"""Values of Python code, worked out by reading it: what is known, and that nothing is run and nothing grows."""

import ast
import time

import pytest

from lakeflow_local.check.evaluation.evaluate import value_of
from lakeflow_local.check.evaluation.modules import Project
from lakeflow_local.check.evaluation.values import Unknown

RULES = """
from dataclasses import dataclass
from enum import Enum

class Severity(Enum):
    WARN = "warn"
    DROP = "drop"

@dataclass(frozen=True, kw_only=True)
class Rule:
    name: str
    predicate: str
    severity: Severity = Severity.DROP

def _present(column: str) -> Rule:
    "A rule of one column."
    return Rule(name=f"{column}_present", predicate=f"{column} IS NOT NULL")

KEYS = ("id", "at")
RULES = (*(_present(key) for key in KEYS), Rule(name="few", predicate="n < 3", severity=Severity.WARN))

def of(severity):
    return {rule.name: rule.predicate for rule in RULES if rule.severity is severity}
"""


@pytest.fixture
def evaluate(tmp_path):
    """The value of an expression in a file of a project with these modules."""

    def run(expression, files=None, configuration=None, **names):
        for name, text in (files or {}).items():
            (tmp_path / name).write_text(text)
        (tmp_path / "main.py").write_text(names.get("main", ""))
        module = Project([tmp_path], configuration).read(tmp_path / "main.py")
        return value_of(ast.parse(expression, mode="eval").body, module)

    return run


def test_rules_as_data_are_known_through_imports_records_and_comprehensions(evaluate):
    main = "from rules import Severity, of\nimport rules\n"
    files = {"rules.py": RULES}
    assert evaluate("of(Severity.DROP)", files, main=main) == {
        "id_present": "id IS NOT NULL",
        "at_present": "at IS NOT NULL",
    }
    assert evaluate("rules.of(rules.Severity.WARN)", files, main=main) == {"few": "n < 3"}


def test_a_setting_of_the_pipeline_is_known_and_another_is_not(evaluate):
    name = "f\"{spark.conf.get('catalog')}.sales.orders\""
    assert evaluate(name, configuration={"catalog": "main"}) == "main.sales.orders"
    with pytest.raises(Unknown):
        evaluate("spark.conf.get('catalog', 'main')")


@pytest.mark.parametrize(
    "main", ["if debug:\n    X = 1\n", "X = 1\nX = 2\n", "for X in range(3):\n    pass\n", "X = f()\n"]
)
def test_what_may_also_be_something_else_is_not_known(evaluate, main):
    with pytest.raises(Unknown):
        evaluate("X", main=main)


def test_nothing_of_the_code_is_run(evaluate, tmp_path):
    main = f"import os\ndef f():\n    open({str(tmp_path / 'made')!r}, 'w')\n    return 'x'\n"
    for expression in (
        "f()",
        "os.getcwd()",
        "__import__('os').getcwd()",
        "().__class__.__bases__",
        "'{0.__class__}'.format(1)",
    ):
        with pytest.raises(Unknown):
            evaluate(expression, main=main)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "main",
    [
        "A0 = 'x' * 10**9\nX = A0\n",
        "A0 = 'xxxxxxxxxx'\n" + "".join(f"A{n + 1} = A{n} + A{n}\n" for n in range(60)) + "X = A60\n",
        "X = '{:>999999999}'.format('x')\n",
        "X = [a for a in range(9999) for b in range(9999) for c in range(9999)]\n",
        "def f(n):\n    return f(n + 1)\nX = f(0)\n",
        "X = 9 ** 9 ** 9\n",
    ],
    ids=["repeated", "doubled", "padded", "nested", "recursive", "power"],
)
def test_what_would_grow_is_not_known_and_costs_little(evaluate, main):
    began = time.process_time()
    with pytest.raises(Unknown):
        evaluate("X", main=main)
    assert time.process_time() - began < 5

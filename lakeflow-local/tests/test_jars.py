"""Which jars go with the installed versions of pyspark and delta-spark; nothing is fetched here."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement

from lakeflow_local.cli.upkeep.prepare import prepare
from lakeflow_local.errors import UserError
from lakeflow_local.spark.jvm import jars


@pytest.fixture
def install(monkeypatch):
    def install(**versions):
        found = {name.replace("_", "-"): version for name, version in versions.items()}
        monkeypatch.setattr(metadata, "version", found.__getitem__)

    return install


def test_a_patch_of_spark_takes_the_jars_of_its_minor_version(install):
    install(pyspark="4.2.7", delta_spark="4.4.0")
    names = [path.name for path in jars.ensure()]
    assert names == list(jars.SHA256["4.2", "4.4.0"]) and "io.delta_delta-spark_4.2_2.13-4.4.0.jar" in names


@pytest.mark.parametrize(("spark", "delta"), [("4.2.0", "4.4.1"), ("4.3.0", "4.4.0")])
def test_a_pair_without_hashes_is_one_clear_error(install, spark, delta):
    install(pyspark=spark, delta_spark=delta)
    with pytest.raises(UserError) as caught:
        jars.ensure()
    assert str(caught.value) == (
        f"pyspark {spark} with delta-spark {delta}: lakeflow-local has no hashes of the jars of this pair. "
        "It knows pyspark 4.2.* with delta-spark 4.4.0; "
        "install: pip install 'pyspark[connect]==4.2.*' delta-spark==4.4.0"
    )


def test_pip_installs_no_version_of_delta_whose_jars_are_unknown():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    [wanted] = (found for found in map(Requirement, project["dependencies"]) if found.name == "delta-spark")
    known = {delta for _, delta in jars.SHA256}
    published = ["4.0.0", "4.0.1", "4.1.0", "4.2.0", "4.3.0", "4.4.0", "4.4.1", "4.4.2", "4.5.0", "5.0.0"]
    assert set(wanted.specifier.filter(published)) == known


def test_preparing_such_an_environment_ends_with_that_line(install):
    install(pyspark="4.3.0", delta_spark="4.4.0")
    result = CliRunner().invoke(prepare)
    assert isinstance(result.exception, UserError)
    assert re.match(r"pyspark 4\.3\.0 with delta-spark 4\.4\.0: .* pip install", str(result.exception))

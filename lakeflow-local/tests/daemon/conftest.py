"""A bundle with a warm process of its own; modules that start a JVM share one among their tests."""

import tempfile
from pathlib import Path

import pytest
from warm_bundles import WarmBundle


@pytest.fixture
def runtime():
    with tempfile.TemporaryDirectory(prefix="lf-") as folder:  # short, for the paths of sockets
        yield Path(folder)


@pytest.fixture
def bundle(tmp_path, runtime):
    made = WarmBundle(tmp_path / "fleet", runtime)
    yield made
    made.close()


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    with tempfile.TemporaryDirectory(prefix="lf-") as folder:
        made = WarmBundle(tmp_path_factory.mktemp("warm") / "fleet", Path(folder))
        made.run("workspace", "start")  # to stay: a program that is attached ends what it has started
        yield made
        made.close()

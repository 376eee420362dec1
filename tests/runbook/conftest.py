"""One marketplace and one Spark for the tests of a module; each test settles days of its own."""

from collections.abc import Iterator

import pytest

from tests.runbook.office import Office, open_office


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        yield office

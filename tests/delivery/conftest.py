"""One released copy of the bundle for all tests that only look at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from delivery import release
from delivery.archive import Release, unpack

from .checkout import Checkout, StandIn, copied


@dataclass(frozen=True)
class Released:
    """A checkout and the archive of its commit."""

    checkout: Checkout
    archive: Path


@pytest.fixture(scope="session")
def released(tmp_path_factory) -> Released:
    checkout = copied(tmp_path_factory.mktemp("release"))
    return Released(checkout, release.build(checkout.root, checkout.root.parent / "out"))


@pytest.fixture
def unpacked(released, tmp_path) -> Release:
    return unpack(released.archive, tmp_path / "unpacked")


@pytest.fixture
def cli(tmp_path, monkeypatch) -> StandIn:
    stand_in = StandIn(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(stand_in.folder), prepend=":")
    return stand_in

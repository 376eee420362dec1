"""A fresh world per test; a job on Delta per module."""

from collections.abc import Iterator

import pytest

from .job import Job, job_on
from .world import World


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path)


@pytest.fixture(scope="module")
def job(spark, request, tmp_path_factory) -> Iterator[Job]:
    name = request.module.__name__.rpartition(".")[2]
    with job_on(spark, tmp_path_factory.mktemp(name), name) as job:
        yield job

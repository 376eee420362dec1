"""`${bundle.git.*}`: branch, commit and origin of the repository that holds the bundle."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

BUNDLE = "bundle: {name: t}\nresources: {jobs: {j: {name: '${bundle.git.branch} ${bundle.git.commit}'}}}\n"


@pytest.fixture
def git(tmp_path: Path):
    """Runs git above the bundle's folder, with an identity of its own."""
    own = {f"GIT_{who}_{what}": f"t@{who}.test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def run(*arguments: str) -> str:
        command = ["git", "-C", str(tmp_path), *arguments]
        done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    return run


def test_branch_commit_and_origin_come_from_the_repository(load_files, git) -> None:
    git("init", "-q", "-b", "trunk")
    git("commit", "-q", "--allow-empty", "-m", "start")
    git("remote", "add", "origin", "https://git.test/fleet.git")
    bundle = load_files(BUNDLE)
    commit = git("rev-parse", "HEAD")
    assert bundle.config["bundle"]["git"] == {
        "actual_branch": "trunk",
        "branch": "trunk",
        "bundle_root_path": "bundle",
        "commit": commit,
        "origin_url": "https://git.test/fleet.git",
    }
    assert bundle.resources["jobs"]["j"]["name"] == f"trunk {commit}"


def test_a_given_branch_stays_and_the_actual_one_stands_beside_it(load_files, git) -> None:
    git("init", "-q", "-b", "trunk")
    found = load_files("bundle: {name: t, git: {branch: main}}\n").config["bundle"]["git"]
    assert (found["branch"], found["actual_branch"]) == ("main", "trunk")
    assert "commit" not in found


def test_a_detached_head_has_a_commit_and_no_branch(load_files, git) -> None:
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "start")
    git("checkout", "-q", "--detach")
    found = load_files(BUNDLE).config["bundle"]["git"]
    assert "branch" not in found
    assert len(found["commit"]) == 40


def test_without_a_repository_the_references_are_empty(load_files) -> None:
    bundle = load_files(BUNDLE)
    assert bundle.config["bundle"]["git"] == {"bundle_root_path": "."}
    assert bundle.resources["jobs"]["j"]["name"] == " "

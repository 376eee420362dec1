"""What reaches a workspace: the pipeline, the package with every file that its pyproject names, and the resources."""

import shutil
import subprocess
import sys
import tomllib

DEPLOYED = {"dist", "pipelines", "resources", "src", "README.md", "databricks.yml", "pyproject.toml"}


def test_every_file_and_folder_at_the_top_is_either_deployed_or_excluded(root, config):
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    excluded = {pattern.strip("/") for pattern in config["sync"]["exclude"]}
    assert {path.split("/")[0] for path in tracked} == DEPLOYED | excluded


def test_what_pyproject_names_is_deployed(root, config):
    """The pipeline installs the synced folder as an editable package: a missing file would fail every update."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text())
    named = [
        pyproject["project"]["readme"],
        pyproject["tool"]["hatch"]["version"]["path"],
        *pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"],
        *pyproject["tool"]["hatch"]["build"]["dev-mode-dirs"],
    ]
    for name in named:
        assert (root / name).exists() and name.split("/")[0] in DEPLOYED, name


def test_the_package_can_be_built_from_what_is_deployed(root, tmp_path):
    """The licence, which goes into the wheel where it is there, is not deployed."""
    for name in DEPLOYED:
        if (root / name).is_dir():
            shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.whl"))
        else:
            shutil.copy(root / name, tmp_path / name)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", "built"]
    built = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert len(list((tmp_path / "built").glob("payouts-*.whl"))) == 1


def test_the_wheel_of_a_release_is_synced_although_git_ignores_it(config):
    assert config["sync"]["include"] == ["dist/*"]


def test_the_version_is_the_one_of_the_package(config):
    from payouts import __version__

    assert config["variables"]["version"]["value"] == __version__

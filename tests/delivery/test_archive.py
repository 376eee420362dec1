"""The archive of a release: the same bytes each time, one commit, and nothing in it that was not released."""

import json
import tarfile
import zipfile

import pytest

from delivery import release
from delivery.__main__ import main
from delivery.archive import opened, sha256, unpack
from delivery.errors import DeliveryError

from .checkout import COMMITTED_AT, copied


def test_a_release_is_the_commit_and_its_wheel(released, unpacked) -> None:
    commit = released.checkout.git("rev-parse", "HEAD")
    assert (unpacked.manifest.commit, unpacked.manifest.branch) == (commit, "main")
    assert released.archive.name == f"payouts-{unpacked.manifest.version}+{commit}.tar.gz"
    with zipfile.ZipFile(unpacked.wheel) as wheel:
        assert f'__version__ = "{unpacked.manifest.version}+{commit}"' in wheel.read("payouts/__init__.py").decode()
    tracked = set(released.checkout.git("ls-files").splitlines())
    there = {path.relative_to(unpacked.root).as_posix() for path in unpacked.root.rglob("*") if path.is_file()}
    assert there - tracked == {"release.json", "SHA256SUMS", unpacked.manifest.wheel}
    assert tracked <= there
    assert not (unpacked.root / ".git").exists()


def test_the_same_commit_gives_the_same_bytes_in_another_folder_and_later(released, tmp_path) -> None:
    again = tmp_path / "again"
    released.checkout.git("clone", "--quiet", str(released.checkout.root), str(again))
    archive = release.build(again, tmp_path / "out", "main")
    assert sha256(archive) == sha256(released.archive)
    with tarfile.open(archive) as tar:
        assert {member.mtime for member in tar} == {COMMITTED_AT}


def test_what_is_not_committed_stops_a_release(tmp_path) -> None:
    checkout = copied(tmp_path)
    checkout.replace("databricks.yml", "name: payouts", "name: payouts2")
    with pytest.raises(DeliveryError, match=r"commit or stash:\n M databricks.yml"):
        release.build(checkout.root, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_archive_with_other_bytes_is_not_unpacked(released, tmp_path) -> None:
    forged = tmp_path / released.archive.name
    forged.write_bytes(released.archive.read_bytes() + b"\0")
    forged.with_name(f"{forged.name}.sha256").write_text(f"{sha256(released.archive)}  {forged.name}\n")
    with pytest.raises(DeliveryError, match="not the archive that was released"):
        unpack(forged, tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_the_checksum_that_is_given_counts_more_than_the_one_beside_it(released, tmp_path) -> None:
    with pytest.raises(DeliveryError, match="must be 00"):
        unpack(released.archive, tmp_path, "0" * 64)


def test_an_archive_without_a_checksum_is_refused_with_what_to_do(released, tmp_path) -> None:
    lonely = tmp_path / released.archive.name
    lonely.write_bytes(released.archive.read_bytes())
    with pytest.raises(DeliveryError, match="give SHA256="):
        unpack(lonely, tmp_path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda root: (root / "targets/prod.yml").write_text("targets: {}\n"), "targets/prod.yml was changed"),
        (lambda root: (root / "targets/prod.yml").unlink(), "targets/prod.yml is missing"),
        (
            lambda root: (root / "resources/more.job.yml").write_text(""),
            "resources/more.job.yml is not of this release",
        ),
        (lambda root: (root / "dist/payouts-9-py3-none-any.whl").write_text(""), "is not of this release"),
    ],
)
def test_a_folder_that_was_touched_is_no_release_any_more(unpacked, change, complaint) -> None:
    change(unpacked.root)
    with pytest.raises(DeliveryError, match=complaint):
        opened(unpacked.root)


def test_what_the_cli_leaves_in_the_folder_is_no_change(unpacked) -> None:
    (unpacked.root / ".databricks/bundle").mkdir(parents=True)
    (unpacked.root / ".databricks/bundle/state.json").write_text("{}")
    assert opened(unpacked.root).digest == unpacked.digest


def test_a_mistake_is_one_line_and_no_traceback(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "--target", "prod", "--archive", "gone.tar.gz", "--plan", "plan"]) == 1
    assert main(["plan", "--target", "prod", "--plan", "plan"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "there is no such archive; `make release` makes one" in lines[0]
    assert "is no unpacked release" in lines[1]


def test_a_missing_target_is_asked_for(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["plan", "--target", "", "--plan", "plan"])
    assert "With make: TARGET=staging or TARGET=prod" in capsys.readouterr().err


def test_the_manifest_says_when_the_commit_was_made(released, unpacked) -> None:
    committed = int(released.checkout.git("show", "--no-patch", "--format=%ct"))
    assert json.loads((unpacked.root / "release.json").read_text())["committed_at"] == committed

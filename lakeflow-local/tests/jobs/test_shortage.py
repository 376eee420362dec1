"""What the machine has no more of, or does not let us write, is one line; a repair goes on from there."""

import ctypes
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from job_bundles import script, write_bundle

ENVIRONMENT = {**os.environ, "LAKEFLOW_LOCAL_WORKSPACE": "off"}
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1  # linux/prctl.h, linux/capability.h
PAY = script("pay", "open('paid', 'a').write('x')")
FILL = script(
    "fill",
    """
for size in (4096, 1):
    try:
        with open(f".lakeflow/fill{size}", "wb", buffering=0) as stream:
            while stream.write(b"x" * size):
                pass
    except OSError:
        pass
""",
    "pay",
)


def lakeflow_local(root, *arguments, prepare=None):
    command = [sys.executable, "-m", "lakeflow_local.cli", *arguments]
    found = subprocess.run(
        command, cwd=root, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, preexec_fn=prepare
    )
    assert "Traceback" not in found.stderr
    return found


def limited(what, most):
    return lambda: resource.setrlimit(what, (most, most))


def bound_by_file_rights():
    """The rights of files hold for root, too, once it may not override them."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


def a_job_that_fills_the_disk(root):
    child = {"task_key": "child", "depends_on": [{"task_key": "fill"}], "run_job_task": {"job_id": "2"}}
    child["run_job_task"]["job_id"] = "${resources.jobs.sub.id}"
    beside = script("beside", "import time; time.sleep(1); print('done' * 100)", "pay")
    write_bundle(root, {"daily": [PAY, FILL, beside, child], "sub": [script("inner", "print('x' * 100)")]})


def fill_and_repair(root):
    """In the namespace whose `.lakeflow` is small: what was said, and how often was paid, as JSON."""
    root = Path(root)
    full = lakeflow_local(root, "run", "daily")
    for path in (root / ".lakeflow").glob("fill*"):
        path.unlink()
    (root / "src" / "fill.py").write_text("")
    known = lakeflow_local(root, "runs", "-o", "json")
    repaired = lakeflow_local(root, "repair", "1", "--rerun-all-failed-tasks", "-o", "json")
    paid = (root / "paid").read_text()
    print(json.dumps([full.returncode, full.stderr, known.stdout, repaired.returncode, paid]))


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_a_repair_with_room_pays_once(tmp_path):
    a_job_that_fills_the_disk(tmp_path)
    folder = tmp_path / ".lakeflow"
    folder.mkdir()
    again = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_shortage as test; "
    program = [sys.executable, "-c", f"{again}test.fill_and_repair({str(tmp_path)!r})"]
    mounted = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"', str(folder), *program]
    if subprocess.run([*mounted[:6], "true"], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here; the limit on file sizes below stands for it")
    found = subprocess.run(mounted, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stderr
    code, said, known, repaired, paid = json.loads(found.stdout)
    assert code == 1
    assert "daily: FAILED the disk is full: make room, then repair the run" in said
    assert [run["state"]["result_state"] for run in json.loads(known)["runs"]] == ["FAILED"]
    assert (repaired, paid) == (0, "x")


def test_a_history_that_cannot_grow_ends_the_run_as_failed_and_a_repair_pays_once(tmp_path):
    each = {
        "task_key": "each",
        "depends_on": [{"task_key": "pay"}],
        "for_each_task": {"inputs": json.dumps([*range(20)]), "task": script("city", "")},
    }
    write_bundle(tmp_path, {"daily": [PAY, each, script("after", "", "each")]})
    full = lakeflow_local(tmp_path, "run", "daily", prepare=limited(resource.RLIMIT_FSIZE, 120_000))
    assert full.returncode == 1
    assert "daily: FAILED the history of runs cannot be written: look whether the disk is full" in full.stderr
    assert lakeflow_local(tmp_path, "repair", "1", "--rerun-all-failed-tasks").returncode == 0
    assert (tmp_path / "paid").read_text() == "x"


def test_without_file_descriptors_a_run_ends_and_says_so(tmp_path):
    city = script("city", "")
    each = {"task_key": "each", "for_each_task": {"inputs": "[1, 2, 3, 4]", "concurrency": 4, "task": city}}
    write_bundle(tmp_path, {"daily": [each]})
    codes = []
    for most in (9, 12, 13):  # none to begin with; too few for a run; perhaps enough
        found = lakeflow_local(tmp_path, "run", "daily", prepare=limited(resource.RLIMIT_NOFILE, most))
        codes.append(found.returncode)
        if found.returncode:
            assert "no file descriptors are left: raise their limit (ulimit -n)" in found.stderr
    assert codes[0] == 1


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_to_is_one_line_for_every_command(tmp_path):
    write_bundle(tmp_path, {"daily": [script("pay", "")]})
    folder = tmp_path / ".lakeflow"
    folder.mkdir(mode=0o500)
    found = lakeflow_local(tmp_path, "run", "daily", prepare=bound_by_file_rights)
    assert (found.returncode, found.stderr.count("\n")) == (1, 1)
    assert "look whether this user may write to .lakeflow" in found.stderr
    folder.chmod(0o700)
    assert lakeflow_local(tmp_path, "run", "daily").returncode == 0
    subprocess.run(["chmod", "-R", "a-w", folder], check=True)
    commands = [("run", "daily"), ("runs",), ("repair", "1", "--rerun-tasks", "pay"), ("logs", "1", "pay")]
    commands += [("report", "1"), ("clean", "--runs-before", "2030-01-01")]
    for command in commands:
        found = lakeflow_local(tmp_path, *command, prepare=bound_by_file_rights)
        assert (found.returncode, found.stderr.count("\n")) == (1, 1), command
        assert "let this user write to .lakeflow" in found.stderr
    doctor = lakeflow_local(tmp_path, "doctor", prepare=bound_by_file_rights)
    assert "error: the history of runs is read-only" in doctor.stdout
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)

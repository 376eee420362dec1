"""The warm process as commands find it: on demand, one a folder, replaced when it does not fit, gone when told to."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime

import pytest
from warm_bundles import WarmBundle, finished, is_alive, wait_for

from lakeflow_local.daemon.finding import has_ended
from lakeflow_local.daemon.places import Places, Record, inode

STARTED = "started the local workspace of this folder"


def test_the_first_command_starts_it_and_says_so_and_the_next_uses_it(bundle):
    assert bundle.status() == {}
    first = bundle.run("run", "greet")
    assert first.stderr.count(STARTED) == 1
    status = bundle.status()
    assert {"pid", "url", "target", "started_at", "idle_seconds", "memory_mb", "spark"} == set(status)
    assert (status["target"], status["spark"]) == ("local", "none")
    assert abs(status["started_at"] / 1000 - time.time()) < 600
    shown = dict(line.split(maxsplit=1) for line in bundle.run("workspace", "status").stdout.splitlines())
    assert set(shown) == set(status)
    assert datetime.fromisoformat(shown["started_at"]).timestamp() == status["started_at"] // 1000
    assert STARTED not in bundle.run("run", "greet").stderr
    assert bundle.status()["pid"] == status["pid"]
    bundle.run("workspace", "stop")
    assert not is_alive(status["pid"])
    assert bundle.run("workspace", "status", code=1).stderr == "no local workspace of this folder is running\n"


@pytest.mark.slow
def test_two_first_commands_at_once_start_one(bundle):
    commands = [bundle.start("run", "greet") for _ in range(3)]
    said = "".join(finished(command).stderr for command in commands)
    assert said.count(STARTED) == 1
    assert bundle.log().count("serves") == 1


def test_a_command_has_its_own_environment_folder_and_streams(bundle):
    bundle.run("run", "greet", COLOUR="red")
    run = bundle.run("run", "greet", "--params", "who=Ada", "-o", "json", COLOUR="blue")
    run_id = json.loads(run.stdout)["run_id"]  # JSON alone on standard output
    assert bundle.run("logs", str(run_id), "say").stdout.splitlines()[-1] == "Ada blue"


@pytest.mark.slow
def test_what_only_acts_when_python_starts_acts(bundle):
    bundle.run("run", "greet")
    bundle.write("modules/paint.py", "colour = 'green'\n")
    bundle.write("transformations/rides.py", "import paint\nprint(paint.colour, flush=True)\n1 / 0\n")
    refused = bundle.run("graph", code=1, PYTHONPATH=str(bundle.root / "modules"))
    assert "green" in refused.stdout
    assert "division by zero" in refused.stderr


def test_a_mistake_is_one_line_and_starts_nothing(bundle):
    assert "No such option" in bundle.run("run", "greet", "--nope", code=2).stderr
    (bundle.root / "databricks.yml").unlink()
    assert bundle.run("run", "greet", code=1).stderr.count("\n") == 1
    assert bundle.status() == {}


def test_port_and_token_stay_and_nobody_else_can_read_them(bundle):
    def address():
        lines = bundle.run("workspace", "env").stdout.splitlines()
        assert all(line.startswith("export ") for line in lines)
        return dict(line.removeprefix("export ").split("=", 1) for line in lines)

    before = address()
    assert before["DATABRICKS_HOST"].startswith("http://127.0.0.1:")
    for path in (bundle.root / ".lakeflow" / "workspace").glob("*.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    url = before["DATABRICKS_HOST"] + "/api/lakeflow-local/status"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(url)
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {before['DATABRICKS_TOKEN']}"})
    with urllib.request.urlopen(asked) as answer:
        assert json.load(answer)["pid"] == bundle.status()["pid"]
    bundle.run("workspace", "stop")
    assert address() == before
    killed = bundle.kill()
    wait_for(lambda: not is_alive(killed))
    assert address() == before


@pytest.mark.slow
def test_it_is_replaced_and_says_why_when_something_has_another_version(bundle):
    old = bundle.python(
        "-c",
        "from lakeflow_local.daemon.server import holdings\n"
        "from lakeflow_local.daemon.server.__main__ import main\n"
        "right = holdings.identity\n"
        "holdings.identity = lambda environment: right(environment) | {'installed packages': 'others'}\n"
        f"main([{str(bundle.root)!r}])",
    )
    wait_for(lambda: bundle.status() != {})
    said = bundle.run("run", "greet").stderr
    assert "the local workspace is replaced: installed packages changed" in said
    assert STARTED in said
    finished(old)


def test_ctrl_c_cancels_the_run_of_its_command_and_not_the_process(bundle):
    bundle.write("say.py", "import time\nopen('begun', 'w').close()\ntime.sleep(600)\n")
    command = bundle.start("run", "greet")
    wait_for((bundle.root / "begun").exists)
    command.send_signal(signal.SIGINT)
    said = finished(command, 1).stderr
    assert "CANCELED" in said
    bundle.write("say.py", "print('well')\n")
    pid = bundle.status()["pid"]
    bundle.run("run", "greet")
    assert bundle.status()["pid"] == pid


@pytest.mark.slow
def test_a_command_that_is_killed_takes_its_run_along_and_the_run_can_be_repaired(bundle):
    task = "import os, time\nopen('begun', 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    bundle.write("say.py", task)
    command = bundle.start("run", "greet")
    wait_for(lambda: (bundle.root / "begun").exists() and (bundle.root / "begun").read_text())
    command.kill()
    command.wait()
    pid = int((bundle.root / "begun").read_text())
    wait_for(lambda: not is_alive(pid))
    bundle.write("say.py", "print('well')\n")
    runs = json.loads(bundle.run("runs", "-o", "json").stdout)["runs"]
    assert runs[0]["state"]["life_cycle_state"] == "INTERNAL_ERROR"
    assert "SUCCESS" in bundle.run("repair", str(runs[0]["run_id"])).stderr


@pytest.mark.slow
def test_stop_ends_the_commands_that_run(bundle):
    bundle.write("say.py", "import time\nopen('begun', 'w').close()\ntime.sleep(600)\n")
    command = bundle.start("run", "greet")
    wait_for((bundle.root / "begun").exists)
    bundle.run("workspace", "stop")
    assert "the local workspace ended meanwhile" in finished(command, 1).stderr


@pytest.mark.slow
def test_it_ends_when_its_folder_is_gone(bundle):
    bundle.run("run", "greet")
    pid = bundle.status()["pid"]
    shutil.rmtree(bundle.root)
    wait_for(lambda: not is_alive(pid))
    bundle.root.mkdir()


@pytest.mark.slow
def test_a_copied_folder_has_a_process_of_its_own(bundle, tmp_path, runtime):
    bundle.run("run", "greet")
    shutil.copytree(bundle.root, tmp_path / "copy")
    copy = WarmBundle(tmp_path / "copy", runtime)
    try:
        assert STARTED in copy.run("run", "greet").stderr
        assert copy.status()["pid"] != bundle.status()["pid"]
        listed = json.loads(bundle.run("workspace", "list", "-o", "json").stdout)
        assert {item["root"] for item in listed} == {str(bundle.root), str(copy.root)}
        bundle.run("workspace", "stop", "--all")
        assert (bundle.status(), copy.status()) == ({}, {})
    finally:
        copy.close()


@pytest.mark.slow
@pytest.mark.parametrize("how", [{"LAKEFLOW_LOCAL_WORKSPACE": "off"}, {"LAKEFLOW_LOCAL_WORKSPACE": "", "CI": "true"}])
def test_where_it_is_switched_off_a_command_runs_on_its_own(bundle, how):
    assert STARTED not in bundle.run("run", "greet", **how).stderr
    assert STARTED not in bundle.run("run", "greet", "--no-workspace").stderr
    assert bundle.status() == {}


def test_a_folder_for_sockets_with_too_long_a_path_is_one_line(bundle, tmp_path):
    said = bundle.run("run", "greet", code=1, XDG_RUNTIME_DIR=str(tmp_path / ("long" * 20))).stderr
    assert said.count("\n") == 1
    assert "set XDG_RUNTIME_DIR to a shorter one" in said


def test_a_switch_that_says_neither_is_refused(bundle):
    said = bundle.run("run", "greet", code=1, LAKEFLOW_LOCAL_WORKSPACE="maybe").stderr
    assert "LAKEFLOW_LOCAL_WORKSPACE=maybe: write on or off" in said


@pytest.mark.slow
def test_it_ends_after_its_idle_time_unless_it_was_started_to_stay(bundle):
    bundle.write("pyproject.toml", "[tool.lakeflow-local.workspace]\nidle_minutes = 0\n")
    bundle.run("run", "greet")
    wait_for(lambda: bundle.status() == {})
    bundle.run("workspace", "env")
    pid = bundle.status()["pid"]
    bundle.run("run", "greet")
    assert bundle.status()["pid"] == pid


@pytest.mark.slow
def test_breakpoint_says_how_it_works(bundle):
    bundle.write("transformations/rides.py", "breakpoint()\n")
    said = bundle.run("graph", code=1).stderr
    assert "breakpoint() works with --no-workspace" in said
    assert "rides.py:1" in said


def test_a_process_that_took_long_to_end_leaves_the_files_of_its_successor(tmp_path, runtime, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    places = Places(tmp_path)

    def on_record(pid):
        places.write(
            Record(pid, str(tmp_path), inode(tmp_path), str(places.socket), str(places.forks), "http://x.test")
        )
        places.socket.touch()

    on_record(1)
    on_record(2)
    places.remove(1)
    assert places.record().pid == 2
    assert places.socket.exists()
    places.remove(2)
    assert places.record() is None
    assert not places.socket.exists()


def test_a_process_that_was_started_here_has_ended_although_nobody_has_asked_how():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert not has_ended(process.pid)
        process.stdin.write(b"\n")
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # until it ends; its number stays taken
        assert has_ended(process.pid)
    assert has_ended(process.pid)
    assert not has_ended(os.getppid())

"""Paths of the platform are folders of the bundle for Python, whatever reads or writes them."""

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pytest

from lakeflow_local.dbutils.fs import Fs
from lakeflow_local.platform_paths.path_map import PathMap
from lakeflow_local.spark import warehouse

DEPLOYED = "/Workspace/Users/ada@fleet.example/.bundle/fleet/local/files"


@pytest.mark.parametrize(
    ("path", "local"),
    [
        ("/Volumes/main/fleet/in/a.csv", ".lakeflow/volumes/main/fleet/in/a.csv"),
        ("/Volumes", ".lakeflow/volumes"),
        ("dbfs:/Volumes/main/fleet/in", ".lakeflow/volumes/main/fleet/in"),
        ("file:/Volumes/main/fleet/in", ".lakeflow/volumes/main/fleet/in"),
        ("file:///Volumes/main/fleet/in", ".lakeflow/volumes/main/fleet/in"),
        ("/dbfs/Volumes/main/fleet/in", ".lakeflow/volumes/main/fleet/in"),
        ("dbfs:/tmp/a", ".lakeflow/dbfs/tmp/a"),
        ("dbfs:///tmp/a", ".lakeflow/dbfs/tmp/a"),
        ("/dbfs/tmp/a", ".lakeflow/dbfs/tmp/a"),
        ("/FileStore/a", ".lakeflow/dbfs/FileStore/a"),
        ("/Workspace/Shared/a", ".lakeflow/workspace/Shared/a"),
        (f"{DEPLOYED}/src/a.py", "src/a.py"),
        (f"{DEPLOYED.removeprefix('/Workspace')}/src/a.py", "src/a.py"),
    ],
)
def test_a_path_of_the_platform_is_a_folder_of_the_bundle(path, local, tmp_path):
    assert PathMap(tmp_path, DEPLOYED).local(path) == str(tmp_path / local)


@pytest.mark.parametrize("path", ["/tmp/a", "/Volumesque/a", "src/a.py", "file:/tmp/a", "s3://lake/Volumes/a", ""])
def test_any_other_path_stays_as_it_is(path, tmp_path):
    assert PathMap(tmp_path, DEPLOYED).local(path) == path


def test_files_go_below_the_folder_that_is_synced(tmp_path):
    paths = PathMap(tmp_path / "bundle", DEPLOYED, tmp_path)
    assert paths.local(f"{DEPLOYED}/lib/a.py") == str(tmp_path / "lib/a.py")
    assert PathMap.from_json(paths.as_json()) == paths


def test_a_bundle_that_lies_under_a_name_of_the_platform_keeps_its_own_files():
    root = Path("/Volumes/disk/fleet")
    paths = PathMap(root)
    assert paths.local("/Volumes/disk/fleet/src/a.py") == "/Volumes/disk/fleet/src/a.py"
    assert paths.local("/Volumes/main/fleet/in") == "/Volumes/disk/fleet/.lakeflow/volumes/main/fleet/in"


@pytest.mark.parametrize(("name", "gone"), [("lake", False), ("sea", True)])
def test_a_table_in_a_volume_is_looked_for_in_its_folder(name, gone, tmp_path):
    (tmp_path / ".lakeflow/volumes/main/fleet/lake").mkdir(parents=True)
    uri = SimpleNamespace(getPath=lambda: f"/Volumes/main/fleet/{name}")
    location = SimpleNamespace(isDefined=lambda: True, get=lambda: uri)
    table = SimpleNamespace(storage=lambda: SimpleNamespace(locationUri=lambda: location))
    assert warehouse._is_gone(table, PathMap(tmp_path)) is gone


@pytest.fixture
def run_python(tmp_path):
    """Runs code in a Python whose paths are those of a bundle in tmp_path; the wrapped functions end with it."""

    def run(code):
        begin = f"""
            from pathlib import Path
            from lakeflow_local.platform_paths import python_files
            from lakeflow_local.platform_paths.path_map import PathMap
            python_files.use(PathMap(Path({str(tmp_path)!r}), {DEPLOYED!r}))
        """
        done = subprocess.run(
            [sys.executable, "-c", dedent(begin) + dedent(code)], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


def test_the_functions_of_python_and_what_is_built_on_them_agree(run_python, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "rates_of_ulm.py").write_text("RATE = 19\n")
    out = run_python(f"""
        import glob, gzip, os, shutil, sqlite3, subprocess, sys, tarfile, tempfile, zipfile
        folder = "/Volumes/main/fleet/in"
        os.makedirs(folder + "/deep")
        with open(folder + "/a.txt", "w") as stream:
            stream.write("ab")
        Path(folder, "b.txt").write_bytes(open(folder.encode() + b"/a.txt", "rb").read())
        print(sorted(os.listdir(folder)), os.path.getsize(folder + "/b.txt"), os.path.realpath(folder))
        print(sorted(map(str, Path("/Volumes").rglob("*.txt"))) == sorted(glob.glob(folder + "/*.txt")))
        print([(top, sorted(files)) for top, _, files in os.walk(folder)])
        print(sorted((entry.path, entry.is_dir(), os.fspath(entry)) for entry in os.scandir(folder))[2])
        os.makedirs("/dbfs/tmp")
        print(shutil.copy2(folder + "/a.txt", "/dbfs/tmp"), shutil.copytree(folder, "/Volumes/main/fleet/copy"))
        shutil.move("/Volumes/main/fleet/copy", "/Volumes/main/fleet/moved")
        shutil.rmtree("/Volumes/main/fleet/moved")
        os.rename(folder + "/b.txt", folder + "/c.txt")
        with tempfile.NamedTemporaryFile(dir=folder), gzip.open(folder + "/a.gz", "w"):
            zipfile.ZipFile(folder + "/a.zip", "w").close()
        tarfile.open(folder + "/a.tar", "w").close()
        sqlite3.connect(folder + "/a.db").execute("CREATE TABLE t (a INT)")
        print(subprocess.run(["cat", folder + "/a.txt"], capture_output=True, text=True).stdout)
        print(Path("{DEPLOYED}/src/rates_of_ulm.py").read_text().strip())
        sys.path.append("{DEPLOYED}/src")
        import rates_of_ulm
        print(rates_of_ulm.RATE)
        os.chdir(folder)
        print(os.path.exists("a.txt"), Path("c.txt").exists(), Path(folder, "b.txt").exists())
    """)
    there = tmp_path / ".lakeflow" / "volumes" / "main" / "fleet" / "in"
    assert out == [
        "['a.txt', 'b.txt', 'deep'] 2 /Volumes/main/fleet/in",
        "True",
        "[('/Volumes/main/fleet/in', ['a.txt', 'b.txt']), ('/Volumes/main/fleet/in/deep', [])]",
        "('/Volumes/main/fleet/in/deep', True, '/Volumes/main/fleet/in/deep')",
        "/dbfs/tmp/a.txt /Volumes/main/fleet/copy",
        "ab",
        "RATE = 19",
        "19",
        "True True False",
    ]
    assert {path.name for path in there.iterdir()} == {"a.txt", "c.txt", "deep", "a.gz", "a.zip", "a.tar", "a.db"}
    assert (tmp_path / ".lakeflow" / "dbfs" / "tmp" / "a.txt").read_text() == "ab"
    assert not Path("/Volumes/main").exists() and not Path("/dbfs").exists()


@pytest.mark.parametrize("imports", ["import pandas, pyarrow.dataset, pyarrow.csv", ""], ids=["before", "after"])
def test_pandas_and_pyarrow_read_and_write_there_whenever_they_are_imported(imports, run_python, tmp_path):
    out = run_python(f"""
        {imports}
        import pandas as pd
        import pyarrow as pa
        import pyarrow.csv
        import pyarrow.dataset
        import pyarrow.parquet
        import os
        folder = "/Volumes/main/fleet/in"
        os.makedirs(folder)
        frame = pd.DataFrame({{"id": [1, 2], "city": ["Ulm", "Bonn"]}})
        frame.to_csv(folder + "/a.csv", index=False)
        frame.to_parquet(folder + "/a.parquet")
        frame.to_parquet(folder + "/parts", partition_cols=["city"])
        pa.dataset.write_dataset(pa.table({{"id": [1]}}), folder + "/set", format="parquet")
        print(len(pd.read_csv(folder + "/a.csv")), pa.csv.read_csv(folder + "/a.csv").num_rows)
        print(len(pd.read_parquet(folder + "/a.parquet")), len(pd.read_parquet(folder + "/parts")))
        print(pa.parquet.read_table(folder + "/a.parquet").num_rows)
        print(pa.dataset.dataset(folder + "/set").count_rows())
    """)
    assert out == ["2 2", "2 2", "2", "1"]
    assert len(list((tmp_path / ".lakeflow/volumes/main/fleet/in").iterdir())) == 4


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("import io; io.FileIO('/Volumes/main/a', 'w')", "a call of open"),
        ("import posix; posix.mkdir('/Volumes/main')", "a call of os.mkdir"),
        ("import posix; posix.rename('here', '/dbfs/a')", "a call of os.rename"),
        ("import os; os.system('touch /Volumes/a')", "a line for a shell"),
        ("import subprocess; subprocess.run('cat x>/Workspace/a', shell=True)", "a line for a shell"),
        ("import subprocess; subprocess.run(['sh', '-c', 'mkdir -p \"/Volumes/main\"'])", "a line for a shell"),
    ],
)
def test_what_goes_around_the_map_is_stopped_before_it_writes(code, how, run_python, tmp_path):
    """By the hook, not by file rights: it holds for root, too."""
    out = run_python(f"""
        try:
            {code}
        except PermissionError as error:
            print(error)
    """)
    assert len(out) == 1 and how in out[0] and f" is {tmp_path}/.lakeflow/" in out[0]
    assert not any(Path(path).exists() for path in ("/Volumes/main", "/Volumes/a", "/dbfs", "/Workspace"))


def test_temporary_files_and_commands_of_the_user_are_left_alone(run_python, tmp_path):
    out = run_python(f"""
        import subprocess, tempfile, io
        with tempfile.TemporaryDirectory() as folder:
            io.FileIO(folder + "/Volumes", "w").close()
            print(subprocess.run(f"ls {{folder}}; echo s3://lake/Volumes/a {tmp_path}/Volumes", shell=True,
                                 capture_output=True, text=True).stdout)
    """)
    assert out == ["Volumes", f"s3://lake/Volumes/a {tmp_path}/Volumes", ""]


@pytest.mark.parametrize(
    "path", ["/Volumes/main/fleet/a", "dbfs:/a", "dbfs:/Volumes/main/fleet/a", "/dbfs/a", "/FileStore/a"]
)
def test_where_nothing_stands_for_a_path_of_the_platform_dbutils_refuses_it(path):
    with pytest.raises(ValueError, match=f"^{re.escape(path)}: outside of a run"):
        Fs().mkdirs(path)
    assert not os.path.exists(path)


def test_dbutils_makes_a_folder_of_this_machine_anywhere(tmp_path):
    Fs().mkdirs(f"file:{tmp_path}/one")
    Fs().put(f"{tmp_path}/one/a.txt", "1")
    assert (tmp_path / "one/a.txt").read_text() == "1"

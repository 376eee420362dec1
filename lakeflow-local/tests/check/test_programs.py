"""What is read from code that is never run: calls that act, values that are set, environments that are named."""

import pytest

from lakeflow_local.check.programs.environments import catalogs, comparisons
from lakeflow_local.check.programs.outward_calls import outward_calls
from lakeflow_local.check.programs.program import BundleCode, Entry
from lakeflow_local.check.programs.task_values import texts_set
from lakeflow_local.check.sources import Sources


@pytest.fixture
def program(tmp_path):
    """Writes files and gives the code and the entry at a function of the first one, None for the file itself."""

    def make(files, function=None):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        code = BundleCode([tmp_path], Sources())
        return code, Entry(code.module(tmp_path / next(iter(files))), function)

    return make


@pytest.mark.parametrize(
    "text",
    [
        "import requests\nrequests.post('https://bank.example/pay', json={})",
        "import requests as r\ns = r.Session()\ns.put('https://bank.example/1')",
        "from requests import post\npost(URL, json={})",
        "import httpx\nwith httpx.Client() as client:\n    client.delete('/x')",
        "import requests\nrequests.request('PATCH', url)",
        "import smtplib\nsmtplib.SMTP('mail.example').send_message(m)",
        "import stripe\nstripe.Charge.create(amount=1)",
        "from slack_sdk import WebClient\nclient = WebClient()\nclient.chat_postMessage(text='x')",
        "import boto3\nses = boto3.client('ses')\nses.send_email(Source='x')",
        "import urllib.request\nurllib.request.urlopen(url, data=b'x')",
    ],
)
def test_a_call_that_changes_something_outside_is_seen(program, text):
    assert len(outward_calls(*program({"task.py": text}))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import requests\nrequests.get('https://bank.example')",
        "import requests\nrequests.post('https://login.example/oauth2/token')",
        "import requests\nURL = 'https://api.openai.example/v1/chat/completions'\nrequests.post(URL, json={})",
        "import requests\n\nclass A:\n    URL = 'https://x.example/translate'\n    def f(self):\n"
        "        u = f'{self.URL}?q=1'\n        requests.post(u)\nA().f()",
        "df.write.post('x')",
        "import requests\n\ndef pay():\n    requests.post('https://bank.example/pay')\n",
        "queue.delete('x')\nclient.put('y')",
        "import stripe\nstripe.Charge.retrieve('x')",
    ],
)
def test_a_call_that_only_asks_or_is_never_made_is_not(program, text):
    assert outward_calls(*program({"task.py": text})) == []


def test_a_call_in_a_module_that_is_imported_counts_where_it_is_reached(program):
    client = "import requests\n\nclass Bank:\n    def pay(self):\n        requests.post('https://bank.example/pay')\n"
    client += "    def ask(self):\n        return requests.get('https://bank.example/pay')\n"
    task = "from bank.client import Bank\n\ndef main():\n    Bank().{}()\n"
    [call] = outward_calls(*program({"task.py": task.format("pay"), "bank/client.py": client}, "main"))
    assert (call.module.file.name, call.line) == ("client.py", 5)
    assert outward_calls(*program({"task2.py": task.format("ask"), "bank/client.py": client}, "main")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dbutils.jobs.taskValues.set('flag', True)", ["true"]),
        ("dbutils.jobs.taskValues.set(key='flag', value=rows > 0)", ["true", "false"]),
        ("dbutils.jobs.taskValues.set('flag', str(rows > 0))", ["True", "False"]),
        ("dbutils.jobs.taskValues.set('flag', str(rows > 0).lower())", ["true", "false"]),
        ("dbutils.jobs.taskValues.set('flag', 'yes' if rows else 'no')", ["yes", "no"]),
        ("is_new = rows > 0\ndbutils.jobs.taskValues.set('flag', is_new)", ["true", "false"]),
        ("def put(name, it):\n    dbutils.jobs.taskValues.set(name, it)\nput('flag', not rows)", ["true", "false"]),
        ("dbutils.jobs.taskValues.set('flag', rows)", None),
        ("dbutils.jobs.taskValues.set('other', True)", None),
        ("dbutils.jobs.taskValues.set(name, True)\ndbutils.jobs.taskValues.set('flag', True)", None),
        ("for flag in flags:\n    dbutils.jobs.taskValues.set('flag', flag)", None),
    ],
)
def test_task_values_are_known_only_where_every_text_can_be_told(program, text, expected):
    assert texts_set(*program({"task.py": text}), "flag") == expected


@pytest.mark.parametrize(
    "text",
    [
        "env == 'prod'",
        "'dev' != args.environment",
        "os.environ['ENV'] == 'production'",
        "os.getenv('TARGET').lower() == 'staging'",
        "dbutils.widgets.get('env') in ('dev', 'test')",
        "'prod' in catalog",
        "args.catalog.endswith('_prod')",
        "{'dev': 1, 'prod': 2}[env]",
        "os.environ.get('DEPLOYMENT') == 'dev'",
    ],
)
def test_code_that_asks_for_the_environment_is_seen(program, text):
    _, entry = program({"task.py": text})
    assert len(list(comparisons(entry.module, ("dev", "prod")))) == 1


@pytest.mark.parametrize(
    "text",
    ["status == 'live'", "kind == 'test'", "env == 'x'", "env = 'prod'", "'a' in catalog", "mode in ('dev', 'prod')"],
)
def test_another_comparison_is_not(program, text):
    _, entry = program({"task.py": text})
    assert list(comparisons(entry.module, ("dev", "prod"))) == []


def test_a_catalog_is_seen_in_names_and_paths_and_not_in_prose(program):
    text = (
        '"""Reads fleet_prod.trips.rides."""\nspark.table("fleet_prod.trips.rides")\nopen("/Volumes/fleet_prod/a/b")\n'
    )
    text += 'c = "fleet_prod"\ndbutils.widgets.text("t", "fleet_prod.trips.rides")\nd = "my_fleet_prod.a.b"\n'
    _, entry = program({"task.py": text})
    assert sorted(mention.line for mention in catalogs(entry.module, {"fleet_prod"})) == [2, 3, 4]

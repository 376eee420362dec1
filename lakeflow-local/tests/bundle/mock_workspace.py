"""A workspace on this machine, just enough for `databricks bundle validate`, and the real CLI run against it.

The loader is compared with the CLI itself wherever a `databricks` is on the PATH. The CLI asks a workspace
who deploys, what names of a lookup mean, and whether the target's folder may be written; this server answers.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER = "ada@fleet.test"
NO_CLI = "databricks is not on the PATH: https://docs.databricks.com/dev-tools/cli/install.html"


@dataclass(frozen=True)
class Answer:
    """What the CLI said: its exit code, its JSON (if it printed any) and its messages."""

    code: int
    config: dict[str, Any] | None
    messages: str


class MockWorkspace:
    """Serves one workspace on a free loopback port while the context is open.

    Args:
        lookups: Kind of object -> its name -> its id (`warehouse`, `notification_destination`, `service_principal`).
    """

    def __init__(self, lookups: Mapping[str, Mapping[str, str]] | None = None) -> None:
        known = lookups or {}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(*_answer(self.path, known))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._answer(200, {})

            def _answer(self, status: int, body: dict[str, Any]) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """A test's output is not the place for an access log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> MockWorkspace:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def validate(self, root: Path, target: str | None = None, *arguments: str, **environment: str) -> Answer:
        """Runs `databricks bundle validate -o json` in a bundle's root, with a home directory of its own."""
        home = root.parent / "cli-home"
        home.mkdir(exist_ok=True)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABRICKS_", "BUNDLE_VAR_"))}
        connection = {"DATABRICKS_HOST": self.url, "DATABRICKS_TOKEN": "x", "DATABRICKS_AUTH_TYPE": "pat"}
        own = {"HOME": str(home), "DATABRICKS_CONFIG_FILE": str(home / "none"), "DATABRICKS_CACHE_ENABLED": "false"}
        command = [str(shutil.which("databricks")), "bundle", "validate", "-o", "json", *arguments]
        done = subprocess.run(
            [*command, "-t", target] if target else command,
            cwd=root,
            env={**kept, **connection, **own, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Answer(done.returncode, json.loads(done.stdout) if done.stdout.strip() else None, done.stderr)


def has_cli() -> bool:
    """Whether there is a CLI to compare with."""
    return shutil.which("databricks") is not None


def _answer(path: str, lookups: Mapping[str, Mapping[str, str]]) -> tuple[int, dict[str, Any]]:
    address = urlsplit(path)
    query = parse_qs(address.query)
    match address.path:
        case "/api/2.0/preview/scim/v2/Me":
            return 200, {"id": "1", "userName": USER}
        case "/api/2.0/preview/scim/v2/ServicePrincipals":
            name = query["filter"][0].split("'")[1]
            found = lookups.get("service_principal", {}).get(name)
            first_page = query.get("startIndex", ["1"]) == ["1"]
            return 200, {"Resources": [{"displayName": name, "applicationId": found}] if found and first_page else []}
        case "/api/2.0/notification-destinations":
            named = lookups.get("notification_destination", {})
            return 200, {"results": [{"display_name": name, "id": found} for name, found in named.items()]}
        case "/api/2.0/sql/warehouses":
            return 200, {
                "warehouses": [{"name": name, "id": found} for name, found in lookups.get("warehouse", {}).items()]
            }
        case "/api/2.0/workspace/get-status":
            return 200, {"object_type": "DIRECTORY", "path": query["path"][0], "object_id": 1}
        case "/.well-known/databricks-config":
            return 200, {"workspace_id": "1"}
    if address.path.startswith("/api/2.0/permissions/"):
        return 200, {"access_control_list": []}
    return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"nothing at {address.path}"}

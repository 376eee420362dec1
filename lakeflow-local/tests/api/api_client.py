"""An application served on loopback by this very process, which starts nothing, and a client of it."""

import json
import socket
import threading
from pathlib import Path

import httpx
import uvicorn

from lakeflow_local.api.families import application
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.state.player import NobodyPlays
from lakeflow_local.api.state.state import State

TOKEN = "a-token-for-tests"


class ApiClient:
    """Requests with the token; `state` is what the application remembers, `logged` the lines of its log."""

    def __init__(self, root: Path, player=None, own: Routes | None = None):
        self.logged: list[str] = []
        self.root = root
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(64)
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.state = State(root, "ada@fleet.example", self.url, player or NobodyPlays(), self.logged.append)
        app = application(self.state, port=self.port, token=TOKEN, own=own or Routes())
        config = uvicorn.Config(app, log_level="warning", lifespan="off", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        self.http = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)

    def ask(self, method: str, path: str, body=None, **more):
        """The answer to a request: its JSON; fails if the status is not 200."""
        response = self.http.request(method, path, json=body, **more)
        assert response.status_code == 200, (response.status_code, response.text)
        return response.json() if response.content else {}

    def refused(self, method: str, path: str, body=None, **more):
        """Status and error code of a request that is refused."""
        response = self.http.request(method, path, json=body, **more)
        found = json.loads(response.content)
        assert set(found) == {"error_code", "message"}
        return response.status_code, found["error_code"]

    def close(self):
        self.http.close()
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        self.state.store.close()

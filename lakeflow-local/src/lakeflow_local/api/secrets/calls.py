"""The calls about secrets. Values of a scope are in the secrets file, everything else of it is a document."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import invalid, missing, taken
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.http.shapes import fit
from lakeflow_local.api.secrets import file
from lakeflow_local.api.state.store import now

routes = Routes()
_KIND = "secret_scope"
# https://docs.databricks.com/api/workspace/secrets: alphanumeric, dashes, underscores, @ and periods, at most 128.
_NAME = re.compile(r"[\w\-@.]{1,128}", re.ASCII)
_MOST_BYTES = 128 * 1024


def _checked(name: str, what: str) -> str:
    if not _NAME.fullmatch(name):
        raise invalid(f"{what} may have letters, digits, '-', '_', '@' and '.', and at most 128 of them")
    return name


def _scope(call: Call) -> tuple[str, dict[str, Any]]:
    """The scope that a call names, with its document; one that only the file has is of the user.

    Raises:
        ApiError: it does not exist.
    """
    name = call.text("scope")
    doc = call.state.store.get(_KIND, name)
    if doc is None and name in file.read(call.state.root):
        doc = {"name": name, "backend_type": "DATABRICKS", "acls": {call.state.user_name: "MANAGE"}}
    if doc is None:
        raise missing(f"Scope {name[:128]} does not exist!")
    return name, doc


@routes.on("POST", "/api/2.0/secrets/scopes/create")
def create_scope(call: Call) -> dict[str, Any]:
    """Make a scope. Who made it may manage it."""
    body = fit("workspace.SecretsAPI.create_scope", call.body)
    name = _checked(body["scope"], "The name of a scope")
    if body.get("scope_backend_type", "DATABRICKS") != "DATABRICKS":
        raise invalid("Only scopes of the type DATABRICKS are here")
    with call.state.store.transaction(), file.changing(call.state.root) as values:
        if call.state.store.get(_KIND, name) is not None:
            raise taken(f"Scope {name} already exists!")
        values.setdefault(name, {})
        acls = {call.state.user_name: "MANAGE"}
        if body.get("initial_manage_principal"):
            acls[body["initial_manage_principal"]] = "MANAGE"
        call.state.store.put(_KIND, name, {"name": name, "backend_type": "DATABRICKS", "acls": acls, "times": {}})
    return {}


@routes.on("GET", "/api/2.0/secrets/scopes/list")
def list_scopes(call: Call) -> dict[str, Any]:
    """All scopes, by name."""
    names = {doc["name"] for doc in call.state.store.all(_KIND)} | set(file.read(call.state.root))
    return {"scopes": [{"name": name, "backend_type": "DATABRICKS"} for name in sorted(names)]}


@routes.on("POST", "/api/2.0/secrets/scopes/delete")
def delete_scope(call: Call) -> dict[str, Any]:
    """Remove a scope with its secrets."""
    name, _ = _scope(call)
    with call.state.store.transaction(), file.changing(call.state.root) as values:
        values.pop(name, None)
        call.state.store.delete(_KIND, name)
    return {}


@routes.on("POST", "/api/2.0/secrets/put")
def put_secret(call: Call) -> dict[str, Any]:
    """Write a secret; exactly one of its two forms is given."""
    body = fit("workspace.SecretsAPI.put_secret", call.body)
    key = _checked(body["key"], "The key of a secret")
    if ("string_value" in body) == ("bytes_value" in body):
        raise invalid("One of string_value and bytes_value must be given")
    try:
        raw = base64.b64decode(body["bytes_value"], validate=True) if "bytes_value" in body else None
    except (binascii.Error, ValueError):
        raise invalid("bytes_value must be Base64") from None
    text = raw.decode("utf-8", "surrogateescape") if raw is not None else body["string_value"]
    if len(text.encode("utf-8", "surrogateescape")) > _MOST_BYTES:
        raise invalid("A secret may have at most 128 KB")
    with call.state.store.transaction(), file.changing(call.state.root) as values:
        name, doc = _scope(call)
        values.setdefault(name, {})[key] = text
        doc["times"] = {**doc.get("times", {}), key: now()}
        call.state.store.put(_KIND, name, doc)
    return {}


@routes.on("POST", "/api/2.0/secrets/delete")
def delete_secret(call: Call) -> dict[str, Any]:
    """Remove a secret."""
    key = call.text("key")
    with call.state.store.transaction(), file.changing(call.state.root) as values:
        name, doc = _scope(call)
        if values.get(name, {}).pop(key, None) is None:
            raise missing(f"Secret {key[:128]} does not exist in scope {name}")
        doc.get("times", {}).pop(key, None)
        call.state.store.put(_KIND, name, doc)
    return {}


@routes.on("GET", "/api/2.0/secrets/list")
def list_secrets(call: Call) -> dict[str, Any]:
    """The keys of a scope with the time of their last change, never a value."""
    name, doc = _scope(call)
    changed = file.secrets_file(call.state.root)
    at = int(changed.stat().st_mtime * 1000) if changed.exists() else 0
    times = doc.get("times", {})
    keys = sorted(file.read(call.state.root).get(name, {}))
    return {"secrets": [{"key": key, "last_updated_timestamp": times.get(key, at)} for key in keys]}


@routes.on("GET", "/api/2.0/secrets/get")
def get_secret(call: Call) -> dict[str, Any]:
    """A value, in Base64."""
    name, _ = _scope(call)
    key = call.text("key")
    value = file.read(call.state.root).get(name, {}).get(key)
    if value is None:
        raise missing(f"Secret {key[:128]} does not exist in scope {name}")
    return {"key": key, "value": base64.b64encode(str(value).encode("utf-8", "surrogateescape")).decode()}


@routes.on("GET", "/api/2.0/secrets/acls/list")
def list_acls(call: Call) -> dict[str, Any]:
    """Who may do what with a scope."""
    _, doc = _scope(call)
    return {"items": [{"principal": name, "permission": level} for name, level in sorted(doc["acls"].items())]}


@routes.on("GET", "/api/2.0/secrets/acls/get")
def get_acl(call: Call) -> dict[str, Any]:
    """What one may do."""
    name, doc = _scope(call)
    who = call.text("principal")
    if who not in doc["acls"]:
        raise missing(f"{who[:128]} has no permission on scope {name}")
    return {"principal": who, "permission": doc["acls"][who]}


@routes.on("POST", "/api/2.0/secrets/acls/put")
def put_acl(call: Call) -> dict[str, Any]:
    """Give somebody a permission in place of the one that he has."""
    body = fit("workspace.SecretsAPI.put_acl", call.body)
    with call.state.store.transaction():
        name, doc = _scope(call)
        doc["acls"][body["principal"]] = body["permission"]
        call.state.store.put(_KIND, name, doc)
    return {}


@routes.on("POST", "/api/2.0/secrets/acls/delete")
def delete_acl(call: Call) -> dict[str, Any]:
    """Take a permission away."""
    who = call.text("principal")
    with call.state.store.transaction():
        name, doc = _scope(call)
        if doc["acls"].pop(who, None) is None:
            raise missing(f"{who[:128]} has no permission on scope {name}")
        call.state.store.put(_KIND, name, doc)
    return {}

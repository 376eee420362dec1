"""Jobs: create, change, look up, list, delete."""

from __future__ import annotations

from typing import Any

from lakeflow_local.api.access import permissions
from lakeflow_local.api.http.call import Call
from lakeflow_local.api.http.errors import invalid
from lakeflow_local.api.http.paging import Page, page_of
from lakeflow_local.api.http.routes import Routes
from lakeflow_local.api.jobs.settings import checked, merged, with_defaults
from lakeflow_local.api.state.state import State
from lakeflow_local.api.state.store import new_number, now

KIND = "job"
MOST_ITEMS = 100  # of each array in one answer
_PAGED = ("tasks", "job_clusters", "environments", "parameters")

routes = Routes()


def versions(path: str) -> list[str]:
    """A path of the Jobs API in all of its versions that are alike."""
    return [f"/api/{version}/jobs/{path}" for version in ("2.2", "2.1", "2.0")]


@routes.on("POST", *versions("create"))
def create(call: Call) -> dict[str, Any]:
    """A new job, with the permissions that come with it."""
    entries = permissions.entries_of("jobs", call.given("access_control_list"))
    settings = checked(call.state, {name: value for name, value in call.body.items() if name != "access_control_list"})
    job_id = new_number()
    doc = {"job_id": job_id, "created_time": now(), "creator_user_name": call.state.user_name, "settings": settings}
    with call.state.store.transaction():
        call.state.store.put(KIND, str(job_id), doc, str(settings.get("name", "")).lower())
        if entries:
            permissions.save(call.state, "jobs", str(job_id), entries)
    return {"job_id": job_id}


@routes.on("POST", *versions("reset"))
def reset(call: Call) -> dict[str, Any]:
    """Replace all settings of a job. Who it runs as stays unless the new settings say so (seen on a workspace)."""
    with call.state.store.transaction():
        job = existing(call.state, call.number("job_id"))
        if call.given("new_settings") is None:
            raise invalid("Missing required field: new_settings")
        settings = checked(call.state, call.given("new_settings"))
        if "run_as" in job["settings"]:
            settings.setdefault("run_as", job["settings"]["run_as"])
        _save(call.state, job, settings)
    return {}


@routes.on("POST", *versions("update"))
def update(call: Call) -> dict[str, Any]:
    """Change some settings of a job."""
    removed = call.given("fields_to_remove") or []
    if not isinstance(removed, list) or not all(isinstance(path, str) for path in removed):
        raise invalid("fields_to_remove must be a list of strings")
    with call.state.store.transaction():
        job = existing(call.state, call.number("job_id"))
        new = call.given("new_settings") or {}
        if not isinstance(new, dict):
            raise invalid("new_settings must be an object")
        _check_lists(new)
        _save(call.state, job, checked(call.state, merged(job["settings"], new, removed)))
    return {}


@routes.on("GET", *versions("get"))
def get(call: Call) -> dict[str, Any]:
    """One job; arrays of more than 100 entries come in pages."""
    job = view(existing(call.state, call.number("job_id")))
    settings = job["settings"]
    job["settings"], more = paged_arrays(call, settings, _PAGED)
    return job | more


@routes.on("GET", *versions("list"))
def list_jobs(call: Call) -> dict[str, Any]:
    """The jobs, the newest first."""
    name = call.text("name", "").lower()
    store = call.state.store
    jobs = list(reversed(store.named(KIND, name))) if name else store.all(KIND, newest_first=True)
    offset = call.number("offset", 0)
    page = page_of(call, jobs[offset:], default=20, most=100, size="limit")
    tasks = call.flag("expand_tasks")
    return answer("jobs", [_listed(job, tasks) for job in page.items], page)


@routes.on("POST", *versions("delete"))
def delete(call: Call) -> dict[str, Any]:
    """Delete a job; its runs stay in the history."""
    with call.state.store.transaction():
        job = existing(call.state, call.number("job_id"))
        call.state.store.delete(KIND, str(job["job_id"]))
        permissions.forget(call.state, "jobs", job["job_id"])
    return {}


def existing(state: State, job_id: int) -> dict[str, Any]:
    """A job as it is kept.

    Raises:
        ApiError: there is none; with the code and text by which the SDK knows what is meant.
    """
    found = state.store.get(KIND, str(job_id))
    if found is None:
        raise invalid(f"Job {job_id} does not exist.")
    return found


def view(job: dict[str, Any]) -> dict[str, Any]:
    """A job in the shape of `jobs.Job`."""
    run_as = job["settings"].get("run_as") or {}
    name = run_as.get("user_name") or run_as.get("service_principal_name") or job["creator_user_name"]
    return {**job, "run_as_user_name": name, "settings": with_defaults(job["settings"])}


def paged_arrays(call: Call, fields: dict[str, Any], names: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The part of large arrays that belongs to a page, and what tells of the next page."""
    longest = max((fields.get(name) or [] for name in names), key=len)
    page = page_of(call, longest, default=MOST_ITEMS, most=MOST_ITEMS, size="")
    start = next((index for index, item in enumerate(longest) if page.items and item is page.items[0]), 0)
    cut = {name: fields[name][start : start + MOST_ITEMS] for name in names if fields.get(name)}
    more = {"has_more": True, "next_page_token": page.next_token} if page.next_token else {}
    return {**fields, **cut}, more


def answer(name: str, items: list[Any], page: Page) -> dict[str, Any]:
    """A page of a list as the Jobs API gives it."""
    return {**({name: items} if items else {}), "has_more": page.next_token is not None, **page.tokens()}


def _listed(job: dict[str, Any], tasks: bool) -> dict[str, Any]:
    found = view(job)
    del found["run_as_user_name"]
    settings = {
        name: value for name, value in found["settings"].items() if tasks or name not in ("tasks", "job_clusters")
    }
    for name in ("tasks", "job_clusters"):
        if len(settings.get(name) or []) > MOST_ITEMS:
            settings[name], found["has_more"] = settings[name][:MOST_ITEMS], True
    return {**found, "settings": settings}


def _save(state: State, job: dict[str, Any], settings: dict[str, Any]) -> None:
    name = str(settings.get("name", "")).lower()
    state.store.put(KIND, str(job["job_id"]), {**job, "settings": settings}, name)


def _check_lists(new: dict[str, Any]) -> None:
    for name in _PAGED:
        items = new.get(name, [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise invalid(f"new_settings.{name} must be a list of objects")

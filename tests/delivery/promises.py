"""What the workflows promise, as functions that find where a promise is broken: `workflows -> complaints`.

A workflow is parsed YAML by file name. Each function reads what would happen, not how a line is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Workflows = Mapping[str, Mapping[Any, Any]]
PAGES = "github-pages"  # where the documentation is published; it knows no workspace
MAY_WRITE = {
    ("release.yml", "build", "id-token"),
    ("release.yml", "build", "attestations"),
    ("release.yml", "staging", "id-token"),
    ("release.yml", "rehearse", "id-token"),
    ("release.yml", "prod", "id-token"),
    ("deliver.yml", "plan", "id-token"),
    ("deliver.yml", "deploy", "id-token"),
    ("rollback.yml", "deliver", "id-token"),
    ("drift.yml", "drift", "id-token"),
    ("pull-request.yml", "plan", "id-token"),
    ("pull-request.yml", "comment", "pull-requests"),
    ("docs.yml", "publish", "pages"),
    ("docs.yml", "publish", "id-token"),
}
BUILDS = re.compile(
    r"make (-C \S+ )?(release|wheel)\b|build-wheel|hatchling|pip wheel|-m build|bundle deploy(?!.*--plan)"
)
SIGNS_IN = "DATABRICKS_CLIENT_ID"
RELEASES = ("release.yml", "deliver.yml", "rollback.yml")


def triggers(workflow: Mapping[Any, Any]) -> Mapping[str, Any]:
    """What starts it; YAML 1.1 reads the key `on` as true."""
    found = workflow.get("on", workflow.get(True))
    return found if isinstance(found, dict) else {found: None}


def jobs(workflows: Workflows) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for file, workflow in workflows.items():
        for key, job in workflow["jobs"].items():
            yield file, key, job


def steps(workflows: Workflows) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for file, key, job in jobs(workflows):
        for step in job.get("steps") or []:
            yield file, key, step


def one_job_builds(workflows: Workflows) -> list[str]:
    """Of what leads to a deployment, only `build` checks out or builds; all else has the archive."""
    found = []
    for file, key, step in steps(workflows):
        if file in RELEASES and (file, key) != ("release.yml", "build"):
            if "checkout@" in step.get("uses", ""):
                found.append(f"{file} {key} checks out")
            if BUILDS.search(step.get("run", "")):
                found.append(f"{file} {key} builds: {step['run']}")
    built = [(f, k) for f, k, s in steps(workflows) if "make release" in s.get("run", "") and f in RELEASES]
    return found if built == [("release.yml", "build")] else [*found, f"built by {built}"]


def least_rights(workflows: Workflows) -> list[str]:
    """Every job has its own list of rights, and writes only what it must."""
    found = []
    for file, workflow in workflows.items():
        rights = workflow.get("permissions")
        if not isinstance(rights, dict) or set(rights.values()) - {"read"}:
            found.append(f"{file} gives every job more than read")
    for file, key, job in jobs(workflows):
        rights = job.get("permissions", workflows[file].get("permissions"))
        if not isinstance(rights, dict):
            found.append(f"{file} {key} has {rights}")
            continue
        found += [
            f"{file} {key} may write {r}" for r, v in rights.items() if v == "write" and (file, key, r) not in MAY_WRITE
        ]
        if rights.get("id-token") == "write" and rights.get("pull-requests") == "write":
            found.append(f"{file} {key} signs in and comments")
    return found


def no_secret(workflows: Workflows) -> list[str]:
    """Nothing is stored: a workspace is entered by OIDC, GitHub by the token of the run."""
    found = [f"{file} {key} reads a secret" for file, key, job in jobs(workflows) if "secrets" in str(job)]
    for file, key, job in jobs(workflows):
        environment = job.get("env") or {}
        if SIGNS_IN in environment and environment.get("DATABRICKS_AUTH_TYPE") != "github-oidc":
            found.append(f"{file} {key} does not sign in by OIDC")
        if SIGNS_IN in environment and (job.get("permissions") or {}).get("id-token") != "write":
            found.append(f"{file} {key} cannot sign in")
        if re.search(r"DATABRICKS_(TOKEN|CLIENT_SECRET)", str(job)):
            found.append(f"{file} {key} holds a credential")
    return found


def one_identity_each(workflows: Workflows) -> list[str]:
    """Who signs in does so in an environment; only `deploy` and `rehearse` in one that may change the workspace."""
    found = []
    for file, key, job in jobs(workflows):
        environment = job.get("environment", "")
        environment = environment["name"] if isinstance(environment, dict) else environment
        if SIGNS_IN not in (job.get("env") or {}):
            if environment and environment != PAGES:
                found.append(f"{file} {key} has an environment for nothing")
        elif not environment:
            found.append(f"{file} {key} signs in outside of an environment")
        elif not environment.endswith("-plan") and key not in ("deploy", "rehearse"):
            found.append(f"{file} {key} could change the workspace")
    return found


def never_for_forks(workflows: Workflows) -> list[str]:
    """A pull request of a fork reaches no job that signs in or writes; none runs in the rights of the base."""
    found = []
    for file, workflow in workflows.items():
        if "pull_request_target" in triggers(workflow) or "workflow_run" in triggers(workflow):
            found.append(f"{file} runs a pull request with the rights of the base")
        if "pull_request" not in triggers(workflow):
            continue
        guarded = {
            key
            for key, job in workflow["jobs"].items()
            if "head.repo.full_name == github.repository" in str(job.get("if"))
        }
        for key, job in workflow["jobs"].items():
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            writes = "write" in (job.get("permissions") or workflow.get("permissions") or {}).values()
            if (writes or SIGNS_IN in (job.get("env") or {})) and key not in guarded and not guarded & set(needs):
                found.append(f"{file} {key} runs for forks")
    return found


def pinned(workflows: Workflows) -> list[str]:
    """Actions by commit, with the version beside it; the CLI by version; runners by release."""
    found = []
    for file, key, step in steps(workflows):
        if "uses" in step and not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", step["uses"]):
            found.append(f"{file} {key}: {step['uses']}")
        if "setup-cli@" in step.get("uses", "") and not re.fullmatch(
            r"\d+\.\d+\.\d+", str(step.get("with", {}).get("version"))
        ):
            found.append(f"{file} {key}: the CLI has no exact version")
    found += [
        f"{file} {key}: {job['runs-on']}" for file, key, job in jobs(workflows) if "latest" in job.get("runs-on", "")
    ]
    return found


def one_at_a_time(workflows: Workflows) -> list[str]:
    """What changes a workspace waits for its like, and is not cut off in the middle."""
    found = []
    for file, key, job in jobs(workflows):
        if key in ("deploy", "rehearse"):
            group = job.get("concurrency") or {}
            if not group.get("group") or group.get("cancel-in-progress") is not False:
                found.append(f"{file} {key} may run beside another, or be cut off")
        if "runs-on" in job and not job.get("timeout-minutes"):
            found.append(f"{file} {key} may hang for six hours")
    return found


def the_reviewed_plan_is_deployed(workflows: Workflows) -> list[str]:
    """`deploy` waits for `plan`, has its files, compares both sums with what was reviewed, and makes no plan."""
    deliver = workflows["deliver.yml"]["jobs"]
    plan, deploy = deliver["plan"], deliver["deploy"]
    found = [] if deploy.get("needs") == "plan" else ["deploy does not wait for plan"]
    uploaded = [s["with"]["name"] for s in plan["steps"] if "upload-artifact@" in s.get("uses", "")]
    fetched = [s["with"]["name"] for s in deploy["steps"] if "download-artifact@" in s.get("uses", "")]
    found += [] if fetched == ["release", *uploaded] else [f"deploy fetches {fetched}, plan leaves {uploaded}"]
    checks = next((s for s in deploy["steps"] if "sha256sum --check" in s.get("run", "")), {"run": "", "env": {}})
    for name in ("archive", "plan"):
        compared = f"${name.upper()}  " in checks["run"]
        reviewed = f"needs.plan.outputs.{name} " in str(checks.get("env", {}).get(name.upper()))
        found += [] if compared and reviewed else [f"deploy does not compare the sum of the {name}"]
    runs = [s.get("run", "") for s in deploy["steps"]]
    if any(re.search(r"make\b.* plan\b|bundle plan", run) for run in runs):
        found.append("deploy plans again")
    if not any("make -C unpacked deploy" in run and 'PLAN="$PWD/plan"' in run for run in runs):
        found.append("deploy does not use the plan")
    if not any("plan.md" in s.get("run", "") and "GITHUB_STEP_SUMMARY" in s["run"] for s in plan["steps"]):
        found.append("no reviewer sees the plan")
    return found


def provenance_comes_first(workflows: Workflows) -> list[str]:
    """Whoever has fetched the archive asks where it came from before anything of it runs."""
    found = []
    for file, key, job in jobs(workflows):
        runs = [s.get("run", "") for s in job.get("steps") or []]
        if file not in RELEASES or not any("release/" in run and "tar -x" in run for run in runs):
            continue
        asked = next((i for i, run in enumerate(runs) if "gh attestation verify" in run), None)
        unpacked = next(i for i, run in enumerate(runs) if "tar -x" in run)
        if asked is None or asked > unpacked or "sha256sum --check" not in runs[unpacked].partition("tar -x")[0]:
            found.append(f"{file} {key} uses an archive that it has not checked")
        elif "release.yml" not in runs[asked] or "--source-ref refs/heads/main" not in runs[asked]:
            found.append(f"{file} {key} takes an archive of any branch or workflow")
    build = workflows["release.yml"]["jobs"]["build"]["steps"]
    attested = [s for s in build if "attest-build-provenance@" in s.get("uses", "")]
    return found if attested else [*found, "build attests nothing"]


def staging_before_prod(workflows: Workflows) -> list[str]:
    """Tests and build, staging, rehearsal, prod: each waits for the one before, and both targets get one archive."""
    release = workflows["release.yml"]["jobs"]
    order = {"staging": {"test", "build"}, "rehearse": {"staging"}, "prod": {"rehearse"}}
    found = []
    for key, before in order.items():
        needs = release[key].get("needs")
        if not before <= set([needs] if isinstance(needs, str) else needs or []):
            found.append(f"{key} does not wait for {sorted(before)}")
        if "always()" in str(release[key].get("if")):
            found.append(f"{key} runs whatever came before")
    runs = {release[key]["with"]["run_id"] for key in ("staging", "prod")}
    return found if runs == {"${{ github.run_id }}"} else [*found, f"archives of {sorted(runs)}"]


def no_input_in_a_script(workflows: Workflows) -> list[str]:
    """What a person typed, or named a branch, reaches a shell as a variable and never as text of the script."""
    return [f"{file} {key}: {s['run']}" for file, key, s in steps(workflows) if "${{" in s.get("run", "")]


PROMISES = (
    one_job_builds,
    least_rights,
    no_secret,
    one_identity_each,
    never_for_forks,
    pinned,
    one_at_a_time,
    the_reviewed_plan_is_deployed,
    provenance_comes_first,
    staging_before_prod,
    no_input_in_a_script,
)

"""Keys that tasks, clusters, environments and parameters are known by within a job."""

from __future__ import annotations

from collections.abc import Iterator

from lakeflow_local.bundle.tree.nodes import matches
from lakeflow_local.check.example_files import job_bundle
from lakeflow_local.check.finding import Found, found
from lakeflow_local.check.rule import rule
from lakeflow_local.check.target import CheckedBundle, CheckedTarget
from lakeflow_local.check.value import Value

_KEYS = {"job_clusters": "job_cluster_key", "environments": "environment_key", "parameters": "name"}
_NOTEBOOK = """
- task_key: load
  notebook_task:
    notebook_path: /Shared/load
"""
_WHEEL = """
- task_key: load
  environment_key: {key}
  spark_python_task:
    python_file: /Workspace/Shared/load.py
"""
_ENVIRONMENT = """
environments:
  - environment_key: default
    spec:
      environment_version: "3"
"""
_CLUSTERS = """
job_clusters:
  - job_cluster_key: small
    new_cluster:
      spark_version: 16.4.x-scala2.12
      node_type_id: i3.xlarge
      num_workers: 1
"""


def _duplicates(bundle: CheckedBundle, field: str, key: str) -> Iterator[tuple[Value, str, tuple[str, ...]]]:
    """The second and later ones of a list with one key, the key, and the target if it is of one."""
    for tree in bundle.written.trees.values():
        for pattern in (f"resources.jobs.*.{field}", f"targets.*.resources.jobs.*.{field}"):
            for path, node in matches(tree.node, pattern):
                target = (str(path[1]),) if path[0] == "targets" else ()
                if target and target[0] not in bundle.targets:
                    continue
                seen: set[str] = set()
                for item in Value(node, path[2:] if target else path).items():
                    name = item.text(key)
                    if name in seen:
                        yield item, name, target
                    seen |= {name} if name else set()


@rule(
    id="duplicate-task-key",
    family="references",
    severity="error",
    basis="measured",
    reason="Two tasks with one key are merged into one without a word: one of them never runs.",
    fact="platform facts, Bundles: duplicate task keys are silently merged (measured with the CLI 1.14).",
    fix="Give each task a key of its own.",
    bad={"databricks.yml": job_bundle(_NOTEBOOK + _NOTEBOOK.replace("load\n  n", "load  # <--\n  n"))},
    good={"databricks.yml": job_bundle(_NOTEBOOK + _NOTEBOOK.replace("load", "report"))},
    scope="bundle",
)
def duplicate_task_key(bundle: CheckedBundle) -> Iterator[Found]:
    """In one list of tasks each has a key of its own; a target may say more about a task under its key."""
    for item, name, targets in _duplicates(bundle, "tasks", "task_key"):
        yield found(item, f"two tasks of this job are called {name}: they become one", targets=targets)


@rule(
    id="duplicate-key-in-job",
    family="references",
    severity="error",
    basis="measured",
    reason="Parameters and job clusters with one key are merged into one; environments with one key are refused.",
    fact="platform facts, Bundles: tasks, job_clusters and parameters merge by key.",
    fix="Give each a key of its own, or take one out.",
    bad={
        "databricks.yml": job_bundle(
            _NOTEBOOK, "parameters:\n  - name: day\n    default: a\n  - name: day  # <--\n    default: b\n"
        )
    },
    good={
        "databricks.yml": job_bundle(
            _NOTEBOOK, "parameters:\n  - name: day\n    default: a\n  - name: hour\n    default: b\n"
        )
    },
    scope="bundle",
)
def duplicate_key_in_job(bundle: CheckedBundle) -> Iterator[Found]:
    """In one list each cluster, environment and parameter has a key of its own."""
    for field, key in _KEYS.items():
        for item, name, targets in _duplicates(bundle, field, key):
            yield found(item, f"{name} stands twice in {field}", targets=targets)


@rule(
    id="unknown-environment-key",
    family="references",
    severity="error",
    basis="documented",
    reason="A task can use environments of its own job only: the Jobs API refuses the job when it is deployed.",
    fact="https://docs.databricks.com/api/workspace/jobs/create (environment_key); `validate` does not look.",
    fix="Write the environment_key of one of this job's `environments`, or declare it there.",
    bad={"databricks.yml": job_bundle(_WHEEL.format(key="defualt  # <--"), _ENVIRONMENT)},
    good={"databricks.yml": job_bundle(_WHEEL.format(key="default"), _ENVIRONMENT)},
)
def unknown_environment_key(target: CheckedTarget) -> Iterator[Found]:
    """Every `environment_key` is declared by the job."""
    yield from _unknown(target, "environment_key", "environments")


@rule(
    id="unknown-job-cluster-key",
    family="references",
    severity="error",
    basis="documented",
    reason="A task can use job clusters of its own job only: the Jobs API refuses the job when it is deployed.",
    fact="https://docs.databricks.com/api/workspace/jobs/create (job_cluster_key).",
    fix="Write the job_cluster_key of one of this job's `job_clusters`, or declare it there.",
    bad={
        "databricks.yml": job_bundle(
            _WHEEL.format(key="x").replace("environment_key: x", "job_cluster_key: smal  # <--"), _CLUSTERS
        )
    },
    good={
        "databricks.yml": job_bundle(
            _WHEEL.format(key="x").replace("environment_key: x", "job_cluster_key: small"), _CLUSTERS
        )
    },
)
def unknown_job_cluster_key(target: CheckedTarget) -> Iterator[Found]:
    """Every `job_cluster_key` is declared by the job."""
    yield from _unknown(target, "job_cluster_key", "job_clusters")


def _unknown(target: CheckedTarget, key: str, section: str) -> Iterator[Found]:
    for job in target.jobs.values():
        names = [item.text(key) for item in job.value.items(section)]
        declared = job.value.get(section)
        if any("${" in name for name in names) or (declared is not None and not declared.node.is_list):
            continue
        for task in job.all_tasks:
            value = task.value.get(key)
            name = value.node.text() if value is not None else None
            if value is not None and name and "${" not in name and name not in names:
                there = f"it has {', '.join(names)}" if names else f"it has no {section}"
                yield found(value, f"task {task.key} uses {key} {name}, and the job declares none ({there})")


@rule(
    id="environment-and-cluster",
    family="references",
    severity="error",
    basis="documented",
    reason="An environment is for serverless compute: the Jobs API refuses a task that names a cluster as well.",
    fact="https://github.com/databricks/cli/issues/1688; platform facts, Bundles: serverless plus clusters.",
    fix="Keep the environment_key (serverless), or the cluster with its `libraries`.",
    bad={
        "databricks.yml": job_bundle(
            _WHEEL.format(key="default").replace(
                "  environment_key: default", "  environment_key: default  # <--\n  job_cluster_key: small"
            ),
            _ENVIRONMENT + _CLUSTERS,
        )
    },
    good={"databricks.yml": job_bundle(_WHEEL.format(key="default"), _ENVIRONMENT)},
)
def environment_and_cluster(target: CheckedTarget) -> Iterator[Found]:
    """No task has an `environment_key` and a cluster."""
    for task in target.tasks():
        key = task.value.get("environment_key")
        clusters = [name for name in ("job_cluster_key", "existing_cluster_id", "new_cluster") if task.value.get(name)]
        if key is not None and clusters:
            yield found(key, f"task {task.key} has an environment_key and {clusters[0]}")

"""What rules read: the bundle resolved for one target, its jobs, tasks and pipelines, and the files they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lakeflow_local.bundle.resolved import Bundle
from lakeflow_local.bundle.tree.nodes import Location
from lakeflow_local.check.finding import Place
from lakeflow_local.check.ignoring import Ignore
from lakeflow_local.check.projects import Project, project_in, projects_below
from lakeflow_local.check.sources import Sources
from lakeflow_local.check.value import Value
from lakeflow_local.check.written import WrittenFiles
from lakeflow_local.jobs.model import references
from lakeflow_local.jobs.model.kinds import KINDS, TaskKind


@dataclass(frozen=True)
class Resource:
    """A job, a pipeline or another resource."""

    kind: str
    key: str
    value: Value

    @property
    def place(self) -> Place:
        """Where it is defined."""
        return self.value.place


@dataclass(frozen=True)
class Task:
    """A task of a job.

    Attributes:
        key: "" where it has none.
        loop: The for-each task that it is the nested task of, else None.
    """

    job: Job
    key: str
    value: Value
    loop: Task | None = None

    @property
    def place(self) -> Place:
        """Where it is defined."""
        return self.value.place

    @cached_property
    def kind(self) -> TaskKind | None:
        """Its type; None where it has none that is known."""
        return next((kind for name, kind in KINDS.items() if self.value.node.get(name) is not None), None)

    @cached_property
    def settings(self) -> Value | None:
        """What stands under its type: of `notebook_task: {…}` the map."""
        return self.value.get(self.kind.name) if self.kind is not None else None

    @cached_property
    def texts(self) -> list[Value]:
        """Every text of its definition; those of a task nested in it are not its own."""
        nested = (*self.value.path, "for_each_task", "task")
        depth = len(nested)
        return [
            value for value in self.value.walk() if isinstance(value.node.value, str) and value.path[:depth] != nested
        ]

    @property
    def parents(self) -> list[str]:
        """The tasks that it depends on, as written; of a nested task, none."""
        return [item.text("task_key") for item in self.value.items("depends_on")]


@dataclass(frozen=True)
class Job(Resource):
    """A job."""

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """Its tasks by key, without those nested in for-each tasks."""
        found = [Task(self, item.text("task_key"), item) for item in self.value.items("tasks")]
        return {task.key: task for task in found}

    @cached_property
    def all_tasks(self) -> list[Task]:
        """Its tasks, and after each for-each task the one nested in it, at any depth."""
        found: list[Task] = []
        for task in self.tasks.values():
            loop: Task | None = task
            while loop is not None:
                found.append(loop)
                inner = loop.value.get("for_each_task", "task")
                loop = Task(self, inner.text("task_key"), inner, loop) if inner is not None else None
        return found

    @cached_property
    def ancestors(self) -> Mapping[str, frozenset[str]]:
        """Task -> all tasks that end before it starts, by its dependencies; names that do not exist left out."""
        done: dict[str, frozenset[str]] = {}
        for start in self.tasks:
            reached: set[str] = set()
            waiting = [start]
            while waiting:
                for parent in self.tasks[waiting.pop()].parents:
                    if parent in self.tasks and parent not in reached:
                        reached.add(parent)
                        if parent in done:
                            reached |= done[parent]
                        else:
                            waiting.append(parent)
            done[start] = frozenset(reached)
        return done

    @cached_property
    def references(self) -> list[tuple[Task, Value, tuple[str, ...]]]:
        """Every `{{…}}` of its tasks that is well-formed and in a known namespace, as its steps."""
        return [
            (task, value, steps)
            for task in self.all_tasks
            for value in task.texts
            if "{{" in value.node.value
            for steps in references.find(value.node.value)
        ]

    @cached_property
    def leaves(self) -> list[Task]:
        """The tasks that no other depends on."""
        parents = {parent for task in self.tasks.values() for parent in task.parents}
        return [task for key, task in self.tasks.items() if key not in parents]

    @property
    def is_from_git(self) -> bool:
        """Whether its files come from a git repository, and not from the bundle."""
        return self.value.get("git_source") is not None


class CheckedTarget:
    """The bundle resolved for one target.

    Attributes:
        name: The target.
        bundle: The resolved bundle; `refused` and `unset` say what is wrong with it.
        config: The whole resolved configuration.
        sources: The files that jobs and pipelines refer to, parsed once.
        written: The files of the bundle's configuration, as they are written.
        with_spark: Whether rules may use Spark.
        variables: The values of variables that were given, as with `--var`.
        memory: What the helpers of several rules have worked out, by a name of theirs.
    """

    def __init__(
        self,
        bundle: Bundle,
        sources: Sources,
        written: WrittenFiles,
        *,
        with_spark: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.bundle, self.sources, self.written, self.with_spark = bundle, sources, written, with_spark
        self.variables = dict(variables or {})
        self.name, self.root = bundle.target, bundle.root
        self.config = Value(bundle.tree)
        self.memory: dict[str, Any] = {}

    @cached_property
    def values(self) -> list[Value]:
        """Every value of the resolved configuration, parents first."""
        return list(self.config.walk())

    @property
    def mode(self) -> str:
        """`development`, `production`, or ""."""
        return self.config.text("bundle", "mode")

    @cached_property
    def has_unread_python(self) -> bool:
        """Whether Python code defines or changes resources and was not run: then not every resource is known."""
        return (
            any(
                self.config.plain(*section, field)
                for section in (("python",), ("experimental", "python"))
                for field in ("resources", "mutators")
            )
            and not self.bundle.ran_python
        )

    def resources(self, kind: str) -> list[Resource]:
        """The resources of a kind, such as `schemas`."""
        return [
            Resource(kind, key, value) for key, value in self.config.entries("resources", kind) if value.node.is_map
        ]

    @cached_property
    def jobs(self) -> dict[str, Job]:
        """The jobs by key."""
        entries = self.config.entries("resources", "jobs")
        return {key: Job("jobs", key, value) for key, value in entries if value.node.is_map}

    @cached_property
    def pipelines(self) -> dict[str, Resource]:
        """The pipelines by key."""
        return {one.key: one for one in self.resources("pipelines")}

    @cached_property
    def projects(self) -> list[Project]:
        """The Python projects below the synchronised root, and those elsewhere that artifacts are built from."""
        root = self.bundle.sync_root
        built = dict.fromkeys(Path(artifact.text("path")) for _, artifact in self.config.entries("artifacts"))
        elsewhere = [project_in(path) for path in built if path.is_absolute() and not path.is_relative_to(root)]
        return [*projects_below(root), *(project for project in elsewhere if project is not None)]

    def tasks(self) -> Iterator[Task]:
        """All tasks of all jobs, those nested in for-each tasks as well."""
        for job in self.jobs.values():
            yield from job.all_tasks

    def local(self, path: str) -> Path | None:
        """The file or folder on this machine of a path in the resolved bundle; None for one that is not the bundle's.

        It need not exist. A relative path is below the synchronised root.
        """
        deployed = self.config.text("workspace", "file_path")
        if "${" in path:
            return None
        if deployed and (path == deployed or path.startswith(f"{deployed}/")):
            return self.bundle.sync_root / path[len(deployed) :].lstrip("/")
        if path.startswith(str(self.bundle.sync_root)):
            return Path(path)
        if path.startswith("/") or ":" in path.split("/")[0]:
            return None
        return self.bundle.sync_root / path

    def at(self, location: Location | None, path: str = "") -> Place:
        """A place from a location."""
        return Place(path, location and location.file, location and location.line)

    def plain(self, value: Value) -> Any:
        """A plain value with the references to other resources resolved as far as they are known."""
        return self.bundle.resolve(value.node.plain())


class CheckedBundle:
    """All targets that are checked.

    Attributes:
        targets: The loaded ones by name.
        target_names: All that the bundle declares, also those that are not checked.
        ignores: The comments that ignore findings, once all other rules have run.
        unused_ignores: Those that ignored nothing, each with the rules that found nothing there.
    """

    def __init__(
        self,
        root: Path,
        targets: Mapping[str, CheckedTarget],
        target_names: tuple[str, ...],
        written: WrittenFiles,
        sources: Sources,
    ) -> None:
        self.root, self.targets, self.target_names = root, targets, target_names
        self.written, self.sources = written, sources
        self.ignores: list[Ignore] = []
        self.unused_ignores: list[tuple[Ignore, tuple[str, ...]]] = []

    @property
    def first(self) -> CheckedTarget:
        """A target, for what all of them share."""
        return next(iter(self.targets.values()))

    @property
    def is_whole(self) -> bool:
        """Whether every declared target is loaded, so that what none of them uses is used nowhere."""
        return set(self.target_names) <= set(self.targets)

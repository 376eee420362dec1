"""Paths, globs and entry points that lead nowhere, and files that travel although they should not."""

from tests.mutants.draft import Draft
from tests.mutants.operator import family

operator = family("files")
JOBS = "resources/*.job.yml"
PARAMETERS = "python_wheel_task/parameters$"


@operator()
def include_that_matches_nothing(draft: Draft) -> None:
    """A folder is included that is not there."""
    place = draft.pick("databricks.yml", r"- resources/\*\.yml$", within="^include$")
    draft.add(place, "- jobs/*.yml")


@operator("databricks.yml", "resources/*.yml")
def file_that_no_include_matches(draft: Draft) -> None:
    """A file is renamed to another ending, and no include matches it any more."""
    file = draft.rng.choice([name for name in draft.files("resources/*.yml") if ".job." in name or ".volume." in name])
    text = (draft.root / file).read_text(encoding="utf-8")
    draft.remove_file(file)
    draft.add_file(file.removesuffix(".yml") + ".yaml", text)


@operator()
def library_glob_that_matches_nothing(draft: Draft) -> None:
    """The glob of a pipeline's files has the wrong folder."""
    place = draft.pick("resources/*.pipeline.yml", r"include: (\.\./pipelines/payouts/\*\*)")
    draft.put(place, "../pipeline/payouts/**", 1)


@operator()
def path_from_the_wrong_folder(draft: Draft) -> None:
    """A path is written from the root of the bundle, although it counts from the file in which it stands."""
    place = draft.pick("resources/*.yml", r"(?:file_path|path): ((?:dashboards|payouts_report)/\S+)$")
    draft.put(place, f"resources/{place[1]}", 1)


@operator("resources/payouts_report.job.yml")
def sql_file_moved(draft: Draft) -> None:
    """A SQL file is moved, and the task that runs it is not told."""
    text = (draft.root / "resources/payouts_report/views.sql").read_text(encoding="utf-8")
    draft.remove_file("resources/payouts_report/views.sql")
    draft.add_file("src/sql/views.sql", text)


@operator("resources/*.dashboard.yml")
def dashboard_that_is_no_json(draft: Draft) -> None:
    """A merge leaves a comma too many in a dashboard."""
    place = draft.pick("resources/dashboards/*.json", r"(\"),?$", where=lambda place: not place.text.endswith(","))
    draft.put(place, '",,', 1)


@operator()
def entry_point_misspelt(draft: Draft) -> None:
    """The entry point of a task is misspelt."""
    place = draft.pick(JOBS, r"entry_point: (\w+)$")
    draft.put(place, draft.misspelt(place[1]), 1)


@operator()
def package_misspelt(draft: Draft) -> None:
    """A task names another package than the one that is built."""
    place = draft.pick(JOBS, r"package_name: (payouts)$")
    draft.put(place, "payout", 1)


@operator(JOBS, "resources/seed_landing.job.yml")
def entry_point_removed_from_the_package(draft: Draft) -> None:
    """A script is removed from the package, and a task still starts it."""
    draft.drop(draft.pick("pyproject.toml", r"^(\w+) = \"payouts\.tasks\.\w+:main\"$"))


@operator(JOBS, "pyproject.toml")
def function_of_an_entry_point_renamed(draft: Draft) -> None:
    """The function of an entry point is renamed in the code."""
    place = draft.pick("src/payouts/tasks/*.py", r"^def (main)\(\)")
    draft.put(place, "run", 1)


@operator("src/payouts/tasks/*.py")
def required_parameter_lost(draft: Draft) -> None:
    """A line of a task's parameters is lost that its program insists on."""
    draft.drop(draft.pick(JOBS, r"- --(catalog|settlement_timezone|gateway_url|ledger_schema)=", within=PARAMETERS))


@operator("src/payouts/tasks/*.py")
def parameter_misspelt(draft: Draft) -> None:
    """A parameter is misspelt that a task's program reads."""
    place = draft.pick(JOBS, r"- --(\w+)=", within=PARAMETERS)
    draft.put(place, draft.misspelt(place[1]), 1)


@operator(JOBS)
def parameter_added_to_the_program_only(draft: Draft) -> None:
    """A program insists on a new parameter, and the task that starts it gives none."""
    place = draft.pick("src/payouts/tasks/*.py", r"^    arguments\.add_argument\(\"--\w+\".*\)$")
    draft.add(place, 'arguments.add_argument("--batch_size", type=int, required=True)')


@operator()
def parameter_without_dashes(draft: Draft) -> None:
    """The dashes of a parameter are forgotten."""
    place = draft.pick(JOBS, r"- (--)(?:verdict|plan_id|from_date|catalog)=", within=PARAMETERS)
    draft.put(place, "", 1)


@operator(JOBS)
def wheel_from_the_wrong_folder(draft: Draft) -> None:
    """The path of the wheel counts from the root, although the files that use it are in resources/."""
    place = draft.pick("databricks.yml", r"default: (\.\./\$\{var\.wheel\})$", within="package$")
    draft.put(place, "./${var.wheel}", 1)


@operator()
def editable_folder_without_a_project(draft: Draft) -> None:
    """The pipeline installs a folder that has no pyproject.toml."""
    place = draft.pick("resources/*.pipeline.yml", r"--editable (\$\{workspace\.file_path\})(?=\s)")
    draft.put(place, "${workspace.file_path}/src", 1)


@operator()
def tests_are_deployed(draft: Draft) -> None:
    """A line of sync.exclude is lost, and the tests travel to production."""
    draft.drop(draft.pick("databricks.yml", r"- (tests|\.github)/$", within="^sync/exclude$"))


@operator("databricks.yml")
def environment_file_is_deployed(draft: Draft) -> None:
    """A file with the settings of one person's machine lies in a folder that is synced."""
    draft.add_file("src/.env", "GATEWAY_URL=http://localhost:8080\nLANDING=/home/ada/landing\n")


@operator("databricks.yml")
def old_wheel_is_deployed(draft: Draft) -> None:
    """A wheel of last year lies beside the release, and everything in dist/ is synced."""
    draft.add_file("dist/payouts-0.0.9-py3-none-any.whl", "PK\n")

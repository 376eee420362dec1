"""Environments that differ where they should not, or do not where they should."""

from tests.mutants.draft import Draft
from tests.mutants.operator import family

operator = family("targets")
DEPLOYED = "targets/[ps]*.yml"  # prod and staging
RESOURCES = "resources/*.yml"


@operator("databricks.yml", RESOURCES)
def value_without_default_missing(draft: Draft) -> None:
    """A target has no value for a variable that has no default."""
    draft.drop(draft.pick(DEPLOYED, r"^      catalog: ", within="variables$"))


@operator("databricks.yml", RESOURCES)
def value_missing_in_production_only(draft: Draft) -> None:
    """The rehearsal sets a value and production does not: it gets the default that is meant for development."""
    draft.drop(draft.pick("targets/prod.yml", r"^      (gateway_url|readers|prevent_destroy): ", within="variables$"))


@operator()
def root_path_left_out(draft: Draft) -> None:
    """Production has no folder of its own: it lies in that of whoever deploys."""
    draft.drop(draft.pick(DEPLOYED, r"root_path: ", within="workspace$"))


@operator()
def root_path_of_a_person(draft: Draft) -> None:
    """Production lies in a person's home folder."""
    place = draft.pick(DEPLOYED, r"root_path: (/Workspace/Applications)", within="workspace$")
    draft.put(place, "/Workspace/Users/ada@marketplace.example", 1)


@operator()
def run_as_left_out(draft: Draft) -> None:
    """Production runs as whoever has deployed it last."""
    draft.drop(draft.pick(DEPLOYED, r"^    run_as:$"))


@operator()
def run_as_a_person(draft: Draft) -> None:
    """Production runs as a person, and stops when that person leaves."""
    place = draft.pick(DEPLOYED, r"(service_principal_name: \S+)$", within="run_as$")
    draft.put(place, "user_name: ada@marketplace.example", 1)


@operator()
def permissions_left_out(draft: Draft) -> None:
    """Nobody but the deploying principal may see the jobs of production."""
    draft.drop(draft.pick(DEPLOYED, r"^    permissions:$"))


@operator()
def branch_left_out(draft: Draft) -> None:
    """Production can be deployed from any branch."""
    draft.drop(draft.pick(DEPLOYED, r"^    git:$"))


@operator()
def mode_left_out(draft: Draft) -> None:
    """A line that says that this is production is lost."""
    draft.drop(draft.pick(DEPLOYED, r"mode: production"))


@operator()
def mode_of_development(draft: Draft) -> None:
    """The mode is copied from the target of development."""
    place = draft.pick(DEPLOYED, r"mode: (production)")
    draft.put(place, "development", 1)


@operator("targets/prod.yml", "targets/staging.yml")
def pipeline_in_development(draft: Draft) -> None:
    """The pipeline is told to run in development mode, everywhere."""
    draft.add(draft.pick("resources/*.pipeline.yml", r"serverless: true"), "development: true")


@operator()
def schema_by_its_text(draft: Draft) -> None:
    """A schema is named by its text, and not by reference."""
    place = draft.pick(RESOURCES, r"(?<!\.)(\$\{resources\.schemas\.\w+\.name\})")
    draft.put(place, "payouts" if "pipeline" in place[1] else place[1].split(".")[2], 1)


@operator("databricks.yml", "resources/*.job.yml", "resources/seed_landing.job.yml")
def wheel_of_development_in_production(draft: Draft) -> None:
    """A target that is deployed from a plan loses the line with the released wheel, and takes what a build makes."""
    draft.drop(draft.pick(DEPLOYED, r"package: ", within="variables$"))


@operator("targets/*.yml")
def lookup_for_everybody(draft: Draft) -> None:
    """What only production has is looked up in every target."""
    place = draft.pick("databricks.yml", r"(default: \"\")$", within="oncall_destination$")
    draft.replace_block(place, ["    lookup:", "      notification_destination: payouts-oncall"])


@operator("targets/staging.yml")
def two_targets_in_one_catalog(draft: Draft) -> None:
    """The rehearsal is copied from production with its catalog."""
    place = draft.pick("targets/staging.yml", r"catalog: (payouts_staging)")
    draft.put(place, "payouts_prod", 1)


@operator("targets/prod.yml")
def two_targets_in_one_place(draft: Draft) -> None:
    """The rehearsal is copied from production with its host and folder."""
    place = draft.pick("targets/staging.yml", r"host: (\S+)")
    draft.put(place, "https://payouts-prod.cloud.databricks.example", 1)
    place = draft.pick("targets/staging.yml", r"root_path: (\S+)")
    draft.put(place, "/Workspace/Applications/payouts/prod", 1)


@operator(RESOURCES)
def list_that_is_added_to(draft: Draft) -> None:
    """A target means to replace a list of the resource, and adds to it."""
    draft.append(
        "targets/prod.yml",
        "    resources:\n      jobs:\n        daily_payouts:\n          health:\n            rules:\n"
        "              - metric: RUN_DURATION_SECONDS\n                op: GREATER_THAN\n                value: 7200",
    )


@operator(RESOURCES)
def libraries_that_are_added_to(draft: Draft) -> None:
    """A target means to give the pipeline other files, and it gets both."""
    draft.append(
        "targets/staging.yml",
        "    resources:\n      pipelines:\n        payouts:\n          libraries:\n            - glob:\n"
        "                include: ../pipelines/payouts/bronze/**",
    )


@operator()
def second_default_target(draft: Draft) -> None:
    """Production is made the default, and so are two targets."""
    draft.add(draft.pick(DEPLOYED, r"mode: production"), "default: true")


@operator()
def environment_asked_for_in_code(draft: Draft) -> None:
    """A task behaves differently in production."""
    place = draft.pick("src/payouts/tasks/*.py", r"^    arguments = parser\(\)\.parse_args\(\)$")
    draft.add(place, 'if arguments.catalog == "payouts_prod":\n    print("production: no verbose output")')


@operator()
def environment_variable_in_code(draft: Draft) -> None:
    """The library asks for the environment in which it runs."""
    place = draft.pick("src/payouts/gateway/http.py", r"^TIMEOUT_SECONDS = 10\.0$")
    draft.replace_block(
        place, ["import os", "", 'env = os.environ.get("ENV")', 'TIMEOUT_SECONDS = 30.0 if env == "prod" else 10.0']
    )


@operator()
def catalog_in_code(draft: Draft) -> None:
    """A dataset reads a table by the full name that it has in production."""
    place = draft.pick("pipelines/payouts/**/*.py", r"spark\.read(?:Stream)?\.table\(\"(\w+)\"")
    draft.put(place, f"payouts_prod.payouts.{place[1]}", 1)


@operator()
def catalog_in_sql(draft: Draft) -> None:
    """A query names the catalog of production."""
    place = draft.pick("resources/*.alert.yml", r"(`\$\{var\.catalog\}`)\.")
    draft.put(place, "payouts_prod", 1)


@operator()
def own_value_in_the_resource(draft: Draft) -> None:
    """A value that differs between targets is written into the resource."""
    place = draft.pick("resources/*.yml", r"(?:catalog|catalog_name): (\$\{var\.catalog\})$")
    draft.put(place, "payouts_prod", 1)

"""Shapes of everything around the resources: `bundle`, `workspace`, `targets`, `variables`, …"""

from __future__ import annotations

from functools import cache

from lakeflow_local.bundle.shapes.resource_shapes import resources
from lakeflow_local.bundle.shapes.schema import ANY, BOOL, INT, STRING, Field, ListOf, MapOf, Record, Scalar, record

STRINGS = ListOf(STRING)

GIT = record("Git", branch=STRING, origin_url=STRING, commit=STRING, bundle_root_path=STRING, actual_branch=STRING)
LOCK = record("Lock", enabled=Field(BOOL, keeps=True), force=BOOL)
BUNDLE = record(
    "Bundle",
    name=Field(STRING, required=True, keeps=True),
    target=STRING,
    environment=STRING,
    terraform=record("Terraform", exec_path=STRING),
    force=BOOL,
    git=Field(GIT, keeps_null=True),
    mode=STRING,
    compute_id=STRING,
    cluster_id=STRING,
    engine=STRING,
    deployment=record("Deployment", fail_on_active_runs=BOOL, lock=LOCK),
    databricks_cli_version=STRING,
    uuid=STRING,
)
USER = record(
    "User",
    short_name=STRING,
    domain_friendly_name=STRING,
    active=BOOL,
    displayName=STRING,
    emails=ListOf(ANY),
    entitlements=ListOf(ANY),
    externalId=STRING,
    groups=ListOf(record("ComplexValue", **{"$ref": STRING}, display=STRING, primary=BOOL, type=STRING, value=STRING)),
    id=STRING,
    name=record("Name", familyName=STRING, givenName=STRING),
    roles=ListOf(ANY),
    schemas=STRINGS,
    userName=STRING,
)
WORKSPACE = record(
    "Workspace",
    host=STRING,
    profile=STRING,
    auth_type=STRING,
    metadata_service_url=STRING,
    client_id=STRING,
    google_service_account=STRING,
    azure_workspace_resource_id=STRING,
    azure_use_msi=BOOL,
    azure_client_id=STRING,
    azure_tenant_id=STRING,
    azure_environment=STRING,
    azure_login_app_id=STRING,
    experimental_is_unified_host=BOOL,
    account_id=STRING,
    workspace_id=STRING,
    current_user=USER,
    root_path=STRING,
    file_path=STRING,
    resource_path=STRING,
    artifact_path=STRING,
    state_path=STRING,
    snapshot_path=STRING,
)
ARTIFACT = record(
    "Artifact",
    type=Scalar("string", ("whl", "jar")),
    path=STRING,
    files=ListOf(
        record("ArtifactFile", source=Field(STRING, required=True, keeps=True), patched=STRING, remote_path=STRING)
    ),
    build=STRING,
    executable=Scalar("string", ("bash", "sh", "cmd")),
    dynamic_version=BOOL,
)
PRESETS = record(
    "Presets",
    name_prefix=STRING,
    pipelines_development=Field(BOOL, keeps=True),
    trigger_pause_status=STRING,
    jobs_max_concurrent_runs=INT,
    source_linked_deployment=Field(BOOL, keeps=True),
    artifacts_dynamic_version=BOOL,
    tags=MapOf(STRING),
)
PERMISSION = record(
    "Permission",
    level=Field(STRING, required=True, keeps=True),
    user_name=STRING,
    service_principal_name=STRING,
    group_name=STRING,
)
RUN_AS = record(
    "RunAs",
    user_name=Field(STRING, keeps=True),
    service_principal_name=Field(STRING, keeps=True),
    group_name=Field(STRING, keeps=True),
)
SYNC = record("Sync", paths=STRINGS, include=STRINGS, exclude=STRINGS)
LOOKUP_KINDS = (
    "alert",
    "cluster_policy",
    "cluster",
    "dashboard",
    "instance_pool",
    "job",
    "metastore",
    "notification_destination",
    "pipeline",
    "query",
    "service_principal",
    "warehouse",
)
VARIABLE = record(
    "Variable",
    type=Scalar("string", ("complex",)),
    default=Field(ANY, keeps=True),
    description=STRING,
    value=Field(ANY, keeps=True),
    lookup=record("Lookup", **dict.fromkeys(LOOKUP_KINDS, STRING)),
)
PYTHON = record("Python", resources=STRINGS, mutators=STRINGS, venv_path=STRING)
EXPERIMENTAL = record(
    "Experimental",
    scripts=MapOf(STRING),
    immutable_folder=BOOL,
    python_wheel_wrapper=BOOL,
    use_legacy_run_as=BOOL,
    pydabs=record("PyDABs", enabled=BOOL),
    python=PYTHON,
    skip_artifact_cleanup=BOOL,
    skip_name_prefix_for_schema=BOOL,
    record_deployment_history=BOOL,
)


@cache
def target() -> Record:
    """The shape of one target."""
    return record(
        "Target",
        default=BOOL,
        mode=STRING,
        presets=Field(PRESETS, keeps_null=True),
        compute_id=STRING,
        cluster_id=STRING,
        bundle=BUNDLE,
        workspace=WORKSPACE,
        artifacts=MapOf(ARTIFACT),
        resources=resources(),
        variables=MapOf(VARIABLE),
        git=Field(GIT, keeps_null=True),
        run_as=RUN_AS,
        sync=SYNC,
        permissions=ListOf(PERMISSION),
    )


@cache
def root() -> Record:
    """The shape of a whole bundle."""
    return record(
        "Root",
        variables=MapOf(VARIABLE),
        bundle=Field(BUNDLE, keeps_null=True),
        include=STRINGS,
        workspace=Field(WORKSPACE, keeps_null=True),
        artifacts=MapOf(ARTIFACT),
        resources=Field(resources(), keeps_null=True),
        targets=MapOf(target()),
        environments=MapOf(target()),
        sync=Field(SYNC, keeps_null=True),
        run_as=RUN_AS,
        presets=Field(PRESETS, keeps_null=True),
        experimental=EXPERIMENTAL,
        permissions=ListOf(PERMISSION),
        scripts=MapOf(record("Script", content=Field(STRING, required=True, keeps=True), env=MapOf(STRING))),
        python=Field(PYTHON, keeps_null=True),
        definitions=ANY,
    )

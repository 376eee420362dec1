"""Model serving endpoints: `served_models`, the old name, becomes `served_entities`."""

from __future__ import annotations

from lakeflow_local.bundle.tree.diagnostics import error
from lakeflow_local.bundle.tree.draft import Draft

_RENAMED = {"model_name": "entity_name", "model_version": "entity_version"}


def convert_served_models(draft: Draft) -> None:
    """Renames the old section.

    Raises:
        BundleError: if an endpoint has both.
    """
    for _, endpoint in draft.resources("model_serving_endpoints"):
        models, entities = endpoint.get("config", "served_models"), endpoint.get("config", "served_entities")
        if models is None or not models.is_list or not models.value:
            continue
        if entities is not None and entities.value:
            raise error("an endpoint cannot have both served_models and served_entities", endpoint)
        draft.diagnostics.warn("served_models is deprecated: use served_entities", models)
        for model in models.value:
            model.value = {_RENAMED.get(key, key): node for key, node in model.value.items()}
        endpoint.set(("config", "served_entities"), models)
        endpoint.drop("config", "served_models")

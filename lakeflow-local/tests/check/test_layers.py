"""What a target adds to a bundle as it is written."""

import yaml

from lakeflow_local.bundle.tree.nodes import from_plain
from lakeflow_local.check.semantics.layers import joined_lists, targets, variables_used

JOBS = (
    "resources: {jobs: {nightly: {tasks: [{task_key: load, libraries: [a], depends_on: []}], parameters: [{name: p}]}}}"
)


def tree(text):
    return from_plain(yaml.safe_load(text))


def test_lists_that_do_not_join_by_a_key_are_named_with_the_key_of_their_task():
    target = tree(
        "resources: {jobs: {nightly: {tasks: [{task_key: load, libraries: [b]}, {task_key: new, libraries: [c]}]}}}"
    )
    assert [one.path for one in joined_lists(tree(JOBS), target)] == ["resources.jobs.nightly.tasks[load].libraries"]


def test_lists_that_join_by_a_key_and_empty_ones_are_not():
    target = tree("resources: {jobs: {nightly: {tasks: [{task_key: load, depends_on: [x]}], parameters: [{name: q}]}}}")
    assert list(joined_lists(tree(JOBS), target)) == []


def test_a_variable_is_used_through_another_one():
    text = "variables: {a: {default: '${var.b}'}, b: {}, c: {}}\nbundle: {name: '${var.a}'}\n"
    text += "targets: {dev: {variables: {b: '${var.c}'}}}"
    bundle = tree(text)
    assert variables_used(bundle, targets(bundle)["dev"]) == {"a", "b", "c"}
    assert variables_used(bundle, tree("{}")) == {"a", "b"}


def test_a_key_that_is_a_list_joins_nothing():
    tasks = "resources: {jobs: {nightly: {tasks: [{task_key: [load], libraries: [b]}]}}}"
    assert list(joined_lists(tree(tasks), tree(tasks))) == []

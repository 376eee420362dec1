"""What the Python code of a query reads and does, through the functions of the bundle that it calls."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from lakeflow_local.check.datasets import sql_reads
from lakeflow_local.check.datasets.frames import (
    FRAME,
    GROUPED,
    LOADERS,
    READER,
    SESSION,
    STREAM_READER,
    WRITER,
    Scope,
    assigned_in,
)
from lakeflow_local.check.datasets.model import Deed, Place, Query, Read, Source
from lakeflow_local.check.datasets.outside import effect
from lakeflow_local.check.datasets.query_columns import columns_of, filled_by
from lakeflow_local.check.datasets.reader_options import options_of
from lakeflow_local.check.evaluation.evaluate import comprehension_values, text_of, value_of
from lakeflow_local.check.evaluation.modules import Module
from lakeflow_local.check.evaluation.values import Function, Unknown, name_of

# https://docs.databricks.com/aws/en/ldp/developer/python-ref: what a dataset function never uses.
_EAGER = ("collect", "count", "first", "foreach", "foreachPartition", "head", "isEmpty", "show", "tail", "take")
_EAGER += ("toLocalIterator", "toPandas")
_WRITES = ("save", "saveAsTable", "insertInto", "start", "toTable", "csv", "json", "orc", "parquet", "text", "jdbc")
_WRITES += ("append", "create", "createOrReplace", "overwrite", "overwritePartitions", "replace")
_MOST_ITEMS, _DEPTH = 50, 6
HARMLESS = {*sys.stdlib_module_names, "pyspark", "delta", "numpy", "pandas", "dlt", "databricks", "dateutil", "pytz"}
_API = ("dlt.", "pyspark.pipelines.")
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


class BodyReader:
    """Reads statements into one query.

    Args:
        lines: whether the lines of the module are those of the file.
    """

    def __init__(self, where: str | None, *, lines: bool = True) -> None:
        self.query = Query()
        self._where, self._lines = where, lines
        self._active: list[ast.AST] = []
        self._done: set[tuple[int, str, str]] = set()

    def function(self, function: ast.FunctionDef | ast.Lambda, module: Module) -> Query:
        """The query of a dataset function."""
        if isinstance(function, ast.Lambda):
            self._walk([function.body], Scope(module))
            return self.query
        self._called(Function(function, module), {}, {})
        self.query.columns = columns_of(function, Scope(module, assigned_in(function.body)))
        self.query.filled = filled_by(function, module)
        return self.query

    def statements(self, statements: Iterable[ast.stmt], module: Module) -> Query:
        """What statements at the top level of a file do."""
        self._walk(list(statements), Scope(module))
        return self.query

    def _called(self, function: Function, values: Mapping[str, Any], kinds: Mapping[str, str]) -> None:
        if function.node in self._active or len(self._active) > _DEPTH:
            self.query.is_complete = False
            return
        again = id(function.node), repr(sorted(kinds.items())), repr(sorted(values.items(), key=lambda one: one[0]))
        if again in self._done:
            return
        self._done.add(again)
        self._active.append(function.node)
        node = function.node
        body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
        assigned = {} if isinstance(node, ast.Lambda) else assigned_in(node.body)
        self._walk(body, Scope(function.module, assigned, _with_constants(assigned, function.module, values), kinds))
        self._active.pop()

    def _walk(self, nodes: list[Any], scope: Scope) -> None:
        for node in nodes:
            if isinstance(node, _FUNCTIONS):
                continue
            if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
                self._each(node, scope)
                continue
            if isinstance(node, ast.For):
                self._loop(node, scope)
                continue
            if isinstance(node, ast.Call):
                self._call(node, scope)
            self._walk(list(ast.iter_child_nodes(node)), scope)

    def _each(self, node: Any, scope: Scope) -> None:
        self._walk([one.iter for one in node.generators], scope)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        try:
            found = comprehension_values(node.generators, scope.module, scope.values)
        except Unknown:
            found = [scope.values]
        for values in found[:_MOST_ITEMS]:
            self._walk(parts, replace(scope, values=values))

    def _loop(self, node: ast.For, scope: Scope) -> None:
        self._walk([node.iter], scope)
        generator = ast.comprehension(target=node.target, iter=node.iter, ifs=[], is_async=0)
        try:
            found = comprehension_values([generator], scope.module, scope.values)
        except Unknown:
            found = [scope.values]
        for values in found[:_MOST_ITEMS]:
            self._walk([*node.body, *node.orelse], replace(scope, values=values))

    def _place(self, node: ast.AST, scope: Scope) -> Place:
        return Place(scope.module.path, getattr(node, "lineno", None) if self._lines else None)

    def _deed(self, kind: str, what: str, node: ast.AST, scope: Scope) -> None:
        deed = Deed(kind, what, self._place(node, scope), self._where)
        if deed not in self.query.deeds:
            self.query.deeds.append(deed)

    def _call(self, node: ast.Call, scope: Scope) -> None:
        function = node.func
        if outside := effect(node, scope):
            return self._deed("effect", outside, node, scope)
        dotted = scope.module.dotted(function)
        if dotted.startswith(_API):
            return self._of_api(dotted.rpartition(".")[2], node, scope)
        if isinstance(function, ast.Attribute):
            kind = scope.kind(function.value)
            if kind is not None:
                return self._method(kind, function, node, scope)
            if function.attr == "execute" and ".merge(" in ast.unparse(function.value):
                return self._deed("write", "merge(…).execute()", node, scope)
        self._other(node, dotted, scope)

    def _of_api(self, name: str, node: ast.Call, scope: Scope) -> None:
        if name in ("read", "read_stream", "readStream"):
            self._table(node, scope, streaming=name != "read", inside=True)

    def _method(self, kind: str, function: ast.Attribute, node: ast.Call, scope: Scope) -> None:
        name = function.attr
        if name == "table" and kind in (READER, STREAM_READER, SESSION):
            return self._table(node, scope, streaming=kind == STREAM_READER)
        if name == "sql" and kind == SESSION:
            return self._sql(node, scope)
        if name in LOADERS and kind in (READER, STREAM_READER):
            options, form = options_of(function.value, scope)
            source = Source(form or name, kind == STREAM_READER, self._place(node, scope), options)
            return self.query.sources.append(source)
        if kind == FRAME and name in _EAGER and not (name == "count" and node.args):
            return self._deed("eager", f"{name}()", node, scope)
        if kind == GROUPED and name == "pivot":
            return self._deed("pivot", "pivot()", node, scope)
        if kind == WRITER and name in _WRITES:
            return self._deed("write", f"{name}()", node, scope)
        if name == "transform" and kind == FRAME and node.args:
            self._enter(node.args[0], [FRAME], [], {}, node, scope)

    def _table(self, node: ast.Call, scope: Scope, *, streaming: bool, inside: bool = False) -> None:
        given = node.args[0] if node.args else next((one.value for one in node.keywords), None)
        name = text_of(given, scope.module, scope.values) if given is not None else None
        if name is None:
            self.query.is_complete = False
            # It reads something all the same, as a stream or not.
            return self.query.sources.append(Source("table", streaming, self._place(node, scope), None))
        options = options_of(node.func.value, scope)[0] if isinstance(node.func, ast.Attribute) and not inside else {}
        is_live = name.lower().startswith("live.")
        read = Read(name, streaming, self._place(node, scope), inside or is_live, options)
        if read not in self.query.reads:
            self.query.reads.append(read)

    def _sql(self, node: ast.Call, scope: Scope) -> None:
        given = node.args[0] if node.args else next((one.value for one in node.keywords), None)
        text = text_of(given, scope.module, scope.values) if given is not None else None
        if text is None or len(node.args) > 1 or len(node.keywords) > (not node.args):
            self.query.is_complete = False
            return
        if word := sql_reads.changes(text):
            return self._deed("write", f"spark.sql('{word} …')", node, scope)
        found = sql_reads.query_of(text, self._place(node, scope))
        self.query.reads += [one for one in found.reads if one not in self.query.reads]
        self.query.sources += found.sources
        self.query.is_complete &= found.is_complete
        for deed in found.deeds:
            self._deed(deed.kind, deed.what, node, scope)

    def _other(self, node: ast.Call, dotted: str, scope: Scope) -> None:
        """A function of the code itself is looked into; one that is not known may read anything."""
        kinds = [scope.kind(one) for one in node.args]
        root, named = dotted.partition(".")[0], [scope.kind(one.value) for one in node.keywords]
        first = name_of(node.func).partition(".")[0]
        if not first or (first in scope.module.imported and root in HARMLESS) or hasattr(builtins, dotted):
            return
        if not self._enter(node.func, kinds, node.args, {one.arg: one.value for one in node.keywords}, node, scope):
            is_foreign = first in scope.module.imported
            if is_foreign or {SESSION, READER, STREAM_READER} & {*kinds, *named}:
                self.query.is_complete = False

    def _enter(
        self,
        function: ast.AST,
        kinds: list[str | None],
        args: list[ast.expr],
        named: Mapping[str | None, ast.expr],
        node: ast.Call,
        scope: Scope,
    ) -> bool:
        try:
            found = value_of(function, scope.module, scope.values)
        except Unknown:
            return False
        if not isinstance(found, Function):
            return False
        of_named = {name: scope.kind(value) for name, value in named.items()}
        if not found.module.reaches_out and not any(kinds) and not any(of_named.values()):
            return True
        given = found.node.args
        names = [one.arg for one in (*given.posonlyargs, *given.args)]
        pairs = [*zip(names, args, strict=False), *((key, value) for key, value in named.items() if key)]
        values = _with_defaults(found)
        for name, argument in pairs:
            values.pop(name, None)
            with suppress(Unknown):  # inside, it is a parameter of which nothing is known
                values[name] = value_of(argument, scope.module, scope.values)
        of_named = {name: scope.kind(value) for name, value in pairs if name}
        of_all = dict(zip(names, kinds, strict=False)) | of_named
        self._called(found, values, {name: kind for name, kind in of_all.items() if kind})
        return True


def _with_defaults(function: Function) -> dict[str, Any]:
    given = function.node.args
    names = [one.arg for one in (*given.posonlyargs, *given.args)]
    defaults = [*zip(names[len(names) - len(given.defaults) :], given.defaults, strict=True)]
    defaults += [(one.arg, node) for one, node in zip(given.kwonlyargs, given.kw_defaults, strict=True) if node]
    found = {}
    for name, node in defaults:
        try:
            found[name] = value_of(node, function.module)
        except Unknown:
            continue
    return found


def _with_constants(
    assigned: Mapping[str, list[ast.expr]], module: Module, values: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of parameters, and of local names that are assigned once."""
    found = dict(values)
    for name, nodes in assigned.items():
        found.pop(name, None)
        if len(nodes) == 1:
            try:
                found[name] = value_of(nodes[0], module, found)
            except Unknown:
                continue
    return found

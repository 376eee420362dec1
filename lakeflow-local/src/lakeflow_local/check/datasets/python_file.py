"""Reads a Python source file of a pipeline: what its decorators and calls declare."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from lakeflow_local.check.datasets import predicates
from lakeflow_local.check.datasets import python_calls as calls
from lakeflow_local.check.datasets.model import Dataset, Flow, Kind, Place, Query, Read, Remark, SourceFile
from lakeflow_local.check.datasets.negation import negated
from lakeflow_local.check.datasets.python_calls import argument, function_of
from lakeflow_local.check.datasets.query_body import HARMLESS, BodyReader
from lakeflow_local.check.evaluation.evaluate import text_of, value_of
from lakeflow_local.check.evaluation.modules import Module
from lakeflow_local.check.evaluation.values import Function, Unknown, name_of

_VIEWS = ("view", "temporary_view", "create_view")
_KNOWN = (*calls.DECLARES, *calls.EXPECTATIONS, *calls.READS, "on_event_hook")
_COMPOUND = ast.If | ast.Try | ast.With | ast.For | ast.While


class PythonFile:
    """One file while it is read."""

    def __init__(self, module: Module, *, lines: bool = True) -> None:
        self._module, self._lines = module, lines
        self._file = SourceFile(module.path, "python")

    def read(self) -> SourceFile:
        """What the file declares."""
        self._statements(self._module.tree.body, conditional=False)
        self._unknown_names()
        self._file.is_complete &= all(dataset.name for dataset in self._file.datasets)
        self._file.is_complete &= not any(self._declares_on_import(*one) for one in self._module.imported.values())
        self._file.is_complete &= not any(self._declares_on_import(one, None) for one in self._module.stars)
        self._loose_expectations()
        self._quarantines()
        return self._file

    def _place(self, node: ast.AST) -> Place:
        return Place(self._module.path, getattr(node, "lineno", None) if self._lines else None)

    def _remark(self, kind: str, message: str, node: ast.AST) -> None:
        self._file.remarks.append(Remark(kind, message, self._place(node)))

    def _body(self, where: str | None) -> BodyReader:
        return BodyReader(where, lines=self._lines)

    def _statements(self, statements: list[ast.stmt], *, conditional: bool) -> None:
        for statement in statements:
            if isinstance(statement, ast.FunctionDef):
                self._function(statement, conditional=conditional)
            elif isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test):
                continue  # not how the platform runs a source file
            elif isinstance(statement, ast.For | ast.While):
                self._unknown_in(statement)
                self._at_import(statement)
            elif isinstance(statement, _COMPOUND):
                for name in ("body", "orelse", "finalbody"):
                    self._statements(getattr(statement, name, []), conditional=True)
                for handler in getattr(statement, "handlers", []):
                    self._statements(handler.body, conditional=True)
                tests = [
                    getattr(statement, "test", None),
                    *(one.context_expr for one in getattr(statement, "items", [])),
                ]
                for test in filter(None, tests):
                    self._at_import(ast.Expr(test))
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                self._call(statement, statement.value, conditional=conditional)
            elif not isinstance(statement, ast.ClassDef | ast.Import | ast.ImportFrom):
                self._at_import(statement)

    def _at_import(self, statement: ast.stmt) -> None:
        found = self._body(None).statements([statement], self._module)
        self._file.at_import.deeds += found.deeds
        self._may_declare(statement)

    def _may_declare(self, statement: ast.stmt) -> None:
        """Calls at import of what may declare datasets: a function of the code with declarations, or an unknown one."""
        for node in ast.walk(statement):
            if not isinstance(node, ast.Call) or function_of(node, self._module):
                continue
            try:
                function = value_of(node.func, self._module)
            except Unknown:
                first = name_of(node.func).partition(".")[0]
                source, inside = self._module.imported.get(first, ("", None))
                found = self._module.project.find(source, self._module.path) if source else None
                if found is None and source and inside:
                    found = self._module.project.find(f"{source}.{inside}", self._module.path)
                if (found is not None and found.names_api) or self._is_unknown(source):
                    self._file.is_complete = False
                continue
            declares = isinstance(function, Function) and function.module.names_api
            if declares and (function.module is not self._module or self._declares(function.node)):
                self._file.is_complete = False

    def _is_unknown(self, source: str) -> bool:
        """Whether a module is neither the bundle's nor one that surely declares nothing."""
        return bool(source) and source.partition(".")[0] not in HARMLESS

    def _declares_on_import(self, source: str, inside: str | None) -> bool:
        """Whether a module that is imported is one of the bundle's that may declare datasets when it is loaded."""
        names = [source] + ([f"{source}.{inside}"] if inside else [])
        found = [self._module.project.find(name, self._module.path) for name in names]
        return any(one is not None and one.names_api for one in found)

    def _declares(self, node: ast.AST) -> bool:
        return any(function_of(one, self._module) in calls.DECLARES for one in ast.walk(node) if _may_be_call(one))

    def _unknown_in(self, node: ast.AST) -> None:
        """Declarations in a loop or a function: how many there are, and their names, is not known."""
        for one in ast.walk(node):
            if isinstance(one, ast.FunctionDef) and any(
                function_of(decorator, self._module) in (*calls.DATASETS, *calls.FLOWS)
                for decorator in one.decorator_list
            ):
                self._file.is_complete = False
                query = self._body("a dataset function").function(one, self._module)
                for deed in query.deeds:
                    if deed not in self._file.at_import.deeds:
                        self._file.at_import.deeds.append(deed)
            elif isinstance(one, ast.Call) and function_of(one, self._module) in calls.DECLARES:
                self._file.is_complete = False

    def _function(self, node: ast.FunctionDef, *, conditional: bool) -> None:
        used = {name: one for one in node.decorator_list if (name := function_of(one, self._module))}
        declaring = [name for name in used if name in (*calls.DATASETS, *calls.FLOWS) or name == "create_table"]
        if not declaring:
            if "foreach_batch_sink" in used:
                name = text_of(argument(used["foreach_batch_sink"], "name"), self._module) or node.name
                self._file.datasets.append(Dataset(name, Kind.SINK, self._place(node), is_conditional=conditional))
            elif "on_event_hook" not in used:
                self._unknown_in(node)
                self._file.is_complete &= not any(map(self._may_be_dataset, node.decorator_list))
            return
        self._body_remarks(node)
        kind, decorator = declaring[0], used[declaring[0]]
        name = self._name(decorator, node.name)
        if kind in calls.FLOWS:
            query = self._body(f"flow {name or node.name}").function(node, self._module)
            target = text_of(argument(decorator, "target"), self._module)
            flow = Flow("append", name, target, self._place(decorator), query=query)
            flow.has_expectations = any(one in calls.EXPECTATIONS for one in used)
            flow.appends = (
                kind == "append_flow" and not calls.has_more(decorator) and argument(decorator, "once") is None
            )
            self._file.flows.append(flow)
            return
        query = self._body(f"dataset {name or node.name}").function(node, self._module)
        dataset = self._dataset(kind, name, decorator, query, conditional=conditional)
        for one in node.decorator_list:
            function = function_of(one, self._module)
            if function in calls.EXPECTATIONS:
                rules, all_known = calls.expectations(function, one, self._module, {}, self._lines)
                dataset.expectations += rules
                dataset.has_all_expectations &= all_known
        self._file.datasets.append(dataset)

    def _may_be_dataset(self, decorator: ast.expr) -> bool:
        """Whether a decorator is of a module that may declare a dataset, such as `databricks.pipelines`."""
        node = decorator.func if isinstance(decorator, ast.Call) else decorator
        source = self._module.imported.get(name_of(node).partition(".")[0], ("", None))[0]
        found = self._module.project.find(source, self._module.path) if source else None
        if found is not None:
            return found.names_api
        return source.startswith("databricks") or self._is_unknown(source)

    def _name(self, decorator: ast.AST, default: str | None) -> str | None:
        given = argument(decorator, "name", 0)
        if isinstance(given, ast.Constant) and given.value is None:
            given = None
        if given is None:
            return None if calls.has_more(decorator) else default
        return text_of(given, self._module)

    def _dataset(
        self, kind: str, name: str | None, declared: ast.AST, query: Query | None, *, conditional: bool
    ) -> Dataset:
        if kind in _VIEWS:
            found = Kind.VIEW
        elif kind == "materialized_view":
            found = Kind.MATERIALIZED_VIEW
        elif query is None:
            found = Kind.STREAMING_TABLE
        else:
            streams = query.streams
            found = Kind.UNKNOWN if streams is None else Kind.STREAMING_TABLE if streams else Kind.MATERIALIZED_VIEW
        more = calls.has_more(declared)
        properties = calls.map_of(argument(declared, "table_properties"), self._module, {})
        return Dataset(
            name,
            found,
            self._place(declared),
            is_conditional=conditional,
            properties=None if more else properties,
            has_all_expectations=not more,
            query=query,
        )

    def _call(self, statement: ast.stmt, node: ast.Call, *, conditional: bool) -> None:
        function = function_of(node, self._module)
        if function in calls.TABLES:
            dataset = self._dataset("", self._name(node, None), node, None, conditional=conditional)
            for name, action in (
                ("expect_all", "warn"),
                ("expect_all_or_drop", "drop"),
                ("expect_all_or_fail", "fail"),
            ):
                given = argument(node, name)
                rules, known = calls.rules_in(given, action, self._module, {}, self._place(given or node), self._lines)
                dataset.expectations += rules
                dataset.has_all_expectations &= known
            self._file.datasets.append(dataset)
        elif function in (*calls.CDC, *calls.SNAPSHOTS):
            self._file.flows.append(self._cdc(function, node))
        elif function == "create_sink":
            name = text_of(argument(node, "name", 0), self._module)
            self._file.datasets.append(Dataset(name, Kind.SINK, self._place(node), is_conditional=conditional))
        elif function is None and self._decorates(node, conditional=conditional):
            return
        elif function in calls.EXPECTATIONS:
            self._remark("loose", f"{function}(…) here attaches to nothing", node)
        else:
            self._at_import(statement)

    def _decorates(self, node: ast.Call, *, conditional: bool) -> bool:
        """`dp.table(name="x")(function)`: a decorator called as a function."""
        if not isinstance(node.func, ast.Call) or len(node.args) != 1:
            return False
        function = function_of(node.func, self._module)
        if function not in calls.DATASETS:
            return False
        given = node.args[0]
        default = given.id if isinstance(given, ast.Name) else None
        name = self._name(node.func, default)
        query = None
        if isinstance(given, ast.Lambda):
            query = self._body(f"dataset {name}").function(given, self._module)
        found = self._dataset(function, name, node.func, query or Query(is_complete=False), conditional=conditional)
        found.has_all_expectations = False
        self._file.datasets.append(found)
        return True

    def _cdc(self, function: str, node: ast.Call) -> Flow:
        kind = "cdc" if function in calls.CDC else "snapshot"
        target = text_of(argument(node, "target", 0), self._module)
        flow = Flow(kind, target, target, self._place(node))
        given = argument(node, "source", 1)
        source = text_of(given, self._module)
        if source is None:
            flow.query.is_complete = False
        else:
            flow.query.reads.append(Read(source, kind == "cdc", self._place(given or node), options={}))
        scd = argument(node, "stored_as_scd_type")
        flow.scd_type = _text(scd, self._module) if scd is not None else "1"
        if calls.has_more(node):
            flow.scd_type = None
            return flow
        wanted = {"target": 0, "source": 1, "keys": 2, "sequence_by": 3}
        if kind == "snapshot":  # early versions call the source snapshot_and_version
            wanted = {"target": 0, "keys": 2}
        missing = [name for name, position in wanted.items() if argument(node, name, position) is None]
        if missing:
            self._remark("cdc", f"{function} lacks {', '.join(missing)}", node)
        elif flow.scd_type is not None and flow.scd_type.lower() not in calls.SCD_TYPES[kind]:
            self._remark("cdc", f"{function} has no stored_as_scd_type {flow.scd_type}", node)
        return flow

    def _body_remarks(self, node: ast.FunctionDef) -> None:
        for one in ast.walk(node):
            if isinstance(one, ast.Call) and one not in node.decorator_list:
                function = function_of(one, self._module)
                if function in calls.EXPECTATIONS:
                    name = text_of(argument(one, "name", 0), self._module)
                    told = f"expectation '{name}'" if name else function
                    self._remark("body", f"{told} inside {node.name}() attaches to nothing", one)

    def _loose_expectations(self) -> None:
        """Expectations over a function that is no dataset, and that nothing but calls names."""
        for node in self._module.tree.body:
            if not isinstance(node, ast.FunctionDef):
                continue
            used = [name for one in node.decorator_list if (name := function_of(one, self._module))]
            foreign = len(used) < len(node.decorator_list)
            if not foreign and used and all(name in calls.EXPECTATIONS for name in used):
                called = {id(one.func) for one in ast.walk(self._module.tree) if isinstance(one, ast.Call)}
                names = (one for one in ast.walk(self._module.tree) if isinstance(one, ast.Name))
                if not any(one.id == node.name and id(one) not in called for one in names):
                    self._remark("loose", f"the expectations over {node.name}() attach to nothing", node)

    def _unknown_names(self) -> None:
        """What is used of the pipelines module and is none of its functions: a slip, or newer than this list."""
        for node in ast.walk(self._module.tree):
            if isinstance(node, ast.Attribute):
                names = [function_of(node, self._module)]
            elif isinstance(node, ast.ImportFrom) and node.module in calls.MODULES:
                names = [one.name for one in node.names if one.name != "*"]
            else:
                continue
            for name in names:
                if name is None or name in _KNOWN:
                    continue
                self._file.is_complete = False
                near = get_close_matches(name, _KNOWN, 1, 0.8)
                if near := near or [one for one in _KNOWN if sorted(one) == sorted(name)]:
                    self._remark("name", f"the pipelines module has no {name}: {near[0]} may be meant", node)

    def _quarantines(self) -> None:
        """`"NOT({})".format(" AND ".join(rules.values()))`: the rows for which a rule is NULL are on neither side."""
        for node in ast.walk(self._module.tree):
            rules = negated(node) if isinstance(node, ast.Call | ast.JoinedStr | ast.BinOp) else None
            found = calls.map_of(rules, self._module, {}) if rules is not None else None
            nulls = {name: predicates.nullable_by(text) for name, text in (found or {}).items()}
            if missing := [name for name, columns in nulls.items() if columns]:
                message = f"NOT (… AND …) is NULL where one of these rules is: {', '.join(missing)}"
                self._remark("quarantine", message, node)


def _may_be_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call | ast.Attribute | ast.Name)


def _text(node: ast.expr | None, module: Module, local: Mapping[str, Any] | None = None) -> str | None:
    try:
        return str(value_of(node, module, local))
    except Unknown:
        return None

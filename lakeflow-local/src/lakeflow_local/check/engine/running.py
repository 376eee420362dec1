"""Loads a bundle for each target that is checked, and runs the rules over it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lakeflow_local.bundle.loading import load
from lakeflow_local.bundle.steps.includes import root_file
from lakeflow_local.bundle.tree.limits import deep_values
from lakeflow_local.bundle.tree.source import remembering
from lakeflow_local.check.engine.names import target_names
from lakeflow_local.check.finding import Finding, Found
from lakeflow_local.check.ignoring import Ignore, ignores_in
from lakeflow_local.check.rule import Rule, all_rules
from lakeflow_local.check.sources import Sources
from lakeflow_local.check.target import CheckedBundle, CheckedTarget
from lakeflow_local.check.written import WrittenFiles
from lakeflow_local.errors import UserError, short_path

_LAST = "ignores"  # the family that looks at what the others left


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is checked.

    Attributes:
        target: By default the bundle's default one.
        all_targets: Each target, whatever `target` says.
        variables: Values of variables, as with `--var`.
        run_python: Whether the bundle's Python code that defines resources is run.
        with_spark: Whether the rules that need Spark run.
        rules: The ids of the rules that run.
    """

    target: str | None = None
    all_targets: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    run_python: bool = False
    with_spark: bool = False
    rules: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Checked:
    """The outcome.

    Attributes:
        bundle: The targets that could be loaded, at least one.
        findings: By file and line.
        problems: Target -> why it cannot be loaded.
        rules: The ids of the rules that ran.
    """

    bundle: CheckedBundle
    findings: list[Finding]
    problems: dict[str, UserError]
    rules: tuple[str, ...]


def check(root: Path, options: Options) -> Checked:
    """Check the bundle in a folder.

    Raises:
        UserError: the bundle cannot be loaded at all, or there is no such target.
    """
    with remembering(), deep_values():
        return _checked(root.resolve(), options)


def _checked(root: Path, options: Options) -> Checked:
    bundle, problems = _loaded(root, options)
    rules = [one for one in all_rules().values() if options.rules is None or one.id in options.rules]
    rules = [one for one in rules if options.with_spark or not one.needs_spark]
    ran = tuple(one.id for one in rules)
    findings = _not_ignored(bundle, findings_of(bundle, [one for one in rules if one.family != _LAST]), ran)
    findings += findings_of(bundle, [one for one in rules if one.family == _LAST])
    return Checked(bundle, sorted(findings, key=_order), problems, ran)


def _not_ignored(bundle: CheckedBundle, findings: list[Finding], ran: tuple[str, ...]) -> list[Finding]:
    """The findings that no comment ignores; the bundle then knows the comments, and those that ignored nothing."""
    paths = {*bundle.written.paths, *(bundle.root / one.file for one in findings if one.file)}
    files = [file for path in sorted(paths) if (file := bundle.sources.read(path)) is not None]
    bundle.ignores = ignores_in(dict.fromkeys([*files, *bundle.sources.seen]))
    by_line: dict[tuple[Path, int], list[Ignore]] = {}
    for one in bundle.ignores:
        for line in {one.line, one.covers}:
            by_line.setdefault((one.file, line), []).append(one)
    used: set[tuple[Ignore, str]] = set()
    kept = []
    for finding in findings:
        place = ((bundle.root / finding.file).resolve(), finding.line)
        hiding = [(one, finding.rule) for one in by_line.get(place, ()) if finding.rule in one.rules]
        used.update(hiding)
        if not hiding:
            kept.append(finding)
    if bundle.is_whole:
        judged = {*ran} | {name for one in bundle.ignores for name in one.rules if name not in all_rules()}
        for one in bundle.ignores:
            idle = tuple(name for name in one.rules if name in judged and (one, name) not in used)
            if idle:
                bundle.unused_ignores.append((one, idle))
    return kept


def _loaded(root: Path, options: Options) -> tuple[CheckedBundle, dict[str, UserError]]:
    targets: dict[str, CheckedTarget] = {}
    problems: dict[str, UserError] = {}
    sources = Sources()
    names: list[str | None] = [options.target]
    if options.all_targets:
        names = list(target_names(root))
    written: WrittenFiles | None = None
    declared: tuple[str, ...] = ()
    for name in names:
        try:
            bundle = load(root, name, options.variables, strict=False, tolerant=True, run_python=options.run_python)
        except UserError as problem:
            if len(names) == 1:
                raise
            problems[str(name)] = problem
            continue
        if written is None:
            included = [str(path) for path in bundle.config.get("include") or []]
            written = WrittenFiles([root_file(root), *(root / path for path in included)])
            declared = bundle.target_names
        targets[bundle.target] = CheckedTarget(
            bundle, sources, written, with_spark=options.with_spark, variables=options.variables
        )
    if written is None:
        raise next(iter(problems.values()))
    return CheckedBundle(root, targets, declared, written, sources), problems


def findings_of(bundle: CheckedBundle, rules: Iterable[Rule]) -> list[Finding]:
    """What the rules find, each finding once with the targets that have it."""
    found: dict[tuple[object, ...], Finding] = {}
    for rule in rules:
        for targets, one, ordinal in _found(bundle, rule):
            finding = _finding(rule, one, targets, bundle.root)
            key = (rule.id, finding.file, finding.line, re.sub(r"\[\d+\]", "[]", finding.path), ordinal)
            known = found.get(key)
            if known is not None:
                targets = tuple(name for name in bundle.targets if name in {*known.targets, *targets})
                worst = "error" if "error" in (known.severity, finding.severity) else "warning"
                found[key] = Finding(**{**vars(known), "targets": targets, "severity": worst})
            else:
                found[key] = finding
    return sorted(found.values(), key=_order)


def _order(one: Finding) -> tuple[object, ...]:
    return one.file, one.line, one.rule, one.path


def _found(bundle: CheckedBundle, rule: Rule) -> Iterator[tuple[tuple[str, ...], Found, int]]:
    """Each finding with its targets, and its number among those of one target at one place."""
    runs = (
        [(tuple(bundle.targets), rule.check(bundle))]
        if rule.scope == "bundle"
        else [((name,), rule.check(target)) for name, target in bundle.targets.items()]
    )
    for targets, finds in runs:
        counts: dict[object, int] = {}
        for one in dict.fromkeys(finds):
            counts[one.place] = counts.get(one.place, 0) + 1
            yield one.targets or targets, one, counts[one.place]


def _finding(rule: Rule, one: Found, targets: tuple[str, ...], root: Path) -> Finding:
    return Finding(
        rule=rule.id,
        severity=one.severity or rule.severity,
        path=one.place.path,
        file=short_path(one.place.file, root) if one.place.file is not None else "",
        line=one.place.line or 0,
        message=one.message,
        reason=rule.reason,
        fix=one.fix or rule.fix,
        targets=targets,
    )

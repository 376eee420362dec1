"""Citations in the documentation: links to files with the keys or symbols that stand in them, and paths in the text."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

LINK = re.compile(r"\[[^\]]+\]\((?P<target>[^)#\s]+)(?:#[^)]*)?\)(?P<symbols>(?: `[^`]+`)*)")
PATH = re.compile(r"(?<![\w/.:*>}\"-])\w[\w.-]*/[\w./*{},<>…-]*")
MADE = {"build", "dist"}  # what git ignores in them may or may not be there
NAMES_OF_ITEMS = ("task_key", "name", "metric", "environment_key")


@dataclass(frozen=True)
class Citation:
    """One link of a page. `symbols` is empty where the whole file is meant."""

    page: Path
    line: int
    target: str
    symbols: tuple[str, ...]

    @property
    def file(self) -> Path:
        return (self.page.parent / self.target).resolve()

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line} {self.target} {' '.join(self.symbols)}".strip()


def citations(page: Path) -> Iterator[Citation]:
    """The links of a page to files of this repository, in order."""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        for match in LINK.finditer(line):
            if "://" not in match["target"]:
                yield Citation(page, number, match["target"], tuple(re.findall(r"`([^`]+)`", match["symbols"])))


def missing_paths(page: Path, root: Path) -> list[str]:
    """The paths in a page's text, code blocks included, that are not there, each with its line.

    A path begins with a folder at the top of the repository, and is read from there or from a folder that holds the
    page. In double quotes it is a value of an example, and with a placeholder in it (`<name>`, `…`) it is no file.
    The section "The tree" has a test of its own, and pages about other bundles name files of those.
    """
    folders = {entry.name for entry in root.iterdir() if entry.is_dir()} - MADE
    starts = [folder for folder in page.parents if folder.is_relative_to(root)]
    missing = []
    if page.parent.parent.name == "lakeflow-local" and page.name in ("rules.md", "findings.md"):
        return missing
    heading = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        heading = line if line.startswith("## ") else heading
        if heading == "## The tree":
            continue
        if line.startswith("```"):  # the name of a file that the block makes or changes
            continue
        for path in PATH.findall(LINK.sub("", line)):
            if path.split("/")[0] not in folders or re.search("[<>{}…]", path):
                continue
            if not any(next(start.glob(path.rstrip("./,")), None) for start in starts):
                missing.append(f"{page.name}:{number} {path}")
    return missing


def missing_symbols(citation: Citation) -> list[str]:
    """The cited symbols that the file does not hold: names in Python, key paths in YAML, words elsewhere."""
    if citation.file.suffix == ".py":
        names = set(_python_names(ast.parse(citation.file.read_text(encoding="utf-8"))))
        return [symbol for symbol in citation.symbols if symbol not in names]
    if citation.file.suffix == ".yml":
        document = yaml.safe_load(citation.file.read_text(encoding="utf-8"))
        return [symbol for symbol in citation.symbols if not _has_path(_only_resource(document), symbol)]
    text = citation.file.read_text(encoding="utf-8") if citation.symbols else ""
    return [symbol for symbol in citation.symbols if not re.search(rf"(?<!\w){re.escape(symbol)}(?!\w)", text)]


def _python_names(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _only_resource(document: Any) -> Any:
    """The resource itself where a file defines one, so that a key path starts there; else the document."""
    resources = document.get("resources")
    if resources and len(resources) == 1:
        (by_key,) = resources.values()
        if len(by_key) == 1:
            return next(iter(by_key.values()))
    return document


def _has_path(value: Any, path: str) -> bool:
    """Whether keys, or items by their task key, name or metric, lead along the path; keys may hold dots."""
    if not path:
        return True
    if isinstance(value, list):
        items = {
            str(item[key]): item for item in value if isinstance(item, dict) for key in NAMES_OF_ITEMS if key in item
        }
        return _has_path(items, path)
    if not isinstance(value, dict):
        return False
    return any(
        path == key or (path.startswith(f"{key}.") and _has_path(value[key], path[len(key) + 1 :])) for key in value
    )

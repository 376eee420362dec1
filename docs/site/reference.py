"""Pages made from docstrings and signatures, by reading the code without running it.

    python docs/site/reference.py TARGET

`public` is what other code may import from lakeflow_local, `rooms` each of its modules in a line, `payouts` the
library of the bundle with every public name.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import griffe

ROOT = Path(__file__).resolve().parents[2]
LISTED = {
    "parameters": "Parameters",
    "attributes": "Attributes",
    "raises": "Raises",
    "returns": "Returns",
    "yields": "Yields",
}


def package(name: str, folder: str) -> griffe.Module:
    """A package as its source says."""
    options = {"returns_multiple_items": False, "returns_named_value": False}
    paths = [ROOT / folder]
    loaded = griffe.load(
        name, search_paths=paths, docstring_parser="google", docstring_options=options, allow_inspection=False
    )
    assert isinstance(loaded, griffe.Module)
    return loaded


def as_markdown(text: str) -> str:
    """Docstring text as Markdown: what looks like HTML outside of code is text."""
    parts = re.split(r"(`+[^`]*`+)", text)
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;").replace("*", r"\*") for part in parts)


def documentation(item: griffe.Object) -> Iterator[str]:
    """The docstring, section by section."""
    for section in item.docstring.parsed if item.docstring else ():
        kind = section.kind.value
        if kind == "text":
            yield as_markdown(section.value)
        elif kind in LISTED:
            rows = []
            for entry in section.value:
                name = getattr(entry, "name", "") or (str(entry.annotation) if kind == "raises" else "")
                text = as_markdown(" ".join(entry.description.split()))
                rows.append(f"- `{name}`: {text}" if name else f"- {text}")
            yield f"**{LISTED[kind]}**\n\n" + "\n".join(rows)
        else:
            yield as_markdown(str(getattr(section, "value", "")))


def signature(function: griffe.Function) -> str:
    """Name, parameters and result, as a reader calls it."""
    shown, marked = [], False
    for parameter in function.parameters:
        if parameter.name in ("self", "cls"):
            continue
        kind = parameter.kind.value if parameter.kind else ""
        if kind == "keyword-only" and not marked:
            shown.append("*")
            marked = True
        star = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        marked = marked or star == "*"
        annotation = f": {parameter.annotation}" if parameter.annotation is not None else ""
        default = f" = {parameter.default}" if parameter.default is not None and not star else ""
        shown.append(f"{star}{parameter.name}{annotation}{default}")
    result = f" -> {function.returns}" if function.returns is not None else ""
    return f"{function.name}({', '.join(shown)}){result}"


def members(item: griffe.Module | griffe.Class) -> Iterator[griffe.Object]:
    """The public functions and classes defined here, and the documented constants and properties."""
    for member in item.members.values():
        if member.is_alias or member.name.startswith("_") or member.is_module:
            continue
        if member.is_function or member.is_class or member.docstring:
            yield member


def entry(item: griffe.Object, level: int) -> Iterator[str]:
    """A name with its signature and documentation, and below it those of its members."""
    yield f"{'#' * level} `{item.name}`"
    if item.is_function:
        yield f"```python\n{signature(item)}\n```"
    yield from documentation(item)
    if item.is_class:
        fields = [f"- `{name}: {field.annotation}`" for name, field in fields_of(item) if not field.docstring]
        if fields:
            yield "**Fields**\n\n" + "\n".join(fields)
        for member in members(item):
            yield from entry(member, level + 1)


def fields_of(item: griffe.Class) -> Iterator[tuple[str, griffe.Attribute]]:
    """The annotated fields of a class, those of its docstring left out."""
    described = {
        field.name
        for section in (item.docstring.parsed if item.docstring else ())
        if section.kind.value == "attributes"
        for field in section.value
    }
    for name, member in item.members.items():
        if member.is_alias or not member.is_attribute or name.startswith("_") or name in described:
            continue
        if member.annotation is not None and "property" not in member.labels:
            yield name, member


def public(library: griffe.Module) -> Iterator[str]:
    """The names at the root of lakeflow_local."""
    yield "# lakeflow_local: the public names"
    yield from documentation(library)
    homes = dict(zip(library["_HOMES"].value.keys, library["_HOMES"].value.values, strict=True))
    for name in sorted(homes, key=lambda key: str(key).strip("'\"").lower()):
        found = library[f"{str(homes[name]).strip(chr(39) + chr(34))}.{str(name).strip(chr(39) + chr(34))}"]
        yield from entry(found.final_target if found.is_alias else found, 2)


def rooms(library: griffe.Module) -> Iterator[str]:
    """Each room of lakeflow_local with its modules, a line each."""
    yield "# lakeflow_local: its rooms and modules"
    yield "What each module is for, from the first line of its docstring. Only the public names may be imported."
    yield from _room(library, library.path)


def _room(room: griffe.Module, path: str) -> Iterator[str]:
    yield f"## `{path}`"
    yield from list(documentation(room))[:1]
    inside = sorted(_inside(room), key=lambda module: module.name)
    lines = [
        f"- `{module.name}`: {as_markdown(module.docstring.value.splitlines()[0]) if module.docstring else ''}"
        for module in inside
        if not _inside(module) and module.name != "__main__"
    ]
    if lines:
        yield "\n".join(lines)
    for module in inside:
        if _inside(module):
            yield from _room(module, f"{path}.{module.name}")


def library_pages(library: griffe.Module) -> Iterator[str]:
    """Every module of a package with its public names."""
    yield f"# {library.name}: the library of the bundle"
    yield from documentation(library)
    modules = sorted(_modules(library), key=lambda module: module.path)
    for module in modules:
        yield f"## `{module.path}`"
        yield from documentation(module)
        for member in members(module):
            yield from entry(member, 3)


def _modules(module: griffe.Module) -> Iterator[griffe.Module]:
    for child in _inside(module):
        yield child
        yield from _modules(child)


def _inside(module: griffe.Module) -> list[griffe.Module]:
    """The modules in a package; not those that its modules import."""
    return [child for child in module.modules.values() if not child.is_alias]


def write(target: Path) -> None:
    """Writes the pages below `reference/`."""
    runner = package("lakeflow_local", "lakeflow-local/src")
    texts = {"public": public(runner), "rooms": rooms(runner), "payouts": library_pages(package("payouts", "src"))}
    folder = target / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    for name, parts in texts.items():
        shallow = "---\ntocdepth: 2\n---\n\n"  # hundreds of names in the navigation of every page would cost its time
        (folder / f"{name}.md").write_text(shallow + "\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))

"""A copy of the bundle that one operator edits, line by line, as a person would in an editor.

Every edit is recorded with its file, its line after the edit, and what stood there before. An operator that finds no
place to act raises `NoPlace`: a mutant that is equal to the bundle must not count.
"""

import random
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WHOLE = frozenset({"pipelines", "resources", "src", "targets", "requirements"})
_KEY = re.compile(r"^\s*(?:- )?(?:[\w.$<-]+:\s+)?(?P<name>[^\s:#]+)")


class NoPlace(LookupError):
    """The bundle has no place where the mistake could be made."""


@dataclass(frozen=True)
class Edit:
    """A change of one place.

    Attributes:
        file: Path from the root of the bundle.
        line: Where it is now, from 1; of a removed line, the line before it. 1 for a whole file.
        before: What stood there; empty for an insertion or a new file.
        after: What stands there; empty for a removal.
    """

    file: str
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        shown = [" ".join(text.split())[:70] for text in (self.before, self.after)]
        return f"{self.file}:{self.line}: {shown[0] or '(nothing)'} -> {shown[1] or '(nothing)'}"


@dataclass(frozen=True)
class Place:
    """A line in which something was found. `index` counts from 0; `path` are the keys above it, from the outside in."""

    file: str
    index: int
    text: str
    match: re.Match[str]
    path: tuple[str, ...]

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip())

    def __getitem__(self, group: int) -> str:
        return self.match[group]


def copy_bundle(folder: Path) -> Path:
    """Copies the bundle's files to an empty folder, and of every other folder one file, so that it is there."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    seen: set[str] = set()
    for name in tracked.splitlines():
        top = name.split("/")[0]
        if (top in WHOLE or top not in seen) and (ROOT / name).is_file():
            seen.add(top)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


class Draft:
    """The copy in `root`, and a source of choices that always makes the same ones."""

    def __init__(self, root: Path, seed: str):
        self.root, self.rng = root, random.Random(seed)
        self.edits: list[Edit] = []

    def files(self, pattern: str) -> list[str]:
        """The files that match a glob, sorted."""
        return sorted(path.relative_to(self.root).as_posix() for path in self.root.glob(pattern) if path.is_file())

    def lines(self, file: str) -> list[str]:
        return (self.root / file).read_text(encoding="utf-8").splitlines()

    def places(self, files: str, regex: str, *, within: str = "", where: Callable[[Place], bool] | None = None):
        """Every line of some files in which `regex` is found, below keys that match `within` (joined by `/`)."""
        found = []
        for file in self.files(files):
            lines = self.lines(file)
            for index, text in enumerate(lines):
                if (match := re.search(regex, text)) and not text.lstrip().startswith("#"):
                    place = Place(file, index, text, match, keys_above(lines, index))
                    if re.search(within, "/".join(place.path)) and (where is None or where(place)):
                        found.append(place)
        return found

    def pick(self, files: str, regex: str, **filters) -> Place:
        """One of `places`, by the seed.

        Raises:
            NoPlace: There is none.
        """
        if not (found := self.places(files, regex, **filters)):
            raise NoPlace(f"no line of {files} matches {regex!r} {filters or ''}")
        return self.rng.choice(found)

    def parent(self, place: Place) -> Place:
        """The line that opens the block in which a place stands."""
        lines = self.lines(place.file)
        above = [n for n in range(place.index) if _is_content(lines[n]) and _indent(lines[n]) < place.indent]
        text = lines[above[-1]]
        return Place(place.file, above[-1], text, re.match("", text), keys_above(lines, above[-1]))

    def block(self, place: Place) -> list[str]:
        """The line of a place and all that is indented below it."""
        lines = self.lines(place.file)
        end = place.index + 1
        while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > place.indent):
            end += 1
        while not lines[end - 1].strip():
            end -= 1
        return lines[place.index : end]

    def put(self, place: Place, new: str, group: int = 0) -> None:
        """Replaces what was found (or a group of it) by other text."""
        start, end = place.match.span(group)
        self._splice(place, 1, [place.text[:start] + new + place.text[end:]])

    def replace_block(self, place: Place, new: list[str]) -> None:
        """Replaces a block by other lines, indented as they shall stand."""
        self._splice(place, len(self.block(place)), new)

    def drop(self, place: Place) -> None:
        """Removes a line and all that is indented below it."""
        self._splice(place, len(self.block(place)), [])

    def add(self, place: Place, text: str, *, indent: int = 0, after_block: bool = False) -> None:
        """Inserts lines below a place (or its block), indented by that much more than the place."""
        lines = [" " * (place.indent + indent) + line if line else "" for line in text.splitlines()]
        at = place.index + (len(self.block(place)) if after_block else 1)
        self._write(place.file, at, 0, lines)

    def append(self, file: str, text: str) -> None:
        """Adds lines at the end of a file."""
        self._write(file, len(self.lines(file)), 0, text.splitlines())

    def add_file(self, file: str, text: str) -> None:
        """Makes a new file."""
        path = self.root / file
        if path.exists():
            raise NoPlace(f"{file} is there already")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.edits.append(Edit(file, 1, "", text))

    def remove_file(self, file: str) -> None:
        """Removes a file."""
        path = self.root / file
        self.edits.append(Edit(file, 1, path.read_text(encoding="utf-8"), ""))
        path.unlink()

    def misspelt(self, word: str) -> str:
        """A word as it comes out of a hurry: a letter lost, doubled, or two of them swapped."""
        letters = [n for n in range(1, len(word) - 1) if word[n].isalpha() and word[n] != word[n + 1] and n]
        if not letters:
            raise NoPlace(f"{word!r} is too short to be misspelt")
        n = self.rng.choice(letters)
        return self.rng.choice(
            [word[:n] + word[n + 1 :], word[:n] + word[n] + word[n:], word[:n] + word[n + 1] + word[n] + word[n + 2 :]]
        )

    def _splice(self, place: Place, count: int, new: list[str]) -> None:
        self._write(place.file, place.index, count, new)

    def _write(self, file: str, at: int, count: int, new: list[str]) -> None:
        lines = self.lines(file)
        before = lines[at : at + count]
        lines[at : at + count] = new
        (self.root / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.edits.append(Edit(file, max(at + 1 if new else at, 1), "\n".join(before), "\n".join(new)))


def keys_above(lines: list[str], index: int) -> tuple[str, ...]:
    """The keys, and the names of list items, below which a line of YAML stands."""
    found: list[str] = []
    indent = _indent(lines[index])
    for text in reversed(lines[:index]):
        if _is_content(text) and _indent(text) < indent:
            indent = _indent(text)
            found.append(_KEY.match(text)["name"].strip("\"'") if _KEY.match(text) else text.strip())
    return tuple(reversed(found))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _is_content(text: str) -> bool:
    return bool(text.strip()) and not text.lstrip().startswith("#")

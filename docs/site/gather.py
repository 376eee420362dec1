"""Collects the pages of the repository for Sphinx, and makes every link between them work on the site.

    python docs/site/gather.py TARGET

A page keeps its path, so links between pages stay as they are; the README becomes the first page. A link to any other
file (code, YAML, a folder) leads to the file as a page of its own, made by `sources.py`: the site needs no address of
a repository.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

import sources

ROOT = Path(__file__).resolve().parents[2]
SITE = "docs/site"
LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<path>[^)\s#]*)(?P<anchor>#[^)\s]*)?\)")
FENCE = re.compile(r"^\s*(```|~~~)")
FIRST = ("guide", "landing", "rules", "retry-policy", "runbook", "promotion", "adopt", "add-a-source", "verified")
RUNNER = PurePosixPath("lakeflow-local/README.md")
DRAWN = {PurePosixPath("pipelines"), PurePosixPath("resources")}  # boxes of the drawings lead to files in them
REFERENCE = ("public", "rooms", "payouts")


def kept_files() -> list[PurePosixPath]:
    """Every file that git has or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(PurePosixPath(name) for name in set(listed) if (ROOT / name).is_file())


class Links:
    """Rewrites links of pages, and remembers which files need a page that shows them."""

    def __init__(self, files: Iterable[PurePosixPath], pages: Iterable[PurePosixPath]) -> None:
        self._files = set(files)
        self._folders = {parent for path in self._files for parent in path.parents}
        self._pages = set(pages)
        self.shown: set[PurePosixPath] = set()

    def rewrite(self, page: PurePosixPath, text: str) -> str:
        """The text of a page with its links as they are on the site. Code blocks stay as they are."""
        lines, fenced = [], False
        for line in text.splitlines(keepends=True):
            fenced ^= FENCE.match(line) is not None
            lines.append(line if fenced else LINK.sub(lambda match: self._link(page, match), line))
        return "".join(lines)

    def _link(self, page: PurePosixPath, match: re.Match[str]) -> str:
        target = match["path"]
        if match["image"] or not target or "://" in target or target.startswith("mailto:"):
            return match[0]
        path = PurePosixPath(os.path.normpath(page.parent / target))
        place = self._place(path)
        if place is None:
            return match[0]  # Sphinx tells of it
        anchor = match["anchor"] or ""
        relative = os.path.relpath(place, site_path(page).parent)
        if place.suffix == ".html":  # Sphinx does not know these
            return f'<a href="{relative}">{match["text"]}</a>'
        return f"[{match['text']}]({relative}{anchor})"

    def _place(self, path: PurePosixPath) -> PurePosixPath | None:
        if path in self._pages:
            return site_path(path)
        if path / "README.md" in self._pages:
            return site_path(path / "README.md")
        if path in self._files or path in self._folders:
            self.shown.add(path)
            return sources.page_of(path)
        return None


def site_path(page: PurePosixPath) -> PurePosixPath:
    """Where a page is on the site."""
    return PurePosixPath("index.md") if page == PurePosixPath("README.md") else page


def contents(caption: str, pages: Iterable[PurePosixPath], folder: PurePosixPath) -> str:
    """A hidden table of contents: what the navigation shows."""
    names = [os.path.relpath(page.with_suffix(""), folder) for page in pages]
    heading = f":caption: {caption}\n" if caption else ""
    return "\n```{toctree}\n:hidden:\n" + heading + "\n" + "\n".join(names) + "\n```\n" if names else ""


def navigation(page: PurePosixPath, pages: list[PurePosixPath]) -> str:
    """What stands below a page in the navigation: below a README, the pages whose nearest README it is."""
    if page == PurePosixPath("README.md"):
        top = [path for path in pages if path.parent == PurePosixPath("docs")]
        top.sort(key=lambda path: (FIRST.index(path.stem) if path.stem in FIRST else len(FIRST), path))
        about = [path for path in pages if path.parent == PurePosixPath() and path != page]
        readmes = [path for path in pages if path.name == "README.md" and path not in (page, RUNNER)]
        named = [path for path in readmes if not any(other.parent in path.parent.parents for other in readmes)]
        named = [path for path in named if RUNNER.parent not in path.parents]
        return (
            contents("The bundle", [PurePosixPath("pictures.md"), *top], page.parent)
            + contents("Evidence", named, page.parent)
            + contents("The runner", [RUNNER], page.parent)
            + contents("Reference", [PurePosixPath(f"reference/{name}.md") for name in REFERENCE], page.parent)
            + contents("The project", about, page.parent)
        )
    if page.name != "README.md":
        return ""
    below = [path for path in pages if path != page and page.parent in path.parents]
    readmes = [path for path in below if path.name == "README.md"]
    direct = [
        path
        for path in below
        if not any(
            other != path and other.parent in path.parents
            for other in readmes
            if path.name != "README.md" or other.parent != path.parent
        )
    ]
    return contents("", direct, page.parent)


def gather(target: Path, report: Callable[[str], object] = print) -> None:
    """Writes the pages into an empty folder."""
    files = [path for path in kept_files() if path.parts[0] != "template" or path.suffix != ".md"]
    pages = [path for path in files if path.suffix == ".md" and path.parts[0] != "dist"]
    links = Links(files, pages)
    for page in pages:
        text = links.rewrite(page, (ROOT / page).read_text(encoding="utf-8"))
        _write(target / site_path(page), text + navigation(page, pages))
    shown = sources.write(target / "extra", ROOT, links.shown | DRAWN, files)
    for folder in ("", "extra"):  # for Markdown images, and for those in raw HTML
        shutil.copytree(ROOT / "docs/images", target / folder / "docs/images", dirs_exist_ok=True)
    shutil.copy(ROOT / SITE / "conf.py", target)
    (target / "_static").mkdir(exist_ok=True)
    shutil.copy(ROOT / SITE / "site.css", target / "_static")
    report(f"{len(pages)} pages, {shown} files that they cite")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    gather(Path(sys.argv[1]))

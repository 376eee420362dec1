"""Files that pages cite, each as an HTML page with its lines numbered; a folder as a list of what is in it.

They are not pages of Sphinx: that would put them into the search and cost half the time of a build.
"""

import os
from collections.abc import Iterable
from html import escape
from pathlib import Path, PurePosixPath

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.shell import BashLexer
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound

FOLDER = PurePosixPath("source")
STYLE = "body{margin:0 auto;max-width:75rem;padding:1rem;font-family:sans-serif;line-height:1.4}"
STYLE += "pre{overflow-x:auto;padding:.5rem;font-size:.85rem}.linenos{opacity:.5;padding-right:1em}h1{font-size:1.2rem}"
STYLE += ":root{color-scheme:light dark}"
PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="{top}source/style.css"></head>
<body><p><a href="{top}index.html">Back to the documentation</a></p><h1><code>{title}</code></h1>
{body}</body>
</html>
"""


def page_of(path: PurePosixPath) -> PurePosixPath:
    """Where a file is shown. No part begins with a dot: hosts of pages leave such files out."""
    parts = [f"dot-{part[1:]}" if part.startswith(".") else part for part in path.parts]
    return FOLDER.joinpath(*parts[:-1], f"{parts[-1]}.html") if parts else FOLDER / "index.html"


def write(target: Path, root: Path, cited: Iterable[PurePosixPath], files: list[PurePosixPath]) -> int:
    """Writes the pages of the cited files and folders, and of all that the folders hold. How many that were."""
    kept = set(files)
    waiting, done = set(cited), set()
    while waiting - done:
        for path in sorted(waiting - done):
            page = page_of(path)
            if path in kept:
                body = _code(path, (root / path).read_text(encoding="utf-8", errors="replace"))
            else:
                children = sorted({path / file.relative_to(path).parts[0] for file in kept if path in file.parents})
                waiting |= set(children)
                links = [(os.path.relpath(page_of(child), page.parent), child.name) for child in children]
                items = "".join(f'<li><a href="{href}"><code>{escape(name)}</code></a></li>' for href, name in links)
                body = f"<ul>{items}</ul>"
            top = os.path.relpath(".", page.parent) + "/"
            (target / page).parent.mkdir(parents=True, exist_ok=True)
            (target / page).write_text(PAGE.format(title=escape(str(path)), top=top, body=body), encoding="utf-8")
            done.add(path)
    light, dark = (HtmlFormatter(style=name).get_style_defs(".highlight") for name in ("friendly", "github-dark"))
    style = f"{STYLE}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
    (target / FOLDER / "style.css").write_text(style, encoding="utf-8")
    return len(done)


def _code(path: PurePosixPath, text: str) -> str:
    try:
        lexer = get_lexer_for_filename(path.name) if path.suffix else BashLexer()
    except ClassNotFound:
        lexer = TextLexer()
    return highlight(text, lexer, HtmlFormatter(linenos="inline", lineanchors="L"))

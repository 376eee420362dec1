"""Checks the built site: every link and picture on it leads to a file of the site, and every anchor to its place.

    python docs/site/links.py SITE

Addresses of other hosts are not asked: the build needs no network. An asset from another host is an error.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

GENERATED = {"genindex.html", "search.html"}  # pages of the theme


class Page(HTMLParser):
    """What a page links to, loads, and can be linked at."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and values.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.append(values["href"])
        if tag in ("img", "script", "source", "iframe"):
            self.loads += [values[name].split()[0] for name in ("src", "srcset") if name in values]


def problems(site: Path) -> list[str]:
    """What is wrong, a line each."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        where = path.relative_to(site)
        for link in [*page.links, *page.loads]:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                if link in page.loads and address.scheme != "data":
                    found.append(f"{where}: loads {link} from another host")
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                found.append(f"{where}: {link} is not there")
                continue
            anchors = pages[target].anchors if target in pages and where.name not in GENERATED else None
            if address.fragment and anchors is not None and unquote(address.fragment) not in anchors:
                found.append(f"{where}: {link} has no such place")
    return found


def main(site: Path) -> int:
    """Prints what is wrong. Exit code 1 if anything is, or if there is no site."""
    count = len(list(site.rglob("*.html")))
    wrong = problems(site.resolve())
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{count} pages, {len(wrong)} links that lead nowhere")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

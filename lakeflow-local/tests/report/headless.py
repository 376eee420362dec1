"""A real browser without a window, where one is installed."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next((path for name in NAMES if (path := shutil.which(name))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no headless Chromium is installed")
WIDTHS = (390, 820, 1400)  # of a phone, a tablet, a desktop


def dom(page: Path, fragment: str = "") -> str:
    """The document as the browser has it, a click on `fragment` later."""
    assert BROWSER is not None
    line = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={page.parent / 'profile'}"]
    done = subprocess.run(
        [*line, "--dump-dom", f"{page.as_uri()}{fragment}"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def scroll_widths(text: str, folder: Path) -> dict[int, int]:
    """How wide a page wants to be in windows of each width, in pixels."""
    # Iframes are windows of any width; headless Chromium itself has a least one.
    frames = "".join(
        f'<iframe id="w{width}" style="border:0;width:{width}px;height:900px"></iframe>' for width in WIDTHS
    )
    measure = "document.body.dataset[frame.id] = frame.contentDocument.documentElement.scrollWidth"
    page = folder / "frames.html"
    page.write_text(
        f"<body>{frames}<script>for (const frame of document.querySelectorAll('iframe')) {{"
        f" frame.onload = () => {{ {measure}; }}; frame.srcdoc = {_literal(text)}; }}</script></body>"
    )
    return {int(width): int(found) for width, found in re.findall(r'data-w(\d+)="(\d+)"', dom(page))}


def _literal(text: str) -> str:
    """A JavaScript string that does not end the script it stands in."""
    return json.dumps(text).replace("</", "<\\/")

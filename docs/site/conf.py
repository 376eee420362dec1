"""How Sphinx builds the site. `make docs` runs it, with warnings as errors.

Sphinx with MyST and Furo, because all three are maintained and free (BSD, MIT), read the Markdown pages as they are,
need no network, and bring a search that works from a folder of files. Material for MkDocs, the other usual choice,
has had no new features since 2025, MkDocs 1 no release since 2024, and their successor Zensical calls itself alpha.
"""

project = "Payouts and lakeflow-local"
html_title = project
author = "the authors of this repository"
project_copyright = "Apache-2.0"

extensions = ["myst_parser"]
root_doc = "index"
exclude_patterns = ["_static"]
nitpicky = True

myst_heading_anchors = 4  # links such as page.md#a-heading
myst_enable_extensions = ["fieldlist"]
suppress_warnings = [
    "myst.header",  # the pages of decisions begin their sections at any level
    "misc.highlighting_failure",  # examples that are wrong on purpose
]

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["extra"]  # images that pages show by raw HTML
html_copy_source = False
html_show_sphinx = False
templates_path = []
html_theme_options = {"navigation_with_keys": True}

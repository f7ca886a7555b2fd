# SPDX-License-Identifier: Apache-2.0
"""The site: `./dev docs`. Its sources are the repository's own pages, from its root on, so that links lead the same way
on the site and in the repository."""

import pathlib
import re
import sys

root = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(root / "docs" / "_site"))

project = "Plexus"
author = "The Plexus authors"
copyright = author
version = release = re.search(r'PLX_VERSION "(.*)"', (root / "include/plexus_base.h").read_text())[1]

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "c_headers",
    "command_help",
    "key_tables",
    "mathml",
    "networks",
    "model_results",
    "repository_links",
    "signatures",
    "sphinx_copybutton",
]
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .go"
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "docs/*.md",
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "examples/*.ipynb",
]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # notebooks show what they were run to

nitpicky = True
# Types of other packages, about which nothing is fetched, names that the package keeps to itself, and C's own types.
nitpick_ignore_regex = [("py:.*", r"(?!plexus\.).*"), ("py:.*", r"plexus\.(\w+\.)*_.*"), ("c:.*", r"(?!plx_|PLX_).*")]
autodoc_preserve_defaults = True
maximum_signature_line_length = 110
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = False
autodoc_type_aliases = {name: name for name in ("ArrayLike", "FilePath", "Labels", "Rows", "Weights")}
python_use_unqualified_type_names = True
python_display_short_literal_types = True

html_theme = "furo"
html_math_renderer = "mathml"
html_title = f"Plexus {release}"
html_static_path = ["_site/static"]
html_css_files = ["plexus.css"]
html_extra_path = ["_site/root"]
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
default_role = "code"  # docstrings and comments of headers quote code by single backticks

pygments_style = "friendly"
pygments_dark_style = "monokai"

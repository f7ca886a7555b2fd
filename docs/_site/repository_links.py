# SPDX-License-Identifier: Apache-2.0
"""Links to files of the repository that are no pages: examples and headers as downloads, others by their names alone,
since the site has no copies of them."""

import pathlib

from docutils import nodes
from sphinx.transforms import SphinxTransform

ROOT = pathlib.Path(__file__).parents[2]
OFFERED = ("examples", "experiments", "include")


def is_file(app, docname, target):
    path = (ROOT / docname).parent / target.partition("#")[0]
    if not path.exists() or path.suffix in app.config.source_suffix:
        return False
    place = path.resolve().relative_to(ROOT.resolve())
    return not (path.is_file() and place.parts[0] in OFFERED)


class RepositoryLinks(SphinxTransform):
    default_priority = 5  # before links are looked up

    def apply(self, **_):
        from sphinx import addnodes

        for link in list(self.document.findall(addnodes.download_reference)) + list(
            self.document.findall(addnodes.pending_xref)
        ):
            target = link.get("reftarget", "")
            if "://" not in target and target and is_file(self.app, self.env.docname, target):
                inner = nodes.inline(classes=["repository-file"])
                inner += link.children
                link.replace_self(inner)


def setup(app):
    app.add_transform(RepositoryLinks)
    return {"parallel_read_safe": True}

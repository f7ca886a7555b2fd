# SPDX-License-Identifier: Apache-2.0
"""Tables whose first column is headed "key" get the class `keys`, by which the style lays them out on narrow
screens."""

from docutils import nodes
from sphinx.transforms import SphinxTransform


class KeyTables(SphinxTransform):
    default_priority = 800

    def apply(self, **_):
        for table in self.document.findall(nodes.table):
            first = next(iter(table.findall(nodes.entry)), None)
            if first is not None and first.astext() == "key" and len(list(table.findall(nodes.colspec))) == 4:
                table["classes"].append("keys")


def setup(app):
    app.add_transform(KeyTables)
    return {"parallel_read_safe": True}

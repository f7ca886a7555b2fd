# SPDX-License-Identifier: Apache-2.0
"""The directive `model-results MODEL`: the rows of a model in docs/results.md, the only place with these numbers."""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

RESULTS = "docs/results.md"


def _cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows_of(text, model):
    """(data set, task, AUC, published) of each table's row for the model."""
    section, head = "", []
    for line in text.splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("| model |"):
            head = _cells(line)
        elif line.startswith(f"| {model} |"):
            cells = _cells(line)
            for column in (1, 3):
                yield section, head[column], cells[column], cells[column + 1]


class ModelResults(SphinxDirective):
    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        path = f"{self.env.srcdir}/{RESULTS}"
        self.env.note_dependency(path)
        with open(path, encoding="utf-8") as results:
            rows = list(rows_of(results.read(), self.arguments[0]))
        if not rows:
            raise self.error(f"{RESULTS} has no row of '{self.arguments[0]}'")
        table = nodes.table()
        group = nodes.tgroup(cols=4)
        table += group
        for width in (3, 2, 2, 1):
            group += nodes.colspec(colwidth=width)
        head, body = nodes.thead(), nodes.tbody()
        head += _row(("data", "task", "test AUC", "published"))
        body += [_row(cells) for cells in rows]
        group += [head, body]
        return [table]


def _row(cells):
    row = nodes.row()
    for cell in cells:
        entry = nodes.entry()
        entry += nodes.paragraph(text=cell.replace(" ± ", "\u00a0±\u00a0"))
        row += entry
    return row


def setup(app):
    app.add_directive("model-results", ModelResults)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

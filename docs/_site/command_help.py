# SPDX-License-Identifier: Apache-2.0
"""Directive `command-help`: what `plexus VERB --help` prints, for every verb, from this environment's command.

Each verb is a section and each option has a name to link to: command.html#plexus-fit, command.html#plexus-fit-out.
"""

import pathlib
import re
import subprocess
import sys

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

COMMAND = pathlib.Path(sys.executable).parent / "plexus"


def help_of(*arguments):
    return subprocess.run([COMMAND, *arguments, "--help"], check=True, capture_output=True, text=True).stdout


def block(text):
    return nodes.literal_block(text, text, language="text")


def paragraphs(text):
    return [nodes.paragraph(text=" ".join(part.split())) for part in text.split("\n\n") if part.strip()]


def option_item(verb, line):
    """A row of the options: `--out DIR   where to write`, or the doc on a place of its own."""
    name, doc = re.fullmatch(r"  (--\S+(?: \S+)?) +(.*)", line).groups()
    target = f"plexus-{verb}-{name.split()[0].lstrip('-')}"
    term = nodes.term("", "", ids=[target])
    term += nodes.reference("", "", nodes.literal(text=name), internal=True, refid=target)
    return nodes.definition_list_item("", term, nodes.definition("", nodes.paragraph(text=doc)))


def verb_section(verb):
    usage, summary, options, *rest = help_of(verb).split("\n\n")
    section = nodes.section(ids=[f"plexus-{verb}"], names=[f"plexus-{verb}"])
    section += [nodes.title(text=f"plexus {verb}"), nodes.paragraph(text=summary), block(usage.removeprefix("usage: "))]
    section += nodes.definition_list("", *[option_item(verb, line) for line in options.splitlines()])
    for part in rest:
        if part.startswith("Examples:\n"):
            lines = "\n".join(line[2:] for line in part.rstrip("\n").splitlines()[1:])
            section += [nodes.paragraph(text="Examples:"), nodes.literal_block(lines, lines, language="sh")]
        else:
            section += paragraphs(part)
    return section


class CommandHelp(SphinxDirective):
    def run(self):
        overview = help_of()
        verbs = re.findall(r"^  (\w+) {2,}\S", overview, re.MULTILINE)
        return [block(overview), *[verb_section(verb) for verb in verbs]]


def setup(app):
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True}

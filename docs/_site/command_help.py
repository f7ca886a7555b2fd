# SPDX-License-Identifier: Apache-2.0
"""Directive `command-help`: what `plexus VERB --help` prints, for every verb, from the command beside this Python."""

import pathlib
import re
import subprocess
import sys

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

COMMAND = pathlib.Path(sys.executable).parent / "plexus"


def help_of(*arguments):
    return subprocess.run([COMMAND, *arguments, "--help"], check=True, capture_output=True, text=True).stdout


class CommandHelp(SphinxDirective):
    def run(self):
        overview = help_of()
        found = [nodes.literal_block(overview, overview, language="text")]
        for verb in re.findall(r"^  (\w+) {2,}\S", overview, re.MULTILINE):
            text = help_of(verb)
            section = nodes.section(ids=[f"plexus-{verb}"], names=[f"plexus-{verb}"])
            section += [nodes.title(text=f"plexus {verb}"), nodes.literal_block(text, text, language="text")]
            found.append(section)
        return found


def setup(app):
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True}

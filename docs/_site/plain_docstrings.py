# SPDX-License-Identifier: Apache-2.0
"""The package's docstrings, which are plain text, as reStructuredText: a line that begins with a parameter's name and a
colon describes that parameter, up to an empty line or the next; stars are stars."""

import inspect
import re


def parameters_of(what):
    try:
        return set(inspect.signature(what).parameters)
    except (TypeError, ValueError):
        return set()


def escaped(line):
    """Stars, and underscores that end a word, outside of what backticks quote."""
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(part if part.startswith("`") else re.sub(r"(\*|(?<=\w)_(?!\w))", r"\\\1", part) for part in parts)


def process(app, kind, name, what, options, lines):
    known = parameters_of(what)
    text, is_field = [], False
    for line in lines:
        head = re.match(r"(\w+(?:, \w+)*): (.*)", line)
        if head and all(one in known for one in head[1].split(", ")):
            if not is_field and text and text[-1]:
                text.append("")
            fields = [f":param {one}: {escaped(head[2])}" for one in head[1].split(", ")]
            text += fields
            is_field = True
        elif is_field and line.strip():
            text[-len(fields) :] = [f"{field} {escaped(line.strip())}" for field in text[-len(fields) :]]
        elif line.startswith("Raises "):
            text += ["", escaped(line)]
            is_field = False
        else:
            text.append(escaped(line))
            is_field = False
    lines[:] = text


def process_signature(app, kind, name, what, options, signature, returned):
    """Types that a module keeps to itself without their underscore."""
    plain = [text and re.sub(r"\b_(?=[A-Z])", "", text) for text in (signature, returned)]
    return tuple(plain)


def setup(app):
    app.connect("autodoc-process-signature", process_signature)
    app.connect("autodoc-process-docstring", process)
    return {"parallel_read_safe": True}

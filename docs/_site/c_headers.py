# SPDX-License-Identifier: Apache-2.0
"""Directive `c-header`: everything that a header of include/ declares, with the comments that stand before it.

    ```{c-header} plexus.h
    ```

A section of the header becomes a section of the page. A declaration is documented by the comment right before it;
members and constants by the comment after them.
"""

import pathlib
import re

from sphinx.util.docutils import SphinxDirective

INCLUDE = pathlib.Path(__file__).parents[2] / "include"

# A section's title, a comment, a struct or enum with its members, an opaque struct, a function, a constant.
PIECE = re.compile(
    r"/\* -- (?P<section>.+?) -+\s*\*/"
    r"|/\*\*?(?P<comment>.*?)\*/"
    r"|^typedef (?P<kind>struct|enum) (?P<tag>\w+) \{(?P<members>.*?)\n?\} (?P<name>\w+);"
    r"|^typedef struct (?P<opaque>\w+) \w+;"
    r"|^(?P<typedef>typedef [^;{}]*\([^;]*;)"
    r"|^PLX_API (?P<function>[^;]+);"
    r"|^enum \{ (?P<number>\w+ = \d+) \};"
    r"|#define (?P<constant>PLX_VERSION) [^\n]+",
    re.DOTALL | re.MULTILINE,
)
# What is for the preprocessor alone.
DIRECTIVE = re.compile(r"^#(?!define PLX_VERSION)(?:.*\\\n)*.*\n", re.MULTILINE)


def rest_text(comment):
    """A comment as reStructuredText."""
    lines = [re.sub(r"^\s*\*? ?", "", line, count=1).rstrip() for line in comment.strip().splitlines()]
    text, field = [], None
    for line in lines:
        tag = re.match(r"@(param|return)\s+(\S+(?:, \w+)*)\s+(.*)", line)
        if tag:
            if field is None:
                text.append("")
            field = f":{'param' if tag[1] == 'param' else 'returns'} "
            names = f"{tag[2]}: " if tag[1] == "param" else f"``{tag[2]}``: "
            text.append(field + names + inline(tag[3]) if tag[1] == "param" else f":returns: {names}{inline(tag[3])}")
        elif field is not None and line:
            text[-1] += " " + inline(line.strip())
        else:
            text.append(inline(line))
    return text


# Quoted code; a name of the library's; what reStructuredText would read as markup or as a link.
MARKED = re.compile(
    r"(?P<code>`[^`]*`)|(?P<name>\b(?:plx|PLX)_\w*[a-zA-Z0-9]\b(?![*_]))|(?P<sign>[*|_]|(?<=\w):(?=\w))"
)


def marked(found):
    if found["code"]:
        return f"`{found['code']}`"
    return f":c:expr:`{found['name']}`" if found["name"] else f"\\{found['sign']}"


def inline(line):
    """A line with its code quoted, the library's names as links, and everything else as it is."""
    return MARKED.sub(marked, line)


def indented(lines, by="   "):
    return [by + line if line else "" for line in lines]


def one_line(declaration):
    return re.sub(r"\s+", " ", declaration).strip()


def comment_after(line):
    match = re.search(r"/\*+ *(.*?) *\*/", line)
    return [inline(match[1])] if match else []


MEMBER = re.compile(r"(?:/\*\*?(?P<before>.*?)\*/\s*)?(?P<declaration>[^;/]+;)(?P<after>[ \t]*/\*.*?\*/)?", re.DOTALL)


def each_declaration(declaration):
    """`int a, *b` as `int a` and `int *b`."""
    declaration = one_line(declaration.rstrip(";"))
    if "(" in declaration or "," not in declaration:
        return [declaration]
    first, *others = declaration.split(",")
    base = re.match(r"(.*?)\**\w+(\[.*\])?$", first.strip())[1].strip()
    return [first] + [f"{base} {other.strip()}" for other in others]


def members_of(body):
    text = []
    for member in MEMBER.finditer(body):
        doc = rest_text(member["before"]) if member["before"] else []
        if member["after"]:
            doc += [inline(one_line(re.sub(r"^\s*/\*+|\*/$|\n\s*\*", " ", member["after"])))]
        names = each_declaration(member["declaration"])
        text += ["", f".. c:member:: {names[0]}"] + [f"             {name}" for name in names[1:]]
        text += ["   :no-contents-entry:", "", *indented(doc)]
    return text


def constants_of(body):
    text = []
    for line in re.sub(r"#.*|PLX_STATUS_LIST.*", "", body).replace(", PLX", ",\nPLX").splitlines():
        if name := re.match(r"\s*(PLX_\w+)", line):
            text += ["", f".. c:enumerator:: {name[1]}", "   :no-contents-entry:", "", *indented(comment_after(line))]
    return text


def statuses(header):
    """The enumerators that the list macro makes."""
    text = []
    for name, number, sentence in re.findall(r'X\((\w+), (-?\d+), +"(.*?)"\)', header):
        text += ["", f".. c:enumerator:: PLX_{name}", "   :no-contents-entry:", "", f"   {sentence} ({number})"]
    return text


def declaration(piece, header):
    """Directive and contents of a declaration."""
    if piece["function"]:
        return f".. c:function:: {one_line(piece['function'])}", []
    if piece["opaque"]:
        return f".. c:type:: {piece['opaque']}", []
    if piece["typedef"]:
        return f".. c:type:: {one_line(piece['typedef'])[len('typedef ') :].rstrip(';')}", []
    if piece["number"]:
        return f".. c:enumerator:: {piece['number']}", []
    if piece["constant"]:
        return f".. c:macro:: {piece['constant']}", []
    if piece["kind"] == "struct":
        return f".. c:struct:: {piece['name']}", members_of(piece["members"])
    body = statuses(header) if piece["name"] == "plx_status" else constants_of(piece["members"])
    return f".. c:enum:: {piece['name']}", body


def preface(comment):
    """The header's first comment: its indented lines are a program."""
    text, in_program = [], False
    for line in comment.strip().splitlines():
        line = re.sub(r"^ ?\* ?", "", line).rstrip()
        is_program = line.startswith("    ") or in_program and not line
        if is_program and not in_program:
            text += ["", ".. code-block:: c"] + ([""] if line else [])
        in_program = is_program
        is_item = line.startswith("- ") and text and not text[-1].startswith(("- ", "  "))
        text += [""] if is_item else []
        text.append(line if is_program else inline(line))
    return text


def page(name):
    """The header as reStructuredText: a preface, then (title, text) of its sections."""
    header = (INCLUDE / name).read_text()
    sections, comment, first = [("", [])], [], True
    for piece in PIECE.finditer(DIRECTIVE.sub("", header)):
        if piece["section"]:
            sections.append((piece["section"], []))
            comment = []
        elif piece["comment"] is not None:
            is_licence = "SPDX" in piece["comment"]
            if first and not is_licence:
                sections[0][1].extend(preface(piece["comment"]))
                first = False
            comment = [] if is_licence else rest_text(piece["comment"])
        else:
            if first is False and comment and sections[0][1] and len(sections) == 1 and piece["constant"]:
                comment = []
            head, body = declaration(piece, header)
            sections[-1][1].extend(["", head, "", *indented(comment), *indented(body), ""])
            comment = []
    return sections


class CHeader(SphinxDirective):
    required_arguments = 1

    def run(self):
        self.env.note_dependency(str(INCLUDE / self.arguments[0]))
        header, sections, nodes = (INCLUDE / self.arguments[0]).read_text(), page(self.arguments[0]), []
        shown = "\n".join(line for _, text in sections for line in text)
        for name in re.findall(r"^[^#\n*]*\bPLX_API\b[^;(]*?(\w+)\s*\(", header, re.MULTILINE):
            if not re.search(rf"^\.\. c:function:: .*\b{name}\(", shown, re.MULTILINE):
                raise self.error(f"{self.arguments[0]}: {name} is declared in a way that the page does not know")
        for title, text in sections:
            lines = [title, "-" * len(title), "", *text] if title else text
            nodes += self.parse_rest("\n".join(lines))
        return nodes

    def parse_rest(self, text):
        from docutils.parsers.rst import Parser
        from docutils.utils import new_document

        document = new_document(self.arguments[0], self.state.document.settings)
        Parser().parse(text, document)
        return list(document.children)


def setup(app):
    app.add_directive("c-header", CHeader)
    return {"parallel_read_safe": True}

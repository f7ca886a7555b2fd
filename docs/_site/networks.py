# SPDX-License-Identifier: Apache-2.0
"""Draws the networks of the model zoo, docs/models/MODEL.svg: `python3 docs/_site/networks.py` writes them, and the
site's build warns of one that is not what this file draws.

Each is shown for two tasks, A and B. Colour says whose a part is: A's, B's or everybody's. Rows flow upwards, as in the
papers.
"""

import os

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "models")

# Fill, line and text of each owner's parts.
COLOURS = {
    "A": ("#dbe9f6", "#2f6fa7", "#173f63"),
    "B": ("#fde5cf", "#c8701e", "#6e3a08"),
    "shared": ("#dff0dc", "#4b9447", "#234f21"),
    "input": ("#eceff1", "#78868f", "#36424a"),
}
GATE_WIDTH, EXPERT_WIDTH, HEIGHT = 50, 64, 38
MIX_RADIUS = 13


class Part:
    """Something drawn, and where arrows meet it."""

    def __init__(self, x, y, width, height, owner):
        self.x, self.y, self.width, self.height, self.owner = x, y, width, height, owner

    @property
    def top(self):
        return self.y - self.height / 2

    @property
    def bottom(self):
        return self.y + self.height / 2


class Drawing:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.lines, self.parts = [], []

    def box(self, x, y, text, owner, width=EXPERT_WIDTH, height=HEIGHT, radius=7):
        fill, line, ink = COLOURS[owner]
        self.parts.append(
            f'<rect x="{x - width / 2:g}" y="{y - height / 2:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" '
            f'fill="{fill}" stroke="{line}"/>'
        )
        self.text(x, y + 4.5, text, ink)
        return Part(x, y, width, height, owner)

    def text(self, x, y, text, ink, size=13):
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" fill="{ink}" font-size="{size}" text-anchor="middle">{text}</text>'
        )

    def gate(self, x, y, owner):
        """A trapezium, wider where it reads."""
        fill, line, ink = COLOURS[owner]
        half, inset, up = GATE_WIDTH / 2, 9, HEIGHT / 2
        corners = ((x - half, y + up), (x + half, y + up), (x + half - inset, y - up), (x - half + inset, y - up))
        points = " ".join(f"{a:g},{b:g}" for a, b in corners)
        self.parts.append(
            f'<polygon points="{points}" fill="#fff" stroke="{line}" stroke-dasharray="4 3" stroke-linejoin="round"/>'
        )
        self.text(x, y + 4.5, "gate", ink)
        return Part(x, y, GATE_WIDTH, HEIGHT, owner)

    def circle(self, x, y, sign, owner):
        fill, line, ink = COLOURS[owner]
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{MIX_RADIUS}" fill="{fill}" stroke="{line}"/>')
        self.text(x, y + 5.5, sign, ink, size=16)
        return Part(x, y, 2 * MIX_RADIUS, 2 * MIX_RADIUS, owner)

    def arrow(self, below, above, dashed=False, from_x=None, to_x=None):
        """In the colour of the part above, from the top of one part to the bottom of another, a curve where they do
        not stand above each other."""
        x0 = below.x if from_x is None else from_x
        x1 = above.x if to_x is None else to_x
        y0, y1 = below.top, above.bottom + 5
        colour = COLOURS[above.owner][1]
        bend = (y0 - y1) * 0.5
        curve = f"C{x0:g} {y0 - bend:g} {x1:g} {y1 + bend:g} {x1:g} {y1:g}"
        path = f"M{x0:g} {y0:g}" + (f"V{y1:g}" if x0 == x1 else curve)
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self.lines.append(f'<path d="{path}" fill="none" stroke="{colour}"{dash}/>')
        self.lines.append(f'<path d="M{x1 - 3.5:g} {y1 + 1:g}h7l-3.5 -6z" fill="{colour}"/>')

    def svg(self, title):
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" role="img" font-family="system-ui, \'Helvetica Neue\', \'Liberation Sans\', '
            f'Arial, sans-serif" stroke-width="1.3">'
        )
        texts_have_no_line = "<style>text{stroke:none}</style>"
        return "\n".join([head, f"<title>{title}</title>", texts_have_no_line, *self.lines, *self.parts, "</svg>\n"])


def features(drawing, y, width=None, x=None, owner="input", text="features: embeddings and numbers"):
    return drawing.box(
        drawing.width / 2 if x is None else x, y, text, owner, width=width or drawing.width - 40, height=32, radius=5
    )


def tower_and_output(drawing, below, y, owner):
    """The tower of a task on what is below, with its middle at y, and its output."""
    tower = drawing.box(below.x, y, f"tower {owner}", owner, width=92, height=44)
    output = drawing.box(tower.x, y - 66, f"output {owner}", owner, width=92, height=28, radius=14)
    drawing.arrow(below, tower)
    drawing.arrow(tower, output)


def single_task():
    drawing = Drawing(440, 230)
    for owner, x in (("A", 120), ("B", 320)):
        below = features(drawing, 204, 170, x, owner, f"features, tables of {owner}")
        tower_and_output(drawing, below, 110, owner)
    return drawing


def shared_bottom():
    drawing = Drawing(440, 300)
    below = features(drawing, 276)
    bottom = drawing.box(220, 206, "shared network", "shared", width=260, height=44)
    drawing.arrow(below, bottom)
    for owner, x in (("A", 120), ("B", 320)):
        tower = drawing.box(x, 108, f"tower {owner}", owner, width=92, height=44)
        output = drawing.box(x, 40, f"output {owner}", owner, width=92, height=28, radius=14)
        drawing.arrow(bottom, tower, from_x=220 + (x - 220) * 0.4)
        drawing.arrow(tower, output)
    return drawing


def esmm():
    drawing = Drawing(520, 330)
    below = features(drawing, 306, text="features: one set of embedding tables")
    heads = {}
    for owner, x, name in (("A", 140, "pCTR"), ("B", 380, "pCVR")):
        tower = drawing.box(x, 226, {"A": "click tower", "B": "conversion tower"}[owner], owner, width=140, height=44)
        heads[owner] = drawing.box(x, 150, name, owner, width=92, height=28, radius=14)
        drawing.arrow(below, tower, from_x=x)
        drawing.arrow(tower, heads[owner])
    times = drawing.circle(330, 96, "×", "shared")
    drawing.arrow(heads["A"], times, from_x=165, to_x=324)
    drawing.arrow(heads["B"], times, to_x=336)
    click = drawing.box(140, 36, "click", "A", width=130, height=30, radius=15)
    both = drawing.box(330, 36, "click and conversion", "shared", width=170, height=30, radius=15)
    drawing.arrow(heads["A"], click)
    drawing.arrow(times, both)
    drawing.text(428, 101, "pCTCVR = pCTR · pCVR", COLOURS["shared"][2], size=12)
    return drawing


def mmoe():
    drawing = Drawing(560, 372)
    below = features(drawing, 348)
    experts = [drawing.box(x, 262, f"expert {n + 1}", "shared", width=76) for n, x in enumerate((190, 280, 370))]
    for expert in experts:
        drawing.arrow(below, expert, from_x=expert.x)
    for owner, gate_x, x in (("A", 70, 160), ("B", 490, 400)):
        gate = drawing.gate(gate_x, 262, owner)
        drawing.arrow(below, gate, from_x=gate_x)
        mix = drawing.circle(x, 178, "Σ", owner)
        for expert in experts:
            drawing.arrow(expert, mix)
        drawing.arrow(gate, mix, dashed=True)
        tower_and_output(drawing, mix, 106, owner)
    return drawing


# Where the parts of a level of CGC and PLE stand.
OWN = {"A": (122, 192), "B": (508, 578)}
SHARED = (282, 418)
GATES = {"A": 46, "shared": 350, "B": 654}
MIXES = {"A": 157, "shared": 350, "B": 543}


def level(drawing, y, below, has_shared_gate):
    """A level whose parts read `below`, a part for each stream; the streams that it makes."""
    experts = {owner: [drawing.box(x, y, "expert", owner) for x in places] for owner, places in OWN.items()}
    experts["shared"] = [drawing.box(x, y, "expert", "shared") for x in SHARED]
    gates, made = [], {}
    for owner in ("A", "shared", "B") if has_shared_gate else ("A", "B"):
        gate = drawing.gate(GATES[owner], y, owner)
        made[owner] = drawing.circle(MIXES[owner], y - 92, "Σ", owner)
        seen = [part for name in experts if owner == "shared" or name in (owner, "shared") for part in experts[name]]
        for part in seen:
            drawing.arrow(part, made[owner])
        drawing.arrow(gate, made[owner], dashed=True)
        gates.append(gate)
    for parts in (*experts.values(), gates):
        for part in parts:
            source = below[part.owner]
            is_wide = source.width > 100
            drawing.arrow(source, part, from_x=part.x if is_wide else source.x)
    return made


def cgc():
    drawing = Drawing(700, 372)
    below = features(drawing, 348)
    made = level(drawing, 270, dict.fromkeys(("A", "shared", "B"), below), False)
    for owner, mix in made.items():
        tower_and_output(drawing, mix, 106, owner)
    return drawing


def ple():
    drawing = Drawing(700, 540)
    below = features(drawing, 516)
    made = level(drawing, 438, dict.fromkeys(("A", "shared", "B"), below), True)
    made = level(drawing, 270, made, False)
    for owner, mix in made.items():
        tower_and_output(drawing, mix, 106, owner)
    return drawing


NETWORKS = {
    "single_task": (single_task, "Single-Task: a network of its own for each task"),
    "shared_bottom": (shared_bottom, "Shared-Bottom: one network, a tower for each task"),
    "esmm": (esmm, "ESMM: the click, and the product of click and conversion"),
    "mmoe": (mmoe, "MMoE: shared experts, mixed by a gate of each task"),
    "cgc": (cgc, "CGC: own and shared experts"),
    "ple": (ple, "PLE: two levels of own and shared experts"),
}


def drawings():
    """(path, SVG) of each."""
    for name, (draw, title) in NETWORKS.items():
        yield os.path.join(FOLDER, f"{name}.svg"), draw().svg(title)


def _check(app):
    from sphinx.util import logging  # which drawing alone does not need

    for path, drawn in drawings():
        with open(path, encoding="utf-8") as file:
            if file.read() != drawn:
                logging.getLogger(__name__).warning("%s is old: run python3 docs/_site/networks.py", path)


def setup(app):
    app.connect("builder-inited", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    for path, drawn in drawings():
        with open(path, "w", encoding="utf-8") as file:
            file.write(drawn)

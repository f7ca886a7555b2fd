# SPDX-License-Identifier: Apache-2.0
"""A bar chart as SVG: one bar a line, its title above it, its value after it."""

import html

WIDTH, BAR, GAP, MARGIN = 640, 18, 44, 16


def write(path, title, bars):
    """`bars`: [(title, number, the number as text)]; the last one is ours and has the strong colour."""
    height = 48 + GAP * len(bars)
    longest = max(value for _, value, _ in bars)
    width = WIDTH - 2 * MARGIN - 70
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="14">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="28" font-size="16" font-weight="bold" fill="#222">{html.escape(title)}</text>',
    ]
    for place, (name, value, text) in enumerate(bars):
        top = 46 + GAP * place
        length = max(2, width * value / longest)
        colour = "#0b7285" if place == len(bars) - 1 else "#adb5bd"
        lines += [
            f'<text x="{MARGIN}" y="{top + 12}" fill="#222">{html.escape(name)}</text>',
            f'<rect x="{MARGIN}" y="{top + 18}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>',
            f'<text x="{MARGIN + length + 6:.1f}" y="{top + 32}" fill="#222">{text}</text>',
        ]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, "</svg>"]) + "\n")

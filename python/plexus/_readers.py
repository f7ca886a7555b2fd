# SPDX-License-Identifier: Apache-2.0
"""The columns that a configuration reads, and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ._library import text
from ._native import ffi, lib
from ._types import CData


@dataclass
class Reading:
    """How one column is read."""

    is_category: bool = False  # or the items of a list, or their weights: its cells are texts
    is_number: bool = False
    is_label: bool = False
    is_list: bool = False
    weights: str | None = None  # the column of the weights of a list's items
    separator: str | None = None  # between the items or numbers of a cell

    @property
    def is_feature(self) -> bool:
        return self.is_category or self.is_number


def readings(config: CData) -> dict[str, Reading]:
    """By column; those of features first, in the order of the model file."""
    found: dict[str, Reading] = {}
    lists: dict[str, Reading] = {}  # by the feature's name
    index = 0
    while one := lib.plx_config_column(config, index):
        index += 1
        reading = found.setdefault(text(one.column), Reading())
        if one.reading == lib.PLX_READS_LABEL:
            reading.is_label = True
            continue
        if one.reading == lib.PLX_READS_LIST:
            reading.is_list = True
            lists[text(one.reader)] = reading
        elif one.reading == lib.PLX_READS_LIST_WEIGHTS:
            lists[text(one.reader)].weights = text(one.column)
        reading.is_number |= one.reading == lib.PLX_READS_NUMBER
        reading.is_category |= one.reading != lib.PLX_READS_NUMBER
        if one.separator:
            reading.separator = text(one.separator)
    return found


def nearest(name: str, names: Iterable[str]) -> str:
    """What a message adds for an unknown name: the closest one, or all."""
    known = [str(one) for one in names]
    texts = [ffi.new("char[]", one.encode(errors="replace")) for one in known]
    close = lib.plx_nearest_name(name.encode(errors="replace"), texts, len(texts))
    if close != ffi.NULL:
        return f"did you mean '{text(close)}'?"
    shown = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    return f"there are {shown or 'none'}"

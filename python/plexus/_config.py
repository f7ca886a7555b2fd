# SPDX-License-Identifier: Apache-2.0
"""The configuration that a model is made by: the source, and what was set since."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from ._library import ArgumentError, FormatError, call, create, taken_text, text
from ._native import lib
from ._types import CData, FilePath, Folders
from ._values import Meaningless, is_list, items_of, text_of

Key = tuple[str, ...]  # (section, key), or (section, name, key) in the lists `features` and `tasks`


def _plain(value: Any) -> Any:
    """What JSON can hold of a value that it cannot: NumPy's as Python's, dates and decimals by their texts."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if is_list(value):
        return value.tolist() if isinstance(value, np.ndarray) else items_of(value)
    if isinstance(value, (np.bool_, np.integer)):
        return value.item()
    try:
        found = text_of(value)
    except Meaningless as wrong:
        raise ArgumentError(f"the configuration: {wrong}") from None
    number = found if isinstance(value, np.floating) else None
    return float(number) if number else found.decode() if isinstance(found, bytes) else found


def _json(value: Any) -> str:
    text = json.dumps(value, default=_plain, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        near = text[max(wrong.start - 20, 0) : wrong.end + 20]
        raise ArgumentError(
            f"the configuration: {near!r} has half a character (a surrogate), as UTF-8 has none"
        ) from None
    return json.dumps(value, default=_plain)


class Configuration:
    """`source` is a dict of sections or YAML; `name` stands for it in messages."""

    def __init__(self, source: dict[str, Any] | str, name: str = "the model"):
        self.source, self.name = source, name
        self.changes: dict[Key, Any] = {}

    def with_changes(self, changes: dict[Key, Any]) -> Configuration:
        other = Configuration(self.source, self.name)
        other.changes = {**self.changes, **changes}
        return other

    def handle(self, context: CData) -> CData:
        """Parsed; a mistake is an exception with its place and the nearest key."""
        is_text = isinstance(self.source, str)
        source = (self.source if isinstance(self.source, str) else _json(self._merged(self.source))).encode()
        try:
            handle = create(
                "plx_config",
                lib.plx_config_free,
                lib.plx_config_parse,
                context,
                source,
                len(source),
                self.name.encode(),
            )
        except FormatError as failure:
            if is_text:
                raise
            # Places in a text that nobody has seen.
            raise ArgumentError(re.sub(r"(?m)^.*?:\d+:\d+: ", "", str(failure))) from None
        for key, value in self.changes.items() if is_text else ():
            call(lib.plx_config_set, handle, f"{'.'.join(key)}={_json(value)}".encode())
        return handle

    def _merged(self, sections: dict[str, Any]) -> dict[str, Any]:
        """The dict with the changes: a name may hold dots and signs that an assignment cannot."""
        merged: dict[str, Any] = {
            section: dict(entries) if isinstance(entries, dict) else [dict(entry) for entry in entries]
            for section, entries in sections.items()
        }
        for (section, *name, key), value in self.changes.items():
            if name:
                next(entry for entry in merged[section] if entry["name"] == name[0])[key] = value
            else:
                merged.setdefault(section, {})[key] = value
        return merged


def value_of(context: CData, handle: CData, *key: str) -> Any:
    """The value of a key of a parsed configuration."""
    return json.loads(taken_text(context, lib.plx_config_get, handle, ".".join(key).encode()))


def task_names(handle: CData) -> list[str]:
    return [text(lib.plx_config_task_name(handle, task)) for task in range(lib.plx_config_n_tasks(handle))]


def read(config: dict[str, Any] | FilePath, folders: Folders) -> tuple[Configuration, list[str]]:
    """A dict, YAML, or the path of a YAML file; and where its data files are looked for, as `plexus fit` does: beside
    the file, and where `plexus fetch` puts data sets."""
    folders = [folders] if isinstance(folders, (str, os.PathLike)) else list(folders)
    where = [os.fsdecode(folder) for folder in folders]
    if isinstance(config, dict):
        return Configuration(config), where
    if isinstance(config, str) and "\n" in config:
        return Configuration(config), where
    path = Path(config)
    cache = os.environ.get("XDG_CACHE_HOME", "")
    cache = cache if os.path.isabs(cache) else os.path.join(os.path.expanduser("~"), ".cache")
    return Configuration(path.read_text(encoding="utf-8"), str(path)), [
        *where,
        str(path.parent),
        os.path.join(cache, "plexus"),
    ]

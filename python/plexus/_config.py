# SPDX-License-Identifier: Apache-2.0
"""The configuration of a model: the source, the changes since, and the parsed result."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ._command import data_folder
from ._library import ArgumentError, FormatError, call, context, create, taken_text, text
from ._native import ffi, lib
from ._types import CData, FilePath, Folders
from ._values import Meaningless, is_list, items_of, text_of

Key = tuple[str, ...]  # (section, key), or (section, name, key) in the lists `features` and `tasks`


def _plain(value: Any) -> Any:
    """A value that JSON can represent: NumPy's as Python's, dates and decimals as texts."""
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
            f"the configuration: {near!r} contains half a character (a surrogate), which UTF-8 cannot represent"
        ) from None
    return json.dumps(value, default=_plain)


class Parsed:
    """A configuration as the library has parsed it. `keep`: the owner of the handle, if it is another object."""

    def __init__(self, context: CData, handle: CData, keep: object = None):
        self._context, self.handle, self._keep = context, handle, keep

    def value(self, *key: str) -> Any:
        """The value of a key: section and key, or section, entry and key."""
        return json.loads(taken_text(self._context, lib.plx_config_get, self.handle, ".".join(key).encode()))

    def text(self) -> str:
        """The resolved configuration as YAML."""
        return text(lib.plx_config_text(self.handle))

    @property
    def model_name(self) -> str:
        return str(self.value("model", "name"))

    @property
    def task_names(self) -> list[str]:
        names: list[str] = []
        while task := lib.plx_config_task(self.handle, len(names)):
            names.append(text(task.name))
        return names

    @property
    def task_labels(self) -> list[int]:
        """What the labels of each task are, of plx_label_form."""
        return [lib.plx_config_task(self.handle, number).labels for number in range(len(self.task_names))]


def has_key(*key: str) -> bool:
    """Whether there is a key that has a default: ("train", "epochs"), ("features", KIND, KEY)."""
    try:
        default_of(*key)
    except ArgumentError:
        return False
    return True


def default_of(*key: str) -> Any:
    """The library's default of a key: ("train", "epochs"), ("features", KIND, KEY)."""
    handle = context()
    return json.loads(taken_text(handle, lib.plx_config_default, handle, ".".join(key).encode()))


class Configuration:
    """`source` is a dict of sections or YAML; `name` stands for YAML in messages, while the places of a dict are in
    words. It does not change, and is parsed at most once."""

    def __init__(
        self,
        source: Mapping[str, Any] | str,
        name: str = "the model",
        threads: int = 0,
        changes: Mapping[Key, Any] | None = None,
    ):
        self.source, self.name, self.threads = source, name, threads
        self.changes: dict[Key, Any] = dict(changes or {})
        self._parsed: Parsed | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_parsed": None}

    def with_changes(self, changes: Mapping[Key, Any]) -> Configuration:
        return Configuration(self.source, self.name, self.threads, {**self.changes, **changes})

    def parsed(self) -> Parsed:
        """Raises for a mistake, with its place and the closest key."""
        if self._parsed is None:
            context_handle = context(self.threads)
            self._parsed = Parsed(context_handle, self._parse(context_handle))
        return self._parsed

    def _parse(self, context_handle: CData) -> CData:
        is_text = isinstance(self.source, str)
        source = (self.source if isinstance(self.source, str) else _json(self._merged(self.source))).encode()
        try:
            handle = create(
                "plx_config",
                lib.plx_config_free,
                lib.plx_config_parse,
                context_handle,
                source,
                len(source),
                self.name.encode() if is_text else ffi.NULL,
            )
        except FormatError as failure:
            if is_text:
                raise
            raise ArgumentError(str(failure)) from None
        for key, value in self.changes.items() if is_text else ():
            call(lib.plx_config_set, handle, f"{'.'.join(key)}={_json(value)}".encode())
        return handle

    def _merged(self, sections: Mapping[str, Any]) -> dict[str, Any]:
        """The dict with the changes applied: names may contain characters that an assignment cannot."""
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


def read(config: Mapping[str, Any] | FilePath, folders: Folders, threads: int) -> tuple[Configuration, list[str]]:
    """A configuration from a dict, YAML or the path of a YAML file, and the folders in which its data files are
    searched, as by `plexus fit`: in the file's folder, and where `plexus fetch` stores data sets."""
    folders = [folders] if isinstance(folders, (str, os.PathLike)) else list(folders)
    where = [os.fsdecode(folder) for folder in folders]
    if isinstance(config, Mapping) or isinstance(config, str) and "\n" in config:
        return Configuration(config, threads=threads), where
    path = os.fspath(config)
    with open(path, encoding="utf-8") as file:
        configuration = Configuration(file.read(), path, threads)
    return configuration, [*where, os.path.dirname(path) or ".", data_folder()]

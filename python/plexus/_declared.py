# SPDX-License-Identifier: Apache-2.0
"""A network with the declared sizes, for its summary before there are rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._config import Configuration, Key, has_key
from ._library import text
from ._native import lib
from ._network import Network
from ._schema import Schema
from .features import FeatureColumn


def _sizes(
    feature_columns: Sequence[FeatureColumn], task_names: Sequence[str], config: Configuration
) -> dict[Key, Any]:
    """The configuration's other declarations: categories of features (1 if none are given) and classes of tasks."""
    parsed = config.parsed()
    value = parsed.value
    declared = {one.name: getattr(getattr(one, "sparsefeat", one), "vocabulary_size", None) for one in feature_columns}
    changes: dict[Key, Any] = {}
    index = 0
    while column := lib.plx_config_column(parsed.handle, index):
        index += 1
        if column.reading not in (lib.PLX_READS_CATEGORY, lib.PLX_READS_LIST):
            continue
        name = text(column.reader)
        keys = ("max_size", "hash_buckets", "vocabulary_file")
        kind = value("features", name, "kind")
        given = [value("features", name, key) for key in keys if has_key("features", kind, key)]
        if given and not any(given):
            changes["features", name, "max_size"] = declared.get(name) or 1
    for task, labels in zip(task_names, parsed.task_labels):
        if labels == lib.PLX_LABELS_ARE_CLASSES and not value("tasks", task, "classes"):
            changes["tasks", task, "classes"] = ["0", "1"]
    return changes


def declared_network(config: Configuration, schema: Schema, feature_columns: Sequence[FeatureColumn]) -> Network:
    """A network with as many categories as the features declare."""
    changes = _sizes(feature_columns, schema.task_names, config)
    parsed = config.with_changes(changes).parsed()
    return Network.create(parsed, None, config.threads, schema)

# SPDX-License-Identifier: Apache-2.0
"""A small model over the shared rows, and the choices of a key."""

import re
from pathlib import Path

import numpy as np

import plexus

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def choices(key, section):
    """The choices of a key, by the reference page, which the library's tables write."""
    text = REFERENCE.read_text(encoding="utf-8").split(f"\n## {section}", 1)[1]
    return re.findall(r"`([^`]*)`", re.search(rf"^\| `{key}` \| ([^|]*) \|", text, re.MULTILINE).group(1))


def small_model(**arguments):
    columns = [
        plexus.SparseFeat("city", 4),
        plexus.SparseFeat("code", 50),
        plexus.DenseFeat("age"),
        plexus.DenseFeat("pay"),
    ]
    model = plexus.MMOE(
        columns,
        task_types=["binary", "regression"],
        task_names=["click", "seconds"],
        num_experts=2,
        expert_dnn_units=[8],
        tower_dnn_units_lists=[[4], [4]],
        **arguments,
    )
    model.compile(plexus.optimizers.Adam(0.01), metrics=["AUC", "mae"])
    return model


def trained(x, rows, **arguments):
    model = small_model()
    model.fit(x, [rows["click"], rows["seconds"]], **{"epochs": 2, "batch_size": 256, "verbose": 0, **arguments})
    return model


def same(one, other) -> bool:
    """The same parameters, bit for bit."""
    a, b = one.parameters(), other.parameters()
    return list(a) == list(b) and all(np.array_equal(a[name], b[name]) for name in a)

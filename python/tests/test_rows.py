# SPDX-License-Identifier: Apache-2.0
"""What the library has a row for, Python has a name for: a failure names the row."""

import re
from pathlib import Path

import pytest

from plexus import _keras_names

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def choices(section, key):
    """The choices of a key, by the reference page, which the library's tables write."""
    text = REFERENCE.read_text(encoding="utf-8").split(f"\n## {section}\n")[1]
    return re.findall(r"`([^`]*)`", re.search(rf"^\| `{key}` \| ([^|]*) \|", text, re.MULTILINE).group(1))


@pytest.mark.parametrize("loss", choices("tasks", "loss"))
def test_each_loss_has_a_name_of_keras(loss):
    assert loss in {form for _, form in _keras_names._LOSSES.values()}


@pytest.mark.parametrize("kind", choices("tasks", "kind"))
def test_each_kind_of_task_has_a_loss_of_keras(kind):
    assert kind in {kind for kind, _ in _keras_names._LOSSES.values()}


def test_the_pages_rows_were_found():
    assert {"squared", "poisson"} <= set(choices("tasks", "loss"))

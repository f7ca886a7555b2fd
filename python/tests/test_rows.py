# SPDX-License-Identifier: Apache-2.0
"""What the library has a row for, Python has a name for: a failure names the row."""

import pytest

from helpers import choices
from plexus import _keras_names


@pytest.mark.parametrize("loss", choices("loss", "tasks"))
def test_each_loss_has_a_name_of_keras(loss):
    assert loss in {form for _, form in _keras_names._LOSSES.values()}


@pytest.mark.parametrize("kind", choices("kind", "tasks"))
def test_each_kind_of_task_has_a_loss_of_keras(kind):
    assert kind in {kind for kind, _ in _keras_names._LOSSES.values()}


def test_the_pages_rows_were_found():
    assert {"squared", "poisson"} <= set(choices("loss", "tasks"))

# SPDX-License-Identifier: Apache-2.0
"""What the library has a row for, Python has a name for: a failure names the row."""

import re

import pytest

from helpers import REFERENCE, choices
from plexus import losses


@pytest.mark.parametrize("loss", choices("loss", "tasks"))
def test_each_loss_has_a_name_of_keras(loss):
    assert loss in {form for _, form in losses._LOSSES.values()}


@pytest.mark.parametrize("kind", choices("kind", "tasks"))
def test_each_kind_of_task_has_a_loss_of_keras(kind):
    assert kind in {kind for kind, _ in losses._LOSSES.values()}


NUMBERS = re.findall(r"^\| `(\w+)` .*\| \w+, loss (\w+): ", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("key, loss", NUMBERS)
def test_each_number_of_a_loss_has_a_class(key, loss):
    made = {one.name: one for one in vars(losses).values() if isinstance(one, type) and hasattr(one, "name")}
    assert losses._PARAMETERS[loss][1] == key and loss in made
    made[loss](**{losses._PARAMETERS[loss][0]: 0.5})


def test_the_pages_rows_were_found():
    assert ("huber_delta", "huber") in NUMBERS
    assert {"squared", "poisson"} <= set(choices("loss", "tasks"))

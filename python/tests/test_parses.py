# SPDX-License-Identifier: Apache-2.0
"""No call parses a configuration more than once."""

import numpy as np
import pytest

import plexus
from helpers import small_model, trained
from plexus import _config, optimizers

YAML = """
data: {train: [rows.csv]}
features: [{name: city, kind: sparse}]
tasks: [{name: click}]
model: {name: single_task}
"""


def labels(rows):
    return [rows["click"], rows["seconds"]]


@pytest.fixture
def parses(monkeypatch):
    """Counts them."""
    optimizers.settings(optimizers.get("adam"))  # its defaults are read once a process
    counted = []
    parse = _config.Configuration._parse

    def counting(self, context):
        counted.append(self.name)
        return parse(self, context)

    monkeypatch.setattr(_config.Configuration, "_parse", counting)

    def count(call):
        counted.clear()
        call()
        return len(counted)

    return count


def test_models_of_columns(parses, rows, features):
    columns = [plexus.SparseFeat("city"), plexus.DenseFeat("age")]
    assert parses(lambda: plexus.SingleTask(columns, task_name="click")) == 1
    model = small_model()
    assert parses(lambda: model.compile("adam")) == 0
    assert parses(lambda: model.compile("adam", schedule="cosine", loss_weights=[1.0, 2.0])) == 1
    assert parses(lambda: model.summary(lambda text: None)) == 1
    assert parses(lambda: model.fit(features, labels(rows), verbose=0)) == 1
    assert parses(lambda: model.fit(features, labels(rows), verbose=0)) == 1
    for call in (lambda: model.predict(features), model.summary, model.predictor, lambda: repr(model)):
        assert parses(call) == 0


def test_models_of_files(parses, rows, features, tmp_path):
    (tmp_path / "rows.csv").write_text("city,click\n" + "a,1\nb,0\n" * 20)
    made = []
    assert parses(lambda: made.append(plexus.from_config(YAML, folders=tmp_path))) == 1
    model = made[0]
    assert parses(lambda: model.fit(verbose=0)) == 1
    assert parses(lambda: model.fit(verbose=0)) == 1
    assert parses(lambda: model.predict(tmp_path / "rows.csv")) == 0
    assert parses(lambda: plexus.Files("rows.csv", delimiter=";")) == 0
    model.save(tmp_path / "m.plexus")
    assert parses(lambda: plexus.load_model(tmp_path / "m.plexus")) == 0
    one = trained(features, rows)
    assert parses(lambda: one.evaluate(features, labels(rows))) == 0
    assert np.isfinite(one.predict(features)[0]).all()

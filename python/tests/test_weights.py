# SPDX-License-Identifier: Apache-2.0
"""Weighted metrics, against scikit-learn's sample_weight."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from helpers import small_model, trained

N = 4000
TOLERANCE = {"rel": 1e-12, "abs": 1e-12}


@pytest.fixture(scope="module")
def model(rows, features):
    model = trained(features, rows)
    model.compile("adam")
    return model


@pytest.fixture(scope="module")
def weight():
    weight = np.random.default_rng(5).gamma(0.7, 2, N)
    weight[::9] = 0
    return weight


def labels(rows):
    return [rows["click"], rows["seconds"]]


def by_scikit_learn(y, p, weight):
    """The metrics of a binary task."""
    cut = np.clip(p, 1e-7, 1 - 1e-7)
    share = np.average(y, weights=weight)
    bins = np.minimum(np.ceil(p * 10).astype(int).clip(1) - 1, 9)
    loss = metrics.log_loss(y, cut, sample_weight=weight)
    return {
        "auc": metrics.roc_auc_score(y, p, sample_weight=weight),
        "pr_auc": metrics.average_precision_score(y, p, sample_weight=weight),
        "logloss": loss,
        "normalized_entropy": loss / -(share * math.log(share) + (1 - share) * math.log(1 - share)),
        "ece": sum(abs(np.sum((weight * (p - y))[bins == b])) for b in range(10)) / weight.sum(),
        "calibration": np.average(p, weights=weight) / share,
        "accuracy": metrics.accuracy_score(y, p > 0.5, sample_weight=weight),
        "mae": metrics.mean_absolute_error(y, p, sample_weight=weight),
        "mse": metrics.mean_squared_error(y, p, sample_weight=weight),
        "rmse": math.sqrt(metrics.mean_squared_error(y, p, sample_weight=weight)),
    }


def test_every_metric(model, rows, features, weight):
    click, seconds = (scores[:, 0].astype(float) for scores in model.predict(features))
    values = model.evaluate(features, labels(rows), sample_weight=weight)
    assert values != model.evaluate(features, labels(rows))
    for name, value in by_scikit_learn(rows["click"], click, weight).items():
        assert values[f"click_{name}"] == pytest.approx(value, **TOLERANCE), name
    y = rows["seconds"].astype(np.float32).astype(float)  # labels are float32
    for name, function in (
        ("mae", metrics.mean_absolute_error),
        ("mse", metrics.mean_squared_error),
        ("r2", metrics.r2_score),
    ):
        assert values[f"seconds_{name}"] == pytest.approx(function(y, seconds, sample_weight=weight), **TOLERANCE)


def test_forms_of_weights(model, rows, features, weight):
    """An array, one a task as list and dict, a column's name; ones are as none."""
    y = labels(rows)
    once, whole = model.evaluate(features, y), model.evaluate(features, y, sample_weight=weight)
    for table in ({**features, "w": weight}, pd.DataFrame({**features, "w": weight})):
        assert model.evaluate(table, y, sample_weight="w") == whole
    assert model.evaluate(features, y, sample_weight=[weight, weight]) == whole
    clicks = model.evaluate(features, y, sample_weight={"click": weight})
    assert clicks["click_auc"] == whole["click_auc"]
    assert clicks["seconds_mse"] == pytest.approx(once["seconds_mse"], rel=1e-12)
    ones = model.evaluate(features, y, sample_weight=np.ones(N))
    assert ones == pytest.approx(once, rel=1e-12)


def test_weighted_metrics(rows, features, weight, tmp_path):
    """As in Keras: metrics count rows once, weighted_metrics their weights, in training and afterwards."""
    model = small_model()
    model.compile("adam", metrics=["AUC"], weighted_metrics=["AUC", "mae"])
    history = model.fit(
        features, labels(rows), sample_weight=weight, epochs=2, batch_size=256, verbose=0, validation_split=0.25
    ).history
    names = ["click_auc", "click_weighted_auc", "click_mae", "seconds_mae"]
    assert model.metrics_names == names and [name for name in history if name in names] == names
    parts = {"": slice(0, 3000), "val_": slice(3000, None)}
    best = int(np.argmin(history["val_loss"]))
    for prefix, part in parts.items():
        x = {name: values[part] for name, values in features.items()}
        y = [label[part] for label in labels(rows)]
        values = model.evaluate(x, y, sample_weight=weight[part], return_dict=True)
        assert list(values) == names
        for name in names:  # the rows keep weights as float32
            assert values[name] == pytest.approx(history[prefix + name][best], rel=1e-6)
        assert values["click_auc"] != pytest.approx(values["click_weighted_auc"], rel=1e-6)

    pd.DataFrame({**rows, "w": weight}).to_csv(tmp_path / "w.csv", index=False)
    by_file = small_model()
    by_file.compile("adam", weighted_metrics=["AUC"])
    by_file.fit(tmp_path / "w.csv", sample_weight="w", batch_size=256, verbose=0)
    value = by_file.evaluate(tmp_path / "w.csv", sample_weight="w")
    assert value == pytest.approx(by_file.evaluate(features, labels(rows), sample_weight=weight), rel=1e-6)


def test_evaluate_after_weighted_training(rows, features, weight):
    """The rows that are measured need no weights, and a second fit none either."""
    model = small_model()
    model.fit(features, labels(rows), sample_weight=weight, batch_size=256, verbose=0)
    click = model.predict(features)[0][:, 0]
    auc = model.evaluate(features, labels(rows), return_dict=True)["click_auc"]
    assert auc == pytest.approx(metrics.roc_auc_score(rows["click"], click), abs=1e-12)
    model.fit(features, labels(rows), batch_size=256, verbose=0)


def test_wrong_weights(model, rows, features, weight, tmp_path):
    y = labels(rows)
    negative = weight.copy()
    negative[7] = -1
    for given, message in (
        (weight[:-1], r"sample_weight has the shape \(3999,\) for 4000 rows"),
        (negative, "row 8: the weight for task 'click' is -1"),
        (np.full(N, np.nan), "row 1: the weight for task 'click' is nan"),
        (["heavy"] * N, "2 tasks"),
        ({"clicks": weight}, "there is no task 'clicks'"),
        (np.full(N, "heavy"), "sample_weight contains a value that is not a number"),
        ("w", "there is no column 'w'"),
    ):
        with pytest.raises(ValueError, match=message):
            model.evaluate(features, y, sample_weight=given)
    for given, message in (
        (weight[:-1], "column 'sample_weight:rows' has 3999 rows"),
        (negative, "row 8: '-1' is negative; column 'sample_weight:rows' holds weights of rows"),
        ("w", "there is no column 'w'"),
    ):
        with pytest.raises(ValueError, match=message):
            small_model().fit(features, y, sample_weight=given, verbose=0)
    with pytest.raises(ValueError, match="the network was built without such a sample_weight"):
        model.fit(features, y, sample_weight=weight, verbose=0)
    with pytest.raises(ValueError, match=r"compile\(weighted_metrics=\[...\]\)"):
        trained(features, rows).evaluate(features, y, sample_weight=weight)
    pd.DataFrame(rows).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(ValueError, match="the network reads weights from no column"):
        model.evaluate(tmp_path / "rows.csv", sample_weight="w")
    with pytest.raises(ValueError, match="give the name of the column"):
        model.evaluate(tmp_path / "rows.csv", sample_weight=weight)

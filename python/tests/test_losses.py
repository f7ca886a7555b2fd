# SPDX-License-Identifier: Apache-2.0
"""Losses with a number: what compile and the estimators make of them, and what a quantile is."""

import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

import plexus
from plexus.sklearn import MultiTaskRegressor


class KerasHuber:
    """As Keras' object has its number."""

    name = "huber_loss"

    def get_config(self):
        return {"name": self.name, "delta": 2.5}


def rows(n, seed):
    """Numbers whose spread grows with x."""
    random = np.random.default_rng(seed)
    x = random.uniform(0, 1, (n, 2))
    return x, 3 * x[:, 0] + (0.5 + 2 * x[:, 1]) * random.exponential(1, n)


@pytest.mark.parametrize(
    "loss, lines",
    [
        (plexus.losses.Quantile(0.9), ["loss: quantile", "quantile: 0.9"]),
        (plexus.losses.Huber(2), ["loss: huber", "huber_delta: 2"]),
        (KerasHuber(), ["loss: huber", "huber_delta: 2.5"]),
        ("pinball", ["loss: quantile", "quantile: 0.5"]),
    ],
)
def test_compile_takes_the_number(loss, lines):
    model = plexus.SingleTask([plexus.DenseFeat("x")], task_type="regression", task_name="y")
    model.compile(loss=loss)
    model.fit({"x": np.arange(20.0)}, np.arange(20.0), epochs=1, verbose=0)
    assert all(line in model.config for line in lines)


def test_a_quantile_is_above_0_and_below_1():
    with pytest.raises(ValueError, match="'quantile' takes a number above 0 and below 1, not '1.0'"):
        MultiTaskRegressor(loss="quantile", quantile=1).fit(*rows(50, 0))
    with pytest.raises(ValueError, match="loss 'pinball' is none of squared_error"):
        MultiTaskRegressor(loss="pinball").fit(*rows(50, 0))


@pytest.mark.parametrize("quantile", [0.1, 0.9])
def test_the_share_of_labels_below_is_the_quantile(quantile):
    x, y = rows(6000, 1)
    new, labels = rows(6000, 2)
    by_quantile = MultiTaskRegressor(loss="quantile", quantile=quantile, epochs=30, learning_rate=0.003).fit(x, y)
    predicted = by_quantile.predict(new)
    assert np.mean(labels < predicted) == pytest.approx(quantile, abs=0.02)
    by_mean = MultiTaskRegressor(epochs=5).fit(x, y).predict(new)
    assert mean_pinball_loss(labels, predicted, alpha=quantile) < mean_pinball_loss(labels, by_mean, alpha=quantile)
    # Also separately, where labels have a wide spread and where they do not.
    wide = new[:, 1] > 0.5
    assert np.mean(labels[wide] < predicted[wide]) == pytest.approx(quantile, abs=0.04)


def test_pinball_is_scikit_learns():
    x, y = rows(500, 3)
    columns = {"x0": x[:, 0], "x1": x[:, 1]}
    model = plexus.SingleTask([plexus.DenseFeat("x0"), plexus.DenseFeat("x1")], task_type="regression", task_name="y")
    model.compile(loss=plexus.losses.Quantile(0.8), metrics=["pinball"], monitor="y.pinball")
    model.fit(columns, y, epochs=2, validation_split=0.2, verbose=0)
    predicted = model.predict(columns).astype(float)
    labels = y.astype(np.float32).astype(float)
    found = model.evaluate(columns, y, return_dict=True, verbose=0)["y_pinball"]
    assert found == pytest.approx(mean_pinball_loss(labels, predicted, alpha=0.8), rel=1e-12)

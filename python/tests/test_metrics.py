# SPDX-License-Identifier: Apache-2.0
"""Metrics with a parameter: names of ours and of Keras, values beside NumPy and scikit-learn, invalid names."""

import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

import plexus

CLASSES = 4


class KerasTopK:
    """As Keras' object has its number."""

    name = "top_k_categorical_accuracy"

    def get_config(self):
        return {"name": self.name, "k": 2}


def rows(n):
    random = np.random.default_rng(3)
    x = random.uniform(0, 1, n)
    genre = np.minimum((x * CLASSES + random.uniform(0, 2, n)).astype(int), CLASSES - 1)
    return {"x": x}, {"genre": genre, "price": 3 * x + random.exponential(1, n)}


def make(**compiled):
    model = plexus.SharedBottom(
        [plexus.DenseFeat("x")], task_types=["multiclass", "regression"], task_names=["genre", "price"]
    )
    model.compile(**compiled)
    return model


def top(scores, labels, k):
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.mean([label in row for label, row in zip(labels, order)])


def test_values():
    columns, labels = rows(400)
    metrics = {"genre": ["accuracy@2", "acc@3", "accuracy"], "price": ["pinball@0.9", "mean_pinball_loss@0.25"]}
    model = make(metrics=metrics, monitor="genre.accuracy@2 + price.pinball@0.9")
    history = model.fit(columns, labels, epochs=2, validation_split=0.25, verbose=0).history
    names = ["genre_accuracy@2", "genre_accuracy@3", "genre_accuracy", "price_pinball@0.9", "price_pinball@0.25"]
    assert model.metrics_names == names
    for name in names:
        assert len(history[name]) == len(history["val_" + name]) == 2 and np.all(np.isfinite(history["val_" + name]))
    found = model.evaluate(columns, labels, return_dict=True)
    assert list(found) == names
    scores, predicted = model.predict(columns)
    truth = labels["price"].astype(np.float32).astype(float)
    assert found["genre_accuracy@2"] == pytest.approx(top(scores, labels["genre"], 2), abs=1e-12)
    assert found["genre_accuracy@3"] == pytest.approx(top(scores, labels["genre"], 3), abs=1e-12)
    for quantile in (0.9, 0.25):
        expected = mean_pinball_loss(truth, predicted.astype(float).ravel(), alpha=quantile)
        assert found[f"price_pinball@{quantile}"] == pytest.approx(expected, rel=1e-12)


def test_weighted_and_of_epochs():
    columns, labels = rows(200)
    weights = np.tile([1.0, 3.0], 100)
    model = make(metrics=["accuracy@2"], weighted_metrics=["accuracy@2", "accuracy@3"])
    stop = plexus.callbacks.EarlyStopping("val_genre_accuracy@2", patience=1)
    history = model.fit(
        columns, labels, epochs=3, validation_split=0.5, sample_weight=weights, callbacks=[stop], verbose=0
    ).history
    assert {"genre_accuracy@2", "genre_weighted_accuracy@2", "genre_accuracy@3"} <= set(history)
    assert stop.best == max(history["val_genre_accuracy@2"])


@pytest.mark.parametrize(
    "metric, name",
    [("top_k_categorical_accuracy", "accuracy@5"), (KerasTopK(), "accuracy@2"), ("Accuracy@3", "accuracy@3")],
)
def test_names(metric, name):
    model = make(metrics=[metric])
    assert model.metrics_names == [f"genre_{name}"]


def test_wrong_names():
    with pytest.raises(ValueError, match="metric 'auc@3': auc takes no parameter; write 'auc'"):
        make(metrics=["auc@3"])
    with pytest.raises(ValueError, match="metric 'acuracy@3' is unknown"):
        make(metrics=["acuracy@3"])
    columns, labels = rows(50)
    for metric, message in (
        ("accuracy@0", "the K of accuracy@K is an integer from 1"),
        ("pinball@1.5", "the Q of pinball@Q is a number between 0 and 1"),
        ("accuracy@4", "no task has the metric 'accuracy@4'"),
    ):
        with pytest.raises(plexus.ArgumentError, match=message):
            make(metrics=[metric]).fit(columns, labels, epochs=1, verbose=0)
    with pytest.raises(plexus.ArgumentError, match="task 'price' does not have the metric 'accuracy@2'"):
        make(monitor="price.accuracy@2").fit(columns, labels, epochs=1, verbose=0)

# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's own checks of estimators, and their use in its tools."""

import decimal
import inspect
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import plexus
from plexus.sklearn import MultiTaskClassifier, MultiTaskRanker, MultiTaskRegressor

SMALL = {"epochs": 30, "batch_size": 16, "expert_dnn_units": (16,), "tower_dnn_units": (16,), "learning_rate": 0.01}


def expected_failures(estimator):
    """Rows are shuffled into batches, so a row of weight 2 is not the same as that row twice, to the last digit."""
    return {
        "check_sample_weight_equivalence_on_dense_data": "batches differ when rows are repeated or left out",
        "check_sample_weight_equivalence_on_sparse_data": "batches differ when rows are repeated or left out",
    }


@parametrize_with_checks(
    [MultiTaskClassifier(**SMALL), MultiTaskRegressor(**SMALL), MultiTaskRanker(("regression",), **SMALL)],
    expected_failed_checks=expected_failures,
)
def test_estimator(estimator, check):
    check(estimator)


def test_several_targets():
    X, y = make_classification(400, 8, n_informative=5, n_classes=3, random_state=0)
    Y = np.stack([np.array(["low", "mid", "high"])[y], (X[:, 0] > 0).astype(int).astype(str)], axis=1)
    model = MultiTaskClassifier(**SMALL).fit(X, Y)
    probabilities = model.predict_proba(X)
    assert [one.shape for one in probabilities] == [(400, 3), (400, 2)]
    assert all(np.allclose(one.sum(axis=1), 1) for one in probabilities)
    assert [list(classes) for classes in model.classes_] == [["high", "low", "mid"], ["0", "1"]]
    assert model.predict(X).shape == (400, 2) and model.score(X, Y) > 0.8


def test_regressions():
    X, Y = make_regression(400, 6, n_targets=3, random_state=0)
    model = MultiTaskRegressor(**SMALL).fit(X, Y)
    assert model.predict(X).shape == (400, 3) and model.score(X, Y) > 0.9


def test_ranker_with_categories_and_missing_labels(rows):
    X = pd.DataFrame({name: rows[name] for name in ("city", "code", "age", "pay")})
    Y = np.stack([rows["click"], rows["seconds"]], axis=1).astype(float)
    Y[::3, 0] = np.nan
    model = MultiTaskRanker(("binary", "regression"), categorical_features=["city", "code"], **SMALL).fit(X, Y)
    assert model.score(X, Y) > 0.9
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict(X), model.predict(X))


def test_tools():
    X, y = make_classification(300, 6, random_state=0)
    pipeline = make_pipeline(StandardScaler(), MultiTaskClassifier(**SMALL))
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.75
    search = GridSearchCV(MultiTaskClassifier(**SMALL), {"tower_dnn_units": [(4,), (16,)]}, cv=2).fit(X, y)
    assert search.best_params_["tower_dnn_units"] in [(4,), (16,)]
    assert clone(search.best_estimator_).get_params() == search.best_estimator_.get_params()


def test_probabilities_as_a_forest_gives_them():
    """Shapes and order of classes, for one target and for several, and through cross_val_predict."""
    X, y = make_classification(200, 6, n_informative=4, n_classes=3, random_state=0)
    Y = np.stack([y, X[:, 0] > 0], axis=1).astype(int)
    forest, model = RandomForestClassifier(10, random_state=0), MultiTaskClassifier(**{**SMALL, "epochs": 3})
    for target in (y, Y):
        a, b = forest.fit(X, target).predict_proba(X), model.fit(X, target).predict_proba(X)
        assert np.shape(forest.predict(X)) == np.shape(model.predict(X))
        if isinstance(a, np.ndarray):
            assert b.shape == a.shape and np.array_equal(forest.classes_, model.classes_)
        else:
            assert isinstance(b, list) and [one.shape for one in b] == [one.shape for one in a]
            assert all(np.array_equal(one, other) for one, other in zip(forest.classes_, model.classes_))
    found = cross_val_predict(model, X, Y, cv=2, method="predict_proba")
    assert [one.shape for one in found] == [(200, 3), (200, 2)]


@pytest.mark.parametrize(
    "estimator, kinds",
    [(MultiTaskClassifier, "cc"), (MultiTaskRegressor, "rr"), (MultiTaskRanker, "cr")],
    ids=["classifier", "regressor", "ranker"],
)
def test_several_targets_in_tools(estimator, kinds):
    """Each in a pipeline, searched over, cloned, pickled and cross-validated, with a matrix of targets."""
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 5))
    Y = np.stack([X[:, i] > 0 if kind == "c" else X[:, i] for i, kind in enumerate(kinds)], axis=1).astype(float)
    arguments = {"task_types": ("binary", "regression")} if estimator is MultiTaskRanker else {}
    pipeline = Pipeline([("scale", StandardScaler()), ("model", estimator(**arguments, **{**SMALL, "epochs": 10}))])
    search = GridSearchCV(pipeline, {"model__model": ["shared_bottom", "mmoe"], "model__batch_size": [16]}, cv=2)
    best = search.fit(X, Y).best_estimator_
    assert np.isfinite(cross_val_score(clone(best), X, Y, cv=2)).all()
    again = pickle.loads(pickle.dumps(best))
    assert np.array_equal(again.predict(X), best.predict(X))
    assert np.array_equal(clone(best).fit(X, Y).predict(X), best.predict(X))  # the same rows give the same model
    assert best.set_params(model__epochs=2).get_params()["model__epochs"] == 2


def test_wrong_use():
    X, y = make_classification(50, 6, random_state=0)
    with pytest.raises(ValueError, match="model 'mmo' is unknown"):
        MultiTaskClassifier("mmo").fit(X, np.stack([y, y], axis=1))
    with pytest.raises(ValueError, match="y has 2 targets, task_types 3"):
        MultiTaskRanker(("binary",) * 3).fit(X, np.stack([y, y], axis=1))


def test_options_of_the_configuration():
    X, y = make_classification(300, 8, random_state=0)
    options = {"model": {"tower_dnn_activation": "gelu"}, "train": {"schedule": "cosine"}}
    model = MultiTaskClassifier(**SMALL, options=options).fit(X, y)
    assert {"  tower_dnn_activation: gelu", "  schedule: cosine"} <= set(model.network_.config.splitlines())
    assert clone(model).options == options
    for wrong, message in (
        ({"modle": {}}, "there is no section 'modle'"),
        ({"train": {"shedule": "cosine"}}, "did you mean 'schedule'"),
    ):
        with pytest.raises(ValueError, match=message):
            MultiTaskClassifier(**SMALL, options=wrong).fit(X, y)


def test_dtypes_of_numbers():
    """Nullable, Arrow's and sparse numbers are numbers, as NumPy's are."""
    random = np.random.default_rng(0)
    v = random.normal(size=600).round(3)
    y = np.stack([v > 0, v > 0.5], 1).astype(int)
    reference = MultiTaskClassifier(epochs=2, threads=1, random_state=1).fit(pd.DataFrame({"v": v}), y)
    for dtype in ("Float64", object, "double[pyarrow]", pd.SparseDtype(float), pd.ArrowDtype(pa.decimal128(9, 3))):
        values = pd.Series(v).map(lambda one: decimal.Decimal(f"{one:.3f}")) if "decimal" in str(dtype) else v
        frame = pd.DataFrame({"v": pd.Series(values).astype(dtype)})
        model = MultiTaskClassifier(epochs=2, threads=1, random_state=1).fit(frame, y)
        assert not any(model._is_category.values()), dtype
        assert np.allclose(model.predict_proba(frame)[0], reference.predict_proba(pd.DataFrame({"v": v}))[0]), dtype
    mixed = pd.DataFrame(
        {
            "i": pd.array(np.arange(600), "Int64"),
            "b": pd.array(v > 0, "boolean"),
            "f": pd.array(v, "float[pyarrow]"),
            "c": pd.Categorical(np.arange(600) % 3),
            "s": pd.array(["a", "b"] * 300, "string"),
            "o": pd.Series(np.arange(600), dtype=object),
            "m": pd.Series(["a", 1] * 300, dtype=object),
        }
    )
    model = MultiTaskClassifier(epochs=1, threads=1).fit(mixed, y)
    assert model._is_category == {"i": False, "b": False, "f": False, "c": True, "s": True, "o": False, "m": True}
    with pytest.raises(plexus.PlexusError, match="column 'i' appears twice"):
        MultiTaskClassifier().fit(mixed[["i", "i"]], y)


def targets_frame(n=200):
    random = np.random.default_rng(3)
    X = random.normal(size=(n, 3))
    return X, {"rating": np.clip(np.round(X[:, 0] * 2 + 3), 1, 5), "like": (X[:, 1] > 0).astype(float)}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_targets_keep_the_names_of_their_columns(library):
    frames = pytest.importorskip(library)
    X, y = targets_frame()
    ranker = MultiTaskRanker(task_types=("regression", "binary"), epochs=2).fit(X, frames.DataFrame(y))
    assert ranker.network_.task_names == ["rating", "like"] and "like_loss" in ranker.history_
    assert ranker.predict(X).shape == (200, 2)
    classes = {"rating": y["rating"].astype(int), "like": y["like"].astype(int)}
    assert MultiTaskClassifier(epochs=1).fit(X, frames.DataFrame(classes)).network_.task_names == ["rating", "like"]
    assert MultiTaskRegressor(epochs=1).fit(X, frames.DataFrame(y)).network_.task_names == ["rating", "like"]
    one = MultiTaskRegressor(epochs=1).fit(X, frames.DataFrame(y)["rating"])
    assert one.network_.task_names == ["rating"]
    assert MultiTaskRegressor(epochs=1).fit(X, np.stack(list(y.values()), 1)).network_.task_names == ["task0", "task1"]


def test_targets_with_a_columns_name():
    """A target named as a column of X is not read instead of the target; unusual names work."""
    pandas = pytest.importorskip("pandas")
    X, y = targets_frame()
    plain = MultiTaskRegressor(epochs=2, random_state=1).fit(X, np.stack(list(y.values()), 1))
    for names in (["x0", "x2"], ["a.b", "d é"], [1, 2], ["", "b"]):
        frame = pandas.DataFrame(np.stack(list(y.values()), 1), columns=names)
        fitted = MultiTaskRegressor(epochs=2, random_state=1).fit(X, frame)
        assert np.allclose(fitted.predict(X), plain.predict(X), atol=1e-4), names


@pytest.mark.parametrize(
    "types, message",
    [
        (
            ("binary", "binary"),
            r"target 'rating' holds \d, which is not a label of a binary task.*task_types=\['regression', 'binary'\]",
        ),
        (("regression",), r"y has 2 targets, task_types 1: give the type of each target"),
        (
            ("regression", "multiclass"),
            "task_types: 'multiclass' of target 'like' is unknown; there are binary and regression",
        ),
    ],
)
def test_a_ranker_asks_for_task_types(types, message):
    pandas = pytest.importorskip("pandas")
    X, y = targets_frame()
    with pytest.raises(ValueError, match=message):
        MultiTaskRanker(task_types=types, epochs=1).fit(X, pandas.DataFrame(y))
    y["rating"] = np.where(y["rating"] > 3, 1.0, np.nan)
    y["rating"][:5] = 0
    MultiTaskRanker(epochs=1).fit(X, pandas.DataFrame(y))


def test_parameters_are_those_of_the_networks():
    """Each is declared once: an estimator's reach the network's function by their names, and clone keeps them."""
    for estimator in (MultiTaskClassifier, MultiTaskRegressor, MultiTaskRanker):
        parameters = inspect.signature(estimator).parameters
        assert set(estimator().get_params()) == set(parameters) and parameters["model"].default == "mmoe"
        assert parameters["num_experts"].kind is inspect.Parameter.KEYWORD_ONLY
    assert list(inspect.signature(MultiTaskRanker).parameters)[:2] == ["task_types", "model"]
    random = np.random.default_rng(0)
    x, y = random.random((60, 3)), random.random((60, 2))
    for name, keys in (
        ("shared_bottom", {"bottom_dnn_units": (3,)}),
        ("mmoe", {"num_experts": 3, "expert_dnn_units": (5,), "gate_dnn_units": (7,)}),
        ("cgc", {"num_experts_specific": 1, "num_experts_shared": 3}),
        ("ple", {"num_levels": 1, "num_experts_specific": 1, "num_experts_shared": 3}),
    ):
        model = MultiTaskRegressor(name, epochs=1, dnn_dropout=0.25, **keys).fit(x, y).network_
        section = model._definition.config.source["model"]
        assert section["name"] == name and section["dnn_dropout"] == 0.25
        for key, value in keys.items():
            assert section[key] == (list(value) if isinstance(value, tuple) else value)

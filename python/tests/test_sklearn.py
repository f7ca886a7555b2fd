# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's own checks of estimators, and their use in its tools."""

import pickle

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from plexus.sklearn import MultiTaskClassifier, MultiTaskRanker, MultiTaskRegressor

SMALL = {"epochs": 30, "batch_size": 16, "expert_dnn_units": (16,), "tower_dnn_units": (16,), "learning_rate": 0.01}


def expected_failures(estimator):
    """Rows are shuffled into batches, so a row of weight 2 is not the same as that row twice, to the last digit."""
    return {
        "check_sample_weight_equivalence_on_dense_data": "batches differ when rows are repeated or left out",
        "check_sample_weight_equivalence_on_sparse_data": "batches differ when rows are repeated or left out",
    }


@parametrize_with_checks(
    [MultiTaskClassifier(**SMALL), MultiTaskRegressor(**SMALL)], expected_failed_checks=expected_failures
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


def test_wrong_use():
    X, y = make_classification(50, 6, random_state=0)
    with pytest.raises(ValueError, match="model 'mmo' is none of"):
        MultiTaskClassifier("mmo").fit(X, np.stack([y, y], axis=1))
    with pytest.raises(ValueError, match="y has 2 targets, task_types 3"):
        MultiTaskRanker(("binary",) * 3).fit(X, np.stack([y, y], axis=1))

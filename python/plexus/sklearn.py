# SPDX-License-Identifier: Apache-2.0
"""scikit-learn estimators over the library: several targets, one network.

X is an array of numbers, or a frame: numeric columns are read as numbers (standardised), all others, and those named in
`categorical_features`, as categories. One target is a vector, several are a matrix [rows, tasks]; if y is a frame, its
columns name the tasks. `options` has further keys of the configuration: `{"model": {"expert_dnn_activation": "gelu"},
"train": {"schedule": "cosine"}}`.
"""

from __future__ import annotations

import decimal
import inspect
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_array, check_is_fitted, validate_data

from . import optimizers
from ._library import ArgumentError
from ._types import Array, Floats, Floats64, Frame, KerasObject, Option
from ._values import is_missing
from .model import Model
from .models import NETWORKS

if TYPE_CHECKING:
    from typing_extensions import Self

# The networks of several tasks.
_MODELS = {name: make for name, make in NETWORKS.items() if name not in ("single_task", "esmm")}


# Parameters of estimators that the networks' functions have, too, but not as parts of the network.
_OF_ESTIMATORS = {"threads", "tower_dnn_units", "options"}


def _parameters_of(model: str) -> list[str]:
    """The parameters of the network that estimators have, too."""
    known = {field.name for field in fields(_MultiTaskEstimator)} - _OF_ESTIMATORS
    return [name for name in inspect.signature(NETWORKS[model]).parameters if name in known]


@dataclass(eq=False, repr=False, kw_only=True)
class _MultiTaskEstimator(BaseEstimator):
    """What all estimators are given; each adds its `model`."""

    num_experts: int = 4
    num_experts_specific: int = 2
    num_experts_shared: int = 2
    num_levels: int = 2
    bottom_dnn_units: Sequence[int] = (64,)
    expert_dnn_units: Sequence[int] = (64,)
    gate_dnn_units: Sequence[int] = ()
    tower_dnn_units: Sequence[int] = (32,)
    embedding_dim: int = 8
    l2_reg_embedding: float = 1e-5
    l2_reg_dnn: float = 0.0
    dnn_dropout: float = 0.0
    dnn_activation: str = "relu"
    dnn_use_bn: bool = False
    optimizer: str | optimizers.Optimizer | KerasObject = "adam"
    learning_rate: float = 0.005
    batch_size: int = 128
    epochs: int = 50
    validation_fraction: float = 0.0
    patience: int = 0
    categorical_features: Sequence[int | str] | None = None
    options: Mapping[str, Mapping[str, Option]] | None = None
    random_state: int | np.random.RandomState | None = None
    threads: int = 0
    verbose: int = 0

    # -- X -----------------------------------------------------------------------------------------------------------

    def _has_categories(self, X: Any) -> bool:
        names = list(getattr(X, "columns", ()))
        if len(set(names)) < len(names):
            twice = next(name for i, name in enumerate(names) if name in names[:i])
            raise ArgumentError(f"X: column '{twice}' appears twice; rename or drop one of them")
        if self.categorical_features is not None:
            return True
        # scikit-learn would convert a frame with sparse columns to a sparse matrix; here they are read one by one.
        return any(not _is_numeric(X[name]) or type(X[name].dtype).__name__ == "SparseDtype" for name in names)

    def _columns(self, X: Any, reset: bool) -> dict[str, Any]:
        """X as columns by name; with `reset`, remembers which of them are categories."""
        if self._has_categories(X) if reset else self._reads_categories:
            validate_data(self, X, reset=reset, skip_check_array=True)
            names = list(X.columns) if hasattr(X, "columns") else [f"x{i}" for i in range(np.shape(X)[1])]
            get = (lambda name: X[name]) if hasattr(X, "columns") else (lambda name: np.asarray(X)[:, int(name[1:])])
            columns = {str(name): get(name) for name in names}
            if reset:
                chosen = self._chosen(names)
                self._is_category = {
                    str(name): name in chosen if chosen is not None else not _is_numeric(X[name]) for name in names
                }
                self._reads_categories: bool = True
            return columns
        X = validate_data(self, X, reset=reset, dtype=np.float64)
        columns = {f"x{i}": X[:, i] for i in range(X.shape[1])}
        if reset:
            self._is_category = dict.fromkeys(columns, False)
            self._reads_categories = False
        return columns

    def _chosen(self, names: list[Any]) -> set[Any] | None:
        if self.categorical_features is None:
            return None
        return {names[one] if isinstance(one, numbers.Integral) else one for one in self.categorical_features}

    def _feature(self, name: str) -> dict[str, Any]:
        if self._is_category[name]:
            return {"name": name, "kind": "sparse", "embedding_dim": self.embedding_dim}
        return {"name": name, "kind": "dense", "scaling": "standard"}

    # -- Training ----------------------------------------------------------------------------------------------------

    def _fit(
        self,
        model: str,
        columns: dict[str, Any],
        targets: list[Array],
        tasks: list[dict[str, Any]],
        sample_weight: Array | None,
    ) -> None:
        # A target may have the name of a column of X.
        tasks = [{**task, "column": f"y:{task['name']}"} if task["name"] in columns else task for task in tasks]
        network = Model._of_columns(self._sections(model, list(columns), tasks), None, self.threads)
        optimizer = optimizers.get(self.optimizer)
        optimizer.learning_rate = self.learning_rate
        network.compile(optimizer)
        labels = {task["name"]: target for task, target in zip(tasks, targets)}
        history = network.fit(
            columns,
            labels,
            batch_size=self.batch_size,
            epochs=self.epochs,
            verbose=self.verbose,
            validation_split=self.validation_fraction,
            sample_weight=sample_weight,
        )
        self.network_ = network
        self.n_iter_ = len(history.epoch)
        self.history_ = history.history

    def _sections(self, model: str, columns: list[str], tasks: list[dict[str, Any]]) -> dict[str, Any]:
        """The configuration, without rows."""
        name = model if len(tasks) > 1 else "single_task"
        if len(tasks) > 1 and name not in _MODELS:
            raise ValueError(f"model '{name}' is unknown; there are {', '.join(_MODELS)}")
        options = {"model": {}, "train": {}, **(self.options or {})}
        if unknown := set(options) - {"model", "train"}:
            raise ValueError(f"options: there is no section '{sorted(unknown)[0]}'; there are model and train")
        given = {key: _plain(getattr(self, key)) for key in _parameters_of(name)}
        given["tower_dnn_units_lists"] = [list(self.tower_dnn_units)] * len(tasks)
        return {
            "data": {},
            "features": sorted((self._feature(one) for one in columns), key=lambda one: one["kind"] == "dense"),
            "tasks": tasks,
            "model": {"name": name, **given, **options["model"]},
            "train": {"patience": self.patience, "seed": self._seed(), **options["train"]},
        }

    def _seed(self) -> int:
        if self.random_state is None:
            return 1
        if isinstance(self.random_state, np.random.RandomState):
            return int(self.random_state.randint(2**31 - 1))
        return int(self.random_state)

    def _scores(self, X: Frame | ArrayLike) -> list[Floats]:
        check_is_fitted(self, "network_")
        scores = self.network_.predict(self._columns(X, reset=False))
        return scores if isinstance(scores, list) else [scores]

    def _weights(self, sample_weight: ArrayLike | None, columns: dict[str, Any]) -> Array | None:
        if sample_weight is None:
            return None
        weights: Array = _check_sample_weight(sample_weight, next(iter(columns.values())), ensure_non_negative=True)
        return weights

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.non_deterministic = False
        return tags


def _is_numeric(column: Any) -> bool:
    dtype = column.dtype
    if hasattr(dtype, "is_numeric"):  # polars
        return bool(dtype.is_numeric()) or str(dtype) == "Boolean"
    # pandas' nullable, Arrow and sparse dtypes have the kind of their numbers; Arrow's decimals have _is_numeric.
    if getattr(dtype, "kind", "O") in "fiub" or bool(getattr(dtype, "_is_numeric", False)):
        return True
    return str(dtype) == "object" and _holds_numbers(column)


def _holds_numbers(column: Any) -> bool:
    """Whether the values of an object column are numbers, as in arrays with mixed types or missing values."""
    known = [value for value in column if not is_missing(value)]
    return bool(known) and all(isinstance(value, (numbers.Real, np.bool_, decimal.Decimal)) for value in known)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, (tuple, np.ndarray)) else value


def _matrix(y: ArrayLike, estimator: object, **checks: Any) -> tuple[Array, bool]:
    """Targets [rows, tasks], and whether they were a vector; checks: arguments of check_array."""
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y is None."
        )
    targets: Array = check_array(y, ensure_2d=False, allow_nd=False, input_name="y", **{"dtype": None, **checks})
    if targets.ndim == 2 and targets.shape[1] == 1:
        import warnings

        from sklearn.exceptions import DataConversionWarning

        warnings.warn(
            "A column-vector y was passed when a 1d array was expected. Please change the shape of y to (n_samples,), "
            "for example using ravel().",
            DataConversionWarning,
            stacklevel=3,
        )
        return targets, True
    return (targets.reshape(-1, 1), True) if targets.ndim == 1 else (targets, False)


def _task_names(y: Any, n: int) -> list[str]:
    """The names of y's columns, if they are distinct texts; else task0, task1 and so on."""
    given = y.columns if hasattr(y, "columns") else [y.name] if hasattr(y, "name") else []
    names = [one for one in given if isinstance(one, str) and one]
    return names if len(names) == n == len(set(names)) else [f"task{task}" for task in range(n)]


def _check_binary(targets: Array, names: list[str], types: Sequence[str]) -> None:
    """Raise ValueError if the values of a target cannot be labels of its type."""
    for name, kind, values in zip(names, types, targets.T):
        if kind not in ("binary", "regression"):
            raise ValueError(f"task_types: '{kind}' of target '{name}' is unknown; there are binary and regression")
        odd = values[~np.isnan(values) & (values != 0) & (values != 1)]
        if kind == "binary" and len(odd):
            fitting = ["regression" if one == name else known for one, known in zip(names, types)]
            raise ValueError(
                f"y: target '{name}' holds {odd[0]:g}, which is not a label of a binary task (0 and 1 are). Name the "
                f"type of each target, task_types={fitting}"
            )


def _check_length(columns: dict[str, Any], y: Array) -> None:
    rows = len(next(iter(columns.values())))
    if rows != len(y):
        raise ValueError(f"Found input variables with inconsistent numbers of samples: [{rows}, {len(y)}]")


@dataclass(eq=False, repr=False)
class MultiTaskClassifier(ClassifierMixin, _MultiTaskEstimator):
    """Classes of one target, or of several at once by one multi-task network.

    Attributes
    ----------
    classes_ : array, or list of arrays
        The classes, or those of each target.
    network_ : Model
        The fitted model.
    history_ : dict
        Losses of each epoch.
    n_iter_ : int
        The number of epochs.

    Examples
    --------
    >>> from plexus.sklearn import MultiTaskClassifier
    >>> X, y = np.random.default_rng(0).random((100, 3)), np.arange(100) % 3
    >>> MultiTaskClassifier(epochs=2).fit(X, y).predict_proba(X).shape
    (100, 3)
    """

    model: str = "mmoe"

    def fit(self, X: Frame | ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to X [rows, columns] and labels of any type, y [rows] or [rows, targets]."""
        columns = self._columns(X, reset=True)
        targets, self._is_vector = _matrix(y, self)
        _check_length(columns, targets)
        self._classes: list[Array] = []
        encoded: list[Array] = []
        tasks: list[dict[str, Any]] = []
        for name, labels in zip(_task_names(y, targets.shape[1]), targets.T):
            check_classification_targets(labels)
            classes, codes = np.unique(labels, return_inverse=True)
            if len(classes) < 2:
                raise ValueError(
                    f"target '{name}' has one class, {classes[0]!r}; a classifier needs at least 2 classes"
                )
            kind: dict[str, Any] = {"kind": "binary"} if len(classes) == 2 else {"kind": "multiclass"}
            if len(classes) > 2:
                kind["classes"] = [str(code) for code in range(len(classes))]
            self._classes.append(classes)
            encoded.append(codes.reshape(-1))
            tasks.append({"name": name, **kind})
        self.classes_ = self._classes[0] if self._is_vector else self._classes
        self._fit(self.model, columns, encoded, tasks, self._weights(sample_weight, columns))
        return self

    def predict_proba(self, X: Frame | ArrayLike) -> Floats64 | list[Floats64]:
        """Return probabilities [rows, classes], or a list with one such array per target."""
        probabilities = [
            np.hstack([1 - scores, scores]) if scores.shape[1] == 1 else scores
            for scores in (one.astype(np.float64) for one in self._scores(X))
        ]
        probabilities = [one / one.sum(axis=1, keepdims=True) for one in probabilities]
        return probabilities[0] if self._is_vector else probabilities

    def predict(self, X: Frame | ArrayLike) -> Array:
        """Return the most probable class: [rows], or [rows, targets]."""
        probabilities = self.predict_proba(X)
        each = probabilities if isinstance(probabilities, list) else [probabilities]
        found: list[Array] = [classes[np.argmax(one, axis=1)] for classes, one in zip(self._classes, each)]
        return found[0] if self._is_vector else np.stack(found, axis=1)

    def score(self, X: Frame | ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the mean accuracy; for several targets, the mean over the targets."""
        from sklearn.metrics import accuracy_score

        predicted, known = self.predict(X), np.asarray(y)
        if self._is_vector:
            return float(accuracy_score(known, predicted, sample_weight=sample_weight))
        return float(np.mean([accuracy_score(*one, sample_weight=sample_weight) for one in zip(known.T, predicted.T)]))


# scikit-learn's names of losses, and the configuration's.
_REGRESSIONS = {
    "squared_error": "squared",
    "absolute_error": "absolute",
    "huber": "huber",
    "quantile": "quantile",
}


@dataclass(eq=False, repr=False)
class MultiTaskRegressor(RegressorMixin, _MultiTaskEstimator):
    """One number, or several at once by one multi-task network. Targets are standardised for training.

    Parameters
    ----------
    loss : str
        `squared_error`, `absolute_error`, `huber` (linear from one standard deviation on) or `quantile`.
    quantile : float
        The quantile that `loss="quantile"` learns, above 0 and below 1.

    Examples
    --------
    >>> from plexus.sklearn import MultiTaskRegressor
    >>> X, y = np.random.default_rng(0).random((100, 3)), np.random.default_rng(1).random((100, 2))
    >>> MultiTaskRegressor("ple", num_levels=1, epochs=2).fit(X, y).predict(X).shape
    (100, 2)
    """

    model: str = "mmoe"
    loss: str = "squared_error"
    quantile: float = 0.5

    def fit(self, X: Frame | ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to X [rows, columns] and numbers, y [rows] or [rows, targets]."""
        columns = self._columns(X, reset=True)
        targets, self._is_vector = _matrix(y, self)
        known: Floats64 = check_array(targets, dtype=np.float64, input_name="y")
        _check_length(columns, known)
        self._mean, deviation = known.mean(axis=0), known.std(axis=0)
        self._deviation = np.where(deviation > 0, deviation, 1.0)
        scaled = (known - self._mean) / self._deviation
        task = {"kind": "regression", **self._loss()}
        tasks = [{"name": name, **task} for name in _task_names(y, scaled.shape[1])]
        self._fit(self.model, columns, list(scaled.T), tasks, self._weights(sample_weight, columns))
        return self

    def _loss(self) -> dict[str, Any]:
        if self.loss not in _REGRESSIONS:
            raise ValueError(f"loss '{self.loss}' is none of {', '.join(_REGRESSIONS)}")
        quantile = {"quantile": float(self.quantile)} if self.loss == "quantile" else {}
        return {"loss": _REGRESSIONS[self.loss], **quantile}

    def predict(self, X: Frame | ArrayLike) -> Array:
        """Return numbers [rows], or [rows, targets]."""
        values: Array = np.hstack(self._scores(X)).astype(np.float64) * self._deviation + self._mean
        return values[:, 0] if self._is_vector else values


@dataclass(eq=False, repr=False)
class MultiTaskRanker(_MultiTaskEstimator):
    """Targets of different types: probabilities and numbers in one array. NaN in y: no label.

    Parameters
    ----------
    task_types : sequence of str
        "binary" or "regression" for each target.

    Examples
    --------
    >>> from plexus.sklearn import MultiTaskRanker
    >>> X = np.random.default_rng(0).random((100, 3))
    >>> y = np.stack([X[:, 0] > 0.5, X[:, 1]], axis=1)
    >>> MultiTaskRanker(["binary", "regression"], epochs=2).fit(X, y).predict(X).shape
    (100, 2)
    """

    task_types: Sequence[str] = ("binary", "binary")
    model: str = "mmoe"

    def fit(self, X: Frame | ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to X [rows, columns] and y [rows, targets]; for one target, [rows]."""
        columns = self._columns(X, reset=True)
        targets, self._is_vector = _matrix(y, self, dtype=np.float64, ensure_all_finite="allow-nan")
        _check_length(columns, targets)
        if targets.shape[1] != len(self.task_types):
            raise ValueError(
                f"y has {targets.shape[1]} targets, task_types {len(self.task_types)}: give the type of each target, "
                f"such as task_types={['binary'] * targets.shape[1]}"
            )
        names = _task_names(y, targets.shape[1])
        _check_binary(targets, names, self.task_types)
        tasks = [{"name": name, "kind": kind} for name, kind in zip(names, self.task_types)]
        self._fit(self.model, columns, list(targets.T), tasks, self._weights(sample_weight, columns))
        return self

    def predict(self, X: Frame | ArrayLike) -> Array:
        """Return probabilities of binary targets and values of regressions: [rows, targets], or [rows]."""
        values = np.hstack(self._scores(X)).astype(np.float64)
        return values[:, 0] if self._is_vector else values

    def score(self, X: Frame | ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the mean over the targets of AUC or R2."""
        from sklearn.metrics import r2_score, roc_auc_score

        predicted = np.hstack(self._scores(X)).astype(np.float64)
        targets = np.asarray(y, np.float64).reshape(predicted.shape)
        scores = []
        for task, kind in enumerate(self.task_types):
            known = ~np.isnan(targets[:, task])
            weights = None if sample_weight is None else np.asarray(sample_weight)[known]
            measure = roc_auc_score if kind == "binary" else r2_score
            scores.append(measure(targets[known, task], predicted[known, task], sample_weight=weights))
        return float(np.mean(scores))

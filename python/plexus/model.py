# SPDX-License-Identifier: Apache-2.0
"""A model as Keras users know it: compile, fit, evaluate, predict, save. All mathematics is the library's."""

from __future__ import annotations

import json
import os
import threading
from typing import Any

import numpy as np

from . import optimizers
from ._library import call, context, create, path_bytes, taken_text, text
from ._native import ffi, lib
from ._progress import Display
from ._tables import Column, Stream, column_of, columns_of, from_padded, from_ragged
from .callbacks import Callback, History, TensorBoard
from .features import VarLenSparseFeat, get_feature_names

# Keras' losses: the task's kind, and the configuration's `loss` where the kind has several.
_LOSSES = {
    "binary_crossentropy": ("binary", None),
    "mean_squared_error": ("regression", "squared"),
    "mse": ("regression", "squared"),
    "mean_absolute_error": ("regression", "absolute"),
    "mae": ("regression", "absolute"),
    "huber": ("regression", "huber"),
    "huber_loss": ("regression", "huber"),
    "poisson": ("regression", "poisson"),
    "categorical_crossentropy": ("multiclass", None),
    "sparse_categorical_crossentropy": ("multiclass", None),
}

# Keras' metrics, by the names of plx_metrics.
_METRICS = {
    "auc": "auc",
    "acc": "accuracy",
    "accuracy": "accuracy",
    "binary_accuracy": "accuracy",
    "categorical_accuracy": "accuracy",
    "binary_crossentropy": "logloss",
    "logloss": "logloss",
    "mse": "mse",
    "mean_squared_error": "mse",
    "mae": "mae",
    "mean_absolute_error": "mae",
    "rmse": "rmse",
    "root_mean_squared_error": "rmse",
    "r2": "r2",
    "pr_auc": "pr_auc",
    "group_auc": "group_auc",
    "ece": "ece",
    "normalized_entropy": "normalized_entropy",
    "calibration": "calibration",
}


def _metric_name(metric) -> str:
    name = metric if isinstance(metric, str) else getattr(metric, "name", type(metric).__name__)
    if name.lower() not in _METRICS:
        raise ValueError(f"metric '{name}' is unknown; there are {', '.join(sorted(_METRICS))}")
    return _METRICS[name.lower()]


def _has_kind(figure: str, kind: int) -> bool:
    """Whether tasks of that kind have the figure."""
    return bool(lib.plx_metric_at(lib.plx_metric_find(figure.encode())).kinds >> kind & 1)


def _per_task(value, names: list[str], what: str) -> list:
    """One value for all tasks, a list, or a dict by the tasks' names."""
    if isinstance(value, dict):
        unknown = set(value) - set(names)
        if unknown:
            raise ValueError(f"{what}: there is no task '{sorted(unknown)[0]}'; there are {', '.join(names)}")
        return [value.get(name) for name in names]
    if isinstance(value, (list, tuple)):
        if len(value) != len(names):
            raise ValueError(f"{what}: {len(value)} are given for {len(names)} tasks")
        return list(value)
    return [value] * len(names)


class _Listener:
    """What training calls: callbacks at each epoch's end, the display in between."""

    def __init__(self, model: "Model", data, callbacks: list[Callback], display: Display, first_epoch: int):
        self.model, self.data, self.callbacks = model, data, callbacks
        self.display, self.first_epoch = display, first_epoch
        self.failure: BaseException | None = None
        self.logs: dict[str, float] = {}

    def hear(self, progress) -> bool:
        try:
            if progress.step < progress.steps:
                self.display.step(progress, self.first_epoch)
                return True
            return self.end_epoch(progress)
        except BaseException as failure:  # KeyboardInterrupt, too: told when training has ended cleanly
            self.failure = failure
            return False

    def end_epoch(self, progress) -> bool:
        epoch = self.first_epoch + progress.epoch - 1
        self.logs = self.model._logs(progress, self.data)
        self.display.epoch(progress, self.first_epoch, self.logs)
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, self.logs)
        if self.model.stop_training:
            return False
        if progress.epoch < progress.epochs:
            for callback in self.callbacks:
                callback.on_epoch_begin(epoch + 1)
        return True


@ffi.def_extern()
def plexus_progress(user, progress):
    return ffi.from_handle(user).hear(progress)


@ffi.def_extern()
def plexus_rate(user, epoch, rate):
    model = ffi.from_handle(user).model
    model._rate = rate if model._wanted_rate is None else model._wanted_rate
    return model._rate


class Model:
    """A multi-task network over feature columns; made by PLE(...), MMOE(...) and the others, or by load_model.

    The network is built at the first `fit`, when the vocabularies of its features are known. One thread a model at a
    time trains; predictions of one model from several threads wait for each other.
    """

    def __init__(self, config: dict | None = None, handle=None, threads: int = 0):
        self._context = context(threads)
        self._threads = threads
        self._lock = threading.RLock()
        self._config = config
        self._handle = handle
        self._optimizer = optimizers.Optimizer("adam", learning_rate=0.001)
        self._metrics: list[list[str]] = []
        self._compiled = handle is not None
        self._predictor = None
        self.stop_training = False
        self._rate: float | None = None  # of the epoch under way
        self._wanted_rate: float | None = None  # that a callback asked for
        self.history: History | None = None
        if handle is not None:
            configuration = lib.plx_model_config(handle)
            self.task_names = [
                text(lib.plx_model_task_name(handle, task)) for task in range(lib.plx_model_n_tasks(handle))
            ]
            self.name = text(lib.plx_config_model_name(configuration))
            self.feature_columns: list | None = None
        else:
            assert config is not None
            self.task_names = [task["name"] for task in config["tasks"]]
            self.name = config["model"]["name"]
            self.feature_columns = config.pop("feature_columns")
        self._metrics = [[] for _ in self.task_names]

    # -- Configuration ---------------------------------------------------------------------------------------------

    def compile(self, optimizer="adam", loss=None, metrics=None, loss_weights=None, **ignored) -> None:
        """Sets optimizer, losses, metrics and the tasks' weights, each one for all tasks, a list, or a dict by name.

        A loss must fit its task's type: binary_crossentropy; mean_squared_error, mean_absolute_error, huber, poisson;
        categorical_crossentropy. Without one it is the type's usual.
        """
        self._optimizer = optimizers.get(optimizer)
        self._metrics = self._metrics_a_task(metrics)
        losses = _per_task(loss, self.task_names, "loss")
        weights = _per_task(loss_weights, self.task_names, "loss_weights")
        if self._config is not None:
            for task, loss_name, weight in zip(self._config["tasks"], losses, weights):
                self._set_loss(task, loss_name)
                if weight is not None:
                    task["weight"] = float(weight)
        self._compiled = True

    def _metrics_a_task(self, metrics) -> list[list[str]]:
        if isinstance(metrics, dict):
            found = [metrics.get(name) or [] for name in self.task_names]
            return [[_metric_name(m) for m in (one if isinstance(one, (list, tuple)) else [one])] for one in found]
        metrics = [] if metrics is None else metrics if isinstance(metrics, (list, tuple)) else [metrics]
        if metrics and all(isinstance(one, (list, tuple)) for one in metrics):
            lists = _per_task(list(metrics), self.task_names, "metrics")
            return [[_metric_name(m) for m in one] for one in lists]
        return [[_metric_name(m) for m in metrics] for _ in self.task_names]

    def _set_loss(self, task: dict, loss) -> None:
        if loss is None:
            return
        name = loss if isinstance(loss, str) else getattr(loss, "name", type(loss).__name__)
        if name not in _LOSSES:
            raise ValueError(f"loss '{name}' is unknown; there are {', '.join(sorted(_LOSSES))}")
        kind, form = _LOSSES[name]
        if kind != task["kind"]:
            raise ValueError(f"loss '{name}' is for {kind} tasks; task '{task['name']}' is {task['kind']}")
        if form not in (None, "squared"):
            task["loss"] = form

    @property
    def learning_rate(self) -> float:
        """Of the optimizer; set in a callback, it holds from the next epoch on."""
        if self._rate is not None:
            return self._rate if self._wanted_rate is None else self._wanted_rate
        return self._optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if self._rate is not None:
            self._wanted_rate = float(value)
        else:
            self._optimizer.learning_rate = value

    def _set(self, key: str, value) -> None:
        call(lib.plx_model_set, self._handle, f"train.{key}={json.dumps(value)}".encode())

    @property
    def config(self) -> str:
        """The resolved configuration as YAML: what `plexus fit` would train the same model by."""
        if self._handle is not None:
            return text(lib.plx_config_text(lib.plx_model_config(self._handle)))
        return text(lib.plx_config_text(self._parse(self._config)))

    def _parse(self, config: dict):
        source = json.dumps(config).encode()
        return create(
            "plx_config", lib.plx_config_free, lib.plx_config_parse, self._context, source, len(source), b"the model"
        )

    # -- Data ------------------------------------------------------------------------------------------------------

    def _features(self, x) -> dict[str, Column]:
        if self.feature_columns is not None and not isinstance(x, dict):
            names = get_feature_names(self.feature_columns)
            if isinstance(x, (list, tuple)):
                if len(x) != len(names):
                    raise ValueError(f"x has {len(x)} arrays for {len(names)} features: {', '.join(names)}")
                x = dict(zip(names, x))
            elif isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype.names is None:
                if x.shape[1] != len(names):
                    raise ValueError(f"x has {x.shape[1]} columns for {len(names)} features: {', '.join(names)}")
                x = {name: x[:, index] for index, name in enumerate(names)}
        return columns_of(self._unpadded(x) if isinstance(x, dict) else x)

    def _unpadded(self, x: dict) -> dict:
        """DeepCTR's matrices of padded lists as lists: up to length_name, or the items that are not 0."""
        lists = [one for one in self.feature_columns or () if isinstance(one, VarLenSparseFeat)]
        given = {feature.name: x.get(feature.name) for feature in lists}
        if not any(isinstance(values, np.ndarray) and values.ndim == 2 for values in given.values()):
            return x
        x = dict(x)
        for feature in lists:
            values = given[feature.name]
            if not isinstance(values, np.ndarray) or values.ndim != 2:
                continue
            lengths = x.get(feature.length_name) if feature.length_name else None
            x[feature.name], taken = from_padded(values, lengths, feature.name)
            if feature.weight_name:
                weights = np.asarray(x[feature.weight_name]).reshape(values.shape)
                x[feature.weight_name] = from_ragged(weights[taken], taken.sum(axis=1), feature.weight_name)
        return x

    def _labels(self, y, columns: dict[str, Column], what: str) -> dict[str, Column]:
        """Label columns by the tasks' names."""
        if y is None:
            missing = [name for name in self.task_names if name not in columns]
            if missing:
                raise ValueError(f"{what}: y is not given, and x has no column '{missing[0]}' of that task")
            return {}
        if isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] == len(self.task_names):
            y = [y[:, task] for task in range(len(self.task_names))]
        if hasattr(y, "columns") and not isinstance(y, dict) or isinstance(y, dict):
            labels = columns_of(y)
            missing = [name for name in self.task_names if name not in labels]
            if missing:
                raise ValueError(f"{what}: y has no column '{missing[0]}' of that task; it has {', '.join(labels)}")
            return {name: labels[name] for name in self.task_names}
        if len(self.task_names) == 1 and not (isinstance(y, (list, tuple)) and len(y) == 1 and np.ndim(y[0]) > 0):
            y = [y]
        if not isinstance(y, (list, tuple)) or len(y) != len(self.task_names):
            raise ValueError(
                f"{what}: y must be a list of {len(self.task_names)} arrays, one a task ({', '.join(self.task_names)})"
            )
        return {name: column_of(values, name) for name, values in zip(self.task_names, y)}

    def _table(self, x, y, sample_weight=None, what: str = "x") -> tuple[Stream, dict[str, Column]]:
        columns = self._features(x)
        features = dict(columns)
        columns = {**columns, **self._labels(y, columns, what)}
        for name, weights in self._weights(sample_weight).items():
            columns[name] = weights
        return Stream(columns), features

    def _weights(self, sample_weight) -> dict[str, Column]:
        if sample_weight is None:
            return {}
        if isinstance(sample_weight, (list, tuple, dict)) and len(self.task_names) > 1:
            each = _per_task(sample_weight, self.task_names, "sample_weight")
            return {
                f"{name}:weight": column_of(np.asarray(weights, np.float64), f"{name}:weight")
                for name, weights in zip(self.task_names, each)
                if weights is not None
            }
        return {"row:weight": column_of(np.asarray(sample_weight, np.float64), "row:weight")}

    def _data(self, config, train: Stream, validation: Stream | None):
        return create(
            "plx_data", lib.plx_data_free, lib.plx_data_from_arrow, config,
            self._handle if self._handle is not None else ffi.NULL, train.pointer,
            validation.pointer if validation is not None else ffi.NULL, ffi.NULL,
        )  # fmt: skip

    # -- Training --------------------------------------------------------------------------------------------------

    def fit(
        self,
        x=None,
        y=None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: list[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data=None,
        shuffle: bool = True,
        class_weight=None,
        sample_weight=None,
        initial_epoch: int = 0,
        seed: int | None = None,
        **ignored,
    ) -> History:
        """Trains for `epochs` - `initial_epoch` epochs and returns the History.

        x: a dict of arrays [rows], a frame, a table, a list of arrays in the order of get_feature_names. y: a list of
        arrays, one a task, a [rows, tasks] array, a dict or frame by the tasks' names; None where x holds the columns.
        NaN or None in a label: that task has no label in that row. validation_split takes the last rows, before
        shuffling; validation_data is (x, y) or (x, y, sample_weight). batch_size None is 32.

        KeyboardInterrupt ends training and is raised again; the model keeps the best epoch so far. A second fit goes on
        from the weights, with a fresh optimizer.
        """
        if not self._compiled:
            raise RuntimeError("call compile before fit")
        if epochs <= initial_epoch:
            raise ValueError(f"epochs is {epochs} and initial_epoch {initial_epoch}: there is nothing to train")
        with self._lock:
            return self._fit(
                x, y, 32 if batch_size is None else batch_size, epochs - initial_epoch, verbose,
                list(callbacks or []), validation_split, validation_data, shuffle, class_weight, sample_weight,
                initial_epoch, seed,
            )  # fmt: skip

    def _fit(
        self, x, y, batch_size, epochs, verbose, callbacks, validation_split, validation_data, shuffle, class_weight,
        sample_weight, initial_epoch, seed,
    ) -> History:  # fmt: skip
        train, _ = self._table(x, y, sample_weight)
        validation = None
        if validation_data is not None:
            if not isinstance(validation_data, (list, tuple)) or len(validation_data) not in (2, 3):
                raise ValueError("validation_data must be (x, y) or (x, y, sample_weight)")
            weights = validation_data[2] if len(validation_data) == 3 else None
            if weights is None and sample_weight is not None:
                weights = np.ones(len(columns_first(validation_data[1])))
            validation, _ = self._table(validation_data[0], validation_data[1], weights, "validation_data")
            validation_split = 0.0
        settings = {
            "epochs": int(epochs),
            "batch_size": int(batch_size),
            "shuffle": bool(shuffle),
            "optimizer": self._optimizer.name,
            **self._optimizer.config,
        }
        if seed is not None:
            settings["seed"] = int(seed)
        for callback in callbacks:
            if isinstance(callback, TensorBoard):
                settings["tensorboard"] = callback.log_dir
        data = self._build(settings, train, validation, validation_split, class_weight, sample_weight)
        display = Display(verbose, epochs + initial_epoch, self.task_names)
        self.history = History()
        return self._train(data, [*callbacks, self.history], display, initial_epoch, epochs)

    def _build(self, settings, train, validation, validation_split, class_weight, sample_weight):
        """Data by the model's encoders; at the first fit, these and the network are made."""
        if self._handle is not None:
            for key, value in settings.items():
                self._set(key, value)
            config = self._for_data(self._share(validation_split, train))
            return self._data(config, train, validation)
        assert self._config is not None
        full = {**self._config, "train": {**self._config.get("train", {}), **settings}}
        full["data"] = {**full.get("data", {}), "train": [], "validation_part": self._share(validation_split, train)}
        self._weigh(full, class_weight, sample_weight)
        self._config = full
        config = self._parse(full)
        data = self._data(config, train, validation)
        self._handle = create("plx_model", lib.plx_model_free, lib.plx_model_create, config, data)
        return data

    @staticmethod
    def _share(validation_split: float, train: Stream) -> int:
        """As many rows as Keras takes: it keeps floor(rows * (1 - split))."""
        if not 0 <= validation_split < 1:
            raise ValueError(f"validation_split is {validation_split}; take 0 to below 1")
        return train.rows - int(train.rows * (1 - validation_split)) if validation_split else 0

    def _for_data(self, validation_part: int):
        """The model's configuration, over rows in memory that are cut so."""
        source = self.config.encode()
        config = create(
            "plx_config", lib.plx_config_free, lib.plx_config_parse, self._context, source, len(source), b"the model"
        )
        for assignment in ("train=[]", "validation=[]", "test=[]", "test_part=0", f"validation_part={validation_part}"):
            call(lib.plx_config_set, config, b"data." + assignment.encode())
        return config

    def _weigh(self, config: dict, class_weight, sample_weight) -> None:
        names = self.task_names
        for name in self._weights(sample_weight):
            if name == "row:weight":
                config["data"]["row_weight"] = name
            else:
                config["tasks"][names.index(name[: -len(":weight")])]["weight_column"] = name
        if class_weight is None:
            return
        each = class_weight if set(class_weight) & set(names) else {name: class_weight for name in names}
        for task in config["tasks"]:
            weights = each.get(task["name"])
            if weights is not None:
                task["class_weights"] = [float(weights[key]) for key in sorted(weights)]

    def _train(self, data, callbacks, display: Display, initial_epoch: int, epochs: int) -> History:
        self.stop_training = False
        self._predictor = None
        listener = _Listener(self, data, callbacks, display, initial_epoch)
        handle = ffi.new_handle(listener)
        hooks, report = ffi.new("plx_train_hooks *"), ffi.new("plx_train_report *")
        hooks.progress, hooks.learning_rate, hooks.user = lib.plexus_progress, lib.plexus_rate, handle
        self._rate, self._wanted_rate = self._optimizer.learning_rate, None
        for callback in callbacks:
            callback.set_model(self)
            callback.set_params({"epochs": initial_epoch + epochs, "verbose": display.verbose})
            callback.on_train_begin()
        for callback in callbacks:
            callback.on_epoch_begin(initial_epoch)
        display.begin()
        try:
            call(lib.plx_model_train, self._handle, data, hooks, report)
        finally:
            display.end()
            for callback in callbacks:
                callback.on_train_end(listener.logs)
            if self._wanted_rate is not None:
                self._optimizer.learning_rate = self._wanted_rate
            self._rate = self._wanted_rate = None
        if listener.failure is not None:
            raise listener.failure
        assert self.history is not None
        return self.history

    def _logs(self, progress, data) -> dict[str, float]:
        """An epoch's figures by Keras' names: loss, TASK_loss, TASK_METRIC, and the same with val_."""
        logs = {"loss": progress.loss}
        for task, name in enumerate(self.task_names):
            logs[f"{name}_loss"] = progress.task_losses[task]
        if any(self._metrics):
            logs.update(self._figures(lib.plx_model_evaluate, self._handle, data, lib.PLX_PART_TRAIN))
        if progress.validation_loss == progress.validation_loss:
            logs["val_loss"] = progress.validation_loss
            for task, name in enumerate(self.task_names):
                logs[f"val_{name}_loss"] = progress.validation_task_losses[task]
            if any(self._metrics) and progress.validation_metrics != ffi.NULL:
                logs.update(self._named(progress.validation_metrics, "val_"))
        return logs

    def _figures(self, function, *arguments, prefix: str = "") -> dict[str, float]:
        metrics = ffi.new("plx_metrics[]", len(self.task_names))
        call(function, *arguments, metrics)
        return self._named(metrics, prefix)

    def _named(self, metrics, prefix: str) -> dict[str, float]:
        return {
            f"{prefix}{name}_{figure}": getattr(metrics[task], figure)
            for task, name in enumerate(self.task_names)
            for figure in self._metrics[task]
            if _has_kind(figure, metrics[task].kind)
        }

    # -- Use -------------------------------------------------------------------------------------------------------

    def _built(self):
        if self._handle is None:
            raise RuntimeError("the network is built by the first fit: call fit, or load a model")
        return self._handle

    def _dataset(self, columns: dict[str, Column], with_labels: bool):
        stream = Stream(columns)
        return create(
            "plx_dataset", lib.plx_dataset_free, lib.plx_dataset_from_arrow, self._built(), stream.pointer, with_labels
        )

    def predict(self, x, batch_size: int | None = None, verbose: int | str = "auto") -> list[np.ndarray]:
        """A list of arrays [rows, 1], one a task ([rows, classes] of a multiclass task): probabilities, or values of
        regressions. With one task the array alone. batch_size is taken for Keras' sake and changes nothing."""
        with self._lock:
            dataset = self._dataset(self._features(x), False)
            rows, outputs = lib.plx_dataset_rows(dataset), lib.plx_model_n_outputs(self._handle)
            scores = np.empty((rows, outputs), np.float32)
            call(lib.plx_model_predict, self._handle, dataset, ffi.cast("float *", ffi.from_buffer(scores)))
        first = ffi.new("int *")
        arrays = []
        for task in range(len(self.task_names)):
            n = lib.plx_model_task_outputs(self._handle, task, first)
            arrays.append(scores[:, first[0] : first[0] + n])
        return arrays if len(arrays) > 1 else arrays[0]

    def predictor(self, columns=None):
        """A frozen copy that scores one row a call in microseconds; `columns`: the names of a row's values in their
        order, by default those of the features."""
        from .predictor import Predictor

        if columns is None:
            if self.feature_columns is None:
                raise ValueError("give `columns`, the names of a row's values: the model was not made of feature columns")
            columns = get_feature_names(self.feature_columns)
        return Predictor(self, columns)

    def evaluate(
        self, x=None, y=None, batch_size: int | None = None, verbose: int | str = "auto", sample_weight=None,
        return_dict: bool = False,
    ):  # fmt: skip
        """The compiled metrics of each task; a list in the order of `metrics_names`, or a dict. Without compiled
        metrics, every figure that has a meaning (docs/metrics.md), as a dict."""
        with self._lock:
            columns = self._features(x)
            columns = {**columns, **self._labels(y, columns, "x")}
            dataset = self._dataset(columns, True)
            metrics = ffi.new("plx_metrics[]", len(self.task_names))
            call(lib.plx_model_evaluate_dataset, self._handle, dataset, metrics)
        if not any(self._metrics):
            return self._all_figures(metrics)
        named = self._named(metrics, "")
        return named if return_dict else list(named.values())

    def _all_figures(self, metrics) -> dict[str, float]:
        figures = {}
        for task, name in enumerate(self.task_names):
            for number in range(lib.plx_metric_count()):
                value = lib.plx_metrics_value(ffi.addressof(metrics, task), number)
                if value == value:
                    figures[f"{name}_{text(lib.plx_metric_at(number).name)}"] = value
        return figures

    @property
    def metrics_names(self) -> list[str]:
        return [
            f"{name}_{figure}"
            for task, name in enumerate(self.task_names)
            for figure in self._metrics[task]
            if _has_kind(figure, lib.plx_model_task_kind(self._built(), task))
        ]

    def describe(self, form: str = "layers") -> str:
        """The network as text: `layers` with shapes and parameters, `dot` for Graphviz, `plan` as it executes."""
        forms = {
            "layers": lib.PLX_DESCRIPTION_LAYERS,
            "dot": lib.PLX_DESCRIPTION_DOT,
            "plan": lib.PLX_DESCRIPTION_PLAN,
        }
        if form not in forms:
            raise ValueError(f"form '{form}' is none of {', '.join(forms)}")
        return taken_text(self._context, lib.plx_model_describe, self._built(), forms[form])

    def summary(self, print_fn=print) -> None:
        """Prints the layers; before the first fit, with the vocabulary sizes that the features declare."""
        model = self if self._handle is not None else self._declared()
        print_fn(model.describe())

    def _declared(self) -> "Model":
        """A twin over made-up rows that have as many categories as the features declare."""
        if self._config is None or self.feature_columns is None:
            raise RuntimeError("the network is built by the first fit: call fit, or load a model")
        sizes = [getattr(getattr(f, "sparsefeat", f), "vocabulary_size", None) or 1 for f in self.feature_columns]
        rows = max([2, *sizes])
        columns: dict[str, Any] = {}
        for feature, size in zip(self.feature_columns, sizes):
            width = getattr(feature, "dimension", 1)
            is_list = isinstance(feature, VarLenSparseFeat)
            ids = np.arange(rows) % size
            columns[feature.name] = ids.astype(str).astype(object) if is_list else ids
            if width > 1:
                columns[feature.name] = np.zeros((rows, width), np.float32)
            if is_list and feature.weight_name:
                columns[feature.weight_name] = np.ones(rows).astype(str).astype(object)
        for task in self.task_names:
            columns[task] = np.arange(rows) % 2
        twin = Model({**self._config, "feature_columns": self.feature_columns}, threads=self._threads)
        stream = Stream(columns_of(columns))
        config = twin._parse({**twin._config, "data": {**twin._config.get("data", {}), "train": []}})
        data = twin._data(config, stream, None)
        twin._handle = create("plx_model", lib.plx_model_free, lib.plx_model_create, config, data)
        return twin

    def count_params(self) -> int:
        """Numbers that training moves."""
        return lib.plx_model_n_parameters(self._built())

    # -- Looking inside --------------------------------------------------------------------------------------------

    def layers(self) -> dict[str, tuple[int, int]]:
        """The layers by name, in the order of `describe`, with what each makes of a row: (groups, width)."""
        found: dict[str, tuple[int, int]] = {}
        name, groups, width = ffi.new("const char **"), ffi.new("int *"), ffi.new("int *")
        while lib.plx_model_layer(self._built(), len(found), name, groups, width, ffi.NULL) == lib.PLX_OK:
            found[text(name[0])] = (groups[0], width[0])
        return found

    def layer_output(self, x, name: str) -> np.ndarray:
        """What the layer makes of each row: [rows, groups, width]."""
        with self._lock:
            return self._outputs(self._dataset(self._features(x), False), [name])[name]

    def _outputs(self, dataset, names) -> dict[str, np.ndarray]:
        shapes = self.layers()
        places = list(shapes)
        found = {}
        for name in names:
            if name not in shapes:
                raise ValueError(f"there is no layer '{name}'; there are {', '.join(places)}")
            out = np.empty((lib.plx_dataset_rows(dataset), *shapes[name]), np.float32)
            pointer = ffi.cast("float *", ffi.from_buffer(out))
            call(lib.plx_model_layer_output, self._handle, dataset, places.index(name), pointer)
            found[name] = out
        return found

    def gates(self, x) -> dict[str, dict[str, Any]]:
        """How the gates mix the experts over the rows of x, by the gate's name (figure 8 of the PLE paper, Tang et al.
        2020): `mean` and `deviation` of each expert's weight [experts], `entropy`, the mean of -sum w log w over the
        rows, in nats, and `experts`, their names."""
        names = [name for name in self.layers() if name.endswith("gate/softmax")]
        with self._lock:
            outputs = self._outputs(self._dataset(self._features(x), False), names)
        return {name[: -len("/softmax")]: self._gate(name, weights[:, 0, :]) for name, weights in outputs.items()}

    def _gate(self, name: str, weights: np.ndarray) -> dict[str, Any]:
        weights = weights.astype(np.float64)
        logs = np.log(np.maximum(weights, 1e-300))
        return {
            "mean": weights.mean(axis=0),
            "deviation": weights.std(axis=0),
            "entropy": float(-(weights * logs).sum(axis=1).mean()),
            "experts": self._experts(name, weights.shape[1]),
        }

    def _experts(self, gate: str, n: int) -> list[str]:
        """The experts that a gate sees, in its order: the task's own, then the shared ones; the shared gate sees all."""
        scope = gate.split("/")[:-2]
        level, owner = "/".join(scope[:-1]), scope[-1] if scope else ""
        banks = {}
        for layer, (groups, _) in self.layers().items():
            parts = layer.split("/")
            if "experts" in parts and parts[-1] == "linear":
                where = parts[: parts.index("experts")]
                banks.setdefault("/".join(where), groups)
        seen = [
            (bank, groups)
            for bank, groups in banks.items()
            if not bank or bank.rsplit("/", 1)[0] == level and (owner == "shared" or bank.split("/")[-1] in (owner, "shared"))
        ]
        names = [f"{bank.split('/')[-1] or 'expert'} {i}" for bank, groups in seen for i in range(groups)]
        return names if len(names) == n else [f"expert {i}" for i in range(n)]

    def embeddings(self) -> dict[str, np.ndarray]:
        """Embedding tables by name, [rows, dim]; row 0 is that of unknown categories."""
        return {
            name[len("embedding/") : -len("/table")]: values[0]
            for name, values in self.parameters().items()
            if name.startswith("embedding/") and name.endswith("/table")
        }

    # -- Weights and files -----------------------------------------------------------------------------------------

    def parameters(self) -> dict[str, np.ndarray]:
        """Every parameter by its stable name, [groups, rows, columns]; copies."""
        found = {}
        index, name, shape = 0, ffi.new("const char **"), ffi.new("int64_t[3]")
        while lib.plx_model_parameter(self._built(), index, name, shape, ffi.NULL, ffi.NULL) == lib.PLX_OK:
            values = np.empty(tuple(shape), np.float32)
            pointer = ffi.cast("float *", ffi.from_buffer(values))
            call(lib.plx_model_parameter, self._handle, index, name, shape, pointer)
            found[text(name[0])] = values
            index += 1
        return found

    def get_weights(self) -> list[np.ndarray]:
        return list(self.parameters().values())

    def set_weights(self, weights) -> None:
        """Takes what get_weights gave."""
        for index, values in enumerate(weights):
            values = np.ascontiguousarray(values, np.float32)
            pointer = ffi.cast("const float *", ffi.from_buffer(values))
            call(lib.plx_model_set_parameter, self._built(), index, pointer, values.size)
        self._predictor = None

    def save(self, filepath) -> None:
        """Writes the model file, atomically: weights, vocabularies, configuration; `plexus predict` reads it, too."""
        call(lib.plx_model_save, self._built(), path_bytes(filepath))

    def __getstate__(self):
        state = {key: value for key, value in self.__dict__.items() if key not in ("_context", "_lock", "_handle", "_predictor", "history")}
        state["_file"] = self._bytes() if self._handle is not None else None
        return state

    def __setstate__(self, state):
        file = state.pop("_file")
        self.__dict__.update(state)
        self._context, self._lock, self._predictor = context(self._threads), threading.RLock(), None
        self._handle = None if file is None else _handle_of_bytes(self._context, file)

    def _bytes(self) -> bytes:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.plexus")
            self.save(path)
            with open(path, "rb") as file:
                return file.read()


def columns_first(y):
    """Any one label column, for its length."""
    if isinstance(y, dict):
        return next(iter(y.values()))
    return y[0] if isinstance(y, (list, tuple)) else y


def _handle_of_bytes(context_handle, file: bytes):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.plexus")
        with open(path, "wb") as out:
            out.write(file)
        return create("plx_model", lib.plx_model_free, lib.plx_model_load, context_handle, path_bytes(path))


def load_model(filepath, threads: int = 0) -> Model:
    """A model that this package or `plexus fit` has saved."""
    handle = create("plx_model", lib.plx_model_free, lib.plx_model_load, context(threads), path_bytes(filepath))
    return Model(handle=handle, threads=threads)

# SPDX-License-Identifier: Apache-2.0
"""A model as Keras users know it: compile, fit, evaluate, predict, save. All mathematics is the library's."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from . import optimizers
from ._compile import has_kind, metrics_a_task, per_task, set_loss
from ._inside import Inside
from ._library import call, context, create, path_bytes, text
from ._listener import Listener
from ._native import ffi, lib
from ._progress import Display
from ._tables import Stream, columns_of
from .callbacks import Callback, History, TensorBoard
from .features import VarLenSparseFeat, get_feature_names


class Model(Inside):
    """A multi-task network over feature columns; made by PLE(...), MMOE(...) and the others, or by load_model.

    The network is built at the first `fit`, when the vocabularies of its features are known. One thread a model at a
    time trains; predictions of one model from several threads wait for each other.
    """

    def __init__(self, config: dict | None = None, handle=None, threads: int = 0):
        if handle is not None:
            names = [text(lib.plx_model_task_name(handle, task)) for task in range(lib.plx_model_n_tasks(handle))]
            self.name = text(lib.plx_config_model_name(lib.plx_model_config(handle)))
            columns = None
        else:
            assert config is not None
            names = [task["name"] for task in config["tasks"]]
            self.name = config["model"]["name"]
            columns = config.pop("feature_columns")
        super().__init__(handle, threads, columns, names)
        self._config = config
        self._optimizer = optimizers.Optimizer("adam", learning_rate=0.001)
        self._metrics: list[list[str]] = [[] for _ in names]
        self._compiled = handle is not None
        self.stop_training = False
        self._rate: float | None = None  # of the epoch under way
        self._wanted_rate: float | None = None  # that a callback asked for
        self.history: History | None = None

    def __getstate__(self):
        return {**super().__getstate__(), "history": None}  # which refers to callbacks of any kind

    # -- Configuration ---------------------------------------------------------------------------------------------

    def compile(self, optimizer="adam", loss=None, metrics=None, loss_weights=None, **ignored) -> None:
        """Sets optimizer, losses, metrics and the tasks' weights, each one for all tasks, a list, or a dict by name.

        A loss must fit its task's type: binary_crossentropy; mean_squared_error, mean_absolute_error, huber, poisson;
        categorical_crossentropy. Without one it is the type's usual.
        """
        self._optimizer = optimizers.get(optimizer)
        self._metrics = metrics_a_task(metrics, self.task_names)
        losses = per_task(loss, self.task_names, "loss")
        weights = per_task(loss_weights, self.task_names, "loss_weights")
        if self._config is not None:
            for task, loss_name, weight in zip(self._config["tasks"], losses, weights):
                set_loss(task, loss_name)
                if weight is not None:
                    task["weight"] = float(weight)
        self._compiled = True

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
        train = self._inputs.stream(x, y, sample_weight)
        validation = None
        if validation_data is not None:
            if not isinstance(validation_data, (list, tuple)) or len(validation_data) not in (2, 3):
                raise ValueError("validation_data must be (x, y) or (x, y, sample_weight)")
            weights = validation_data[2] if len(validation_data) == 3 else None
            if weights is None and sample_weight is not None:
                weights = np.ones(len(columns_first(validation_data[1])))
            validation = self._inputs.stream(validation_data[0], validation_data[1], weights, "validation_data")
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
        for name in self._inputs.weights(sample_weight):
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
        listener = Listener(self, data, callbacks, display, initial_epoch)
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
            if has_kind(figure, metrics[task].kind)
        }

    # -- Use -------------------------------------------------------------------------------------------------------

    def predict(self, x, batch_size: int | None = None, verbose: int | str = "auto") -> list[np.ndarray]:
        """A list of arrays [rows, 1], one a task ([rows, classes] of a multiclass task): probabilities, or values of
        regressions. With one task the array alone. batch_size is taken for Keras' sake and changes nothing."""
        with self._lock:
            dataset = self._dataset(self._inputs.features(x), False)
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
            columns = self._inputs.features(x)
            columns = {**columns, **self._inputs.labels(y, columns, "x")}
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
            if has_kind(figure, lib.plx_model_task_kind(self._built(), task))
        ]

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


def columns_first(y):
    """Any one label column, for its length."""
    if isinstance(y, dict):
        return next(iter(y.values()))
    return y[0] if isinstance(y, (list, tuple)) else y


def load_model(filepath, threads: int = 0) -> Model:
    """A model that this package or `plexus fit` has saved."""
    handle = create("plx_model", lib.plx_model_free, lib.plx_model_load, context(threads), path_bytes(filepath))
    return Model(handle=handle, threads=threads)

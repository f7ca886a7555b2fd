# SPDX-License-Identifier: Apache-2.0
"""A model as Keras users know it: compile, fit, evaluate, predict, save. All mathematics is the library's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import _config, _repr, optimizers
from ._class_weights import ClassWeights, class_weights
from ._config import Configuration, Key, value_of
from ._declared import made_up_rows
from ._events import Listener
from ._keras_names import loss_of, metrics_a_task, per_task
from ._library import ArgumentError, PlexusError, call, context, create, path_bytes, text
from ._native import ffi, lib
from ._progress import Display
from ._readers import readings
from ._scoring import Scoring
from ._sources import FileRows, Tables, training_rows
from ._types import CData, FilePath, Folders, PerTask, Rows, Values
from .callbacks import BackupAndRestore, Callback, History, TensorBoard, check_callback

# Arguments of Keras that change nothing here.
_IDLE_COMPILE = {"run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss"}
_IDLE_FIT = {"validation_batch_size", "validation_freq", "max_queue_size", "workers", "use_multiprocessing"}


class Model(Scoring):
    """A multi-task network over feature columns; made by PLE(...), MMOE(...) and the others, by from_config, or by
    load_model.

    The network is built at the first `fit`, when the vocabularies of its features are known. One thread a model at a
    time trains; predictions of one model from several threads wait for each other.
    """

    def __init__(
        self,
        config: dict[str, Any] | Configuration | None = None,
        handle: CData = None,
        threads: int = 0,
        folders: Sequence[str] = (),
    ):
        columns, made_of_columns = None, False
        if isinstance(config, dict):
            config = {**config, "data": {"train": [], **config.get("data", {})}}
            columns, made_of_columns = config.pop("feature_columns"), True
            config = Configuration(config)
        if handle is not None:
            config = Configuration(text(lib.plx_config_text(lib.plx_model_config(handle))))
        assert config is not None
        parsed = config.handle(context(threads))
        names = _config.task_names(parsed)
        labels = [value_of(context(threads), parsed, "tasks", name, "column") or name for name in names]
        super().__init__(handle, threads, columns, names, labels, readings(parsed))
        self.name = text(lib.plx_config_model_name(parsed))
        self._config = config
        self._folders = list(folders)
        self._kinds = [value_of(self._context, parsed, "tasks", name, "kind") for name in names]
        self._as_configured = not made_of_columns and handle is None  # fit's defaults are the configuration's
        # None: as the configuration says.
        self._optimizer = optimizers.Optimizer("adam", learning_rate=0.001) if made_of_columns else None
        self._metrics = [[] for _ in names]
        self._weighted_metrics = [[] for _ in names]
        self._compiled = not made_of_columns
        self.stop_training = False
        self._rate: float | None = None  # of the epoch under way
        self._wanted_rate: float | None = None  # that a callback asked for
        self.history: History | None = None

    def __repr__(self) -> str:
        return _repr.model_line(self)

    def _repr_html_(self) -> str:
        return _repr.model_table(self)

    @classmethod
    def from_config(cls, config: dict[str, Any] | FilePath, folders: Folders = (), threads: int = 0) -> Model:
        """A model by a configuration (docs/configuration.md): the path of a YAML file, YAML, or a dict of its sections.

        `fit()` trains it as `plexus fit` would, on the files that it names; `fit(x, ...)` on other rows. What `compile`
        and `fit` are given goes before what it says. folders: in which its data files are looked for first.
        """
        configuration, where = _config.read(config, folders)
        return cls(configuration, threads=threads, folders=where)

    def __getstate__(self) -> dict[str, Any]:
        # History refers to callbacks of any kind, and test rows are not a model's.
        return {**super().__getstate__(), "history": None, "_test": None}

    # -- Configuration ---------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: object = "adam",
        loss: PerTask[object] = None,
        metrics: object = None,
        loss_weights: PerTask[float] = None,
        weighted_metrics: object = None,
        **options: Any,
    ) -> None:
        """Sets how to train and what to measure. What is for tasks is one value for all, a list, or a dict by name.

        optimizer: its name, plexus.optimizers.Adam(...) and its siblings, or an optimizer of Keras.
        loss: binary_crossentropy; mean_squared_error, mean_absolute_error, huber, poisson; categorical_crossentropy.
            It must fit the task's type; without one it is the type's usual.
        metrics: names of figures (docs/metrics.md), such as "AUC" and "mae", which count each row once.
        loss_weights: factors of the tasks' losses.
        weighted_metrics: figures that count sample_weight and class_weight.
        options: keys of the configuration's section `train` (schedule="cosine", warmup_steps=1000,
            monitor="click.auc", table_optimizer="lazy_adam", ...).

        Raises ValueError for a name that is none, or a loss that does not fit its task.
        """
        with self._lock:
            self._refuse_in_training("compile")
            self._compile(optimizer, loss, metrics, loss_weights, weighted_metrics, options)

    def _compile(
        self,
        optimizer: object,
        loss: PerTask[object],
        metrics: object,
        loss_weights: PerTask[float],
        weighted_metrics: object,
        options: dict[str, Any],
    ) -> None:
        optimizer = optimizers.get(optimizer)
        metrics, weighted = (metrics_a_task(one, self.task_names) for one in (metrics, weighted_metrics))
        changes: dict[Key, Any] = {("train", key): value for key, value in options.items() if key not in _IDLE_COMPILE}
        losses = per_task(loss, self.task_names, "loss")
        weights = per_task(loss_weights, self.task_names, "loss_weights")
        for name, kind, loss_name, weight in zip(self.task_names, self._kinds, losses, weights):
            form = loss_of(name, kind, loss_name)
            if form is not None:
                changes["tasks", name, "loss"] = form
            if weight is not None:
                changes["tasks", name, "weight"] = float(weight)
        self._take(changes)
        self._optimizer, self._metrics, self._weighted_metrics, self._compiled = optimizer, metrics, weighted, True

    def _refuse_in_training(self, what: str) -> None:
        """RuntimeError where a callback asks for what would change the training that calls it."""
        if self._in_training:
            raise RuntimeError(
                f"{what}: the model is in training, and this is one of its callbacks: call it when fit has returned. A "
                "callback may set self.model.learning_rate and self.model.stop_training, and call set_weights"
            )

    def _take(self, changes: dict[Key, Any]) -> None:
        """Changes of the configuration: of a built network, of section `train` alone."""
        if self._handle is None:
            config = self._config.with_changes(changes)
            config.handle(self._context)
            self._config = config
            return
        for key, value in changes.items():
            if key[0] == "train":
                self._set(key[1], value)
            elif self._value(*key) != value:
                raise ArgumentError(
                    f"task '{key[1]}': {key[2]} is {self._value(*key)} in the network that is built, and stays so; "
                    "make a new model"
                )

    @property
    def learning_rate(self) -> float:
        """Of the optimizer; set in a callback, it holds from the next epoch on."""
        if self._rate is not None:
            return self._rate if self._wanted_rate is None else self._wanted_rate
        if self._optimizer is not None:
            return self._optimizer.learning_rate
        return float(value_of(self._context, self._configuration(), "train", "learning_rate"))

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if self._rate is not None:
            self._wanted_rate = float(value)
        elif self._optimizer is not None:
            self._optimizer.learning_rate = value
        else:
            self._take({("train", "learning_rate"): float(value)})

    def _set(self, key: str, value: object) -> None:
        call(lib.plx_model_set, self._handle, f"train.{key}={json.dumps(value)}".encode())

    def _configuration(self) -> CData:
        if self._handle is not None:
            return lib.plx_model_config(self._handle)
        return self._config.handle(self._context)

    @property
    def config(self) -> str:
        """The resolved configuration as YAML: what `plexus fit` would train the same model by."""
        configuration = self._configuration()  # which the text belongs to
        return text(lib.plx_config_text(configuration))

    @property
    def classes(self) -> dict[str, list[str]]:
        """The labels of each multiclass task, in the order of its outputs: column k of its scores is that of label
        k."""
        found: dict[str, list[str]] = {}
        for task, name in enumerate(self.task_names):
            n = lib.plx_model_task_outputs(self._built(), task, ffi.NULL)
            labels = [lib.plx_model_class_name(self._handle, task, number) for number in range(n)]
            if self._kinds[task] == "multiclass":
                found[name] = [text(label) for label in labels]
        return found

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs, those of the tasks: as many as Keras' model has."""
        return list(self.task_names)

    # -- Training --------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Rows = None,
        y: Values = None,
        batch_size: int | None = None,
        epochs: int | None = None,
        verbose: int | str = "auto",
        callbacks: list[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: object = None,
        shuffle: bool | None = None,
        class_weight: ClassWeights = None,
        sample_weight: Values = None,
        initial_epoch: int = 0,
        seed: int | None = None,
        **idle: object,
    ) -> History:
        """Trains for `epochs` - `initial_epoch` epochs and returns the History.

        x: a dict of arrays [rows], a frame, a table, a list of arrays in the order of get_feature_names; or files: a
            path, several, a folder, a pattern, plexus.Files.
        y: a list of arrays [rows], one a task, an array [rows, tasks], a dict or frame by the tasks' names; None where
            x holds the columns, as files always do. NaN or None: that task has no label in that row.
        batch_size: rows of a step; None: 32.
        epochs: None: 1.
        verbose: 0: silent; 1: a bar and a line an epoch; 2: the line alone; "auto": 1 in terminals and notebooks.
        callbacks: of plexus.callbacks, or own ones.
        validation_split: the share of the rows, the last ones before shuffling, that is measured after each epoch.
        validation_data: (x, y) or (x, y, sample_weight), or files, in its stead.
        shuffle: whether rows come in another order each epoch.
        class_weight: factors of rows by their label, {0: 1.0, 1: 5.0}, one for each label of a task, for all tasks, as
        a
            list, or in a dict by task; "balanced": n / (k * the label's rows). It multiplies with sample_weight.
        sample_weight: factors of rows: an array [rows], a list of them or a dict, one a task, or names of columns of x.
        initial_epoch: what the first epoch is counted as.
        seed: of start values, the order of rows and dropout.
        idle: arguments of Keras that change nothing here.

        A model by from_config takes epochs, batch size and order from its configuration where they are not given, and
        without x its rows, too.

        KeyboardInterrupt ends training and is raised again; the model keeps the best epoch so far, without validation
        rows the weights reached. A second fit goes on from the weights, with a fresh optimizer. Callbacks may score and
        save the model and set its weights; a fit of the same model within this one is a RuntimeError. Raises
        SchemaError for rows that do not fit the model, NumericError where a loss is not finite.
        """
        if not self._compiled:
            raise RuntimeError("call compile before fit")
        for name in idle:
            if name not in _IDLE_FIT:
                raise TypeError(f"fit takes no argument '{name}'")
        if epochs is None:
            epochs = value_of(self._context, self._configuration(), "train", "epochs") if self._as_configured else 1
        if epochs <= initial_epoch:
            raise ValueError(f"epochs is {epochs} and initial_epoch {initial_epoch}: there is nothing to train")
        settings: dict[str, Any] = {"epochs": int(epochs - initial_epoch)}
        if batch_size is not None or not self._as_configured:
            settings["batch_size"] = 32 if batch_size is None else int(batch_size)
        if shuffle is not None or not self._as_configured:
            settings["shuffle"] = True if shuffle is None else bool(shuffle)
        if self._optimizer is not None:
            settings.update(optimizers.settings(self._optimizer))
        if seed is not None:
            settings["seed"] = int(seed)
        callbacks = list(callbacks or [])
        for callback in callbacks:
            check_callback(callback)
            if isinstance(callback, (TensorBoard, BackupAndRestore)):
                settings.update(callback.settings())
        with self._lock:
            self._refuse_in_training("fit")
            rows = self._training_rows(x, y, sample_weight, validation_data, validation_split)
            data = self._build(settings, rows, class_weight)
            display = Display(verbose, epochs, self.task_names)
            self.history = History()
            return self._train(data, [*callbacks, self.history], display, initial_epoch, epochs - initial_epoch)

    def _training_rows(
        self, x: Rows, y: Values, sample_weight: Values, validation_data: object, validation_split: float
    ) -> Tables | FileRows:
        if x is not None:
            return training_rows(self._inputs, x, y, sample_weight, validation_data, validation_split, self._expected())
        if not value_of(self._context, self._config.handle(self._context), "data", "train"):
            raise ValueError("fit: give x; there is no configuration that names files")
        for name, value in (("y", y), ("sample_weight", sample_weight), ("validation_data", validation_data)):
            if value is not None:
                raise ValueError(f"{name}: without x, the configuration says which rows there are; leave it out")
        share: dict[Key, Any] = {("data", "validation_part"): validation_split} if validation_split else {}
        return FileRows(None, folders=self._folders, changes=share)

    def _build(self, settings: dict[str, Any], rows: Tables | FileRows, class_weight: ClassWeights) -> CData:
        """Data by the model's encoders; at the first fit, these and the network are made."""
        if self._handle is not None:
            if class_weight is not None:
                raise ArgumentError(
                    "class_weight: the network is built, and its rows' weights with it; make a new model"
                )
            for key, value in settings.items():
                self._set(key, value)
            config = Configuration(self.config).with_changes(rows.changes).handle(self._context)
            return rows.load(self._context, config, self._handle)
        configuration = self._config.with_changes(
            {
                **{("train", key): value for key, value in settings.items()},
                **rows.changes,
                **class_weights(class_weight, self.task_names, self._kinds),
            }
        )
        config = configuration.handle(self._context)
        data = rows.load(self._context, config, None)
        self._handle = create("plx_model", lib.plx_model_free, lib.plx_model_create, config, data)
        self._config = configuration
        if lib.plx_data_rows(data, lib.PLX_PART_TEST):
            self._test = data
        return data

    def _train(
        self, data: CData, callbacks: list[Callback], display: Display, initial_epoch: int, epochs: int
    ) -> History:
        self.stop_training = False
        backup = next((one for one in callbacks if isinstance(one, BackupAndRestore)), None)
        listener = Listener(self, data, callbacks, display, initial_epoch, backup)
        handle = ffi.new_handle(listener)
        hooks, report = ffi.new("plx_train_hooks *"), ffi.new("plx_train_report *")
        hooks.progress, hooks.learning_rate, hooks.user = lib.plexus_progress, lib.plexus_rate, handle
        # Those by weights or within groups are not made on the way, and all are to be of the same scores.
        has_groups = any("group_auc" in one for one in self._metrics)
        hooks.training_metrics = any(self._metrics) and not has_groups and not any(self._weighted_metrics)
        if backup is not None:
            path = ffi.new("char[]", path_bytes(backup.path()))
            hooks.checkpoint_path, hooks.resume = path, True
        self._rate, self._wanted_rate, self._in_training = self.learning_rate, None, True
        begun: list[Callback] = []
        try:
            for callback in callbacks:
                callback.set_model(self)
                callback.set_params({"epochs": initial_epoch + epochs, "verbose": display.verbose})
                callback.on_train_begin()
                begun.append(callback)
            display.begin()
            call(lib.plx_model_train, self._handle, data, hooks, report)
        except PlexusError:
            if listener.failure is None and not listener.has_ended:
                raise
        finally:
            display.end()
            wanted, self._rate, self._wanted_rate, self._in_training = self._wanted_rate, None, None, False
            if wanted is not None:
                self.learning_rate = wanted
            for callback in begun:
                callback.on_train_end(listener.logs)
        if listener.failure is not None:
            raise listener.failure
        assert self.history is not None
        if not self.history.epoch:
            listener.tell_again(self.history, report.epochs)
        if backup is not None:
            backup.delete()
        return self.history

    def _logs(self, progress: CData, data: CData) -> dict[str, float]:
        """An epoch's figures by Keras' names: loss, TASK_loss, TASK_METRIC, and the same with val_."""
        logs = {"loss": progress.loss}
        for task, name in enumerate(self.task_names):
            logs[f"{name}_loss"] = progress.task_losses[task]
        if progress.training_metrics != ffi.NULL:
            logs.update(self._named(progress.training_metrics, ""))
        elif any(self._metrics):
            logs.update(self._named(self._part_measurer(data, lib.PLX_PART_TRAIN)(False), ""))
        if any(self._weighted_metrics):
            logs.update(self._named(self._part_measurer(data, lib.PLX_PART_TRAIN)(True), "", True))
        if progress.validation_loss == progress.validation_loss:
            logs["val_loss"] = progress.validation_loss
            for task, name in enumerate(self.task_names):
                logs[f"val_{name}_loss"] = progress.validation_task_losses[task]
            if any(self._metrics) and progress.validation_metrics != ffi.NULL:
                logs.update(self._named(progress.validation_metrics, "val_"))
            if any(self._weighted_metrics):
                logs.update(self._named(self._part_measurer(data, lib.PLX_PART_VALIDATION)(True), "val_", True))
        return logs

    def summary(self, print_fn: Callable[[str], object] = print) -> None:
        """Prints the layers; before the first fit, with the vocabulary sizes that the features declare."""
        model = self if self._handle is not None else self._declared()
        print_fn(model.describe())

    def _declared(self) -> Model:
        """A twin over made-up rows that have as many categories as the features declare."""
        if self.feature_columns is None:
            raise RuntimeError("the network is built by the first fit: call fit, or load a model")
        twin = Model(self._config, threads=self._threads)
        rows = made_up_rows(self.feature_columns, self.task_names, self._context, self._config.handle(self._context))
        twin._build({}, training_rows(twin._inputs, rows, None, None, None, 0.0, None), None)
        return twin


def load_model(filepath: FilePath, custom_objects: Mapping[str, object] | None = None, threads: int = 0) -> Model:
    """A model that this package or `plexus fit` has saved.

    filepath: the model file; FormatError where it is truncated or altered, UnsupportedError where it is of a later
        version, FileError where it cannot be read.
    custom_objects: taken for Keras' sake; a model file needs nothing beside it.
    threads: at most so many; 0: one a processor.
    """
    if custom_objects is not None and not isinstance(custom_objects, Mapping):
        raise TypeError(f"load_model: custom_objects is {custom_objects!r}, no dict; give threads=... by its name")
    handle = create("plx_model", lib.plx_model_free, lib.plx_model_load, context(threads), path_bytes(filepath))
    return Model(handle=handle, threads=threads)


def save_model(model: Model, filepath: FilePath) -> None:
    """model.save(filepath), as Keras has it."""
    model.save(filepath)

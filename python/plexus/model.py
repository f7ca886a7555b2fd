# SPDX-License-Identifier: Apache-2.0
"""A model as Keras users know it: compile, fit, evaluate, predict, save. All mathematics is the library's."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Concatenate, ParamSpec, TypeVar

from . import _inspection, _network, _repr, _weights, optimizers, predictor
from ._callback import Callback, History
from ._class_weights import ClassWeights
from ._config import Configuration, Key, read
from ._definition import Definition
from ._evaluation import evaluate, measure_of
from ._keras_names import loss_changes, metrics_a_task
from ._library import Lock
from ._metrics import CompiledMetrics
from ._network import Network
from ._prediction import predict
from ._progress import Display
from ._schema import Schema
from ._training import Training
from ._types import (
    FilePath,
    Floats,
    Folders,
    KerasObject,
    Labels,
    Loss,
    Metrics,
    Option,
    PerTask,
    Rows,
    ValidationData,
    Weights,
)
from .features import FeatureColumn

# Arguments of Keras that change nothing here.
_IDLE_COMPILE = {"run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss"}
_IDLE_FIT = {"validation_batch_size", "validation_freq", "max_queue_size", "workers", "use_multiprocessing"}

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _of_network(
    function: Callable[Concatenate[Network, _P], _T], is_alone: bool = False
) -> Callable[Concatenate[Model, _P], _T]:
    """A function of a network as a method of the model that has it; `is_alone`: no other thread works with the model
    meanwhile."""

    @functools.wraps(function)
    def method(self: Model, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        with self._lock if is_alone else contextlib.nullcontext():
            return function(self._definition.built(), *args, **kwargs)

    _, *parameters = inspect.signature(function).parameters.values()
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    signature = inspect.signature(function).replace(parameters=[own, *parameters])
    setattr(method, "__signature__", signature)  # noqa: B010 (a function has no such attribute to a type checker)
    return method


class Model:
    """A multi-task network over feature columns.

    Made by `PLE`, `MMOE` and the other models, by `from_config`, or by `load_model`. The network is built by the first
    `fit`, when the vocabularies of its features are known. One thread at a time trains a model; predictions of one
    model from several threads wait for each other.

    Examples
    --------
    >>> import numpy as np
    >>> from plexus import DenseFeat, MMOE, SparseFeat
    >>> rows = {"city": ["Rome", "Oslo"] * 50, "age": np.arange(100.0)}
    >>> labels = {"click": np.arange(100) % 2, "seconds": np.arange(100.0)}
    >>> model = MMOE([SparseFeat("city"), DenseFeat("age", scaling="standard")], 2, ["binary", "regression"],
    ...              ["click", "seconds"], num_experts=2, expert_dnn_units=[8])
    >>> model.compile("adam", metrics={"click": "AUC", "seconds": "mae"})
    >>> history = model.fit(rows, labels, epochs=2, verbose=0)
    >>> click, seconds = model.predict(rows)
    >>> click.shape
    (100, 1)
    """

    def __init__(self, definition: Definition, name: str):
        schema = definition.schema
        self.name, self.task_names, self.feature_columns = name, schema.task_names, schema.feature_columns
        self.stop_training = False
        self.history: History | None = None
        self._definition = definition
        self._metrics = CompiledMetrics(schema.task_names, schema.task_labels)
        self._is_compiled = True
        self._training: Training | None = None  # a fit that has not returned
        self._locks = Lock()

    @classmethod
    def _of_columns(
        cls, sections: Mapping[str, Any], feature_columns: list[FeatureColumn] | None, threads: int
    ) -> Model:
        """A model to compile and to fit, by the sections of a configuration without rows."""
        data = {"train": [], **sections.get("data", {})}
        config = Configuration({**sections, "data": data}, threads=threads)
        parsed = config.parsed()
        model = cls(Definition(config, Schema(parsed, feature_columns), threads), parsed.model_name)
        model._definition.optimizer, model._is_compiled = optimizers.Adam(), False
        return model

    @classmethod
    def from_config(cls, config: Mapping[str, Any] | FilePath, folders: Folders = (), threads: int = 0) -> Model:
        """Make a model from a configuration (docs/configuration.md).

        `fit()` then trains it as `plexus fit` would, on the files that the configuration names; `fit(x, ...)` trains it
        on other rows. Arguments of `compile` and `fit` override the configuration.

        Parameters
        ----------
        config : path, str or dict
            The path of a YAML file, YAML, or a dict of its sections.
        folders : path or sequence of paths
            Folders in which its data files are looked for first.
        threads : int
            The maximum number of threads; 0: one per processor.
        """
        configuration, where = read(config, folders, threads)
        parsed = configuration.parsed()
        definition = Definition(configuration, Schema(parsed), threads, is_configured=True, folders=where)
        return cls(definition, parsed.model_name)

    def __repr__(self) -> str:
        return _repr.model_line(self)

    def _repr_html_(self) -> str:
        return _repr.model_table(self)

    def __getstate__(self) -> dict[str, Any]:
        # History refers to callbacks of any kind, and a training stays in its process.
        left = {"history": None, "_training": None}
        return {key: value for key, value in {**self.__dict__, **left}.items() if key != "_locks"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._locks = Lock()

    @property
    def _lock(self) -> AbstractContextManager[bool]:
        """For `with`: one thread at a time works with the network; calls may be nested."""
        return self._locks.here

    # -- Configuration ---------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: str | optimizers.Optimizer | KerasObject = "adam",
        loss: PerTask[Loss] = None,
        metrics: Metrics | None = None,
        loss_weights: PerTask[float] = None,
        weighted_metrics: Metrics | None = None,
        **options: Option,
    ) -> None:
        """Set how to train and what to measure.

        Values for tasks are one value for all, a list with one per task, or a dict by the tasks' names.

        Parameters
        ----------
        optimizer : str, Optimizer or Keras optimizer
            A name, `plexus.optimizers.Adam(...)` or another of that module, or an optimizer of Keras.
        loss : str, loss object, list or dict
            `binary_crossentropy`; `mean_squared_error`, `mean_absolute_error`, `huber`, `quantile`, `poisson`;
            `categorical_crossentropy`; or an object of `plexus.losses` or Keras, with its number. It must fit the
            task's type; by default it is the usual one of the type.
        metrics : str, list or dict
            Names of metrics (docs/metrics.md), such as `"AUC"`, `"mae"` and `"accuracy@3"`, which count each row once.
        loss_weights : float, list or dict
            Factors of the tasks' losses.
        weighted_metrics : str, list or dict
            Metrics that use sample_weight and class_weight.
        **options
            Keys of the configuration's section `train`: `schedule="cosine"`, `warmup_steps=1000`,
            `monitor="click.auc"`, `table_optimizer="lazy_adam"` and all others.

        Raises
        ------
        ValueError
            If a name is unknown, or a loss does not fit its task.
        """
        with self._lock:
            self._refuse_in_training("compile")
            chosen = optimizers.get(optimizer)
            measured = [metrics_a_task(one, self.task_names) for one in (metrics, weighted_metrics)]
            changes: dict[Key, Any] = {
                ("train", key): value for key, value in options.items() if key not in _IDLE_COMPILE
            }
            schema = self._definition.schema
            changes.update(loss_changes(loss, loss_weights, self.task_names, schema.task_kinds))
            self._definition.apply(changes)
            self._metrics = CompiledMetrics(self.task_names, schema.task_labels, *measured)
            self._definition.optimizer, self._is_compiled = chosen, True

    def _refuse_in_training(self, what: str) -> None:
        """RuntimeError where a callback asks for what would change the training that calls it."""
        if self._training is not None:
            raise RuntimeError(
                f"{what}: the model is in training, and this is one of its callbacks: call it after fit has returned. "
                "A callback may set self.model.learning_rate and self.model.stop_training, and call set_weights"
            )

    @property
    def learning_rate(self) -> float:
        """The optimizer's learning rate; if a callback sets it, it applies from the next epoch on."""
        if self._training is None:
            return self._definition.learning_rate
        wanted = self._training.wanted_rate
        return self._training.rate if wanted is None else wanted

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if self._training is None:
            self._definition.learning_rate = float(value)
        else:
            self._training.wanted_rate = float(value)

    @property
    def config(self) -> str:
        """The resolved configuration as YAML, with which `plexus fit` would train the same model."""
        return self._definition.parsed.text()

    @property
    def classes(self) -> dict[str, list[str]]:
        """The labels of each multiclass task, in the order of its outputs; column k of its scores is for label k."""
        network = self._definition.built()
        found = {name: network.classes_of(task) for task, name in enumerate(self.task_names)}
        return {name: classes for name, classes in found.items() if classes}

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs, which are those of the tasks."""
        return list(self.task_names)

    # -- Training --------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Rows | None = None,
        y: Labels | None = None,
        batch_size: int | None = None,
        epochs: int | None = None,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: ValidationData | None = None,
        shuffle: bool | None = None,
        class_weight: ClassWeights = None,
        sample_weight: Weights | None = None,
        initial_epoch: int = 0,
        seed: int | None = None,
        **idle: Any,
    ) -> History:
        """Train for `epochs` - `initial_epoch` epochs.

        A model made by `from_config` takes epochs, batch size and order from its configuration unless they are given,
        and without `x` its rows, too. KeyboardInterrupt ends training and is raised again; the model keeps the best
        epoch so far, without validation rows the weights reached. A second fit continues from the weights, with a fresh
        optimizer. Callbacks may score and save the model and set its weights.

        Parameters
        ----------
        x : dict, frame, table, list of arrays, or files
            Columns by name, or arrays in the order of `get_feature_names`; or a path, several, a folder, a pattern,
            `plexus.Files`.
        y : list of arrays, array, dict or frame
            One array [rows] per task, an array [rows, tasks], or columns by the tasks' names; None if x contains the
            columns, as files always do. NaN or None: no label for that task in that row.
        batch_size : int
            Rows of a step; 32 by default.
        epochs : int
            1 by default.
        verbose : int or "auto"
            0: silent; 1: a bar and a line per epoch; 2: only the line; "auto": 1 in terminals and notebooks.
        callbacks : sequence of Callback
            Callbacks of `plexus.callbacks`, or your own.
        validation_split : float
            The fraction of the rows, the last ones before shuffling, that is measured after each epoch.
        validation_data : tuple or files
            (x, y) or (x, y, sample_weight), or files, instead of a fraction.
        shuffle : bool
            Whether each epoch has its own order of rows.
        class_weight : dict, list, or "balanced"
            Factors of rows by label, `{0: 1.0, 1: 5.0}`, with one for each label of a task; for all tasks, as a list,
            or in a dict by task. "balanced": `n / (k * rows of the label)`. It multiplies with sample_weight.
        sample_weight : array, list, dict or str
            Factors of rows: an array [rows], one per task, or the names of columns of x.
        initial_epoch : int
            The number that the first epoch is counted as.
        seed : int
            Of start values, order of rows and dropout.
        **idle
            Arguments of Keras that change nothing here.

        Returns
        -------
        History
            Losses and metrics of each epoch.

        Raises
        ------
        SchemaError
            If rows do not fit the model.
        NumericError
            If a loss is not finite.
        RuntimeError
            If the model is not compiled, or in another fit.
        """
        if not self._is_compiled:
            raise RuntimeError("call compile before fit")
        if unknown := set(idle) - _IDLE_FIT:
            raise TypeError(f"fit takes no argument '{sorted(unknown)[0]}'")
        definition = self._definition
        epochs = definition.epochs(epochs, initial_epoch)
        settings = definition.settings(epochs - initial_epoch, batch_size, shuffle, seed, callbacks or ())
        with self._lock:
            self._refuse_in_training("fit")
            rows = definition.rows(x, y, sample_weight, validation_data, validation_split)
            network, data = definition.build(settings, rows, class_weight)
            display = Display(verbose, epochs)
            training = Training(self, network, self._metrics, data, callbacks or (), display, initial_epoch)
            self.history, self.stop_training = training.history, False
            return training.run(self.learning_rate)

    def _begin_training(self, training: Training) -> None:
        self._training = training

    def _end_training(self, wanted_rate: float | None) -> None:
        self._training = None
        if wanted_rate is not None:
            self.learning_rate = wanted_rate

    # -- Scores and metrics ----------------------------------------------------------------------------------------

    def predict(self, x: Rows, batch_size: int | None = None, verbose: int | str = "auto") -> Floats | list[Floats]:
        """Score rows.

        Parameters
        ----------
        x : dict, frame, table, list of arrays, or files
            Rows as `fit` takes them, without labels; files may be of any size.
        batch_size, verbose
            Accepted as Keras has them; they change nothing.

        Returns
        -------
        list of arrays, or array
            [rows, 1] for each task ([rows, classes] for a multiclass task): probabilities, or values in the unit of a
            regression's labels. With one task the array alone.

        Raises
        ------
        SchemaError
            If a column is missing or a cell is not a number; the message has the column, the row and the remedy.
        """
        with self._lock:
            scores = predict(self._definition.built(), x)
        return scores if len(scores) > 1 else scores[0]

    def evaluate(
        self,
        x: Rows | None = None,
        y: Labels | None = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Weights | None = None,
        return_dict: bool = False,
    ) -> dict[str, float] | list[float]:
        """Measure the compiled metrics of each task on rows.

        Parameters
        ----------
        x : dict, frame, table, list of arrays, or files
            Rows as `fit` takes them; files may be of any size. None: the test rows that the configuration of
            `from_config` names.
        y : list of arrays, array, dict or frame
            Labels as `fit` takes them; None if x contains them.
        batch_size, verbose
            Accepted as Keras has them; they change nothing.
        sample_weight : array, list, dict or str
            As `fit` takes it, for weighted_metrics, and for all metrics if none are compiled; metrics count each row
            once. With files: the names of the columns of weights that the network was built with, and class_weight
            counts as in training.
        return_dict : bool
            Whether to return the metrics by name, as History has them.

        Returns
        -------
        list or dict
            Values in the order of `metrics_names`, or by name. Without compiled metrics, a dict of every metric that
            is defined for the rows (docs/metrics.md).

        Raises
        ------
        SchemaError
            If rows do not fit the model.
        ValueError
            If no metric would use the weights.

        Examples
        --------
        >>> sorted(model.evaluate(rows, labels, return_dict=True))
        ['click_auc', 'seconds_mae']
        """
        metrics = self._metrics
        is_compiled = metrics.has_plain or metrics.has_weighted
        if sample_weight is not None and is_compiled and not metrics.has_weighted:
            raise ValueError(
                "sample_weight: the compiled metrics count each row once; name metrics that use weights in "
                "compile(weighted_metrics=[...])"
            )
        with self._lock:
            network = self._definition.built()
            measure = measure_of(network, metrics, x, y, sample_weight, self._definition.test)
            named = evaluate(network, metrics, measure, sample_weight is not None)
        return named if return_dict or not is_compiled else list(named.values())

    @property
    def metrics_names(self) -> list[str]:
        """The names of the values that `evaluate` returns, in its order."""
        return [*self._metrics.names(False), *self._metrics.names(True)]

    # -- The network -----------------------------------------------------------------------------------------------

    def summary(self, print_fn: Callable[[str], object] = print) -> None:
        """Print the layers; before the first fit, with the vocabulary sizes that the features declare."""
        definition = self._definition
        print_fn(_inspection.describe(definition.network or definition.declared()))

    describe = _of_network(_inspection.describe)
    layers = _of_network(_inspection.layers)
    layer_output = _of_network(_inspection.layer_output, is_alone=True)
    gates = _of_network(_inspection.gates, is_alone=True)
    embeddings = _of_network(_weights.embeddings)
    parameters = _of_network(_weights.parameters)
    count_params = _of_network(_network.count_params)
    get_weights = _of_network(_weights.get_weights)
    set_weights = _of_network(_weights.set_weights, is_alone=True)
    save_weights = _of_network(_weights.save_weights)
    load_weights = _of_network(_weights.load_weights, is_alone=True)
    save = _of_network(_network.save)
    export_onnx = _of_network(_network.export_onnx)
    predictor = _of_network(predictor.predictor)


def load_model(filepath: FilePath, custom_objects: Mapping[str, object] | None = None, threads: int = 0) -> Model:
    """Load a model that this package or `plexus fit` has saved.

    Parameters
    ----------
    filepath : path
        The model file.
    custom_objects : dict
        Accepted as Keras has it; a model file needs nothing else.
    threads : int
        The maximum number of threads; 0: one per processor.

    Raises
    ------
    FormatError
        If the file is truncated or altered.
    UnsupportedError
        If a later version has written it.
    FileError
        If it cannot be read.

    Examples
    --------
    >>> model.save("model.plexus")
    >>> again = plexus.load_model("model.plexus")
    >>> bool((again.predict(rows)[0] == model.predict(rows)[0]).all())
    True
    """
    if custom_objects is not None and not isinstance(custom_objects, Mapping):
        raise TypeError(
            f"load_model: custom_objects is {custom_objects!r}, not a dict; give the number of threads as threads=..."
        )
    network = Network.load(filepath, threads)
    return Model(Definition(None, network.schema, threads, network), network.config.model_name)


def save_model(model: Model, filepath: FilePath) -> None:
    """Call `model.save(filepath)`, as in Keras."""
    model.save(filepath)

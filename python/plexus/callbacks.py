# SPDX-License-Identifier: Apache-2.0
"""What happens beside training: Keras' callbacks by their names and arguments. Own ones derive from Callback.

A callback is called in the thread that trains, while training waits; `self.model.stop_training = True` ends it after
the epoch, with the best epoch so far.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from . import _repr
from ._backup import forget
from ._library import warn
from ._types import FilePath, Floats

if TYPE_CHECKING:
    from .model import Model

Logs = dict[str, float]


class Callback:
    """Override what you need. `logs` has the epoch's figures, by the names that History has."""

    model: Model
    params: dict[str, Any]

    def set_model(self, model: Model) -> None:
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None: ...

    def on_train_end(self, logs: Logs | None = None) -> None: ...

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None: ...

    def get_state(self) -> dict[str, Any]:
        """What the callback has gathered, for BackupAndRestore: values that JSON has, and lists of arrays."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Takes what get_state gave; called before the first epoch of a training that goes on."""


# Keras' hooks that nothing calls here.
_NEVER_CALLED = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_predict_begin",
    "on_predict_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)


def check_callback(callback: object) -> None:
    """ValueError for what is no callback; a RuntimeWarning for hooks that it has and nothing calls."""
    if not hasattr(callback, "set_model"):
        raise ValueError(f"callbacks: {callback!r} is none; derive it from plexus.callbacks.Callback")
    found = [name for name in _NEVER_CALLED if callable(getattr(callback, name, None)) and _is_own(callback, name)]
    if found:
        warn(
            f"callback {type(callback).__name__}: {', '.join(found)} will never be called: training tells of the begin "
            "and end of epochs alone; take on_epoch_begin and on_epoch_end"
        )


def _is_own(callback: object, hook: str) -> bool:
    """Whether the hook is more than what a base class of Keras has."""
    owner = next((one for one in type(callback).__mro__ if hook in vars(one)), None)
    is_set = hook in getattr(callback, "__dict__", {})
    return is_set or owner is None or owner.__module__.split(".")[0] not in ("keras", "tensorflow", "tf_keras")


class LambdaCallback(Callback):
    """Own functions in place of a class: on_epoch_begin, on_epoch_end, on_train_begin, on_train_end. TypeError for
    hooks that are never called."""

    def __init__(
        self,
        on_epoch_begin: Callable[..., object] | None = None,
        on_epoch_end: Callable[..., object] | None = None,
        on_train_begin: Callable[..., object] | None = None,
        on_train_end: Callable[..., object] | None = None,
        **others: Callable[..., object] | None,
    ):
        for name in others:
            remedy = "it is never called; take on_epoch_begin or on_epoch_end" if name in _NEVER_CALLED else "no hook"
            if others[name] is not None or name not in _NEVER_CALLED:
                raise TypeError(f"LambdaCallback: {name}: {remedy}")
        for name, function in (
            ("on_epoch_begin", on_epoch_begin),
            ("on_epoch_end", on_epoch_end),
            ("on_train_begin", on_train_begin),
            ("on_train_end", on_train_end),
        ):
            if function is not None:
                setattr(self, name, function)


class History(Callback):
    """What `fit` returns: `epoch` counts from 0, `history` has a list of each figure."""

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}
        self.params = {}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def __repr__(self) -> str:
        return _repr.history_line(self)

    def _repr_html_(self) -> str:
        return _repr.history_table(self)


def is_larger_better(monitor: str, mode: str = "auto") -> bool:
    if mode not in ("auto", "min", "max"):
        raise ValueError(f"mode '{mode}' is none of auto, min, max")
    if mode != "auto":
        return mode == "max"
    return monitor.endswith(("auc", "accuracy", "acc", "r2"))


class _Monitor(Callback):
    _kept: tuple[str, ...] = ("best",)  # attributes that a training that goes on needs

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0):
        self.monitor = monitor
        self.larger_is_better = is_larger_better(monitor, mode)
        self.min_delta = abs(min_delta)
        self.best: float | None = None

    def get_state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._kept}

    def set_state(self, state: dict[str, Any]) -> None:
        for name in self._kept:
            setattr(self, name, state[name])

    def value(self, logs: Logs | None) -> float:
        if self.monitor not in (logs or {}):
            raise ValueError(f"there is no figure '{self.monitor}'; there are {', '.join(logs or {})}")
        return (logs or {})[self.monitor]

    def is_better(self, value: float) -> bool:
        """Than the best so far."""
        return value == value if self.best is None else self.is_beyond(value, self.best)

    def is_beyond(self, value: float, bound: float) -> bool:
        return (value - bound if self.larger_is_better else bound - value) > self.min_delta


class EarlyStopping(_Monitor):
    """Ends training when the monitored figure has not become better by more than min_delta for `patience` epochs.

    baseline: what the figure must be better than for an epoch to count as progress. With validation rows the best
    epoch's weights by the whole validation loss are put back whatever is asked here; with restore_best_weights they are
    those of the best epoch by `monitor`.
    """

    _kept = ("best", "wait", "stopped_epoch", "best_epoch", "best_weights")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ):
        super().__init__(monitor, mode, min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best_weights: list[Floats] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if epoch < self.start_from_epoch:
            return
        value = self.value(logs)
        self.wait += 1
        if self.is_better(value):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.is_beyond(value, self.baseline):
                self.wait = 0
                return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            if self.verbose:
                print(f"Epoch {epoch + 1}: early stopping")

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)


class ModelCheckpoint(_Monitor):
    """Saves the model after each epoch, or after those that were the best so far (and, the first, better than
    initial_value_threshold); `filepath` may name figures and {epoch}."""

    def __init__(
        self,
        filepath: FilePath,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        mode: str = "auto",
        initial_value_threshold: float | None = None,
    ):
        super().__init__(monitor, mode)
        self.best = initial_value_threshold
        self.filepath, self.verbose, self.save_best_only = os.fspath(filepath), verbose, save_best_only

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_best_only:
            value = self.value(logs)
            if not self.is_better(value):
                return
            self.best = value
        path = self.filepath.format(epoch=epoch + 1, **(logs or {}))
        self.model.save(path)
        if self.verbose:
            print(f"Epoch {epoch + 1}: saving model to {path}")


class ReduceLROnPlateau(_Monitor):
    """Multiplies the learning rate by `factor` when the figure has not become better for `patience` epochs. The epochs'
    rates come into History as `learning_rate`."""

    _kept = ("best", "wait", "cooldown_left")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ):
        if factor >= 1:
            raise ValueError("ReduceLROnPlateau: factor must be below 1")
        super().__init__(monitor, mode, min_delta)
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self.wait = self.cooldown_left = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best, self.wait, self.cooldown_left = None, 0, 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.value(logs)
        _note_rate(self.model, logs)
        if self.cooldown_left > 0:
            self.cooldown_left -= 1
            self.wait = 0
        if self.is_better(value):
            self.best, self.wait = value, 0
            return
        if self.cooldown_left > 0:
            return
        self.wait += 1
        if self.wait < self.patience or self.model.learning_rate <= self.min_lr:
            return
        self.model.learning_rate = max(self.model.learning_rate * self.factor, self.min_lr)
        self.cooldown_left, self.wait = self.cooldown, 0
        if self.verbose:
            print(f"Epoch {epoch + 1}: the learning rate is now {self.model.learning_rate:g}")


def _note_rate(model: Model, logs: Logs | None) -> None:
    if logs is not None:
        logs["learning_rate"] = model.learning_rate


class LearningRateScheduler(Callback):
    """The rate of an epoch by an own function of its number (from 0) and the rate before; History has it as
    `learning_rate`."""

    def __init__(self, schedule: Callable[[int, float], float], verbose: int = 0):
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.model.learning_rate = float(self.schedule(epoch, self.model.learning_rate))
        if self.verbose:
            print(f"Epoch {epoch + 1}: the learning rate is now {self.model.learning_rate:g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        _note_rate(self.model, logs)


class _Log(Callback):
    """A file that a training begins anew, unless it goes on from a backup: then it is cut back to what it held
    there."""

    def __init__(self, filename: FilePath, append: bool = False):
        self.filename, self.append = os.fspath(filename), append
        self._file: IO[str]
        self._kept: int | None = None  # bytes at the begin of the file, which the first epoch leaves; None: all

    def get_state(self) -> dict[str, Any]:
        return {"size": os.path.getsize(self.filename)}

    def set_state(self, state: dict[str, Any]) -> None:
        self._kept = state["size"]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._file = open(self.filename, "a", newline="")
        self._kept = None if self.append else 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self._kept is not None and self._kept <= self._file.seek(0, os.SEEK_END):
            self._file.truncate(self._kept)
            self._file.seek(0, os.SEEK_END)
        self._kept = None

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._file.close()


class CSVLogger(_Log):
    """A line an epoch into a file."""

    def __init__(self, filename: FilePath, separator: str = ",", append: bool = False):
        super().__init__(filename, append)
        self.separator = separator
        self._writer: csv.DictWriter[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        super().on_train_begin(logs)
        self._writer = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        row = {"epoch": epoch, **(logs or {})}
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, list(row), delimiter=self.separator)
            if self._file.tell() == 0:
                self._writer.writeheader()
        self._writer.writerow(row)
        self._file.flush()


class JSONLogger(_Log):
    """A JSON object an epoch into a file, a line each."""

    def __init__(self, filename: FilePath):
        super().__init__(filename)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._file.write(json.dumps({"epoch": epoch, **(logs or {})}) + "\n")
        self._file.flush()


class TensorBoard(Callback):
    """The library writes TensorBoard's events of each epoch into `log_dir`."""

    def __init__(self, log_dir: FilePath = "logs"):
        self.log_dir = os.fspath(log_dir)

    def settings(self) -> dict[str, Any]:
        """Keys of the configuration's section `train`."""
        return {"tensorboard": self.log_dir}


class BackupAndRestore(Callback):
    """The library keeps the state of training in a file of `backup_dir`, and the callbacks' states lie beside it; a
    `fit` of the same model on the same rows that finds them there goes on from them, and ends with the same bits as if
    it had never been broken off; History has the epochs from there on. EarlyStopping, ReduceLROnPlateau,
    ModelCheckpoint and the loggers go on as well, and own callbacks with get_state and set_state; they must be given
    in the same order.

    save_freq: "epoch", or a number of steps. When training is done, the files go, unless delete_checkpoint is False.
    SchemaError: the file is of another configuration or of other rows.
    """

    def __init__(self, backup_dir: FilePath, save_freq: int | str = "epoch", delete_checkpoint: bool = True):
        self.backup_dir, self.save_freq = os.fspath(backup_dir), save_freq
        self.delete_checkpoint = delete_checkpoint
        self._written = 0  # when the checkpoint was, in nanoseconds
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
            raise ValueError(f"BackupAndRestore: save_freq is {save_freq!r}; take 'epoch', or a number of steps")

    def settings(self) -> dict[str, Any]:
        """Keys of the configuration's section `train`."""
        is_epoch = self.save_freq == "epoch"
        return {"checkpoint_epochs": int(is_epoch), "checkpoint_steps": 0 if is_epoch else self.save_freq}

    def path(self) -> str:
        """The file, whose folder is made where there is none."""
        os.makedirs(self.backup_dir, exist_ok=True)
        return os.path.join(self.backup_dir, "checkpoint")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.has_new_checkpoint()
        if self._written == 0:
            forget(self.backup_dir)

    def has_new_checkpoint(self) -> bool:
        """Whether one was written since this was asked last."""
        path, before = self.path(), self._written
        self._written = os.stat(path).st_mtime_ns if os.path.exists(path) else 0
        return self._written not in (0, before)

    def delete(self) -> None:
        """Training is done."""
        if self.delete_checkpoint:
            forget(self.backup_dir)
            if os.path.exists(self.path()):
                os.remove(self.path())

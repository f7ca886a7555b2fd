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


class LambdaCallback(Callback):
    """Own functions in place of a class."""

    def __init__(
        self,
        on_epoch_begin: Callable[..., object] | None = None,
        on_epoch_end: Callable[..., object] | None = None,
        on_train_begin: Callable[..., object] | None = None,
        on_train_end: Callable[..., object] | None = None,
    ):
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


def is_larger_better(monitor: str, mode: str = "auto") -> bool:
    if mode not in ("auto", "min", "max"):
        raise ValueError(f"mode '{mode}' is none of auto, min, max")
    if mode != "auto":
        return mode == "max"
    return monitor.endswith(("auc", "accuracy", "acc", "r2"))


class _Monitor(Callback):
    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0):
        self.monitor = monitor
        self.larger_is_better = is_larger_better(monitor, mode)
        self.min_delta = abs(min_delta)
        self.best: float | None = None

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


class CSVLogger(Callback):
    """A line an epoch into a file."""

    def __init__(self, filename: FilePath, separator: str = ",", append: bool = False):
        self.filename, self.separator, self.append = os.fspath(filename), separator, append
        self._file: IO[str]
        self._writer: csv.DictWriter[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._file = open(self.filename, "a" if self.append else "w", newline="")
        self._writer = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        row = {"epoch": epoch, **(logs or {})}
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, list(row), delimiter=self.separator)
            if self._file.tell() == 0:
                self._writer.writeheader()
        self._writer.writerow(row)
        self._file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._file.close()


class JSONLogger(Callback):
    """A JSON object an epoch into a file, a line each."""

    def __init__(self, filename: FilePath):
        self.filename = os.fspath(filename)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        open(self.filename, "w").close()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        with open(self.filename, "a") as file:
            file.write(json.dumps({"epoch": epoch, **(logs or {})}) + "\n")


class TensorBoard(Callback):
    """The library writes TensorBoard's events of each epoch into `log_dir`."""

    def __init__(self, log_dir: FilePath = "logs"):
        self.log_dir = os.fspath(log_dir)

    def settings(self) -> dict[str, Any]:
        """Keys of the configuration's section `train`."""
        return {"tensorboard": self.log_dir}


class BackupAndRestore(Callback):
    """The library keeps the state of training in a file of `backup_dir`; a `fit` of the same model on the same rows
    that finds one there goes on from it, and ends with the same bits as if it had never been broken off.

    save_freq: "epoch", or a number of steps. When training is done, the file goes, unless delete_checkpoint is False.
    SchemaError: the file is of another configuration or of other rows.
    """

    def __init__(self, backup_dir: FilePath, save_freq: int | str = "epoch", delete_checkpoint: bool = True):
        self.backup_dir, self.save_freq = os.fspath(backup_dir), save_freq
        self.delete_checkpoint = delete_checkpoint
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

    def delete(self) -> None:
        """Training is done."""
        if self.delete_checkpoint and os.path.exists(self.path()):
            os.remove(self.path())

# SPDX-License-Identifier: Apache-2.0
"""Callbacks that watch a metric: early stopping, the best file, learning rates."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._callback import Callback, Logs
from ._metrics import is_larger_better
from ._types import FilePath, Floats

if TYPE_CHECKING:
    from .model import Model


class _Monitor(Callback):
    _kept: tuple[str, ...] = ("best",)  # attributes that a resumed training needs

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
            raise ValueError(f"there is no metric '{self.monitor}'; there are {', '.join(logs or {})}")
        return (logs or {})[self.monitor]

    def is_better(self, value: float) -> bool:
        """Whether a value is better than the best so far."""
        return value == value if self.best is None else self.is_beyond(value, self.best)

    def is_beyond(self, value: float, bound: float) -> bool:
        return (value - bound if self.larger_is_better else bound - value) > self.min_delta


class EarlyStopping(_Monitor):
    """End training when the monitored metric has not improved by more than min_delta for `patience` epochs.

    With validation rows the weights of the best epoch by the whole validation loss are always restored; with
    restore_best_weights those of the best epoch by `monitor`.

    Parameters
    ----------
    monitor : str
        A name in History.
    min_delta : float
        The least improvement that counts.
    patience : int
        Epochs without improvement before training ends.
    verbose : int
        1: print a line.
    mode : str
        "min", "max", or "auto": as the metric is.
    baseline : float
        What the metric must be better than for an epoch to count as an improvement.
    restore_best_weights : bool
        Whether to restore the weights of the best epoch by `monitor`.
    start_from_epoch : int
        The first epoch that is watched.

    Examples
    --------
    >>> from plexus.callbacks import EarlyStopping
    >>> stop = EarlyStopping("val_click_auc", patience=2)
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
    """Save the model after each epoch, or only after the best so far.

    Parameters
    ----------
    filepath : path
        It may contain `{epoch}` and names in History, as in `"model-{epoch:02d}-{val_loss:.3f}.plexus"`.
    monitor : str
        A name in History.
    verbose : int
        1: print a line.
    save_best_only : bool
        Whether to save only epochs that are better than all before.
    mode : str
        "min", "max", or "auto": as the metric is.
    initial_value_threshold : float
        What the first epoch must be better than.

    Examples
    --------
    >>> from plexus.callbacks import ModelCheckpoint
    >>> save = ModelCheckpoint("best.plexus", "val_click_auc", save_best_only=True)
    """

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
    """Multiply the learning rate by `factor` when the metric has not improved for `patience` epochs.

    History has the rate of each epoch as `learning_rate`.

    Parameters
    ----------
    monitor : str
        A name in History.
    factor : float
        Below 1.
    patience : int
        Epochs without improvement before the rate falls.
    verbose : int
        1: print a line.
    mode : str
        "min", "max", or "auto": as the metric is.
    min_delta : float
        The least improvement that counts.
    cooldown : int
        Epochs after a reduction in which none are counted.
    min_lr : float
        The lowest rate.

    Examples
    --------
    >>> from plexus.callbacks import ReduceLROnPlateau
    >>> halve = ReduceLROnPlateau("val_loss", factor=0.5, patience=3)
    """

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
    """Set the learning rate of each epoch by a function. History has it as `learning_rate`.

    Parameters
    ----------
    schedule : callable
        From the number of the epoch, from 0, and the previous rate, to the rate.
    verbose : int
        1: print a line.

    Examples
    --------
    >>> from plexus.callbacks import LearningRateScheduler
    >>> decay = LearningRateScheduler(lambda epoch, rate: rate if epoch < 5 else 0.9 * rate)
    """

    def __init__(self, schedule: Callable[[int, float], float], verbose: int = 0):
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.model.learning_rate = float(self.schedule(epoch, self.model.learning_rate))
        if self.verbose:
            print(f"Epoch {epoch + 1}: the learning rate is now {self.model.learning_rate:g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        _note_rate(self.model, logs)

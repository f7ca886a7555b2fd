# SPDX-License-Identifier: Apache-2.0
"""The base class of callbacks, LambdaCallback and History."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _repr
from ._library import warn

if TYPE_CHECKING:
    from .model import Model

Logs = dict[str, float]


class Callback:
    """Base class of callbacks; override what you need.

    `logs` has the epoch's losses and metrics by the names that History has. `self.model` is the model in training.

    Examples
    --------
    >>> from plexus.callbacks import Callback
    >>> class StopAt(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         self.model.stop_training = logs["loss"] < 0.1
    """

    model: Model
    params: dict[str, Any]

    def set_model(self, model: Model) -> None:
        """Take the model, before training starts."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take `epochs` and `verbose`, before training starts."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called after the last epoch, also after a failure."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called before each epoch, counted from 0; may set the model's learning rate."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called after each epoch with its losses and metrics; `self.model.stop_training = True` ends training."""

    def get_state(self) -> dict[str, Any]:
        """Return what the callback has gathered, for BackupAndRestore: values that JSON has, and lists of arrays."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take what `get_state` returned; called before the first epoch of a resumed training."""


# Methods of Keras' callbacks that are never called here.
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
    """Raise ValueError if it is not a callback; warn of methods that are never called."""
    if not hasattr(callback, "set_model"):
        raise ValueError(f"callbacks: {callback!r} is not a callback; derive it from plexus.callbacks.Callback")
    found = [name for name in _NEVER_CALLED if callable(getattr(callback, name, None)) and _is_own(callback, name)]
    if found:
        warn(
            f"callback {type(callback).__name__}: {', '.join(found)} will never be called: only the start and "
            "end of epochs are reported; use on_epoch_begin and on_epoch_end"
        )


def _is_own(callback: object, hook: str) -> bool:
    """Whether the method is not just that of a base class of Keras."""
    owner = next((one for one in type(callback).__mro__ if hook in vars(one)), None)
    is_set = hook in getattr(callback, "__dict__", {})
    return is_set or owner is None or owner.__module__.split(".")[0] not in ("keras", "tensorflow", "tf_keras")


class LambdaCallback(Callback):
    """Functions instead of a class.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end : callable
        Called with the number of the epoch, from 0, and its logs.
    on_train_begin, on_train_end : callable
        Called with the logs.
    **others
        TypeError: they are never called.

    Examples
    --------
    >>> from plexus.callbacks import LambdaCallback
    >>> show = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, sorted(logs)))
    >>> history = model.fit(rows, labels, verbose=0, callbacks=[show])
    0 ['click_auc', 'click_loss', 'loss', 'seconds_loss', 'seconds_mae']
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., object] | None = None,
        on_epoch_end: Callable[..., object] | None = None,
        on_train_begin: Callable[..., object] | None = None,
        on_train_end: Callable[..., object] | None = None,
        **others: Callable[..., object] | None,
    ):
        for name in others:
            remedy = (
                "it is never called; use on_epoch_begin or on_epoch_end"
                if name in _NEVER_CALLED
                else "callbacks have no such method"
            )
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
    """What `fit` returns.

    Attributes
    ----------
    epoch : list of int
        The numbers of the epochs, from 0.
    history : dict
        For each loss and metric a list with one value per epoch.

    Examples
    --------
    >>> history = model.fit(rows, labels, epochs=3, verbose=0)
    >>> len(history.history["loss"])
    3
    """

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

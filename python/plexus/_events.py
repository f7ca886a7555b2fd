# SPDX-License-Identifier: Apache-2.0
"""What training calls while it runs: the display and the callbacks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ._backup import keep, restore, told
from ._library import keep_failure
from ._native import ffi
from ._progress import Display
from ._types import CData
from .callbacks import BackupAndRestore, Callback, History

if TYPE_CHECKING:
    from .model import Model


class Listener:
    """What training calls: callbacks at each epoch's begin and end, the display in between. Epochs of the library count
    from 1, those of callbacks from `first_epoch`."""

    def __init__(
        self,
        model: Model,
        data: CData,
        callbacks: list[Callback],
        display: Display,
        first_epoch: int,
        backup: BackupAndRestore | None,
    ):
        self.model, self.data, self.callbacks = model, data, callbacks
        self.display, self.first_epoch, self.backup = display, first_epoch, backup
        self.failure: BaseException | None = None
        self.logs: dict[str, float] = {}
        self.has_ended = False  # a callback had ended the training that goes on
        self._begun = 0  # the epoch whose begin the callbacks have seen

    def hear(self, progress: CData) -> bool:
        if self.failure is not None:
            return False
        try:
            self.begin_epoch(progress.epoch)
            if progress.step < progress.steps:
                self.display.step(progress, self.first_epoch)
                return True
            return self.end_epoch(progress)
        except BaseException as failure:  # KeyboardInterrupt, too: told when training has ended cleanly
            self.failure = failure
            return False

    def rate(self, epoch: int, rate: float) -> float:
        """The learning rate that the epoch begins with; NaN, which ends training before a step, where a callback
        has failed, or had ended the training already."""
        model = self.model
        try:
            model._rate = rate
            self.begin_epoch(epoch)
        except BaseException as failure:
            self.failure = failure
            return math.nan
        if self.has_ended:
            return math.nan
        model._rate = rate if model._wanted_rate is None else model._wanted_rate
        return model._rate

    def begin_epoch(self, epoch: int) -> None:
        """Once an epoch, by whichever hook comes first: training may go on from within an epoch."""
        if epoch == self._begun:
            return
        if self._begun == 0 and self.backup is not None:
            restore(self.backup, self.model, self.callbacks, epoch - 1)
            self.has_ended = self.model.stop_training
        self._begun = epoch
        if self.has_ended:
            return
        for callback in self.callbacks:
            callback.on_epoch_begin(self.first_epoch + epoch - 1)

    def end_epoch(self, progress: CData) -> bool:
        epoch = self.first_epoch + progress.epoch - 1
        self.logs = self.model._logs(progress, self.data)
        self.display.epoch(progress, self.first_epoch, self.logs)
        try:
            for callback in self.callbacks:
                callback.on_epoch_end(epoch, self.logs)
        finally:
            if self.backup is not None:
                keep(self.backup, self.model, self.callbacks, progress.epoch, (epoch, self.logs))
        return not self.model.stop_training

    def tell_again(self, history: History, epochs: int) -> None:
        """The last epoch, where a training that was to go on had ended already."""
        last = told(self.backup, self._begun - 1 if self.has_ended else epochs) if self.backup is not None else None
        if last is not None:
            self.logs = last[1]
            history.on_epoch_end(*last)


@ffi.def_extern(onerror=keep_failure)
def plexus_progress(user: CData, progress: CData) -> bool:
    listener: Listener = ffi.from_handle(user)
    return listener.hear(progress)


@ffi.def_extern(onerror=keep_failure)
def plexus_rate(user: CData, epoch: int, rate: float) -> float:
    listener: Listener = ffi.from_handle(user)
    return listener.rate(epoch, rate)

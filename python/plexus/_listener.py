# SPDX-License-Identifier: Apache-2.0
"""What training calls while it runs: the display and the callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._library import keep_failure
from ._native import ffi
from ._progress import Display
from ._types import CData
from .callbacks import Callback

if TYPE_CHECKING:
    from .model import Model


class Listener:
    """What training calls: callbacks at each epoch's end, the display in between."""

    def __init__(self, model: Model, data: CData, callbacks: list[Callback], display: Display, first_epoch: int):
        self.model, self.data, self.callbacks = model, data, callbacks
        self.display, self.first_epoch = display, first_epoch
        self.failure: BaseException | None = None
        self.logs: dict[str, float] = {}

    def hear(self, progress: CData) -> bool:
        if self.failure is not None:
            return False
        try:
            if progress.step < progress.steps:
                self.display.step(progress, self.first_epoch)
                return True
            return self.end_epoch(progress)
        except BaseException as failure:  # KeyboardInterrupt, too: told when training has ended cleanly
            self.failure = failure
            return False

    def end_epoch(self, progress: CData) -> bool:
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


@ffi.def_extern(onerror=keep_failure)
def plexus_progress(user: CData, progress: CData) -> bool:
    listener: Listener = ffi.from_handle(user)
    return listener.hear(progress)


@ffi.def_extern(onerror=keep_failure)
def plexus_rate(user: CData, epoch: int, rate: float) -> float:
    model: Model = ffi.from_handle(user).model
    model._rate = rate if model._wanted_rate is None else model._wanted_rate
    return model._rate

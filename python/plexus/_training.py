# SPDX-License-Identifier: Apache-2.0
"""One fit: the library's training, its hooks (the display and the callbacks), and the logs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ._backup import last_logs, restore_states, save_states
from ._callback import Callback, History
from ._evaluation import measure_of_part
from ._library import PlexusError, call, keep_failure, path_bytes, struct
from ._log_files import BackupAndRestore
from ._metrics import CompiledMetrics
from ._native import ffi, lib
from ._network import Network
from ._progress import Display
from ._types import CData

if TYPE_CHECKING:
    from .model import Model


def logs_of(network: Network, metrics: CompiledMetrics, progress: CData, data: CData) -> dict[str, float]:
    """An epoch's losses and metrics by Keras' names: loss, TASK_loss, TASK_METRIC, and the same with val_."""
    names = network.schema.task_names
    logs = {"loss": progress.loss}
    logs.update({f"{name}_loss": progress.task_losses[task] for task, name in enumerate(names)})
    if progress.training_metrics != ffi.NULL:
        logs.update(metrics.named(progress.training_metrics, False))
    elif metrics.has_plain:
        logs.update(metrics.named(measure_of_part(network, metrics, data, lib.PLX_PART_TRAIN)(False), False))
    if metrics.has_weighted:
        logs.update(metrics.named(measure_of_part(network, metrics, data, lib.PLX_PART_TRAIN)(True), True))
    if progress.validation_loss == progress.validation_loss:
        logs["val_loss"] = progress.validation_loss
        logs.update({f"val_{name}_loss": progress.validation_task_losses[task] for task, name in enumerate(names)})
        if metrics.has_plain and progress.validation_metrics != ffi.NULL:
            logs.update(metrics.named(progress.validation_metrics, False, "val_"))
        if metrics.has_weighted:
            logs.update(
                metrics.named(measure_of_part(network, metrics, data, lib.PLX_PART_VALIDATION)(True), True, "val_")
            )
    return logs


class Training:
    """Callbacks are called at the start and end of each epoch, the display in between. Epochs of the library count from
    1, those of callbacks from `first_epoch`."""

    def __init__(
        self,
        model: Model,
        network: Network,
        metrics: CompiledMetrics,
        data: CData,
        callbacks: Sequence[Callback],
        display: Display,
        first_epoch: int,
    ):
        self.model, self.network, self.metrics, self.data = model, network, metrics, data
        self.history = History()
        self.callbacks, self.display, self.first_epoch = [*callbacks, self.history], display, first_epoch
        self.backup = next((one for one in self.callbacks if isinstance(one, BackupAndRestore)), None)
        self.rate = 0.0  # the learning rate of the current epoch
        self.wanted_rate: float | None = None  # that a callback asked for
        self.failure: BaseException | None = None
        self.logs: dict[str, float] = {}
        self.has_ended = False  # a callback had ended the training that is resumed
        self._begun = 0  # the last epoch whose start the callbacks have seen

    def run(self, rate: float) -> History:
        """Train, starting with this learning rate, and return the history."""
        self.rate = rate
        handle = ffi.new_handle(self)
        hooks, report = struct("plx_train_hooks"), struct("plx_train_report")
        hooks.progress, hooks.learning_rate, hooks.user = lib.plexus_progress, lib.plexus_rate, handle
        # Weighted and grouped metrics are not computed during the epoch, and all must be of the same scores.
        hooks.training_metrics = (
            self.metrics.has_plain and not self.metrics.has_groups and not self.metrics.has_weighted
        )
        keep = self.metrics.choose(hooks)
        if self.backup is not None:
            path = ffi.new("char[]", path_bytes(self.backup.path()))
            hooks.checkpoint_path, hooks.resume = path, True
        self._call_library(hooks, report)
        del keep
        if self.failure is not None:
            raise self.failure
        if not self.history.epoch:
            self._report_last_epoch(report.epochs)
        if self.backup is not None:
            self.backup.delete()
        return self.history

    def _call_library(self, hooks: CData, report: CData) -> None:
        begun: list[Callback] = []
        self.model._begin_training(self)
        try:
            for callback in self.callbacks:
                callback.set_model(self.model)
                callback.set_params({"epochs": self.display.epochs, "verbose": self.display.verbose})
                callback.on_train_begin()
                begun.append(callback)
            self.display.begin()
            call(lib.plx_model_train, self.network.handle, self.data, hooks, report)
        except PlexusError:
            if self.failure is None and not self.has_ended:
                raise
        finally:
            self.display.end()
            self.model._end_training(self.wanted_rate)
            for callback in begun:
                callback.on_train_end(self.logs)

    # -- What the library calls ------------------------------------------------------------------------------------

    def report(self, progress: CData) -> bool:
        if self.failure is not None:
            return False
        try:
            self._begin_epoch(progress.epoch)
            if progress.step < progress.steps:
                self.display.step(progress, self.first_epoch)
                return True
            return self._end_epoch(progress)
        except BaseException as failure:  # KeyboardInterrupt, too: raised after training has ended cleanly
            self.failure = failure
            return False

    def next_rate(self, epoch: int, rate: float) -> float:
        """The learning rate of the epoch; NaN, which ends training before a step, if a callback has failed, or had
        ended the training before it was resumed."""
        try:
            self.rate = rate
            self._begin_epoch(epoch)
        except BaseException as failure:
            self.failure = failure
            return math.nan
        if self.has_ended:
            return math.nan
        self.rate = rate if self.wanted_rate is None else self.wanted_rate
        return self.rate

    def _begin_epoch(self, epoch: int) -> None:
        """Called once per epoch, by the first hook: training may resume within an epoch."""
        if epoch == self._begun:
            return
        if self._begun == 0 and self.backup is not None:
            restore_states(self.backup, self, epoch - 1)
            self.has_ended = self.model.stop_training
        self._begun = epoch
        if self.has_ended:
            return
        for callback in self.callbacks:
            callback.on_epoch_begin(self.first_epoch + epoch - 1)

    def _end_epoch(self, progress: CData) -> bool:
        epoch = self.first_epoch + progress.epoch - 1
        self.logs = logs_of(self.network, self.metrics, progress, self.data)
        self.display.epoch(progress, self.first_epoch, self.logs)
        try:
            for callback in self.callbacks:
                callback.on_epoch_end(epoch, self.logs)
        finally:
            if self.backup is not None:
                save_states(self.backup, self, progress.epoch, epoch)
        return not self.model.stop_training

    def _report_last_epoch(self, epochs: int) -> None:
        """Report the last epoch if the resumed training had already ended."""
        if self.backup is None:
            return
        last = last_logs(self.backup, self._begun - 1 if self.has_ended else epochs)
        if last is not None:
            self.logs = last[1]
            self.history.on_epoch_end(*last)


@ffi.def_extern(onerror=keep_failure)
def plexus_progress(user: CData, progress: CData) -> bool:
    training: Training = ffi.from_handle(user)
    return training.report(progress)


@ffi.def_extern(onerror=keep_failure)
def plexus_rate(user: CData, epoch: int, rate: float) -> float:
    training: Training = ffi.from_handle(user)
    return training.next_rate(epoch, rate)

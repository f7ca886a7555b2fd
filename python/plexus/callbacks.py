# SPDX-License-Identifier: Apache-2.0
"""Keras' callbacks by their names and arguments; derive your own from `Callback`.

A callback is called in the thread that trains, while training waits. `self.model.stop_training = True` ends training
after the epoch, with the best epoch so far.

Examples
--------
>>> from plexus.callbacks import EarlyStopping
>>> history = model.fit(rows, labels, epochs=20, validation_split=0.2, verbose=0,
...                     callbacks=[EarlyStopping("val_click_auc", patience=2)])
"""

from __future__ import annotations

from ._callback import Callback, History, LambdaCallback
from ._log_files import BackupAndRestore, CSVLogger, JSONLogger, TensorBoard
from ._monitors import EarlyStopping, LearningRateScheduler, ModelCheckpoint, ReduceLROnPlateau

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "JSONLogger",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "TensorBoard",
]

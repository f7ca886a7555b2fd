# SPDX-License-Identifier: Apache-2.0
"""Callbacks that write files: logs, and the state of training."""

from __future__ import annotations

import csv
import json
import os
from typing import IO, Any

from ._backup import remove_states
from ._callback import Callback, Logs
from ._types import FilePath


class _Log(Callback):
    """A file that each training starts again. A resumed training truncates it to its size at the backup."""

    def __init__(self, filename: FilePath, append: bool = False):
        self.filename, self.append = os.fspath(filename), append
        self._file: IO[str]
        self._kept: int | None = None  # the size to which the first epoch truncates; None: it does not

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
    """Write a line per epoch to a CSV file.

    Parameters
    ----------
    filename : path
        The file.
    separator : str
        Between values.
    append : bool
        Whether to keep what the file contains.

    Examples
    --------
    >>> from plexus.callbacks import CSVLogger
    >>> history = model.fit(rows, labels, verbose=0, callbacks=[CSVLogger("log.csv")])
    >>> open("log.csv").readline().strip()
    'epoch,loss,click_loss,seconds_loss,click_auc,seconds_mae'
    """

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
    """Write a JSON object per epoch to a file, one per line.

    Parameters
    ----------
    filename : path
        The file.

    Examples
    --------
    >>> from plexus.callbacks import JSONLogger
    >>> history = model.fit(rows, labels, verbose=0, callbacks=[JSONLogger("log.json")])
    """

    def __init__(self, filename: FilePath):
        super().__init__(filename)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._file.write(json.dumps({"epoch": epoch, **(logs or {})}) + "\n")
        self._file.flush()


class TensorBoard(Callback):
    """Let the library write TensorBoard's events of each epoch.

    Parameters
    ----------
    log_dir : path
        The folder.

    Examples
    --------
    >>> from plexus.callbacks import TensorBoard
    >>> history = model.fit(rows, labels, verbose=0, callbacks=[TensorBoard("logs")])
    """

    def __init__(self, log_dir: FilePath = "logs"):
        self.log_dir = os.fspath(log_dir)

    def settings(self) -> dict[str, Any]:
        """Keys of the configuration's section `train`."""
        return {"tensorboard": self.log_dir}


class BackupAndRestore(Callback):
    """Resume an interrupted training.

    The library writes the state of training to a file in `backup_dir`, with the states of the callbacks next to it. A
    `fit` of the same model on the same rows that finds them there resumes from them, to the same bits as if it had
    never been interrupted; History has the epochs from there on. EarlyStopping, ReduceLROnPlateau, ModelCheckpoint and
    the loggers resume as well, and your own callbacks that have `get_state` and `set_state`; they must be given in the
    same order.

    Parameters
    ----------
    backup_dir : path
        The folder; it is created if it does not exist.
    save_freq : "epoch" or int
        When to write: after each epoch, or after so many steps.
    delete_checkpoint : bool
        Whether to remove the files when training is done.

    Raises
    ------
    SchemaError
        By `fit`, if the file is of another configuration or of other rows.

    Examples
    --------
    >>> from plexus.callbacks import BackupAndRestore
    >>> history = model.fit(rows, labels, verbose=0, callbacks=[BackupAndRestore("backup")])
    """

    def __init__(self, backup_dir: FilePath, save_freq: int | str = "epoch", delete_checkpoint: bool = True):
        self.backup_dir, self.save_freq = os.fspath(backup_dir), save_freq
        self.delete_checkpoint = delete_checkpoint
        self._written = 0  # time of the checkpoint, in nanoseconds
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
            raise ValueError(f"BackupAndRestore: save_freq is {save_freq!r}; give 'epoch' or a number of steps")

    def settings(self) -> dict[str, Any]:
        """Keys of the configuration's section `train`."""
        is_epoch = self.save_freq == "epoch"
        return {"checkpoint_epochs": int(is_epoch), "checkpoint_steps": 0 if is_epoch else self.save_freq}

    def path(self) -> str:
        """The path of the file; its folder is created if it does not exist."""
        os.makedirs(self.backup_dir, exist_ok=True)
        return os.path.join(self.backup_dir, "checkpoint")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.has_new_checkpoint()
        if self._written == 0:
            remove_states(self.backup_dir)

    def has_new_checkpoint(self) -> bool:
        """Whether one was written since the last call."""
        path, before = self.path(), self._written
        self._written = os.stat(path).st_mtime_ns if os.path.exists(path) else 0
        return self._written not in (0, before)

    def delete(self) -> None:
        """Remove the files after training."""
        if self.delete_checkpoint:
            remove_states(self.backup_dir)
            if os.path.exists(self.path()):
                os.remove(self.path())

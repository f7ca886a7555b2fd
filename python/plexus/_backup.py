# SPDX-License-Identifier: Apache-2.0
"""The states of callbacks, which BackupAndRestore stores next to the library's checkpoint, one file per epoch.

The library writes its checkpoint after the callbacks have run, and not after every epoch, so the states of all epochs
since the last checkpoint are kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ._library import FormatError

if TYPE_CHECKING:
    from ._log_files import BackupAndRestore
    from ._training import Training

_NAME = re.compile(r"callbacks-(\d+)\.npz")


def _path(folder: str, epoch: int) -> str:
    return os.path.join(folder, f"callbacks-{epoch}.npz")


def remove_states(folder: str, before: int | None = None) -> None:
    """Remove the states of all epochs, or of those before one."""
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        found = _NAME.fullmatch(name)
        if found and (before is None or int(found[1]) < before):
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(folder, name))


def save_states(backup: BackupAndRestore, training: Training, epoch: int, number: int) -> None:
    """Write the states at the end of an epoch, which counts from 1, atomically. `number`: the epoch as callbacks count
    it."""
    states: list[Any] = []
    arrays: dict[str, Any] = {}
    for place, callback in enumerate(training.callbacks):
        state = dict(callback.get_state()) if hasattr(callback, "get_state") else {}
        for name, value in list(state.items()):
            if isinstance(value, (list, tuple)) and value and all(isinstance(one, np.ndarray) for one in value):
                state[name] = {"arrays": len(value)}
                arrays.update({f"{place}.{name}.{i}": one for i, one in enumerate(value)})
        states.append({"callback": type(callback).__name__, "state": state})
    whole = {
        "learning_rate": training.wanted_rate,
        "stop_training": bool(training.model.stop_training),
        "told": (number, training.logs),
        "callbacks": states,
    }
    path = _path(backup.backup_dir, epoch)
    with open(path + ".new", "wb") as file:
        np.savez(file, states=np.array(json.dumps(whole)), **arrays)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)
    if backup.has_new_checkpoint():  # of the previous epoch, or within this one
        remove_states(backup.backup_dir, epoch - 1)


def _read(backup: BackupAndRestore, epoch: int) -> tuple[dict[str, Any], dict[str, Any]] | None:
    path = _path(backup.backup_dir, epoch)
    if not os.path.exists(path):
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            return json.loads(str(file["states"])), dict(file)
    except (ValueError, KeyError, OSError, EOFError) as failure:
        raise FormatError(f"{path}: not a file of callbacks' states: {failure}; remove {backup.backup_dir}") from None


def restore_states(backup: BackupAndRestore, training: Training, epoch: int) -> None:
    """Restore the states at the end of an epoch; states of other callbacks are skipped."""
    found = _read(backup, epoch)
    if found is None:
        return
    whole, arrays = found
    training.wanted_rate, training.model.stop_training = whole["learning_rate"], whole["stop_training"]
    for place, (callback, entry) in enumerate(zip(training.callbacks, whole["callbacks"])):
        state = entry["state"]
        if entry["callback"] != type(callback).__name__ or not state:
            continue
        for name, value in state.items():
            if isinstance(value, dict) and set(value) == {"arrays"}:
                state[name] = [arrays[f"{place}.{name}.{i}"] for i in range(value["arrays"])]
        callback.set_state(state)


def last_logs(backup: BackupAndRestore, epoch: int) -> tuple[int, dict[str, float]] | None:
    """The number of a finished epoch, as callbacks count it, and its logs."""
    found = _read(backup, epoch)
    return None if found is None else (found[0]["told"][0], found[0]["told"][1])

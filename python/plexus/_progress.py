# SPDX-License-Identifier: Apache-2.0
"""What training prints: verbose 0 nothing, 1 a line per epoch and, in terminals and notebooks, a bar; 2 only the line;
"auto" is 1."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from ._types import CData


def _figures(logs: dict[str, float]) -> str:
    return " - ".join(f"{name}: {value:.4f}" for name, value in logs.items())


def _shows_bars() -> bool:
    """Whether the output is a terminal or a notebook: elsewhere the bar's carriage returns would end up in a file."""
    out = sys.stdout
    if type(out).__module__.split(".")[0] == "ipykernel":
        return True
    try:
        return out.isatty()
    except (AttributeError, ValueError):  # no stdout, or closed
        return False


class Display:
    def __init__(self, verbose: int | str, epochs: int):
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.epochs = epochs
        self._bar: Any = None
        self._epoch_start = 0.0

    def begin(self) -> None:
        if self.verbose == 1 and _shows_bars():
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # a notebook without ipywidgets gets a text bar
                    from tqdm.auto import tqdm
            except ImportError:
                return
            self._tqdm = tqdm

    def step(self, progress: CData, first_epoch: int) -> None:
        if self.verbose != 1 or not hasattr(self, "_tqdm"):
            return
        if self._bar is None:
            self._bar = self._tqdm(
                total=progress.steps,
                desc=f"Epoch {first_epoch + progress.epoch}/{self.epochs}",
                unit="step",
                leave=False,
                file=sys.stdout,
            )
        self._bar.update(progress.step - self._bar.n)
        self._bar.set_postfix_str(f"loss: {progress.loss:.4f}", refresh=False)

    def epoch(self, progress: CData, first_epoch: int, logs: dict[str, float]) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        if self.verbose == 0:
            return
        seconds = progress.seconds - self._epoch_start
        self._epoch_start = progress.seconds
        head = f"Epoch {first_epoch + progress.epoch}/{self.epochs}"
        steps = f"{progress.steps}/{progress.steps}"
        sys.stdout.write(f"{head}\n{steps} - {seconds:.2f}s - {_figures(logs)}\n")
        sys.stdout.flush()

    def end(self) -> None:
        if self._bar is not None:
            self._bar.close()

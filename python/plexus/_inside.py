# SPDX-License-Identifier: Apache-2.0
"""Looking inside a network: what its layers make of rows, how its gates mix, its embeddings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ._library import call, text
from ._native import ffi, lib
from ._network import Network
from ._types import CData, Floats, Rows


class Inside(Network):
    def layers(self) -> dict[str, tuple[int, int]]:
        """The layers by name, in the order of `describe`, with what each makes of a row: (groups, width)."""
        found: dict[str, tuple[int, int]] = {}
        name, groups, width = ffi.new("const char **"), ffi.new("int *"), ffi.new("int *")
        while lib.plx_model_layer(self._built(), len(found), name, groups, width, ffi.NULL) == lib.PLX_OK:
            found[text(name[0])] = (groups[0], width[0])
        return found

    def layer_output(self, x: Rows, name: str) -> Floats:
        """What the layer makes of each row: [rows, groups, width].

        name: one of `layers`; ValueError for another, UnsupportedError for one that scoring does not make (a loss).
        """
        with self._lock:
            return self._outputs(self._rows(x), [name])[name]

    def _outputs(self, dataset: CData, names: Iterable[str]) -> dict[str, Floats]:
        shapes = self.layers()
        places = list(shapes)
        found = {}
        for name in names:
            if name not in shapes:
                raise ValueError(f"there is no layer '{name}'; there are {', '.join(places)}")
            out = np.empty((lib.plx_dataset_rows(dataset), *shapes[name]), np.float32)
            pointer = ffi.cast("float *", ffi.from_buffer(out))
            call(lib.plx_model_layer_output, self._handle, dataset, places.index(name), pointer)
            found[name] = out
        return found

    def gates(self, x: Rows) -> dict[str, dict[str, Any]]:
        """How the gates mix the experts over the rows of x, by the gate's name (figure 8 of the PLE paper, Tang et al.
        2020): `mean` and `deviation` of each expert's weight [experts], `entropy`, the mean of -sum w log w over the
        rows, in nats, and `experts`, their names."""
        names = [name for name in self.layers() if name.endswith("gate/softmax")]
        with self._lock:
            outputs = self._outputs(self._rows(x), names)
        return {name[: -len("/softmax")]: self._gate(name, weights[:, 0, :]) for name, weights in outputs.items()}

    def _gate(self, name: str, given: Floats) -> dict[str, Any]:
        weights = given.astype(np.float64)
        logs = np.log(np.maximum(weights, 1e-300))
        return {
            "mean": weights.mean(axis=0),
            "deviation": weights.std(axis=0),
            "entropy": float(-(weights * logs).sum(axis=1).mean()),
            "experts": self._experts(name, weights.shape[1]),
        }

    def _experts(self, gate: str, n: int) -> list[str]:
        """The experts that a gate sees, in its order: the task's own, then shared ones; the shared gate sees all."""
        scope = gate.split("/")[:-2]
        level, owner = "/".join(scope[:-1]), scope[-1] if scope else ""
        banks: dict[str, int] = {}
        for layer, (groups, _) in self.layers().items():
            parts = layer.split("/")
            if "experts" in parts and parts[-1] == "linear":
                where = parts[: parts.index("experts")]
                banks.setdefault("/".join(where), groups)
        seen = [
            (bank, groups)
            for bank, groups in banks.items()
            if not bank
            or bank.rsplit("/", 1)[0] == level
            and (owner == "shared" or bank.split("/")[-1] in (owner, "shared"))
        ]
        names = [f"{bank.split('/')[-1] or 'expert'} {i}" for bank, groups in seen for i in range(groups)]
        return names if len(names) == n else [f"expert {i}" for i in range(n)]

    def embeddings(self) -> dict[str, Floats]:
        """Embedding tables by name, [rows, dim], as `parameters` gives them; row 0 is that of unknown categories."""
        return {
            name[len("embedding/") : -len("/table")]: values[0]
            for name, values in self.parameters().items()
            if name.startswith("embedding/") and name.endswith("/table")
        }

# SPDX-License-Identifier: Apache-2.0
"""Looking inside a network: what its layers make of rows, how its gates mix, its embeddings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from ._library import call, text
from ._native import ffi, lib
from ._network import Network
from ._types import CData, Floats, Rows

_TASK = re.compile(r"(?<![^/\s])task(\d+)(?=/| |$)")  # the library's name of a task, a part of a layer's name


class Inside(Network):
    def _shown(self, names: str) -> str:
        """Names of layers with the tasks' names in the library's stead: click/tower/... of task0/tower/..."""

        def shown(found: re.Match[str]) -> str:
            task = int(found[1])
            name = self.task_names[task] if task < len(self.task_names) else ""
            # What could be taken for another part of a name stays as it is.
            is_plain = name and "/" not in name and not _TASK.fullmatch(name) and name not in self._parts()
            return name if is_plain else found[0]

        return _TASK.sub(shown, names)

    def _parts(self) -> set[str]:
        """The words of which the library makes names of layers, but for tasks."""
        return {part for name in self._layers() for part in name.split("/") if not _TASK.fullmatch(part)}

    def _layers(self) -> dict[str, tuple[int, int]]:
        """As `layers`, by the library's names."""
        found: dict[str, tuple[int, int]] = {}
        name, groups, width = ffi.new("const char **"), ffi.new("int *"), ffi.new("int *")
        while lib.plx_model_layer(self._built(), len(found), name, groups, width, ffi.NULL) == lib.PLX_OK:
            found[text(name[0])] = (groups[0], width[0])
        return found

    def layers(self) -> dict[str, tuple[int, int]]:
        """The layers by name, in the order of `describe`, with what each makes of a row: (groups, width). Those of a
        task begin with its name: click/tower/... (parameters keep the name that they have in files,
        task0/tower/...)."""
        return {self._shown(name): shape for name, shape in self._layers().items()}

    def describe(self, form: str = "layers") -> str:
        """The network as text: `layers` with shapes and parameters, `dot` for Graphviz, `plan` as it executes; the
        last two have the library's names of tasks, task0 and so on."""
        lines = super().describe(form).split("\n")
        head = next((i for i, line in enumerate(lines) if line.startswith("layer ")), None)
        if form != "layers" or head is None:
            return "\n".join(lines)
        width = lines[head].index("shape")
        end = next((i for i in range(head, len(lines)) if not lines[i]), len(lines))
        names = [self._shown(line[:width].rstrip()) for line in lines[head:end]]
        wide = max(map(len, names)) + 2
        table = [f"{name:{wide}}{line[width:]}".rstrip() for name, line in zip(names, lines[head:end])]
        return "\n".join(lines[:head] + table + lines[end:])

    def layer_output(self, x: Rows, name: str) -> Floats:
        """What the layer makes of each row: [rows, groups, width].

        name: one of `layers`; ValueError for another, UnsupportedError for one that scoring does not make (a loss).
        """
        with self._lock:
            return self._outputs(self._rows(x), [name])[name]

    def _outputs(self, dataset: CData, names: Iterable[str]) -> dict[str, Floats]:
        shapes = list(self._layers().items())
        places = {name: place for place, (name, _) in enumerate(shapes)}  # by the library's names, too
        shown = list(self.layers())
        places.update({name: place for place, name in enumerate(shown)})
        found = {}
        for name in names:
            if name not in places:
                raise ValueError(f"there is no layer '{name}'; there are {', '.join(shown)}")
            out = np.empty((lib.plx_dataset_rows(dataset), *shapes[places[name]][1]), np.float32)
            pointer = ffi.cast("float *", ffi.from_buffer(out))
            call(lib.plx_model_layer_output, self._handle, dataset, places[name], pointer)
            found[name] = out
        return found

    def gates(self, x: Rows) -> dict[str, dict[str, Any]]:
        """How the gates mix the experts over the rows of x, by the gate's name (figure 8 of the PLE paper, Tang et al.
        2020): `mean` and `deviation` of each expert's weight [experts], `entropy`, the mean of -sum w log w over the
        rows, in nats, and `experts`, their names."""
        names = [name for name in self._layers() if name.endswith("gate/softmax")]
        with self._lock:
            outputs = self._outputs(self._rows(x), names)
        return {
            self._shown(name[: -len("/softmax")]): self._gate(name, weights[:, 0, :])
            for name, weights in outputs.items()
        }

    def _gate(self, name: str, given: Floats) -> dict[str, Any]:
        weights = given.astype(np.float64)
        logs = np.log(np.maximum(weights, 1e-300))
        return {
            "mean": weights.mean(axis=0),
            "deviation": weights.std(axis=0),
            "entropy": float(-(weights * logs).sum(axis=1).mean()),
            "experts": [self._shown(one) for one in self._experts(name, weights.shape[1])],
        }

    def _experts(self, gate: str, n: int) -> list[str]:
        """The experts that a gate sees, in its order: the task's own, then shared ones; the shared gate sees all."""
        scope = gate.split("/")[:-2]
        level, owner = "/".join(scope[:-1]), scope[-1] if scope else ""
        banks: dict[str, int] = {}
        for layer, (groups, _) in self._layers().items():
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

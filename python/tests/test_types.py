# SPDX-License-Identifier: Apache-2.0
"""What a type checker sees of the installed package."""

import subprocess
import sys
from pathlib import Path

import pytest

import plexus

pytest.importorskip("mypy")
ROOT = Path(__file__).resolve().parents[2]


def mypy(folder, *arguments):
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            ROOT / "pyproject.toml",
            "--cache-dir",
            folder / "cache",
            *arguments,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def installed():
    if not Path(plexus.__file__).with_name("_native.pyi").exists():
        pytest.skip("the package is not installed as a wheel")


def test_the_package_is_strict(installed, tmp_path):
    checked = mypy(tmp_path, "-p", "plexus")
    assert checked.returncode == 0, checked.stdout


USE = """
import numpy as np
import plexus
from plexus.callbacks import EarlyStopping

model = plexus.MMOE(
    [plexus.SparseFeat("city"), plexus.DenseFeat("age")], 2, ["binary", "regression"], ["click", "seconds"],
    dnn_activation=["relu", "tanh"], expert_dnn_units=[8, 8],
)
model.compile("adam", loss=["binary_crossentropy", None], metrics=["AUC"], loss_weights={"click": 2.0})
x = {"city": np.array(["a", "b"]), "age": [1.0, 2.0]}
history = model.fit(x, [np.zeros(2), np.ones(2)], epochs=2, callbacks=[EarlyStopping("loss")])
reveal_type(history.history)
reveal_type(model.predictor()(["a", 1.0]))
plexus.SparseFeat("city", embedding_dim=[4])
model.fit(x, epochs="two")
model.save(3)
"""


def test_a_program_that_uses_it(installed, tmp_path):
    """Right use passes, wrong use is reported at its line."""
    (tmp_path / "use.py").write_text(USE)
    lines = mypy(tmp_path, "use.py").stdout.splitlines()
    assert [line.split(":")[1] for line in lines if ": error:" in line] == ["15", "16", "17"], lines
    assert 'Revealed type is "dict[str, list[float]]"' in lines[0]
    assert 'Revealed type is "tuple[float, ...]"' in lines[1]


KINDS = """
import numpy as np
import plexus

model = plexus.SingleTask([plexus.SparseFeat("city")], task_name="click")
x = {"city": ["a", "b"], "age": np.zeros(2)}
model.fit(x, [0, 1], validation_data=(x, [0, 1]), sample_weight="age")
model.fit([np.zeros(2)], np.zeros(2), sample_weight=np.ones(2))
model.fit("rows.csv", validation_data=["a.csv", "b.csv"])
model.predict(plexus.Files("rows/*.csv"))
model.predictor()({"city": "a"})
model.fit(3)
model.fit(x, 3)
model.compile(3)
model.compile("adam", loss=3)
model.compile("adam", metrics=[3])
model.predictor()(3)
model.evaluate(x, [0, 1], sample_weight=3)
model.gates(3)
plexus.DenseFeat("age", transform_fn=3)
"""


def test_invalid_containers_are_reported(installed, tmp_path):
    (tmp_path / "kinds.py").write_text(KINDS)
    lines = mypy(tmp_path, "kinds.py").stdout.splitlines()
    assert [int(line.split(":")[1]) for line in lines if ": error:" in line] == list(range(12, 21)), lines

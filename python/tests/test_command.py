# SPDX-License-Identifier: Apache-2.0
"""The command that comes with the package is the C command, and does what that one's own tests ask of it."""

import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import plexus
from helpers import trained
from plexus import _command, datasets
from plexus.datasets import fetch

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def command():
    found = Path(_command.command())
    if found.parent != Path(sys.executable).parent:
        pytest.skip("the package is not installed as a wheel")
    return found


def test_is_an_executable(command):
    assert command.read_bytes()[:4] == b"\x7fELF" and os.access(command, os.X_OK)
    printed = subprocess.run([command, "--version"], check=True, capture_output=True, text=True).stdout
    assert printed.splitlines()[0] == f"plexus {plexus.__version__}" and "yes (by Python)" in printed
    module = subprocess.run([sys.executable, "-m", "plexus", "--version"], check=True, capture_output=True, text=True)
    assert module.stdout == printed


def test_exit_codes_and_pipes(command, rows, features, tmp_path):
    """Through `python -m plexus` too: usage, the standard input, a reader that goes away."""
    model = trained(features, rows)
    model.save(tmp_path / "m.plexus")
    lines = "".join(f"{c},{k},{a!r},{p!r}\n" for c, k, a, p in zip(*(features[n][:50].tolist() for n in features)))
    for start in ([command], [sys.executable, "-m", "plexus"]):
        assert subprocess.run([*start, "fitt"], capture_output=True).returncode == 2
        assert subprocess.run([*start, "predict", "none.plexus", "-"], capture_output=True).returncode == 1
        scores = subprocess.run(
            [*start, "predict", tmp_path / "m.plexus", "-"],
            input="city,code,age,pay\n" + lines,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()
        assert scores[0] == "click,seconds" and len(scores) == 51
        expected = model.predict({name: values[:50] for name, values in features.items()})
        assert float(scores[7].split(",")[0]) == pytest.approx(expected[0][6, 0], rel=1e-6)


def test_interrupt(command, tmp_path):
    """Ctrl-C reaches the command started by `python -m plexus`, which keeps its best epoch."""
    subprocess.run(
        [command, "synth", "--rows", "20000", "--out", tmp_path / "s.csv", "--config", tmp_path / "s.yaml"], check=True
    )
    fit = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "plexus",
            "fit",
            tmp_path / "s.yaml",
            "--set",
            "train.epochs=100000",
            "--set",
            "train.patience=0",
            "--out",
            tmp_path / "out",
        ],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    for line in fit.stderr:
        if " 2/100000 " in line:
            break
    fit.send_signal(signal.SIGINT)
    printed = fit.communicate(timeout=60)[1]
    assert fit.returncode == 130, printed
    assert "interrupted; keeping the model of epoch" in printed
    assert (tmp_path / "out" / "model.plexus").exists()


def test_as_the_command_itself(command):
    """tests/test_cli.sh, which the C command passes."""
    done = subprocess.run(
        ["sh", "tests/test_cli.sh"],
        cwd=ROOT,
        env={**os.environ, "PLEXUS": str(command)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_fetch(command, tmp_path):
    data = Path(os.environ.get("PLEXUS_DATA") or ROOT.parent / "shared" / "data") / "adult"
    with pytest.raises(ValueError, match="no data set 'adlut'; there are adult, census-income"):
        fetch("adlut", tmp_path)
    with pytest.raises(FileNotFoundError, match="neither adult.zip nor adult.data"):
        fetch("adult", tmp_path / "new" / "folder", source=tmp_path)
    assert not (tmp_path / "new").exists()
    if not data.exists():
        pytest.skip("no real data")
    folder = fetch("adult", tmp_path, source=data)
    assert folder == tmp_path / "adult"
    assert sorted(path.name for path in folder.iterdir()) == ["adult.data.gz", "adult.test.gz"]
    assert fetch("adult", tmp_path, source=tmp_path / "nowhere") == folder


def test_cells_of_frames(tmp_path):
    pytest.importorskip("pandas")
    with gzip.open(tmp_path / "adult.test.gz", "wt") as file:
        file.write("|1x3 Cross validator\n25,  NA, 226802, a  b ,?\n\n")
    frame = datasets._frame(tmp_path / "adult.test.gz", ["age", "work", "weight", "school", "country"])
    assert frame.to_dict("records") == [{"age": 25, "work": "NA", "weight": 226802, "school": "a  b", "country": "?"}]


def test_rows_as_frames(command, monkeypatch):
    pytest.importorskip("pandas")
    data = Path(os.environ.get("PLEXUS_DATA") or ROOT.parent / "shared" / "data").resolve()
    if not (data / "adult").exists():
        pytest.skip("no real data")
    monkeypatch.setenv("PLEXUS_DATA", str(data))
    train, test = datasets.adult()
    assert (len(train), len(test)) == (32561, 16281)
    assert list(train["income"].unique()) == ["<=50K", ">50K"] and list(test["income"].unique()) == ["<=50K.", ">50K."]
    assert (train["workclass"] == "?").sum() == 1836 and train.notna().all(axis=None)

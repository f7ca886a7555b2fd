# SPDX-License-Identifier: Apache-2.0
"""What is shown: bars in terminals alone, models and histories as they print themselves, layers by the tasks' names."""

import io
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

import plexus
from helpers import small_model, trained
from plexus import _progress, callbacks
from plexus._progress import Display

FIT = """
import sys
if {without}:
    sys.modules["tqdm"] = sys.modules["tqdm.auto"] = None
import numpy as np, plexus
model = plexus.SingleTask([plexus.DenseFeat("x")], task_name="click")
model.compile("adam")
x = np.arange(200000.0)
model.fit({{"x": x}}, (x % 2), batch_size=64, epochs=2, verbose={verbose})
"""


def program(verbose, without=False):
    return [sys.executable, "-c", FIT.format(verbose=repr(verbose), without=without)]


@pytest.mark.parametrize("without", [False, True], ids=["tqdm", "no tqdm"])
@pytest.mark.parametrize("verbose", [1, "auto", 2])
def test_no_bar_in_pipes(verbose, without):
    done = subprocess.run(program(verbose, without), capture_output=True, text=True, check=True)
    assert "\r" not in done.stdout + done.stderr and done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == 4 and lines[0] == "Epoch 1/2" and "loss: " in lines[3]


class Out(io.StringIO):
    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.mark.parametrize(
    "verbose, terminal, shows", [(1, True, True), ("auto", True, True), (2, True, False), (1, False, False)]
)
def test_a_bar_in_a_terminal(verbose, terminal, shows, monkeypatch):
    """Whatever the speed: as if training had reported a step."""
    pytest.importorskip("tqdm")
    out = Out(terminal)
    monkeypatch.setattr(sys, "stdout", out)
    display = Display(verbose, 2)
    display.begin()
    display.step(SimpleNamespace(step=5, steps=10, epoch=1, loss=0.5, seconds=0.1), 0)
    display.epoch(SimpleNamespace(step=10, steps=10, epoch=1, loss=0.5, seconds=0.2), 0, {"loss": 0.5})
    display.end()
    assert ("\r" in out.getvalue()) == shows and ("Epoch 1/2:" in out.getvalue()) == shows
    assert "10/10 - 0.20s - loss: 0.5000\n" in out.getvalue()


def test_a_bar_in_a_notebook(monkeypatch):
    """Its output is no terminal, and shows bars."""
    out = type("OutStream", (Out,), {"__module__": "ipykernel.iostream"})(False)
    monkeypatch.setattr(sys, "stdout", out)
    assert _progress._shows_bars()


def test_output_that_is_no_file(rows, features, monkeypatch):
    """None, as under pythonw, and what has no isatty."""

    class Out:
        def __init__(self):
            self.text = ""

        def write(self, text):
            self.text += text

        def flush(self): ...

    out = Out()
    monkeypatch.setattr(sys, "stdout", out)
    trained(features, rows, verbose=1)
    assert out.text.startswith("Epoch 1/2\n") and "\r" not in out.text


# -- Models, histories, predictors -------------------------------------------------------------------------------------


def test_the_text_of_a_model(rows, features):
    model = small_model()
    assert (
        repr(model)
        == "<plexus MMOE: click (binary), seconds (regression); 4 columns; not built: the first fit builds it>"
    )
    model.fit(features, [rows["click"], rows["seconds"]], batch_size=512, verbose=0)
    assert (
        repr(model)
        == f"<plexus MMOE: click (binary), seconds (regression); 4 columns; {model.count_params()} parameters>"
    )
    html = model._repr_html_()
    assert html.startswith("<table>") and "4: city, code, age, pay" in html and "seconds (regression)" in html


@pytest.mark.parametrize("name", ["SingleTask", "Shared_Bottom", "ESMM", "MMOE", "PLE_CGC", "PLE"])
def test_every_model_has_its_name(name):
    arguments = {"task_names": ["a", "b"]} if name != "SingleTask" else {}
    assert repr(getattr(plexus, name)([plexus.SparseFeat("city")], **arguments)).startswith(f"<plexus {name}: ")


def test_a_wide_model_is_short():
    columns = [plexus.DenseFeat(f"column_{i}") for i in range(500)]
    model = plexus.MMOE(columns, task_types=["binary"] * 60, task_names=[f"task_{i}" for i in range(60)])
    assert len(repr(model)) < 300 and len(model._repr_html_()) < 800
    assert "500 columns" in repr(model)


def test_names_are_escaped():
    html = plexus.SingleTask([plexus.SparseFeat("<b>&")], task_name="<i>")._repr_html_()
    assert "&lt;b&gt;&amp;" in html and "&lt;i&gt; (binary)" in html and "<i>" not in html


def test_the_text_of_a_history(rows, features):
    history = trained(features, rows, epochs=3, validation_split=0.25).history
    last = {name: values[-1] for name, values in history.history.items()}
    assert repr(history) == (
        f"<plexus History: 3 epochs, loss {last['loss']:.4g}, val_loss {last['val_loss']:.4g}, "
        f"val_click_auc {last['val_click_auc']:.4g}, val_click_mae {last['val_click_mae']:.4g}, "
        f"val_seconds_mae {last['val_seconds_mae']:.4g}>"
    )
    html = history._repr_html_()
    assert html.count("<tr>") == 4 and f"<td>{last['val_loss']:.4g}</td>" in html
    assert repr(callbacks.History()) == "<plexus History: 0 epochs>" and "<table>" in callbacks.History()._repr_html_()


def test_a_long_history_is_short():
    history = callbacks.History()
    for epoch in range(1000):
        history.on_epoch_end(epoch, {"loss": 1.0 / (epoch + 1), **{f"t{i}_auc": 0.5 for i in range(40)}})
    assert len(repr(history)) < 300
    assert history._repr_html_().count("<tr>") == 10 and "<td>1000</td>" in history._repr_html_()


def test_the_text_of_a_predictor(rows, features):
    predictor = trained(features, rows).predictor()
    assert repr(predictor) == "<plexus Predictor of 4 columns: city, code, age, pay>"
    assert "<td>0</td><td>city</td>" in predictor._repr_html_()


# -- Layers and gates by the tasks' names ------------------------------------------------------------------------------


def test_layers_have_the_tasks_names(rows, features):
    model = trained(features, rows)
    layers = list(model.layers())
    assert "click/tower/dense0/linear" in layers and "seconds/gate/softmax" in layers
    assert not any("task0" in name for name in layers)
    assert model.layer_output(features, "click/gate/softmax").shape[0] == len(rows["click"])
    assert any(name.startswith("task0/tower") for name in model.parameters())  # as in model files
    for name in ("buy/gate", "task0/gate/softmax"):
        with pytest.raises(ValueError, match=f"there is no layer '{name}'; there are .*click/gate/linear"):
            model.layer_output(features, name)


@pytest.mark.parametrize("form", ["layers", "plan", "dot"])
def test_every_description_has_them(form, rows, features):
    described = trained(features, rows).describe(form)
    assert "seconds" in described and not re.search(r"task\d", described)


def test_the_summary_has_them_in_line(rows, features):
    lines = trained(features, rows).describe().splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("layer "))
    column = lines[head].index("shape")
    table = lines[head : lines.index("", head)]
    assert any(line.startswith("seconds/tower/dense0/linear ") for line in table)
    for line in table[1:]:
        assert line[column] in "[-" and line[column - 1] == " "
    assert not any("task1" in line for line in table)
    assert "click (binary), seconds (regression)" in "\n".join(lines)


def layers_of(names, x, y):
    columns = [plexus.SparseFeat("city")]
    model = plexus.PLE(columns, task_types=["binary"] * 2, task_names=names, expert_dnn_units=[4])
    model.compile("adam")
    model.fit({"city": x["city"]}, [y, y], batch_size=512, verbose=0)
    gates = model.gates({"city": x["city"]})
    assert len(gates) == 5 and len(set(model.layers())) == len(list(model._definition.built().layers()))
    return list(gates)


@pytest.mark.parametrize(
    "names, shown",
    [
        (["click", "buy"], ["level0/click/gate", "level0/buy/gate", "level0/shared/gate"]),
        (["watch time", "d é"], ["level0/watch time/gate", "level0/d é/gate", "level0/shared/gate"]),
        (["shared", "buy"], ["level0/task0/gate", "level0/buy/gate", "level0/shared/gate"]),  # another layer's name
        (["a/b", "gate"], ["level0/task0/gate", "level0/task1/gate", "level0/shared/gate"]),
        (["task1", "task0"], ["level0/task0/gate", "level0/task1/gate", "level0/shared/gate"]),
        (["task1x", "xtask0"], ["level0/task1x/gate", "level0/xtask0/gate", "level0/shared/gate"]),
    ],
)
def test_names_that_could_be_mistaken_stay(names, shown, rows, features):
    assert layers_of(names, features, rows["click"])[:3] == shown

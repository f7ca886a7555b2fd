# SPDX-License-Identifier: Apache-2.0
"""DeepCTR 0.9.4's names, defaults and habits: its scripts run with the imports exchanged."""

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import plexus
from helpers import same
from plexus import DenseFeat, SparseFeat
from plexus._deepctr import SPELLINGS

ROOT = Path(__file__).resolve().parents[2]
TWO = {"task_types": ["binary", "binary"], "task_names": ["income", "marital"]}


def columns(**dense):
    return [
        SparseFeat("city", 9, 4, dtype="int32", group_name="default_group"),
        DenseFeat("price", 1, dtype="float32", **dense),
    ]


@pytest.fixture(scope="module")
def x():
    random = np.random.default_rng(0)
    return {"city": random.integers(0, 9, 400), "price": random.random(400)}


@pytest.fixture(scope="module")
def y():
    random = np.random.default_rng(1)
    return [random.integers(0, 2, 400), random.integers(0, 2, 400)]


def use(model, x, y, folder, saves=True):
    """What DeepCTR's own tests of multi-task models do."""
    model.compile("adam", loss=["binary_crossentropy"] * 2, metrics=["accuracy"] * 2)
    history = model.fit(x, y, batch_size=100, epochs=1, validation_split=0.5, verbose=0)
    assert "val_loss" in history.history
    scores = model.predict(x, batch_size=256)
    assert [one.shape for one in scores] == [(400, 1)] * 2 and len(model.outputs) == 2
    model.save_weights(folder / "weights.h5")
    model.set_weights([one * 0 for one in model.get_weights()])
    model.load_weights(folder / "weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(model.predict(x), scores))
    if saves:
        plexus.save_model(model, folder / "model.h5")
        loaded = plexus.load_model(folder / "model.h5", {"no": "object"})
        assert all(np.array_equal(a, b) for a, b in zip(loaded.predict(x), scores))


CALLS = {
    "SharedBottom": lambda c: plexus.SharedBottom(
        c, bottom_dnn_hidden_units=(8,), tower_dnn_hidden_units=(8,), task_types=["binary"] * 2, task_names=["a", "b"]
    ),
    "SharedBottom by place": lambda c: plexus.SharedBottom(c, (8,), (8,), 0.00001, 0, 1024, 0, "relu", False),
    "ESMM": lambda c: plexus.ESMM(
        c, tower_dnn_hidden_units=(8,), task_types=["binary", "binary"], task_names=["marital", "income"]
    ),
    "MMOE": lambda c: plexus.MMOE(
        c, num_experts=3, expert_dnn_hidden_units=(8,), tower_dnn_hidden_units=(8,), gate_dnn_hidden_units=(), **TWO
    ),
    "PLE of two levels, no shared expert": lambda c: plexus.PLE(
        c,
        shared_expert_num=0,
        specific_expert_num=1,
        num_levels=2,
        expert_dnn_hidden_units=(8,),
        tower_dnn_hidden_units=(8,),
        gate_dnn_hidden_units=(),
        **TWO,
    ),
    "PLE with gates of a layer": lambda c: plexus.PLE(
        c, num_levels=1, expert_dnn_hidden_units=(8,), tower_dnn_hidden_units=(8,), gate_dnn_hidden_units=(4,), **TWO
    ),
    "towers without layers": lambda c: plexus.MMOE(c, tower_dnn_hidden_units=[], **TWO),
    "defaults of MMOE": lambda c: plexus.MMOE(c),
    "defaults of SharedBottom": lambda c: plexus.SharedBottom(c),
    "defaults of PLE": lambda c: plexus.PLE(c),
    "defaults of ESMM": lambda c: plexus.ESMM(c),
    "names alone": lambda c: plexus.MMOE(c, task_names=("a", "b")),
    "types alone": lambda c: plexus.MMOE(c, task_types=("binary", "binary")),
}


@pytest.mark.parametrize("name", CALLS)
def test_its_calls(name, x, y, tmp_path):
    use(CALLS[name](columns()), x, y, tmp_path)


def part(model):
    """Section `model` of the configuration, and its tasks."""
    keys = (
        "bottom_dnn_units",
        "expert_dnn_units",
        "gate_dnn_units",
        "tower_dnn_units_lists",
        "num_experts",
        "num_experts_shared",
        "num_experts_specific",
        "num_levels",
    )
    section = model._definition.config.source["model"]
    return {key: section[key] for key in keys if key in section}


def test_defaults_go_with_the_names():
    """DeepCTR's where one of its names is used, this package's elsewhere."""
    c = columns()
    assert part(plexus.MMOE(c, expert_dnn_hidden_units=(8,))) == {
        "num_experts": 3,
        "expert_dnn_units": [8],
        "gate_dnn_units": [],
        "tower_dnn_units_lists": [[64], [64]],
    }
    assert part(plexus.MMOE(c, tower_dnn_hidden_units=(8,)))["expert_dnn_units"] == [256, 128]
    assert part(plexus.MMOE(c)) == {
        "num_experts": 4,
        "expert_dnn_units": [128, 128],
        "gate_dnn_units": [],
        "tower_dnn_units_lists": [[32, 32], [32, 32]],
    }
    assert part(plexus.PLE(c, shared_expert_num=2)) == {
        "num_levels": 2,
        "num_experts_specific": 1,
        "num_experts_shared": 2,
        "expert_dnn_units": [256],
        "gate_dnn_units": [],
        "tower_dnn_units_lists": [[64], [64]],
    }
    assert part(plexus.PLE(c, num_experts_shared=2))["num_experts_specific"] == 8
    assert part(plexus.CGC(c, specific_expert_num=3))["num_experts_shared"] == 1
    assert part(plexus.SharedBottom(c)) == {"bottom_dnn_units": [256, 128], "tower_dnn_units_lists": [[64], [64]]}
    assert part(plexus.SharedBottom(c, bottom_dnn_hidden_units=()))["bottom_dnn_units"] == []
    assert part(plexus.Shared_Bottom(c)) == {
        "bottom_dnn_units": [128, 128],
        "tower_dnn_units_lists": [[64, 32], [64, 32]],
    }
    assert part(plexus.ESMM(c, tower_dnn_hidden_units=(8, 4)))["tower_dnn_units_lists"] == [[8, 4], [8, 4]]
    assert part(plexus.ESMM(c))["tower_dnn_units_lists"] == [[128, 128], [128, 128]]


def test_towers_of_three_tasks():
    """Each default and DeepCTR's one list are for any number of tasks."""
    three = {"task_types": ["binary"] * 3, "task_names": ["a", "b", "c"]}
    for make in (plexus.Shared_Bottom, plexus.MMOE, plexus.CGC, plexus.PLE):
        assert len(part(make(columns(), **three))["tower_dnn_units_lists"]) == 3
        assert part(make(columns(), tower_dnn_hidden_units=[7], **three))["tower_dnn_units_lists"] == [[7]] * 3


def test_both_names_make_the_same_model(x, y):
    def trained(**arguments):
        model = plexus.MMOE(columns(), num_experts=2, seed=3, **TWO, **arguments)
        model.compile("adam")
        model.fit(x, y, verbose=0)
        return model

    ours = trained(expert_dnn_units=[8], gate_dnn_units=[4], tower_dnn_units_lists=[[6], [6]])
    theirs = trained(expert_dnn_hidden_units=(8,), gate_dnn_hidden_units=(4,), tower_dnn_hidden_units=(6,))
    assert same(ours, theirs)


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda c: plexus.MMOE(c, expert_dnn_units=[8], expert_dnn_hidden_units=[8]),
            "expert_dnn_hidden_units is DeepCTR's",
        ),
        (lambda c: plexus.MMOE(c, gate_dnn_units=[8], gate_dnn_hidden_units=()), "gate_dnn_hidden_units is DeepCTR's"),
        (
            lambda c: plexus.MMOE(c, tower_dnn_units_lists=[[8]] * 2, tower_dnn_hidden_units=[8]),
            "tower_dnn_hidden_units is DeepCTR's name of tower_dnn_units_lists",
        ),
        (lambda c: plexus.PLE(c, num_experts_shared=1, shared_expert_num=1), "shared_expert_num is DeepCTR's"),
        (lambda c: plexus.CGC(c, num_experts_specific=1, specific_expert_num=1), "specific_expert_num is DeepCTR's"),
        (lambda c: plexus.SharedBottom(c, (8,), bottom_dnn_units=[8]), "bottom_dnn_hidden_units is DeepCTR's"),
        (lambda c: plexus.ESMM(c, task_type="binary", task_types=["binary"] * 2), "task_types is DeepCTR's"),
        (lambda c: plexus.MMOE(c, tower_dnn_hidden_units=[[8], [8]]), "or tower_dnn_units_lists with one such list"),
        (lambda c: plexus.ESMM(c, task_types=["binary", "regression"]), "not regression"),
        (lambda c: plexus.ESMM(c, task_types=["binary"]), "the length of task_types"),
        (lambda c: plexus.MMOE(c, shared_expert_num=2), "shared_expert_num"),
        (lambda c: plexus.MMOE(c, 2, (8,)), "length of task_types"),  # num_experts by its place in DeepCTR
        (lambda c: plexus.MMOE(c, 2), "length of task_types"),
        (lambda c: plexus.MMOE(c, task_names=["a", "b", "c"]), "num_tasks"),
    ],
)
def test_wrong_names(make, message):
    with pytest.raises(ValueError) as caught:
        make(columns())
    assert message in str(caught.value)


# -- transform_fn ------------------------------------------------------------------------------------------------------


def trained(x, y, **dense):
    model = plexus.MMOE(columns(**dense), tower_dnn_hidden_units=(8,), expert_dnn_hidden_units=(8,), seed=3, **TWO)
    model.compile(plexus.optimizers.Adam(0.05), metrics=["AUC"])
    model.fit(x, y, epochs=2, verbose=0, validation_split=0.25)
    return model


def shift(values):
    assert values.ndim == 2 and values.shape[1] == 1
    return (values - 0.5) * 20


def test_transform_fn_is_the_transformed_column(x, y):
    by_function = trained(x, y, transform_fn=shift)
    moved = {**x, "price": (x["price"] - 0.5) * 20}
    by_hand = trained(moved, y)
    assert same(by_function, by_hand) and not same(by_function, trained(x, y))
    assert all(np.array_equal(a, b) for a, b in zip(by_function.predict(x), by_hand.predict(moved)))
    assert by_function.evaluate(x, y) == by_hand.evaluate(moved, y)
    assert by_function.history.history == by_hand.history.history


def frames(x):
    pandas, polars, pyarrow = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    table = pyarrow.table(x)
    yield pandas.DataFrame(x)
    yield pandas.DataFrame(x).convert_dtypes()
    yield polars.DataFrame(x)
    yield table
    yield table.slice(0, 150).to_batches()[0]
    yield pyarrow.concat_tables([table.slice(0, 7), table.slice(7, 100), table.slice(107)])
    yield {"city": list(x["city"]), "price": list(x["price"])}
    yield {"city": x["city"], "price": x["price"].astype(object)}
    yield {"city": x["city"], "price": x["price"].reshape(-1, 1)}
    yield [x["city"], x["price"]]


def test_transform_fn_in_every_container(x, y):
    model = trained(x, y, transform_fn=shift)
    expected = model.predict(x)[0]
    for given in frames(x):
        scores = model.predict(given)[0]
        assert np.array_equal(scores, expected[: len(scores)]), type(given)


@pytest.mark.parametrize("dtype", ["f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1"])
def test_transform_fn_of_any_numbers(dtype, x, y):
    numbers = (x["price"] * 100).astype(dtype)
    function = trained({**x, "price": numbers}, y, transform_fn=lambda values: values * 3 - 1)
    by_hand = trained({**x, "price": numbers.astype("f8") * 3 - 1}, y)
    assert same(function, by_hand)


def test_transform_fn_of_missing_numbers(x, y):
    """NaN, None and nulls reach the function as NaN, and what it makes of them is taken."""
    price = x["price"].copy()
    price[::7] = np.nan
    filled = trained({**x, "price": np.where(np.isnan(price), -1.0, price)}, y)
    function = trained({**x, "price": price}, y, transform_fn=lambda values: np.where(np.isnan(values), -1.0, values))
    assert same(function, filled)
    listed = [None if value != value else value for value in price]
    assert np.array_equal(function.predict({**x, "price": listed})[0], function.predict({**x, "price": price})[0])
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"city": x["city"], "price": pyarrow.array(listed)}).slice(3)
    assert np.array_equal(function.predict(table)[0], function.predict({**x, "price": price})[0][3:])


def test_transform_fn_of_vectors(y):
    random = np.random.default_rng(3)
    x = {"v": random.random((400, 3)).astype(np.float32)}

    def model(values, **dense):
        made = plexus.MMOE([DenseFeat("v", 3, **dense)], expert_dnn_hidden_units=(8,), **TWO)
        made.compile("adam")
        made.fit({"v": values}, y, verbose=0)
        return made

    by_function = model(x["v"], transform_fn=lambda v: v - v.sum(axis=1, keepdims=True))
    doubles = x["v"].astype(float)
    by_hand = model(doubles - doubles.sum(axis=1, keepdims=True))
    assert same(by_function, by_hand)


def test_functions_are_refused_where_they_cannot_be_saved(x, y, tmp_path):
    model = trained(x, y, transform_fn=shift)
    remedy = "feature 'price': .*transform_fn.*Use scaling or transform=\"log1p\""
    (tmp_path / "rows.csv").write_text("city,price,income,marital\n1,0.5,0,1\n")
    for act in (
        lambda: model.save(tmp_path / "m.plexus"),
        lambda: plexus.save_model(model, tmp_path / "m.plexus"),
        lambda: model.predictor(),
        lambda: model.predictor(["city", "price"]),
        lambda: model.export_onnx(tmp_path / "m.onnx"),
        lambda: model.predict(tmp_path / "rows.csv"),
        lambda: model.evaluate(tmp_path / "rows.csv"),
        lambda: model.fit(tmp_path / "rows.csv", verbose=0),
        lambda: model.gates(tmp_path / "rows.csv"),
    ):
        with pytest.raises(plexus.UnsupportedError, match=remedy):
            act()
    assert os.listdir(tmp_path) == ["rows.csv"]
    model.save_weights(tmp_path / "w")  # they do not affect how rows are read
    model.load_weights(tmp_path / "w")


def test_wrong_transform_fns(x, y):
    with pytest.raises(ValueError, match=r"transform_fn made an array \[1\] of one \[300, 1\]|\[400, 1\]"):
        trained(x, y, transform_fn=lambda values: values[:1, 0])
    with pytest.raises(ValueError, match="transform_fn is 'log'; give a function"):
        trained(x, y, transform_fn="log")
    with pytest.raises(ValueError, match="for feature 'other', too"):
        plexus.MMOE([DenseFeat("price", transform_fn=shift), DenseFeat("other", column="price")])
    texts = np.array(["1.5", "cheap"] * 200, object)
    with pytest.raises(plexus.SchemaError, match="row 2: 'cheap' is not a number; column 'price' has a transform_fn"):
        trained({**x, "price": texts}, y, transform_fn=shift)


# -- Weights -----------------------------------------------------------------------------------------------------------


def test_weights_files(x, y, tmp_path):
    model = trained(x, y)
    model.save_weights(tmp_path / "weights")
    with np.load(tmp_path / "weights") as file:
        assert set(file) == set(model.parameters())
    other = trained({**x, "price": x["price"] + 1}, y)
    other.load_weights(tmp_path / "weights")
    assert same(model, other)
    (tmp_path / "none").write_bytes(b"no archive")
    with pytest.raises(plexus.FormatError, match="not a file of save_weights"):
        model.load_weights(tmp_path / "none")
    ple = plexus.PLE(columns(), **TWO)
    ple.compile("adam")
    ple.fit(x, y, verbose=0)
    with pytest.raises(ValueError, match="is only in the (file|network)"):
        ple.load_weights(tmp_path / "weights")
    with pytest.raises(RuntimeError, match="call fit"):
        plexus.MMOE(columns(), **TWO).load_weights(tmp_path / "weights")
    with pytest.raises(FileNotFoundError):
        model.load_weights(tmp_path / "missing")
    with pytest.raises(TypeError, match="give the number of threads"):
        plexus.load_model(tmp_path / "weights", 2)


def test_the_configuration_has_plain_names(x, y):
    """What is written is what the command reads: DeepCTR's names stay in Python."""
    model = plexus.PLE(columns(), shared_expert_num=1, tower_dnn_hidden_units=(8,), **TWO)
    assert "hidden_units" not in model.config and "expert_num" not in json.dumps(model._definition.config.source)


# -- docs/deepctr.md ---------------------------------------------------------------------------------------------------


def test_the_script_that_runs_in_both():
    pytest.importorskip("pandas")
    pytest.importorskip("sklearn")
    command = [sys.executable, ROOT / "examples/from_deepctr.py"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = dict(re.findall(r"^(\w+): AUC (0\.\d+)$", out, re.MULTILINE))
    assert list(found) == ["clicked", "bought"] and all(float(auc) > 0.7 for auc in found.values())


def test_the_page(monkeypatch):
    """Its shorter program runs, its tables name what there is and the defaults that hold."""
    page = (ROOT / "docs/deepctr.md").read_text()
    monkeypatch.chdir(ROOT)
    program = next(block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "predictor" in block)
    names = dict(vars(plexus))
    exec(program.replace("epochs=30", "epochs=1, verbose=0"), names)
    assert names["model"].history.epoch == [0]
    makers = (plexus.PLE, plexus.MMOE, plexus.ESMM, plexus.load_model)
    known = {"ctr", "ctcvr", *SPELLINGS, *SPELLINGS.values()}.union(
        *(inspect.signature(one).parameters for one in makers)
    )
    for name in re.findall(r"`(\w+)`", page.partition("## Names")[2].partition("## What can")[0]):
        assert name in known or hasattr(plexus, name) or hasattr(plexus.Model, name), name
    c = columns()
    for row, theirs, ours in (
        ("SharedBottom", plexus.SharedBottom(c), plexus.Shared_Bottom(c)),
        ("ESMM", plexus.ESMM(c, tower_dnn_hidden_units=(256, 128, 64)), plexus.ESMM(c)),
        ("MMOE", plexus.MMOE(c, gate_dnn_hidden_units=()), plexus.MMOE(c)),
        ("PLE", plexus.PLE(c, gate_dnn_hidden_units=()), plexus.PLE(c)),
    ):
        (cells,) = re.findall(rf"^\| `{row}` \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
        for cell, model in zip(cells, (theirs, ours)):
            values = part(model)
            shown = [tuple(int(one) for one in re.findall(r"\d+", units)) for units in re.findall(r"\((.*?)\)", cell)]
            keys = ("bottom_dnn_units", "expert_dnn_units")
            made = [tuple(values[key]) for key in keys if key in values] + [tuple(values["tower_dnn_units_lists"][0])]
            assert shown == made, (row, cell)
            counts = [int(one) for one in re.findall(r"\b(\d+) (?:experts|shared|own)", cell)]
            keys = ("num_experts", "num_experts_shared", "num_experts_specific")
            assert counts == [values[key] for key in keys if key in values], (row, cell)

# SPDX-License-Identifier: Apache-2.0
"""ONNX models in onnxruntime against `plexus predict`: every model, every kind of feature, from raw cells."""

import csv
import json
import os
import pathlib
import re
import subprocess

import numpy as np
import pytest

import plexus
from helpers import choices, trained

ort = pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")
COMMAND = os.environ.get("PLEXUS_COMMAND")
needs_command = pytest.mark.skipif(COMMAND is None, reason="PLEXUS_COMMAND is not set")

TASKS = {
    "binary": [{"name": "click", "kind": "binary"}, {"name": "buy", "kind": "binary"}],
    "mixed": [
        {"name": "click", "kind": "binary"},
        {"name": "spent", "kind": "regression"},
        {"name": "count", "kind": "regression", "loss": "poisson"},
        {"name": "most", "column": "spent", "kind": "regression", "loss": "quantile", "quantile": 0.8},
        {"name": "kind", "kind": "multiclass"},
    ],
}
PLAIN = [
    {"name": "city", "kind": "sparse", "embedding_dim": 4},
    {"name": "code", "kind": "sparse", "embedding_dim": 4},
    {"name": "age", "kind": "dense", "scaling": "minmax"},
    {"name": "pay", "kind": "dense", "missing": 0},
]


def write_rows(path, n, seed):
    """Rows as a program would log them: unknown texts, empty cells, lists of any length."""
    random = np.random.default_rng(seed)
    cities = np.array(["ams", "ber", "cph", "d é", "", "?"] + ([f"new {i}" for i in range(9)] if seed else []))
    tags = [f"t{i}" for i in range(20 + 9 * seed)]

    def tag_list(most):
        return [tags[i] for i in random.integers(0, len(tags), random.integers(0, most + 1))]

    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow("city,code,age,pay,year,point,tags,scores,marks,weights,click,buy,spent,count,kind".split(","))
        for _ in range(n):
            city, code = random.choice(cities), int(random.integers(0, 40 + 9 * seed))
            age, pay = random.normal(40, 12), random.exponential(2000) * random.choice([-1, 0, 1, 1])
            marks = tag_list(6)
            click = random.random() < 0.3 + 0.3 * (city == "ams") + 0.01 * code
            writer.writerow(
                [
                    city,
                    code,
                    f"{age:.3f}",
                    random.choice(["", "nan", f"{pay:.2f}", f"{pay:.2f}"]),
                    int(random.integers(1950, 2010)),
                    " ".join(f"{x:.4f}" for x in random.normal(size=3)),
                    "|".join(tag_list(7)) + random.choice(["", "|", "||"]),
                    ",".join(f"{tag}:{random.exponential():.3f}" for tag in tag_list(5)),
                    "|".join(marks),
                    "|".join(f"{random.random():.3f}" for _ in marks),
                    int(click),
                    int(click and random.random() < 0.4),
                    f"{age / 10 + pay / 1000:.3f}",
                    int(random.poisson(1 + click)),
                    random.choice(["red", "green", "blue"]),
                ]
            )


def cells_of(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([row[name] for row in rows], object).reshape(-1, 1) for name in rows[0]}


def feed(session, cells, missing=("", "nan"), **more):
    """The raw cells as the model's inputs take them."""
    inputs = {}
    for wanted in session.get_inputs():
        if wanted.name in more:
            inputs[wanted.name] = more[wanted.name]
        elif wanted.type == "tensor(string)":
            inputs[wanted.name] = cells[wanted.name]
        else:
            assert wanted.type == "tensor(double)", wanted
            numbers = [
                [np.nan if x in missing else float(x) for x in cell.split(" ")] for cell in cells[wanted.name][:, 0]
            ]
            width = max(len(row) for row in numbers)
            inputs[wanted.name] = np.array([row if len(row) == width else [np.nan] * width for row in numbers])
    return inputs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx")
    write_rows(path / "train.csv", 600, 0)
    write_rows(path / "new.csv", 300, 1)
    return path


def fitted(folder, name, features, model, tasks="binary", data=None, train=None):
    """Trains by the command, exports by it; returns the model's file, the session and the command's scores."""
    config = {
        "data": {"train": ["train.csv"], **(data or {})},
        "features": features,
        "tasks": TASKS[tasks],
        "model": model,
        "train": {"epochs": 3, "batch_size": 64, "learning_rate": 0.02, "seed": 5, **(train or {})},
    }
    (folder / f"{name}.yaml").write_text(json.dumps(config))

    def run(*arguments):
        return subprocess.run([COMMAND, *map(str, arguments)], check=True, capture_output=True, text=True)

    run("fit", folder / f"{name}.yaml", "--out", folder / name, "--quiet")
    file = folder / name / "model.plexus"
    run("export", file, "--onnx", folder / f"{name}.onnx")
    run("predict", file, folder / "new.csv", "--out", folder / f"{name}.csv")
    onnx.checker.check_model(str(folder / f"{name}.onnx"), full_check=True)
    scores = np.loadtxt(folder / f"{name}.csv", delimiter=",", skiprows=1, ndmin=2)
    return file, ort.InferenceSession(str(folder / f"{name}.onnx")), scores


def compare(session, scores, inputs):
    """Within 1e-6 of scores up to 1, in proportion above."""
    outputs = np.concatenate(session.run(None, inputs), axis=1)
    assert outputs.shape == scores.shape
    assert np.all(np.isfinite(outputs))
    assert np.abs(outputs - scores).max(axis=0) == pytest.approx(0, abs=1e-6 * max(1, np.abs(scores).max()))
    assert scores.std(axis=0).min() > 0  # constant scores would make the comparison empty


def check(folder, name, features, model, tasks="binary", **sections):
    _, session, scores = fitted(folder, name, features, model, tasks, **sections)
    compare(session, scores, feed(session, cells_of(folder / "new.csv")))


TOWERS = [[8], [8]]
MODELS = {
    "shared_bottom": {"bottom_dnn_units": [16, 8], "tower_dnn_units_lists": TOWERS},
    "esmm": {"tower_dnn_units_lists": TOWERS},
    "mmoe": {"num_experts": 3, "expert_dnn_units": [12, 8], "tower_dnn_units_lists": TOWERS},
    "cgc": {
        "num_experts_specific": 2,
        "num_experts_shared": 2,
        "expert_dnn_units": [8],
        "gate_dnn_units": [4],
        "tower_dnn_units_lists": TOWERS,
    },
    "ple": {
        "num_levels": 3,
        "num_experts_specific": 2,
        "num_experts_shared": 1,
        "expert_dnn_units": [8, 8],
        "gate_input": "features",
        "tower_dnn_units_lists": TOWERS,
    },
}


@needs_command
@pytest.mark.parametrize("name", MODELS)
def test_every_model(folder, name):
    check(folder, name, PLAIN, {"name": name, **MODELS[name]})


@needs_command
def test_single_task(folder):
    TASKS["one"] = [{"name": "click", "kind": "binary"}]
    check(folder, "single", PLAIN, {"name": "single_task", "tower_dnn_units_lists": [[8]]}, "one")


@needs_command
def test_every_kind_of_task(folder):
    check(folder, "kinds", PLAIN, {"name": "mmoe", "num_experts": 2, "expert_dnn_units": [8]}, "mixed")


@needs_command
@pytest.mark.parametrize("activation", choices("dnn_activation", "model"))
@pytest.mark.parametrize("norm", [False, True])
def test_every_activation(folder, activation, norm):
    model = {
        "name": "mmoe",
        "num_experts": 2,
        "expert_dnn_units": [8, 8],
        "gate_dnn_units": [4],
        "tower_dnn_units_lists": TOWERS,
        "dnn_activation": activation,
        "dnn_use_bn": norm,
        "dnn_dropout": 0.1,
    }
    check(folder, f"{activation}-{norm}", PLAIN, model)


@needs_command
def test_categories(folder):
    (folder / "codes.txt").write_text("".join(f"{i}\n" for i in range(0, 40, 3)))
    features = [
        {"name": "city", "kind": "sparse", "embedding_dim": 4, "min_count": 150},
        {"name": "by_file", "kind": "sparse", "column": "code", "vocabulary_file": "codes.txt", "embedding_dim": 4},
        {"name": "none_left", "kind": "sparse", "column": "code", "min_count": 500, "embedding_dim": 4},
        {"name": "year", "kind": "sparse", "embedding_dim": 4, "max_size": 10, "frozen": True},
        {"name": "ages", "kind": "buckets", "column": "age", "borders": [20, 30.5, 60], "embedding_dim": 4},
        {"name": "years", "kind": "buckets", "column": "year", "quantiles": 20, "embedding_dim": 4},
        {"name": "year_exact", "kind": "buckets", "column": "year", "exact": 5, "embedding_dim": 4},
        {"name": "pays", "kind": "buckets", "column": "pay", "quantiles": 300, "embedding_dim": 4},
        {"name": "pay_text", "kind": "sparse", "column": "pay", "embedding_dim": 4, "text": "exact"},  # used as it is
        {"name": "year_number", "kind": "dense", "column": "year", "scaling": "standard", "missing": "mean"},
    ]
    data = {"missing": ["1960", "1970"]}
    check(folder, "categories", features, {"name": "mmoe", "num_experts": 2, "expert_dnn_units": [8]}, data=data)


@needs_command
def test_numbers(folder):
    features = [
        {"name": "age", "kind": "dense", "scaling": "standard", "clip": [20, 60]},
        {"name": "age_log", "kind": "dense", "column": "age", "transform": "log1p"},
        {"name": "age_share", "kind": "dense", "column": "age", "scaling": "quantile"},
        {"name": "pay", "kind": "dense", "missing": "mean", "missing_indicator": True, "scaling": "minmax"},
        {"name": "pay_zero", "kind": "dense", "column": "pay", "transform": "is_zero", "missing": 0},
        {"name": "pay_share", "kind": "dense", "column": "pay", "scaling": "quantile", "missing": 0},
        {"name": "pay_log", "kind": "dense", "column": "pay", "transform": "log1p", "missing": -1, "scaling": "minmax"},
        {"name": "year", "kind": "dense", "scaling": "quantile"},
        {"name": "year_log_share", "kind": "dense", "column": "year", "transform": "log1p", "scaling": "quantile"},
        {
            "name": "age_log_share",
            "kind": "dense",
            "column": "age",
            "transform": "log1p",
            "scaling": "quantile",
            "clip": [21, 60],
        },
        {"name": "point", "kind": "dense", "size": 3, "separator": " ", "scaling": "standard"},
        {"name": "point_share", "kind": "dense", "column": "point", "size": 3, "separator": " ", "scaling": "quantile"},
    ]
    check(folder, "numbers", features, {"name": "shared_bottom", "bottom_dnn_units": [8]})


@needs_command
def test_frequent_numbers_by_their_logarithm(tmp_path):
    """log(1 + x) of 21, 45, 48 and others is rounded otherwise in ONNX: equal numbers are found by themselves."""
    random = np.random.default_rng(3)
    ages = np.r_[random.integers(-9, 400, 3000), np.repeat([0, 21, 45, 48, 51, 99], 200)]
    for name in ("train", "new"):
        lines = [f"{age},{random.integers(2)},{random.integers(2)}" for age in ages]
        (tmp_path / f"{name}.csv").write_text("age,click,buy\n" + "\n".join(lines) + "\n")
    features = [{"name": "age", "kind": "dense", "transform": "log1p", "scaling": "quantile"}]
    _, session, scores = fitted(tmp_path, "log", features, {"name": "shared_bottom", "bottom_dnn_units": []})
    compare(session, scores, feed(session, cells_of(tmp_path / "new.csv")))
    beyond = np.array([[np.inf], [-np.inf], [1e300], [-1e300], [401.5]])
    at_ends = np.concatenate(session.run(None, {"age": beyond}), axis=1)
    assert np.all(np.isfinite(at_ends)) and np.abs(at_ends[[0, 1]] - at_ends[[2, 3]]).max() < 1e-6


LIST = {"kind": "list", "embedding_dim": 4, "max_length": 4}


@needs_command
@pytest.mark.parametrize("keep", ["first", "last"])
@pytest.mark.parametrize("normalize", [False, True, "softmax", "softmax_mean"])
def test_lists(folder, keep, normalize):
    weighted = {"column": "scores", "separator": ",", "weight_separator": ":", "normalize_weights": normalize}
    options = {"column": "marks", "weight_column": "weights", "normalize_weights": normalize}
    features = [
        {"name": "city", "kind": "sparse", "embedding_dim": 4},
        {"name": "tag", "kind": "sparse", "column": "code", "embedding_name": "tags", "embedding_dim": 4},
        {**LIST, "name": "tags", "embedding_name": "tags", "combiner": "mean", "keep": keep},
        {**LIST, "name": "tags_sum", "column": "tags", "embedding_name": "tags", "combiner": "sum", "keep": keep},
        {**LIST, "name": "tags_max", "column": "tags", "combiner": "max", "keep": keep},
        {**LIST, "name": "asked", "column": "tags", "combiner": "attention", "attention_on": "city", "keep": keep},
        {
            **LIST,
            "name": "alike",
            "column": "tags",
            "embedding_name": "tags",
            "combiner": "attention",
            "attention_on": "tag",
            "keep": keep,
        },
        {**LIST, **weighted, "name": "scores", "combiner": "mean", "keep": keep},
        {**LIST, **weighted, "name": "scores_sum", "combiner": "sum", "keep": keep},
        {**LIST, **options, "name": "marks", "combiner": "mean", "keep": keep},
        {**LIST, **options, "name": "marks_sum", "combiner": "sum", "keep": keep},
    ]
    name = f"lists-{keep}-{normalize}"
    check(folder, name, features, {"name": "mmoe", "num_experts": 2, "expert_dnn_units": [8]})


@needs_command
@pytest.mark.parametrize("decimal", [".", ","])
def test_blanks_around_items(tmp_path, decimal):
    """Blanks and tabs around items are removed, inside them they are not; also with separators and weights."""
    random = np.random.default_rng(8)
    texts = ["a", "b", "a b", "a  b", "b\ta", "a \t b c", "a b c d e", "b:", "é ê"]

    def around(text):
        ends = ["", "", " ", "\t", "  ", " \t ", "\t \t", "   \t"]
        return random.choice(ends) + text + random.choice(ends)

    def weight():
        return f"{random.normal():.3f}".replace(".", decimal) if random.random() < 0.8 else str(random.integers(9))

    def write(name, n, unknown):
        known = texts + unknown
        with open(tmp_path / name, "w", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(["tags", "wide", "scores", "marks", "weights", "pay", "click", "buy"])
            for _ in range(n):
                items = [str(random.choice(known)) for _ in range(random.integers(0, 7))]
                marks = [x for x in items if x.strip()]
                writer.writerow(
                    [
                        "|".join(around(x) for x in items),
                        "::".join(around(x) for x in items),
                        "|".join(around(f"{around(x)}::{around(weight())}") for x in marks if x != "b:"),
                        "|".join(around(x) for x in marks),
                        "|".join(around(weight()) + random.choice(["", "| \t"]) for _ in marks),
                        random.choice(["", "true", "FALSE", weight(), weight()]),
                        *random.integers(0, 2, 2),
                    ]
                )

    write("train.csv", 500, [])
    write("new.csv", 400, ["", " ", "\t ", "a b c d e f g", "b\t\ta", "a\tb", "ab", "a b c d"])
    several = {"kind": "list", "embedding_dim": 4, "max_length": 5}
    features = [
        {**several, "name": "tags"},
        {**several, "name": "wide", "separator": "::", "keep": "last"},
        {**several, "name": "scores", "weight_separator": "::", "combiner": "sum"},
        {**several, "name": "marks", "weight_column": "weights"},
        {"name": "pay", "kind": "dense", "missing": 0},
        {"name": "pay_text", "kind": "sparse", "column": "pay", "embedding_dim": 2, "text": "exact"},
    ]
    data = {"delimiter": ";", "decimal": decimal}
    model = {"name": "mmoe", "num_experts": 2, "expert_dnn_units": [8]}
    _, session, scores = fitted(tmp_path, "blanks", features, model, data=data)
    with open(tmp_path / "new.csv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    cells = {name: np.array([row[name] for row in rows], object).reshape(-1, 1) for name in rows[0]}
    compare(session, scores, feed(session, cells))
    for row in range(0, 400, 40):  # other widths of the tensors
        one = feed(session, {name: x[row : row + 1] for name, x in cells.items()})
        assert np.concatenate(session.run(None, one), axis=1)[0] == pytest.approx(scores[row], abs=1e-6)


@needs_command
def test_blanks_that_stay(tmp_path):
    """Where ONNX cannot remove blanks, the export warns."""
    long = " ".join("ab" * 50)
    with open(tmp_path / "train.csv", "w") as file:
        file.write("tags,pairs,click,buy\n")
        file.writelines(f"{long if i % 3 else 'x'}|y,x {i}|y 2,{i % 2},{i % 3 % 2}\n" for i in range(60))
    (tmp_path / "new.csv").write_text((tmp_path / "train.csv").read_text())
    features = [{**LIST, "name": "tags"}, {**LIST, "name": "pairs", "weight_separator": " "}]
    file, session, scores = fitted(tmp_path, "stay", features, {"name": "mmoe", "num_experts": 2})
    compare(session, scores, feed(session, cells_of(tmp_path / "new.csv")))
    with pytest.warns(RuntimeWarning) as warned:
        plexus.load_model(file).export_onnx(tmp_path / "again.onnx")
    first, second = (str(one.message) for one in warned)
    assert first.startswith("list 'tags': a category has 64 blanks or more, so that the ONNX model does not remove")
    assert second.startswith("list 'pairs': its weight_separator is a blank, so that")


@needs_command
def test_texts_that_are_no_numbers(folder):
    """Cast reads the 1 of "1x" and of "1,5": such a text is refused, as plexus refuses it."""
    features = [
        {"name": "pay", "kind": "dense", "missing": 0},
        {"name": "pay_text", "kind": "sparse", "column": "pay", "embedding_dim": 2, "text": "exact"},
        {**LIST, "name": "scores", "separator": ",", "weight_separator": ":", "combiner": "sum"},
    ]
    _, session, _ = fitted(folder, "no_numbers", features, {"name": "mmoe", "num_experts": 2})
    for pay, cell in [("1x", "t1:1"), ("1,5", "t1:1"), ("0x10", "t1:1"), ("1", "t1:1x"), ("1", "t1"), ("1", "t1:")]:
        with pytest.raises(Exception, match="stod"):
            session.run(None, {"pay": np.array([[pay]], object), "scores": np.array([[cell]], object)})
    for pay in ("1", "-1.5e3", ".5", "5.", " 7 ", "true", "nan", ""):
        out = session.run(None, {"pay": np.array([[pay]], object), "scores": np.array([["t1:1, t2:2"]], object)})
        assert np.all(np.isfinite(out))


# xxh64 is not in the standard library; ids are its results for a table of this size.
def hashed(texts, buckets):
    xxhash = pytest.importorskip("xxhash")
    return np.array([1 + xxhash.xxh64_intdigest(text.encode()) % buckets for text in texts], np.int64)


@needs_command
def test_hashed_features_take_ids(folder):
    features = [
        {"name": "city", "kind": "sparse", "embedding_dim": 4, "hash_buckets": 50},
        {"name": "code", "kind": "sparse", "embedding_dim": 4},
        {**LIST, "name": "tags", "hash_buckets": 30, "combiner": "mean"},
        {**LIST, "name": "scores", "hash_buckets": 30, "separator": ",", "weight_separator": ":", "combiner": "sum"},
    ]
    file, session, scores = fitted(
        folder, "hashed", features, {"name": "mmoe", "num_experts": 2, "expert_dnn_units": [8]}
    )
    cells = cells_of(folder / "new.csv")
    lists = [[tag for tag in cell.split("|") if tag] for cell in cells["tags"][:, 0]]
    pairs = [[item.split(":") for item in cell.split(",") if item] for cell in cells["scores"][:, 0]]
    tags, marked, weights = np.full((300, 9), -1), np.full((300, 9), -1), np.zeros((300, 9), np.float32)
    for row, (items, scored) in enumerate(zip(lists, pairs)):
        tags[row, : len(items)] = hashed(items, 30)
        marked[row, : len(scored)] = hashed([text for text, _ in scored], 30)
        weights[row, : len(scored)] = [float(weight) for _, weight in scored]
    ids = {
        "city:ids": hashed(cells["city"][:, 0], 50).reshape(-1, 1),
        "tags:ids": tags,
        "scores:ids": marked,
        "scores:weights": weights,
    }
    compare(session, scores, feed(session, cells, **ids))
    with pytest.warns(RuntimeWarning, match="feature 'city' takes ids, input 'city:ids': 1 [+] xxh64"):
        plexus.load_model(file).export_onnx(folder / "again.onnx")
    assert (folder / "again.onnx").read_bytes() == (folder / "hashed.onnx").read_bytes()


@needs_command
def test_dates_take_seconds(tmp_path):
    """By NumPy's calendar, from 1600 to 2200; a missing date is NaT."""
    random = np.random.default_rng(4)

    def write(name, n, span):
        seconds = random.integers(*span, n).astype("datetime64[s]")
        dates = np.where(random.random(n) < 0.1, np.datetime64("NaT"), seconds)
        lines = [
            f"{'' if np.isnat(date) else date},{random.exponential():.3f},{random.integers(2)},{random.integers(2)}"
            for date in dates
        ]
        (tmp_path / name).write_text("when,pay,click,buy\n" + "\n".join(lines) + "\n")
        return dates

    write("train.csv", 3000, (1_500_000_000, 1_700_000_000))
    dates = write("new.csv", 4000, (-11_676_096_000, 7_258_118_400))
    features = [
        {"name": "when", "kind": "datetime", "missing": "mean", "missing_indicator": True, "embedding_dim": 3},
        {"name": "month", "kind": "datetime", "column": "when", "parts": ["month", "weekday"], "embedding_dim": 4},
        {
            "name": "age",
            "kind": "datetime",
            "column": "when",
            "parts": ["age"],
            "reference": "2020-02-29 12:00",
            "missing": 0,
            "clip": [-100, 3000],
            "transform": "log1p",
            "scaling": "quantile",
        },
        {"name": "pay", "kind": "dense"},
        {"name": "pay_again", "kind": "dense", "column": "pay", "scaling": "standard"},
    ]
    file, session, scores = fitted(tmp_path, "dates", features, {"name": "mmoe", "num_experts": 2})
    seconds = dates.astype("datetime64[s]").astype("int64").reshape(-1, 1)
    inputs = {f"{name}:seconds": seconds for name in ("when", "month", "age")}
    assert {one.name: one.type for one in session.get_inputs()} == {
        **dict.fromkeys(inputs, "tensor(int64)"),
        "pay": "tensor(double)",
    }
    compare(session, scores, feed(session, cells_of(tmp_path / "new.csv"), **inputs))
    with pytest.warns(RuntimeWarning, match="feature 'when' takes whole seconds since 1970-01-01 UTC"):
        plexus.load_model(file).export_onnx(tmp_path / "again.onnx")


@needs_command
def test_one_row_and_no_row(folder):
    _, session, scores = fitted(folder, "rows", PLAIN + [{**LIST, "name": "tags"}], {"name": "mmoe", **MODELS["mmoe"]})
    cells = feed(session, cells_of(folder / "new.csv"))
    for row in range(20):
        compare_one = np.concatenate(session.run(None, {name: x[row : row + 1] for name, x in cells.items()}), axis=1)
        assert compare_one[0] == pytest.approx(scores[row], abs=1e-6)
    assert [out.shape for out in session.run(None, {name: x[:0] for name, x in cells.items()})] == [(0, 1), (0, 1)]


@needs_command
def test_external_data(folder):
    file, session, scores = fitted(folder, "inside", PLAIN, {"name": "ple", **MODELS["ple"]})
    plexus.load_model(file).export_onnx(folder / "outside.onnx", external_data=True)
    outside = ort.InferenceSession(str(folder / "outside.onnx"))
    assert (folder / "outside.onnx.data").stat().st_size > 4000
    onnx.checker.check_model(str(folder / "outside.onnx"), full_check=True)
    cells = feed(outside, cells_of(folder / "new.csv"))
    compare(outside, scores, cells)
    for one, other in zip(session.run(None, cells), outside.run(None, cells)):
        assert np.array_equal(one, other)


@needs_command
def test_names_and_notes(folder):
    tasks = [{"name": "age", "column": "click", "kind": "binary"}, {"name": "kind", "kind": "multiclass"}]
    TASKS["named"] = tasks
    file, session, _ = fitted(folder, "named", PLAIN, {"name": "mmoe", "num_experts": 2}, "named")
    assert [one.name for one in session.get_inputs()] == ["city", "code", "age", "pay"]
    assert [one.name for one in session.get_outputs()] == ["age:score", "kind"]
    assert json.loads(session.get_modelmeta().custom_metadata_map["tasks"]) == [
        {"name": "age", "kind": "binary"},
        {"name": "kind", "kind": "multiclass", "classes": ["blue", "green", "red"]},
    ]
    with pytest.raises(OSError, match="nowhere"):
        plexus.load_model(file).export_onnx(folder / "nowhere" / "m.onnx")


@needs_command
def test_layers_without_onnx_are_reported(folder):
    with open(folder / "train.csv") as file:
        text = file.read().replace("t1:", "t:1:")
    (folder / "twice.csv").write_text(text)
    features = PLAIN + [{**LIST, "name": "scores", "separator": ",", "weight_separator": ":"}]
    config = {
        "data": {"train": ["twice.csv"]},
        "features": features,
        "tasks": TASKS["binary"],
        "model": {"name": "mmoe", "num_experts": 2},
        "train": {"epochs": 1},
    }
    (folder / "twice.yaml").write_text(json.dumps(config))
    subprocess.run([COMMAND, "fit", folder / "twice.yaml", "--out", folder / "twice", "--quiet"], check=True)
    model = plexus.load_model(folder / "twice" / "model.plexus")
    with pytest.raises(plexus.UnsupportedError, match="'scores'.*weight_separator ':'.*use another separator"):
        model.export_onnx(folder / "twice.onnx")
    assert not (folder / "twice.onnx").exists()


@needs_command
def test_the_documents_example(tmp_path, monkeypatch):
    root = pathlib.Path(__file__).parents[2]

    def run(*arguments):
        subprocess.run([COMMAND, *map(str, arguments)], check=True, cwd=tmp_path)

    run("fit", root / "examples/shop/visits.yaml", "--out", "visits", "--quiet")
    run("export", "visits/model.plexus", "--onnx", "visits.onnx")
    run("predict", "visits/model.plexus", root / "examples/shop/new.csv", "--out", "scores.csv")
    (tmp_path / "examples").symlink_to(root / "examples")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(re.search(r"```python\n(.*?)```", (root / "docs/onnx.md").read_text(), re.DOTALL)[1], names)
    scores = np.loadtxt("scores.csv", delimiter=",", skiprows=1)
    assert np.concatenate([names["clicked"], names["bought"]], axis=1) == pytest.approx(scores, abs=1e-6)


def test_from_python(folder, rows, features):
    model = trained(features, rows)
    model.export_onnx(folder / "python.onnx")
    session = ort.InferenceSession(str(folder / "python.onnx"))
    texts = {name: np.array([str(x) for x in features[name]], object).reshape(-1, 1) for name in ("city", "code")}
    numbers = {name: features[name].reshape(-1, 1) for name in ("age", "pay")}
    for ours, theirs in zip(model.predict(features), session.run(None, {**texts, **numbers})):
        assert np.abs(ours - theirs).max() <= 1e-6 * max(1, np.abs(ours).max())

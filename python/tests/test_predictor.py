# SPDX-License-Identifier: Apache-2.0
"""The predictor: any value a table's column may hold, to the same bits; shared by threads; wrong rows are reported."""

import collections
import datetime
import decimal
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import plexus
from plexus import predictor as implementation


def two_texts():
    random = np.random.default_rng(0)
    a, b = (np.array([f"{c}{v}" for v in random.integers(0, 40, 2000)], object) for c in "ab")
    y = [np.char.endswith(one.astype(str), "3").astype(int) for one in (a, b)]
    return small([plexus.SparseFeat("a"), plexus.SparseFeat("b")], {"a": a, "b": b}, y)


def small(features, x, y):
    model = plexus.MMOE(
        features,
        task_types=["binary"] * 2,
        task_names=["click", "like"],
        num_experts=2,
        expert_dnn_units=[8],
        tower_dnn_units_lists=[[4], [4]],
        threads=1,
    )
    model.compile(plexus.optimizers.Adam(0.02))
    model.fit(x, y, epochs=4, batch_size=64, verbose=0)
    return model


def scores(model, x):
    return [tuple(float(task[row, 0]) for task in model.predict(x)) for row in range(len(next(iter(x.values()))))]


def test_many_texts(monkeypatch):
    """Texts are cached for later rows, and those of the current row live until it is scored."""
    model = two_texts()
    predictor = model.predictor()
    monkeypatch.setattr(implementation, "_TEXTS_KEPT", 64)
    wanted = {f"a{i}": scores(model, {"a": [f"a{i}"], "b": ["unknown"]})[0] for i in range(40)}
    for call in range(2000):
        assert predictor([f"a{call % 40}", f"new {call}"]) == wanted[f"a{call % 40}"]
    for call in range(130):
        assert predictor([None, f"other {call}"]) == predictor([None, "other"])
    long = "x" * 1_000_000
    assert predictor(["a3", long]) == wanted["a3"]
    assert all(long not in state.known for state in predictor._idle)


def test_threads_share_it():
    model = two_texts()
    predictor = model.predictor()
    rows = [[f"a{i}", f"b{39 - i}"] for i in range(4)]
    wanted = [predictor(row) for row in rows]
    wrong = []

    def work(i):
        for _ in range(3000):
            if predictor(rows[i]) != wanted[i]:
                wrong.append(i)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong
    assert len(predictor._idle) <= 5


def test_a_value_that_calls_it():
    """What a value of a row does while it is read does not touch the row."""
    predictor = two_texts().predictor()
    wanted = predictor(["a3", "1.5"])

    class Number(float):
        def __float__(self):
            predictor(["a1", "b1"])
            return 1.5

    assert predictor(["a3", Number(1.5)]) == wanted


def numbers_and_texts():
    random = np.random.default_rng(1)
    n = 2000
    x = {
        "city": random.choice(np.array(["IT", "DE", "FR"], object), n),
        "code": random.integers(0, 9, n),
        "part": random.choice(np.array([0.1, 0.7, 2.5, 1e-5], np.float32), n),
        "price": random.random(n),
        "day": random.choice(np.array(["2024-01-01", "2024-02-03"], "M8[D]"), n).astype(str).astype(object),
    }
    y = [(x["city"] == "IT").astype(int), ((x["code"] + (x["part"] > 0.5)) % 2).astype(int)]
    sparse = [plexus.SparseFeat(name) for name in ("city", "code", "part", "day")]
    return small([*sparse, plexus.DenseFeat("price")], x, y), x


def test_values_of_all_types():
    model, _ = numbers_and_texts()
    predictor = model.predictor()
    f = np.float32
    base = {"city": "IT", "code": 3, "part": f(0.7), "day": "2024-02-03", "price": 0.5}
    wanted = scores(model, {name: np.array([value]) for name, value in base.items()})[0]
    assert predictor(list(base.values())) == wanted
    day = datetime.date(2024, 2, 3)
    for name, forms in {
        "city": [b"IT", np.str_("IT"), np.array("IT")],
        "code": [3.0, "3", np.int8(3), np.int64(3), np.uint64(3), f(3), np.float16(3), np.array(3), decimal.Decimal(3)],
        "part": ["0.7", 0.7, np.float64(0.7), np.array(0.7, f)],
        "day": [
            day,
            datetime.datetime(2024, 2, 3),
            np.datetime64("2024-02-03"),
            pd.Timestamp("2024-02-03"),
            b"2024-02-03",
        ],
        "price": ["0.5", f(0.5), np.float16(0.5), decimal.Decimal("0.5"), b"0.5", np.array(0.5)],
    }.items():
        for form in forms:
            assert predictor(list({**base, name: form}.values())) == wanted, (name, form)
    missing = scores(model, {name: np.array([None if name == "city" else value]) for name, value in base.items()})[0]
    for nothing in (
        None,
        float("nan"),
        np.nan,
        f("nan"),
        pd.NA,
        pd.NaT,
        "",
        np.ma.masked,
        np.datetime64("NaT"),
        decimal.Decimal("nan"),
    ):
        assert predictor(list({**base, "city": nothing}.values())) == missing, nothing


@pytest.mark.parametrize("base", [1000, 10**12, 10**15, 2**53 + 1, 1234567890123456789, 2**63 - 10, 2**63 + 1])
def test_long_integers(base):
    ids = [base + i for i in range(4)]
    x = np.array(ids * 200, np.uint64 if base > 2**62 else np.int64)
    y = [np.array([1, 0, 1, 0] * 200), np.array([0, 0, 1, 1] * 200)]
    model = small([plexus.SparseFeat("user")], {"user": x}, y)
    predictor = model.predictor()
    wanted = scores(model, {"user": x[:4]})
    assert len(set(wanted)) == 4
    for form in (int, str, x.dtype.type, decimal.Decimal):
        assert [predictor([form(one)]) for one in ids] == wanted


def test_truths():
    """True is the category `true` and the number 1."""
    random = np.random.default_rng(5)
    flag, seen = random.random(900) < 0.5, random.random(900) < 0.5
    model = small([plexus.SparseFeat("flag"), plexus.DenseFeat("seen")], {"flag": flag, "seen": seen}, [flag, seen])
    predictor = model.predictor()
    for row in ([True, False], [False, True]):
        wanted = scores(model, {"flag": np.array(row[:1]), "seen": np.array(row[1:])})[0]
        for kind in (bool, np.bool_, str, lambda value: str(value).lower()):
            assert predictor([kind(row[0]), row[1]]) == wanted
        for kind in (bool, np.bool_, int, float, str):
            assert predictor([row[0], kind(row[1])]) == wanted
    assert predictor([1, 0]) != predictor([True, 0])


def test_forms_of_rows():
    model, _ = numbers_and_texts()
    predictor = model.predictor()
    names = predictor.columns
    row = ["IT", 3, 0.5, "2024-02-03", 0.25]
    wanted = predictor(row)
    named = dict(zip(names, row))
    point = collections.namedtuple("Point", names)
    structured = np.zeros(
        1, [("city", object), ("code", int), ("part", float), ("day", object), ("price", float), ("z", int)]
    )
    for name, value in named.items():
        structured[name] = value
    for form in (
        tuple(row),
        named,
        {**named, "extra": object()},
        pd.Series(named),
        pd.Series(row, index=names),
        point(*row),
        np.array(row, object),
        collections.OrderedDict(named),
        collections.defaultdict(int, named),
        structured[0],
        pd.DataFrame([named]).iloc[0],
        collections.deque(row),
    ):
        assert predictor(form) == wanted, form
    more = model.predictor(["extra", *names])
    assert more([object(), *row]) == wanted and more(named) == wanted


def test_wrong_rows():
    model, _ = numbers_and_texts()
    predictor = model.predictor()
    row = ["IT", 3, 0.5, "2024-02-03", 0.25]
    named = dict(zip(predictor.columns, row))
    without = {name: value for name, value in named.items() if name != "city"}
    for wrong, message in (
        ({**without, "City": "IT"}, "the row has no 'city', which the model reads; did you mean 'City'?"),
        ({}, "the row has no 'city', which the model reads; there are none"),
        (without, "the row has no 'city', which the model reads; there are code, part, day, price"),
        (collections.defaultdict(str, without), "the row has no 'city'"),
        (pd.Series(without), "the row has no 'city'"),
        (row[:2], "the row has 2 values for 5 columns: city, code"),
        ("ITxyz", "a row is a list of 5 values or a dict by the columns' names, not str"),
        ({1, 2}, "a row is a list of 5 values or a dict by the columns' names, not set"),
        (3, "a row is a list of 5 values or a dict by the columns' names, not int"),
        ([row] * 5, "column 'city': contains a list, but no feature that reads it accepts lists"),
        ({**named, "city": "IT\0x"}, "column 'city': the text 'IT\\x00x' contains the character NUL"),
        ({**named, "city": b"IT\0x"}, "contains the character NUL"),
        ({**named, "city": "\udcff"}, "column 'city': the text '\\udcff' contains half a character"),
        ({**named, "city": 1j}, "column 'city': 1j (complex) is not a valid value"),
        ({**named, "city": {"a": 1}}, "column 'city': {'a': 1} (dict) is not a valid value"),
        ({**named, "city": datetime.timedelta(1)}, "is a duration; convert it to a number"),
        ({**named, "price": "abc"}, "'abc' is not a number; column 'price'"),
        ({**named, "price": object()}, "column 'price': <object object at"),
        ({**named, "price": None}, "column 'price'"),
    ):
        with pytest.raises((plexus.SchemaError, plexus.ArgumentError)) as caught:
            predictor(wrong)
        assert message in str(caught.value), wrong
        assert predictor(row) == predictor(named)
    with pytest.raises(ValueError, match="columns: 'city' is given twice"):
        model.predictor(["city", "city", "code", "part", "day", "price"])
    with pytest.raises(plexus.SchemaError, match="columns: there is no 'part', which the model reads"):
        model.predictor(["city", "code", "day", "price"])


def test_lists_and_vectors():
    random = np.random.default_rng(2)
    lists = [random.choice(["a", "b", "c", "d"], 1 + i % 3, replace=False).tolist() for i in range(900)]
    vector = random.random((900, 3)).astype(np.float32)
    y = [np.array(["a" in one for one in lists], int), (vector[:, 0] > 0.5).astype(int)]
    genre = plexus.VarLenSparseFeat(plexus.SparseFeat("genre", embedding_dim=4), maxlen=3)
    model = small([genre, plexus.DenseFeat("v", dimension=3)], {"genre": lists, "v": vector}, y)
    predictor = model.predictor()
    for i in range(20):
        wanted = scores(model, {"genre": [lists[i]], "v": vector[i : i + 1]})[0]
        for cell in (lists[i], tuple(lists[i]), np.array(lists[i]), "|".join(lists[i])):
            assert predictor([cell, vector[i]]) == wanted
        assert predictor([lists[i], vector[i].astype(float).tolist()]) == wanted
    with pytest.raises(plexus.SchemaError, match="an item of the list contains the separator"):
        predictor([["a|b"], vector[0]])
    assert predictor([{"a", "b"}, vector[0]]) == predictor([["a", "b"], vector[0]])


def test_paths_with_a_nul(tmp_path):
    with pytest.raises(plexus.ArgumentError, match="the path '.*' contains the character NUL"):
        plexus.load_model(str(tmp_path / "x") + "\0y")
    with pytest.raises(plexus.ArgumentError, match="contains the character NUL"):
        two_texts().save(str(tmp_path / "x") + "\0y")


def test_unknown_categories_are_counted():
    model, _ = numbers_and_texts()
    predictor = model.predictor()
    predictor(["IT", 3, "0.7", "2024-02-03", 0.25])
    assert predictor.unknown == 0
    predictor(["nowhere", 3, "0.7", None, 0.25])
    assert predictor.unknown == 1
    predictor(["elsewhere", 3.5, "0.7", "03.02.2024", 0.25])
    assert predictor.unknown == 4


def test_models_of_before():
    """A file without a rule: truths are 1 and 0 to its predictor as to predict."""
    model = plexus.load_model(Path(__file__).parents[2] / "tests" / "rule_0" / "model.plexus")
    predictor = model.predictor(["x", "items", "size"])
    for value in (True, False, np.bool_(True), 1, 12, 12.0, "12.0", "True", None):
        table = {"x": [value], "items": ["1|2.0"], "size": [2]}
        wanted = tuple(float(one) for scores in model.predict(table) for one in scores[0])
        assert predictor([value, "1|2.0", 2]) == wanted, value
    assert predictor([True, "1", 1]) == predictor([1, "1", 1]) != predictor(["True", "1", 1])

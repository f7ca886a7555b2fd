# SPDX-License-Identifier: Apache-2.0
"""One value, one category: what means the same scores the same, in whatever container a model is trained and scored."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import plexus
from helpers import same

ROWS = 120
UTC = dt.timezone.utc
DAYS = [
    dt.date(2024, 1, 2),
    dt.date(1999, 12, 31),
    dt.date(2024, 2, 29),
    dt.date(1970, 1, 1),
    dt.date(1969, 3, 1),
    dt.date(2030, 6, 1),
]
TIMES = [
    dt.datetime(2024, 1, 2, 3, 4, 5),
    dt.datetime(2024, 1, 2),
    dt.datetime(1999, 12, 31, 23, 59, 59),
    dt.datetime(2024, 2, 29, 12),
    dt.datetime(1970, 1, 1),
    dt.datetime(1969, 6, 1, 0, 0, 1),
]

# Values, and each one's text as a category.
KINDS = {
    "small integers": ([1, 2, 3, 7, 12, 30], "1 2 3 7 12 30".split()),
    "long integers": ([10**15, 2 * 10**15, 2**53 - 1, 123456789012345, 10**16, 7], None),
    "integers past 2^53": ([2**53 + 1, 2**53 + 3, 2**60 + 1, 2**62, 2**63 - 1, 7], None),
    "negative": ([-1, -2, -30, 5, 0, 9], None),
    "floats": ([0.5, 1.5, -2.25, 1e-3, 12345.675, 0.1], "0.5 1.5 -2.25 0.001 12345.675 0.1".split()),
    "whole floats": ([1.0, 2.0, -3.0, 0.0, 12.0, 123456.0], "1 2 -3 0 12 123456".split()),
    "booleans": ([True, False] * 3, ["true", "false"] * 3),
    "texts": (["a", "B", "New York", "0012", "é", "+5"], None),
    "gaps in integers": ([1, 2, None, 7, 12, 30], ["1", "2", None, "7", "12", "30"]),
    "gaps in texts": (["a", "b", None, "d", "e", "f"], None),
    "dates": (DAYS, [day.isoformat() for day in DAYS]),
    "times": (
        TIMES,
        "2024-01-02T03:04:05 2024-01-02 1999-12-31T23:59:59 2024-02-29T12:00:00 1970-01-01 1969-06-01T00:00:01".split(),
    ),
    "fractions of seconds": (
        [one.replace(microsecond=500) for one in TIMES],
        [one.isoformat()[:19] + ".0005" for one in TIMES],
    ),
    "times in UTC": ([one.replace(tzinfo=UTC) for one in TIMES], [one.isoformat() + "Z" for one in TIMES]),
    "times of day": (
        [dt.time(3, 4, 5), dt.time(0, 0, 0, 500), dt.time(23, 59, 59, 123450), dt.time(12), dt.time(0), dt.time(0, 30)],
        "03:04:05 00:00:00.0005 23:59:59.12345 12:00:00 00:00:00 00:30:00".split(),
    ),
    "small decimals": (
        list(map(decimal.Decimal, "0.0000001 0.0000025 1.5000001 2.0000000 -0.0000003 0.1234567".split())),
        "1E-7 0.0000025 1.5000001 2 -3E-7 0.1234567".split(),
    ),
    "decimals": (
        list(map(decimal.Decimal, "1.25 0.50 12.00 -3.75 0.00 7.10".split())),
        "1.25 0.50 12 -3.75 0 7.10".split(),
    ),
}


def texts_of(kind):
    values, texts = KINDS[kind]
    return texts or [None if value is None else str(value) for value in values]


def containers(kind):
    """By name, what makes the values of Python a column of a table, or a file of one."""
    values = KINDS[kind][0]
    known = [value for value in values if value is not None]
    has_gaps = len(known) < len(values)
    found = {
        "list": list,
        "tuple": tuple,
        "object array": lambda v: np.array([*v, None], object)[:-1],
        "Series of objects": lambda v: pd.Series(v, dtype=object),
        "category": lambda v: pd.Series(v, dtype=object).astype("category"),
        "Categorical": lambda v: pd.Categorical(pd.Series(v, dtype=object)),
        "arrow": pa.array,
        "arrow chunks": lambda v: pa.chunked_array([v[: len(v) // 2], v[len(v) // 2 :]]),
        "arrow dictionary": lambda v: pa.array(v).dictionary_encode(),
        "polars": pl.Series,
        "polars objects": lambda v: pl.Series(v, dtype=pl.Object),
        "masked objects": lambda v: np.ma.masked_array(
            np.array([*v, None], object)[:-1], mask=[one is None for one in v]
        ),
        "frame": lambda v: pd.DataFrame({"c": pd.Series(v, dtype=object)}),
        "polars frame": lambda v: pl.DataFrame({"c": v}),
        "table": lambda v: pa.table({"c": v}),
        "parquet": "parquet",
        "csv of pandas": "pandas",
        "csv of arrow": "arrow",
    }
    kinds = set(map(type, known))
    if kinds == {int}:
        found.update(
            {"Int64": lambda v: pd.array(v, "Int64"), "int64[pyarrow]": lambda v: pd.array(v, "int64[pyarrow]")}
        )
        found["masked"] = lambda v: np.ma.masked_array(
            [0 if one is None else one for one in v], mask=[one is None for one in v]
        )
        found["scalars"] = lambda v: [None if one is None else np.int64(one) for one in v]
        if max(map(abs, known)) <= 2**53:
            found["float64"] = lambda v: np.array([np.nan if one is None else one for one in v], float)
            found["list with NaN"] = lambda v: [np.nan if one is None else float(one) for one in v]
        if max(map(abs, known)) < 100:
            dtypes = (
                ("float16", "float32", "longlong") if has_gaps else ("int8", "int16", "int32", "float16", "float32")
            )
            for dtype in dtypes if not has_gaps else dtypes[:2]:
                found[dtype] = lambda v, dtype=dtype: np.array([np.nan if one is None else one for one in v], dtype)
        if not has_gaps:
            found["int64"] = lambda v: np.array(v, np.int64)
            if min(known) >= 0:
                found["uint64"] = lambda v: np.array(v, np.uint64)
    if kinds == {float}:
        found.update(
            {
                "float64": np.array,
                "Float64": lambda v: pd.array(v, "Float64"),
                "scalars": lambda v: list(map(np.float64, v)),
            }
        )
        found["double[pyarrow]"] = lambda v: pd.array(v, "double[pyarrow]")
        found["sparse"] = pd.arrays.SparseArray
    if kinds == {bool}:
        found.update(
            {
                "bool": np.array,
                "boolean": lambda v: pd.array(v, "boolean"),
                "bool[pyarrow]": lambda v: pd.array(v, "bool[pyarrow]"),
            }
        )
        found["scalars"] = lambda v: list(map(np.bool_, v))
    if kinds == {dt.date}:
        found.update(
            {"datetime64[D]": lambda v: np.array(v, "M8[D]"), "Timestamps": lambda v: pd.Series(pd.to_datetime(v))}
        )
        found.update(
            {"date32[pyarrow]": lambda v: pd.array(v, "date32[pyarrow]"), "date64": lambda v: pa.array(v, pa.date64())}
        )
        found["datetime64[ns]"] = lambda v: np.array(v, "M8[ns]")
    if kinds == {dt.datetime} and known[0].tzinfo is None:
        units = ("us", "ns") if known[0].microsecond else ("s", "ms", "us", "ns")
        for unit in units:
            found[f"datetime64[{unit}]"] = lambda v, unit=unit: np.array(v, f"M8[{unit}]")
            found[f"timestamp[{unit}]"] = lambda v, unit=unit: pa.array(v, pa.timestamp(unit))
            found[f"Series of {unit}"] = lambda v, unit=unit: pd.Series(v).astype(f"datetime64[{unit}]")
            found[f"scalars of {unit}"] = lambda v, unit=unit: list(np.array(v, f"M8[{unit}]"))
        found["Timestamps"] = lambda v: list(map(pd.Timestamp, v))
    if kinds == {dt.datetime} and known[0].tzinfo is not None:
        elsewhere = dt.timezone(dt.timedelta(hours=5, minutes=30))
        found["another zone"] = lambda v: [one.astimezone(elsewhere) for one in v]
        found["Series"] = lambda v: pd.Series(pd.to_datetime(v, utc=True)).dt.tz_convert("Europe/Rome")
        found["timestamp"] = lambda v: pa.array(v, pa.timestamp("ms", "America/New_York"))
    if kinds == {decimal.Decimal}:
        scale = -known[0].as_tuple().exponent
        found["decimal256"] = lambda v: pa.array(v, pa.decimal256(50, scale))
        found["decimal[pyarrow]"] = lambda v: pd.array(v, pd.ArrowDtype(pa.decimal128(20, scale)))
    if kinds == {str}:
        found.update(
            {
                "string": lambda v: pd.array(v, "string"),
                "str": lambda v: pd.Series(v, dtype="str"),
                "bytes": lambda v: [None if one is None else one.encode() for one in v],
            }
        )
        found["large"] = lambda v: pa.array(v, pa.large_string())
        found["view"] = lambda v: pa.array(v, pa.string_view())
        found["StringDType"] = lambda v: np.array(v, np.dtypes.StringDType(na_object=None))
        if not has_gaps:
            found["U"] = np.array
            found["S"] = lambda v: np.array([one.encode() for one in v])
    return found


def given(make, values, folder, labels=None):
    """The values in their container as `fit` and `predict` take them."""
    if not isinstance(make, str):
        column = make(values)
        return column if hasattr(column, "columns") else {"c": column}
    path = folder / f"{make}{len(list(folder.iterdir()))}.{'parquet' if make == 'parquet' else 'csv'}"
    table = {"c": values, "t": [0] * len(values) if labels is None else labels.tolist()}
    if make == "pandas":
        pd.DataFrame(table).to_csv(path, index=False)
    elif make == "arrow":
        pa.csv.write_csv(pa.table(table), path)
    else:
        pa.parquet.write_table(pa.table(table), path)
    return path


def trained(x, y, feature=None, **arguments):
    """A model of column c, by default as a sparse feature."""
    feature = feature or plexus.SparseFeat("c", embedding_dim=4)
    model = plexus.SingleTask([feature], task_name="t", threads=1, **arguments)
    model.compile(plexus.optimizers.Adam(0.05))
    if isinstance(x, dict) or hasattr(x, "columns"):
        model.fit(x, y, epochs=2, batch_size=32, verbose=0)
    else:
        model.fit(x, epochs=2, batch_size=32, verbose=0)
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_features(kind, tmp_path):
    """A model of any container is that of the canonical texts, and scores every container as these."""
    values, texts = KINDS[kind][0], texts_of(kind)
    order = [i % 6 for i in range(ROWS)]
    y = np.array([(i // (2 if kind == "booleans" else 1)) % 2 if kind != "booleans" else i % 2 for i in order])
    reference = trained({"c": [texts[i] for i in order]}, y)
    wanted = reference.predict({"c": texts})
    assert len(np.unique(wanted)) > 1
    for name, make in containers(kind).items():
        assert same(trained(given(make, [values[i] for i in order], tmp_path, y), y), reference), name
        assert np.array_equal(reference.predict(given(make, values, tmp_path)), wanted), name
    predictor = reference.predictor()
    for value, text, score in zip(values, texts, wanted[:, 0]):
        assert (
            predictor([value]) == predictor([text]) == predictor({"c": np.array([value, None], object)[0]}) == (score,)
        )


@pytest.mark.parametrize("kind", KINDS)
def test_items(kind):
    values, texts = KINDS[kind][0], texts_of(kind)
    given = [(value, text) for value, text in zip(values, texts) if value is not None]
    rows = [[given[(i + k) % len(given)] for k in range(1 + i % 3)] for i in range(ROWS)]
    y = np.arange(ROWS) % 5 < 2

    def model(lists):
        feature = plexus.VarLenSparseFeat(plexus.SparseFeat("c", embedding_dim=4), maxlen=3, separator=";")
        made = plexus.SingleTask([feature], task_name="t", threads=1)
        made.compile(plexus.optimizers.Adam(0.05))
        made.fit({"c": lists}, y, epochs=2, batch_size=32, verbose=0)
        return made

    reference = model([[text for _, text in row] for row in rows])
    plain = [[value for value, _ in row] for row in rows]
    for lists in (
        plain,
        [tuple(row) for row in plain],
        [np.array(row) for row in plain],
        pa.array(plain),
        pl.Series(plain),
        [np.array([*row, None], object)[:-1] for row in plain],
        pd.Series(plain),
        [";".join(text for _, text in row) for row in rows],
        [[*row, None] for row in plain],
    ):
        assert same(model(lists), reference), type(lists[0])
    predictor = reference.predictor()
    for row, score in zip(plain[:6], reference.predict({"c": plain[:6]})[:, 0]):
        assert predictor([row]) == (score,)


@pytest.mark.parametrize(
    "kind", ["small integers", "whole floats", "booleans", "integers past 2^53", "texts", "gaps in integers"]
)
def test_labels_and_groups(kind):
    """Classes and groups are values, too."""
    values, texts = KINDS[kind][0], texts_of(kind)
    order = [i % 6 for i in range(ROWS)]
    x = np.array(order)

    def model(y):
        made = plexus.SingleTask([plexus.SparseFeat("x")], task_type="multiclass", task_name="t", threads=1)
        made.compile("adam")
        made.fit({"x": x}, y, epochs=1, batch_size=32, verbose=0)
        return made

    def grouped(groups):
        made = plexus.SingleTask([plexus.SparseFeat("x")], task_name="t", threads=1, data={"group": "g"})
        made.compile("adam", metrics=["group_auc"])
        y = np.array([(i // 6) % 2 for i in range(ROWS)])
        made.fit({"x": x, "g": [texts[i] for i in order]}, y, epochs=1, batch_size=32, verbose=0)
        metrics = made.evaluate({"x": x + np.arange(ROWS) % 5, "g": groups}, y, return_dict=True)
        assert np.isfinite(metrics["t_group_auc"])
        return metrics

    reference, wanted = model([texts[i] for i in order]), grouped([texts[i] for i in order])
    for name, make in containers(kind).items():
        if isinstance(make, str) or "frame" in name or name == "table":
            continue
        assert same(model(make([values[i] for i in order])), reference), name
        assert grouped(make([values[i] for i in order])) == wanted, name


def test_float32_and_float16():
    """A float has the shortest text of its own width."""
    for dtype in (np.float32, np.float16):
        numbers = np.array([0.1, 0.7, 1e-5, 12.5, 1000, 3], dtype)
        texts = [f"{one:.0f}" if float(one).is_integer() else str(one) for one in numbers]
        order = np.arange(ROWS) % 6
        y = order % 2
        reference = trained({"c": [texts[i] for i in order]}, y)
        wanted = reference.predict({"c": texts})
        for make in (
            lambda v: v,
            list,
            lambda v: np.array([*v, None], object)[:-1],
            pa.array,
            pl.Series,
            lambda v: np.ma.masked_array(v),
        ):
            if dtype == np.float16 and make is pl.Series:
                continue
            assert same(trained({"c": make(numbers[order])}, y), reference)
            assert np.array_equal(reference.predict({"c": make(numbers)}), wanted)
        assert [reference.predictor()([one]) for one in numbers] == [(score,) for score in wanted[:, 0]]


def test_numbers_of_dates_and_truths():
    """Where a number is read, a date is days and a time seconds since 1970, in any unit; true is 1."""
    order = [i % 6 for i in range(ROWS)]
    y = np.array(order) % 2
    epoch = dt.datetime(1970, 1, 1)
    numbers = {
        "dates": [(day - epoch.date()).days for day in DAYS],
        "times": [(one - epoch).total_seconds() for one in TIMES],
        "times in UTC": [(one - epoch).total_seconds() for one in TIMES],
        "fractions of seconds": [(one.replace(microsecond=500) - epoch).total_seconds() for one in TIMES],
        "booleans": [1, 0] * 3,
        "decimals": [1.25, 0.5, 12, -3.75, 0, 7.1],
        "small integers": KINDS["small integers"][0],
        "whole floats": KINDS["whole floats"][0],
    }

    def model(x):
        made = plexus.SingleTask([plexus.DenseFeat("c", scaling="standard")], task_name="t", threads=1)
        made.compile(plexus.optimizers.Adam(0.05))
        made.fit(x if hasattr(x, "columns") else {"c": x}, y, epochs=2, batch_size=32, verbose=0)
        return made

    for kind, wanted in numbers.items():
        reference = model(np.array([wanted[i] for i in order], float))
        scores = reference.predict({"c": np.array(wanted, float)})
        predictor = reference.predictor()
        for name, make in containers(kind).items():
            is_day = kind == "dates" and name in ("Timestamps", "datetime64[ns]")  # they are seconds
            if isinstance(make, str) or is_day:
                continue
            assert same(model(make([KINDS[kind][0][i] for i in order])), reference), (kind, name)
        for value, score in zip(KINDS[kind][0], scores[:, 0]):
            assert predictor([value]) == (score,), (kind, value)


def test_exact_texts():
    """`text: exact` takes texts as they stand, and other values as ever."""
    texts = ["1.0", "1", "True", "true", "2024-01-31 00:00:00", "2024-01-31"]
    order = np.arange(ROWS) % 6
    y = order % 2
    model = plexus.SingleTask([plexus.SparseFeat("c", text="exact")], task_name="t", threads=1)
    model.compile(plexus.optimizers.Adam(0.05))
    model.fit({"c": [texts[i] for i in order]}, y, epochs=3, batch_size=32, verbose=0)
    scores = model.predict({"c": texts})[:, 0]
    assert len(set(scores)) == 6
    assert model.predict({"c": np.array([1.0, 1.0])})[0] == scores[1] == model.predictor()([1])[0]
    assert model.predict({"c": np.array([True])})[0] == scores[3] == model.predictor()([True])[0]

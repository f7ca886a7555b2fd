# SPDX-License-Identifier: Apache-2.0
"""Arrow's types: the same categories and numbers as the texts and numbers that they stand for."""

import datetime
import decimal
import uuid
import warnings

import numpy as np
import pyarrow as pa
import pytest

import plexus as px

DAYS = [datetime.date(2024, 1, 31), datetime.date(1969, 12, 31), None, datetime.date(2000, 2, 29)]
MOMENTS = [
    datetime.datetime(2024, 1, 31, 12, 0, 0, 500000),
    datetime.datetime(1969, 12, 31, 23, 59, 58),
    None,
    datetime.datetime(2024, 1, 31),
]
IDS = [uuid.UUID(int=1 << 90), uuid.UUID(int=7), None, uuid.UUID(int=8)]
PRICES = [decimal.Decimal("1.50"), decimal.Decimal("-12.00"), None, decimal.Decimal("0.25")]
DAY_TEXTS = ["2024-01-31", "1969-12-31", None, "2000-02-29"]
MOMENT_TEXTS = ["2024-01-31T12:00:00.5", "1969-12-31T23:59:58", None, "2024-01-31"]
ZONED = [text and (text if "T" in text else text + "T00:00:00") + "Z" for text in MOMENT_TEXTS]

CATEGORIES = [
    (pa.array(DAYS, pa.date32()), DAY_TEXTS),
    (pa.array(DAYS, pa.date64()), DAY_TEXTS),
    (pa.array(MOMENTS, pa.timestamp("ms")), MOMENT_TEXTS),
    (pa.array(MOMENTS, pa.timestamp("ns")), MOMENT_TEXTS),
    (pa.array(MOMENTS, pa.timestamp("us", "UTC")), ZONED),
    (pa.array(MOMENTS, pa.timestamp("us", "Europe/Berlin")), ZONED),
    (
        pa.array([moment and moment.time() for moment in MOMENTS], pa.time64("us")),
        ["12:00:00.5", "23:59:58", None, "00:00:00"],
    ),
    (pa.array(PRICES, pa.decimal128(9, 2)), ["1.50", "-12", None, "0.25"]),
    (pa.array(PRICES, pa.decimal256(40, 2)), ["1.50", "-12", None, "0.25"]),
    (pa.array([True, False, None, True]), ["true", "false", None, "true"]),
    (pa.array([0.1, 12.0, None, 1e15], pa.float64()), ["0.1", "12", None, "1000000000000000"]),
    (pa.array([0.1, 12.0, None, 1e-5], pa.float32()), ["0.1", "12", None, "1e-05"]),
    (pa.array(np.array([0.1, 12, 3, 0.5], np.float16)), ["0.1", "12", "3", "0.5"]),
    (pa.array([1234567890123456789, 0, None, -5]), ["1234567890123456789", "0", None, "-5"]),
    (pa.array([one and one.bytes for one in IDS], pa.uuid()), [one and str(one) for one in IDS]),
    (pa.array(DAYS, pa.date32()).dictionary_encode(), DAY_TEXTS),
    (pa.array([None] * 4, pa.null()), [None] * 4),
]


def trained(table, kind):
    features = [
        {
            "sparse": lambda: px.SparseFeat("x", embedding_dim=3),
            "list": lambda: px.VarLenSparseFeat(px.SparseFeat("x", embedding_dim=3), maxlen=3),
            "dense": lambda: px.DenseFeat("x", missing=0),
        }[kind]()
    ]
    model = px.SingleTask(features, tower_dnn_units=[4])
    model.compile(seed=3)
    model.fit(table, np.arange(400) % 3 == 0, epochs=1, batch_size=50, verbose=0)
    return model


def times_100(array):
    return pa.chunked_array([array] * 100)


@pytest.mark.parametrize("array, texts", CATEGORIES, ids=lambda value: str(getattr(value, "type", "")))
def test_categories(array, texts):
    typed, plain = pa.table({"x": times_100(array)}), pa.table({"x": times_100(pa.array(texts, pa.string()))})
    model = trained(plain, "sparse")
    assert np.array_equal(trained(typed, "sparse").predict(typed), model.predict(plain))
    assert np.array_equal(model.predict(typed), model.predict(plain))


@pytest.mark.parametrize("array, texts", CATEGORIES[:-1], ids=lambda value: str(getattr(value, "type", "")))
def test_items_of_lists(array, texts):
    if pa.types.is_dictionary(array.type):
        offsets = pa.array([0, 2, 3, 3, 4], pa.int32())
    else:
        offsets = pa.array([0, 1, 3, 4, 4], pa.int32())
    typed = pa.table({"x": times_100(pa.ListArray.from_arrays(offsets, array))})
    plain = pa.table({"x": times_100(pa.ListArray.from_arrays(offsets, pa.array(texts, pa.string())))})
    model = trained(plain, "list")
    assert np.array_equal(model.predict(typed), model.predict(plain))


@pytest.mark.parametrize(
    "array, numbers",
    [
        (pa.array(DAYS, pa.date32()), [19753, -1, None, 11016]),
        (pa.array(DAYS, pa.date64()), [19753, -1, None, 11016]),
        (pa.array(MOMENTS, pa.timestamp("ms")), [1706702400.5, -2, None, 1706659200]),
        (pa.array(MOMENTS, pa.timestamp("ns", "Asia/Tokyo")), [1706702400.5, -2, None, 1706659200]),
        (pa.array(PRICES, pa.decimal128(9, 2)), [1.5, -12, None, 0.25]),
        (pa.array(PRICES, pa.decimal256(40, 2)), [1.5, -12, None, 0.25]),
        (pa.array([True, False, None, True]), [1, 0, None, 1]),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_numbers(array, numbers):
    typed, plain = pa.table({"x": times_100(array)}), pa.table({"x": times_100(pa.array(numbers, pa.float64()))})
    model = trained(plain, "dense")
    assert np.array_equal(trained(typed, "dense").predict(typed), model.predict(plain))
    assert np.array_equal(model.predict(typed), model.predict(plain))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int32])
def test_vectors_as_their_texts(dtype, tmp_path):
    rng = np.random.default_rng(1)
    vectors = (rng.normal(size=(400, 5)) * 100).astype(dtype)
    labels = rng.integers(0, 2, 400)
    lines = ["x,y"] + ["|".join(str(item) for item in row) + f",{label}" for row, label in zip(vectors, labels)]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    weights = []
    for data in ({"x": vectors}, {"x": vectors.tolist()}, pa.table({"x": pa.array(list(vectors))}), None):
        if dtype in (np.float32, np.float16) and isinstance(data, dict) and isinstance(data["x"], list):
            continue  # Python's floats have the digits of a double
        model = px.SingleTask([px.DenseFeat("x", dimension=5, scaling="standard")], task_name="y", tower_dnn_units=[4])
        model.compile(seed=3)
        if data is None:
            model.fit(tmp_path / "rows.csv", epochs=1, verbose=0)
        else:
            model.fit(data, labels, epochs=1, verbose=0)
        weights.append(np.concatenate([one.ravel() for one in model.get_weights()]))
    if dtype is np.float16:  # Arrow does not convert a half's digits in a vector to text
        weights.pop()
    for other in weights[1:]:
        assert np.array_equal(weights[0], other)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16, np.int32, np.uint64, np.bool_])
def test_weights_of_items_as_their_texts(kind, tmp_path):
    """Numbers of a column that is nothing but weights need no text, and give the same bits as the text of a file."""
    rng = np.random.default_rng(2)
    numbers = rng.normal(size=(400, 3)) * 10.0 ** rng.integers(-12, 3, (400, 3))
    numbers[:5] = [[0, 1, 2], [-0.0, 3.25, 1e3], [1e-30, 1e-5, 0.1], [1 / 3, 2 / 3, 1], [123, 4096, 9999]]
    if np.dtype(kind).kind != "f":
        numbers = np.abs(numbers)
    numbers = np.clip(numbers, -1e4, 1e4).astype(kind)
    items, labels = [["a", "b", "c"][row % 3 :] + ["d"] * (row % 3) for row in range(400)], rng.integers(0, 2, 400)
    rows = zip(items, numbers.tolist() if kind is np.bool_ else numbers, labels)
    lines = ["g,w,y"] + ["|".join(one) + "," + "|".join(map(str, two)) + f",{three}" for one, two, three in rows]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    data = {"g": items, "w": pa.array(list(numbers))}

    def scores(columns):
        model = px.SingleTask(columns, task_name="y", tower_dnn_units=[4])
        model.compile(px.optimizers.Adam(0.001), seed=3)
        model.fit(data, labels, epochs=1, verbose=0)
        by_file = px.SingleTask(columns, task_name="y", tower_dnn_units=[4])
        by_file.compile(px.optimizers.Adam(0.001), seed=3)
        by_file.fit(tmp_path / "rows.csv", epochs=1, verbose=0)
        return model.get_weights(), by_file.get_weights()

    feature = px.VarLenSparseFeat(px.SparseFeat("g"), maxlen=3, weight_name="w", weight_norm=False)
    also_read = px.VarLenSparseFeat(px.SparseFeat("w", hash_buckets=7), maxlen=3)
    for columns in ([feature], [feature, also_read]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one, other = scores(columns)
        assert all(np.array_equal(a, b) for a, b in zip(one, other))


def test_rows_that_are_null():
    fields = pa.StructArray.from_arrays(
        [pa.array(["a", "b", "a", "b"] * 100)], ["x"], mask=pa.array([False, True] * 200)
    )
    plain = pa.table({"x": ["a", None, "a", None] * 100})
    model = trained(plain, "sparse")

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return pa.chunked_array([fields]).__arrow_c_stream__(requested_schema)

    assert np.array_equal(model.predict(Stream()), model.predict(plain))


def test_invalid_arrays():
    """Offsets that lie outside are an error, not another process's memory."""
    wrong = pa.array([0, 9000, 1, 2], pa.int32())
    falling = pa.Array.from_buffers(pa.string(), 3, [None, wrong.buffers()[1], pa.py_buffer(b"ab")])
    model = trained(pa.table({"x": ["a", "b"] * 200}), "sparse")
    with pytest.raises(px.FormatError, match="lies outside its bytes"):
        model.predict(pa.table({"x": falling}))

# SPDX-License-Identifier: Apache-2.0
"""Columns of all kinds: read correctly or refused with column and remedy; unread columns are never touched."""

import array
import datetime
import decimal
import fractions

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import plexus
from helpers import same

N = 240


def model_of(column, y, name="c", feature=plexus.SparseFeat, **arguments):
    model = plexus.SingleTask([feature(name, **arguments)], task_name="t", threads=1)
    model.compile(plexus.optimizers.Adam(0.05))
    is_table = isinstance(column, dict) or hasattr(column, "columns")
    model.fit(column if is_table else {name: column}, y, epochs=2, batch_size=32, verbose=0)
    return model


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(0).integers(0, 5, N)


def test_gaps(codes):
    """What is missing is the empty cell, in every container."""
    y = codes % 2
    there = codes != 3
    listed = [int(code) if one else None for code, one in zip(codes, there)]
    reference = model_of(listed, y)
    for form in (
        np.ma.masked_array(codes, mask=~there),
        np.ma.masked_array(codes.astype(np.int16), mask=~there),
        np.ma.masked_array(codes.astype(object), mask=~there),
        np.ma.masked_array(codes.astype(float), mask=~there).reshape(-1, 1),
        np.array(listed, object),
        np.array([pd.NA if one is None else one for one in listed], object),
        [np.nan if one is None else one for one in listed],
        [pd.NaT if one is None else one for one in listed],
        [np.ma.masked if one is None else np.int32(one) for one in listed],
        np.where(there, codes, np.nan),
        np.where(there, codes, np.nan).astype(np.float16),
        pd.Series(listed, dtype=object),
        pd.Series(listed),
        pd.array(listed, "Int64"),
        pd.array(listed, "Float64"),
        pd.Series(listed, dtype="Int8"),
        pd.Series(listed, dtype="int64[pyarrow]"),
        pd.array(listed, "int32[pyarrow]"),
        pd.Series(pd.array(listed, "Int64")).astype("category"),
        pd.Categorical(listed),
        pd.Index(listed),
        pd.arrays.SparseArray(np.where(there, codes, np.nan)),
        pa.array(listed),
        pa.chunked_array([listed[:100], listed[100:]]),
        pa.array(listed).dictionary_encode(),
        pl.Series(listed),
        pl.Series(listed, dtype=pl.Object),
        tuple(listed),
        np.array(listed, object).reshape(-1, 1),
        [None if one is None else str(one) for one in listed],
        [None if one is None else decimal.Decimal(one) for one in listed],
        np.ma.masked_array([str(code) for code in codes], mask=~there),
        np.array([np.nan if one is None else str(one) for one in listed], np.dtypes.StringDType(na_object=np.nan)),
    ):
        model = model_of(form, y)
        assert same(model, reference), (type(form), form[:8])
        assert np.array_equal(model.predict({"c": form}), reference.predict({"c": listed}))


@pytest.mark.parametrize(
    "values", [[2**63, 1, 2**63 + 1], [2**53 + 1, 1.5, 2**53], [2**64, 2**64 + 1, -1], [2**53 + 1, 7, None]]
)
def test_integers_keep_their_digits(values):
    """None of them goes through a double on its way."""
    texts = [None if value is None else str(value) for value in values]
    y = np.arange(N) % 3 == 0
    reference = model_of(texts * (N // 3), y)
    for form in (values * (N // 3), np.array(values * (N // 3), object), tuple(values * (N // 3))):
        assert same(model_of(form, y), reference)
    predictor = reference.predictor()
    assert [(one,) for one in reference.predict({"c": values})[:, 0]] == [predictor([value]) for value in values]


def test_items_of_lists(codes):
    """An item means what a cell of its type means, and so does one of a set."""
    y = codes % 2
    lists = [[f"{code + i}" for i in range(1 + code % 3)] for code in codes]
    options = {"feature": lambda name: plexus.VarLenSparseFeat(plexus.SparseFeat(name), maxlen=3)}
    reference = model_of(lists, y, **options)
    numbers = [[int(item) for item in items] for items in lists]
    for form in (
        numbers,
        [np.array(items) for items in numbers],
        [np.array(items, np.float32) for items in numbers],
        [[float(item) for item in items] for items in numbers],
        [set(items) for items in lists],
        [tuple(items) for items in lists],
        [range(items[0], items[-1] + 1) for items in numbers],
        [[*items, None] for items in numbers],
        [frozenset(items) for items in numbers],
        [np.ma.masked_array([*items, 9], mask=[*(False for _ in items), True]) for items in numbers],
        pd.Series(lists),
        pd.Series(numbers, dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
        pl.Series(numbers),
        pa.array(numbers, pa.large_list(pa.int16())),
        np.array([*numbers, None], object)[:-1],
    ):
        assert same(model_of(form, y, **options), reference), type(form[0])
    part = [[0.1, 0.5] if code else [0.7] for code in codes]
    reference = model_of([[str(item) for item in items] for items in part], y, **options)
    assert same(model_of([np.array(items, np.float32) for items in part], y, **options), reference)
    assert same(model_of([[np.float32(item) for item in items] for items in part], y, **options), reference)


def test_padded_matrices(codes):
    """0 is no item, whether it is a number or a text; what a mask hides is none, either."""
    y = codes % 2
    matrix = np.stack([codes, (codes + 2) % 5, np.where(codes > 2, codes, 0)], axis=1)
    lists = [[str(item) for item in row if item] for row in matrix]
    options = {"feature": lambda name: plexus.VarLenSparseFeat(plexus.SparseFeat(name), maxlen=3)}
    reference = model_of(lists, y, **options)
    for form in (
        matrix,
        matrix.astype("U"),
        matrix.astype("S"),
        matrix.astype("U").astype(object),
        matrix.astype(object),
        np.where(matrix == 0, "", matrix.astype("U")),
        np.where(matrix == 0, None, matrix.astype(object)),
        np.ma.masked_array(np.where(matrix == 0, 9, matrix), mask=matrix == 0),
        np.ma.masked_array(np.where(matrix == 0, "9", matrix.astype("U")), mask=matrix == 0),
    ):
        assert same(model_of(form, y, **options), reference), form.dtype


def test_masked_vectors_labels_and_weights(codes):
    vector = np.random.default_rng(1).random((N, 3))
    hidden = codes == 1
    dense = {"feature": lambda name: plexus.DenseFeat(name, dimension=3, missing=0.5)}
    with_gaps = np.where(hidden[:, None], np.nan, vector)
    assert same(
        model_of(np.ma.masked_array(vector, mask=np.repeat(hidden[:, None], 3, axis=1)), codes % 2, **dense),
        model_of(with_gaps, codes % 2, **dense),
    )
    labels = np.ma.masked_array(codes % 2, mask=hidden)
    reference = model_of(codes, np.where(hidden, np.nan, codes % 2))
    for form in (
        labels,
        labels.reshape(-1, 1),
        [labels],
        {"t": labels},
        pd.DataFrame({"t": pd.array(np.where(hidden, None, codes % 2), "Int64")}),
    ):
        assert same(model_of(codes, form), reference)
    model = plexus.SingleTask([plexus.SparseFeat("c")], task_name="t")
    model.compile("adam")
    with pytest.raises(plexus.SchemaError, match="row .*: a missing number in column 'sample_weight:rows'"):
        model.fit({"c": codes}, codes % 2, sample_weight=np.ma.masked_array(np.ones(N), mask=hidden), verbose=0)


def test_frames_of_labels(codes):
    y = codes % 2
    reference = model_of(codes, y)
    sparse = pd.DataFrame({"t": pd.arrays.SparseArray(y)})
    for form in (
        pd.DataFrame({"t": y}),
        sparse,
        pl.DataFrame({"t": y}),
        pa.table({"t": y}),
        pd.DataFrame({"x": y}).iloc[:, [0]].to_numpy(),
        [pd.DataFrame({"x": y})],
        [pl.Series(y)],
        pa.array(y),
        pd.Series(y, index=range(N, 2 * N)),
        y > 0,
        np.array([(one, 7) for one in y], [("t", int), ("u", int)]),
        [y.tolist()],
        [list(map(bool, y))],
    ):
        assert same(model_of(codes, form), reference), type(form)
    twice = pd.DataFrame(np.stack([y, y], 1), columns=["t", "t"])
    with pytest.raises(plexus.PlexusError, match="column 't' appears twice"):
        model_of(codes, twice)


def unread(n):
    return {
        "datetime64": pd.date_range("2024", periods=n),
        "zone": pd.date_range("2024", periods=n, tz="Europe/Berlin"),
        "timedelta": pd.to_timedelta(range(n), unit="s"),
        "period": pd.period_range("2020", periods=n, freq="D"),
        "mixed": [1, "a"] * (n // 2),
        "dict": [{"a": 1}] * n,
        "set": [{1, 2}] * n,
        "list": [[1, "a"]] * n,
        "object": [object()] * n,
        "Fraction": [fractions.Fraction(1, 3)] * n,
        "time": [datetime.time(1, 2)] * n,
        "complex": np.ones(n, complex),
        "bytes": [b"\xff\xfe"] * n,
        "huge": [2**70] * n,
        "sparse": pd.arrays.SparseArray([0] * n),
        "interval": pd.cut(np.arange(n), 4),
        "longdouble": np.ones(n, np.longdouble),
        "dates": pd.Categorical(pd.date_range("2024", periods=n)),
    }


class Untouchable:
    """Whatever is asked of it fails."""

    def __getattribute__(self, name):
        raise AssertionError(f"{name} was read")

    def __len__(self):
        raise AssertionError("its length was read")


def test_unread_columns(codes):
    y = codes % 2
    reference = model_of(codes, y)
    for what, values in unread(N).items():
        frame = pd.DataFrame({"c": codes})
        frame[what] = pd.Series(values, index=frame.index) if not isinstance(values, (list, np.ndarray)) else values
        assert same(model_of(frame, y), reference), what
        assert np.array_equal(reference.predict({"odd": values, "c": codes}), reference.predict({"c": codes}))
    for odd in (
        np.zeros((N, 2, 2)),
        3,
        None,
        "text",
        Untouchable(),
        np.zeros(7),
        (i for i in range(3)),
        ["\udcff"] * N,
    ):
        assert np.array_equal(reference.predict({"odd": odd, "c": codes}), reference.predict({"c": codes}))
    for values in ([{"a": 1}] * N, [decimal.Decimal("1.5")] * N, [[[1]]] * N, [datetime.timedelta(1)] * N):
        assert same(model_of(pl.DataFrame({"c": codes, "odd": pl.Series(values)}), y), reference)
    objects = pl.DataFrame({"c": codes, "odd": pl.Series([object()] * N, dtype=pl.Object)})
    assert same(model_of(objects, y), reference) and len(reference.predict(objects)) == N
    structured = np.zeros(N, [("c", int), ("odd", complex), ("void", "V3")])
    structured["c"] = codes
    assert np.array_equal(reference.predict(structured), reference.predict({"c": codes}))


def test_duplicate_names(codes):
    y = codes % 2
    reference = model_of(codes, y)
    column = pd.DataFrame({"c": codes})
    for twice, message in (
        (pd.concat([column, column], axis=1), "column 'c' appears twice; rename or drop one of them"),
        (pa.table([codes, codes], names=["c", "c"]), "column 'c' appears twice"),
        ({"c": codes, _Text("c"): codes}, "column 'c' appears twice"),
    ):
        with pytest.raises(plexus.SchemaError, match=message):
            model_of(twice, y)
        with pytest.raises(plexus.SchemaError, match=message):
            reference.predict(twice)
    for unread_twice in (
        pd.concat([column, pd.DataFrame({"x": y}), pd.DataFrame({"x": y})], axis=1),
        pa.table([codes, y, y], names=["c", "x", "x"]),
    ):
        assert same(model_of(unread_twice, y), reference)
        assert np.array_equal(reference.predict(unread_twice), reference.predict({"c": codes}))


class _Text:
    def __init__(self, text):
        self.text = text

    def __str__(self):
        return self.text


@pytest.mark.parametrize(
    "column, message",
    [
        ([{"a": 1}], r"row 1: column 'c': \{'a': 1\} \(dict\) is not a valid value; give a text, a number"),
        (["a", object()], r"row 2: column 'c': <object object .* is not a valid value"),
        (np.array([object()] * 2), r"row 1: column 'c': <object object"),
        (
            pd.Series([fractions.Fraction(1, 3)]),
            r"row 1: column 'c': Fraction\(1, 3\) \(Fraction\) is not a valid value",
        ),
        ([None, 1j], r"row 2: column 'c': 1j \(complex\) is not a valid value"),
        (pd.Series([1j]), "column 'c' has the dtype complex128; cast it to numbers or texts"),
        (np.ones(1, np.longdouble), "column 'c' has the dtype float128; cast it to float64"),
        ([np.longdouble(1)], "has more digits than a double; cast it to float64"),
        ([datetime.timedelta(1)], "is a duration; convert it to a number, for example of seconds"),
        (np.zeros(1, "m8[s]"), r"has the dtype timedelta64\[s\]; convert it to numbers"),
        (pd.to_timedelta(pd.Series([1])), r"has the dtype timedelta64\[ns\]; convert it to numbers"),
        (np.zeros(1, "V4"), "has the dtype .*V4; give its fields as separate columns"),
        (["a", "\udcff"], r"row 2: column 'c': the text '\\udcff' contains half a character"),
        ([[1, 2], 3], "row 2: column 'c' contains 3 among lists; make it a list"),
        ([["a"], "b"], "row 2: column 'c' contains 'b' among lists"),
        (3, "column 'c' has the shape ().*model.predictor.. scores one row"),
        ("text", "column 'c' has the shape ().*model.predictor.. scores one row"),
        ({"a": 1}, "column 'c' has the shape ()"),
        (np.zeros((1, 2, 2)), r"column 'c' has the shape \(1, 2, 2\)"),
    ],
)
def test_columns_without_meaning(column, message, codes):
    model = model_of(codes, codes % 2)
    with pytest.raises(plexus.PlexusError, match=message):
        model.predict({"c": column})


@pytest.mark.parametrize(
    "x, message",
    [
        ([{"c": 1}, {"c": 2}], r"a list of records; pandas.DataFrame\(records\) is one, and model.predictor"),
        (pd.Series({"c": 1}), r"a Series; series.to_frame\(\) is one"),
        ([[1], [2]], "x has 2 arrays for 1 features: c"),
        (3, "a table is needed .*, not int"),
        ({"c": 1}, "it is a single value, a int"),
    ],
)
def test_invalid_tables(x, message, codes):
    model = model_of(codes, codes % 2)
    with pytest.raises(plexus.PlexusError, match=message):
        model.predict(x)


def test_buffers_of_python():
    x = np.random.default_rng(3).random(N)
    reference = model_of(x, x > 0.5, feature=plexus.DenseFeat)
    for form in (
        memoryview(x),
        array.array("d", x),
        x[::-1][::-1],
        np.asfortranarray(x[:, None]),
        x.astype(">f8"),
        list(x),
    ):
        assert same(model_of(form, x > 0.5, feature=plexus.DenseFeat), reference)
    assert same(
        model_of(range(N), x > 0.5, feature=plexus.DenseFeat), model_of(np.arange(N), x > 0.5, feature=plexus.DenseFeat)
    )


def test_many_chunks(codes):
    """Batches are cut in one way through the chunks: 20,000 of them would take minutes otherwise."""
    table = pa.concat_tables([pa.table({"c": codes[:2], "d": codes[:2]})] * 20_000)
    assert table["c"].num_chunks == 20_000
    model = model_of(codes, codes % 2)
    scores = model.predict({"c": table["c"], "d": table["d"]})
    assert np.array_equal(scores, np.tile(model.predict({"c": codes[:2]}), (20_000, 1)))


def test_sparse_matrices(codes):
    """A sparse matrix under a list's name: the number of a column is an item, its value the item's weight."""
    sparse = pytest.importorskip("scipy.sparse")
    random = np.random.default_rng(7)
    dense = np.where(random.random((N, 12)) < 0.3, random.random((N, 12)).round(3) + 0.1, 0)
    items = [[i for i in range(12) if row[i]] for row in dense]
    weights = [[row[i] for i in range(12) if row[i]] for row in dense]
    y = codes % 2

    def model(x, **arguments):
        feature = plexus.VarLenSparseFeat(plexus.SparseFeat("seen", embedding_dim=4), maxlen=12, **arguments)
        made = plexus.SingleTask([feature], task_name="t", threads=1)
        made.compile(plexus.optimizers.Adam(0.05))
        made.fit(x, y, epochs=2, batch_size=32, verbose=0)
        return made

    with_weights = {"weight_name": "w", "weight_norm": False}
    reference = model({"seen": items, "w": weights}, **with_weights)
    twice = sparse.coo_array(
        (np.repeat(dense[dense > 0] / 2, 2), tuple(np.repeat(one, 2) for one in np.nonzero(dense))), dense.shape
    )
    stored_zero = sparse.csr_array(dense)
    stored_zero.data[0] = 0
    for matrix in (
        sparse.csr_matrix(dense),
        sparse.csr_array(dense),
        sparse.csc_array(dense),
        sparse.coo_matrix(dense),
        twice,
    ):
        one = model({"seen": matrix}, **with_weights)
        assert same(one, reference)
        assert np.array_equal(
            one.predict({"seen": matrix[:5] if hasattr(matrix, "indptr") else sparse.csr_array(dense)[:5]}),
            reference.predict({"seen": items[:5], "w": weights[:5]}),
        )
    items[0], weights[0] = items[0][1:], weights[0][1:]
    assert same(model({"seen": stored_zero}, **with_weights), model({"seen": items, "w": weights}, **with_weights))
    ones = sparse.csr_array((dense > 0).astype(int))
    assert same(model({"seen": ones}), model({"seen": [[i for i in range(12) if row[i]] for row in dense]}))
    frame = pd.DataFrame.sparse.from_spmatrix(sparse.csr_array(dense))
    with_nan = pd.DataFrame(np.where(dense == 0, np.nan, dense)).astype(pd.SparseDtype(float))
    for one in (frame, with_nan):
        assert same(model({"seen": one}, **with_weights), reference)
    with pytest.raises(plexus.SchemaError, match="column 'seen' is a sparse matrix with values other than 1"):
        model({"seen": sparse.csr_array(dense)})
    with pytest.raises(
        plexus.SchemaError, match="column 'c' is a sparse matrix, but no feature that reads it accepts lists"
    ):
        model_of(sparse.csr_array(dense), y)


def test_sparse_frames(codes, monkeypatch):
    """Their columns are made dense for the rows of a batch alone."""
    from plexus import _streams

    dense = np.where(np.random.default_rng(8).random((N, 6)) < 0.2, 1.5, 0)
    frame = pd.DataFrame(dense, columns=list("abcdef"))
    y = codes % 2
    monkeypatch.setattr(_streams, "_MOST_CELLS", 60)
    monkeypatch.setattr(_streams, "_LEAST_ROWS", 7)

    def model(x):
        features = [plexus.SparseFeat("k"), *(plexus.DenseFeat(name) for name in "abcdef")]
        made = plexus.SingleTask(features, task_name="t", threads=1)
        made.compile(plexus.optimizers.Adam(0.05))
        made.fit(x, y, epochs=2, batch_size=32, verbose=0, validation_split=0.1)
        return made

    reference = model(frame.assign(k=codes))
    for dtype in (pd.SparseDtype(float), pd.SparseDtype(float, 0), pd.SparseDtype(np.float32, 1.5)):
        sparse = frame.astype(dtype).assign(k=codes)
        one = model(sparse)
        assert same(one, reference)
        assert np.array_equal(one.predict(sparse), reference.predict(frame.assign(k=codes)))
        assert one.evaluate(sparse, y) == reference.evaluate(frame.assign(k=codes), y)
    with pytest.raises(plexus.SchemaError, match="row 3: a missing number in column 'a'"):
        wrong = frame.assign(k=codes)
        wrong.loc[2, "a"] = np.nan
        model(wrong.astype({name: pd.SparseDtype(float, 0) for name in "abcdef"}))


def test_null_rows_of_structs(codes):
    """A null of an array of structs, handed over as a table, is a row without values."""
    y = codes % 2
    hidden = codes == 2
    structs = pa.StructArray.from_arrays([pa.array(codes), pa.array(y)], ["c", "t"], mask=pa.array(hidden))
    table = pa.chunked_array([structs[:90], structs[90:]])
    model = model_of(np.where(hidden, np.nan, codes), np.where(hidden, np.nan, y))
    assert np.array_equal(model.predict(table), model.predict({"c": np.where(hidden, np.nan, codes)}))
    direct = plexus.SingleTask([plexus.SparseFeat("c")], task_name="t", threads=1)
    direct.compile(plexus.optimizers.Adam(0.05))
    direct.fit(table, epochs=2, batch_size=32, verbose=0)
    assert same(direct, model)
    assert same(model_of_table(table, np.where(hidden, np.nan, y)), model)


def test_columns_as_cells(codes):
    """A list is a list, whatever it is held in."""
    rows = [[int(code), int(code) // 2] for code in codes]

    def feature(name):
        return plexus.VarLenSparseFeat(plexus.SparseFeat(name), maxlen=2)

    reference = model_of(rows, codes % 2, feature=feature)
    forms = {
        "Series": pd.Series,
        "Index": pd.Index,
        "Int64": lambda row: pd.array(row, "Int64"),
        "arrow": pa.array,
        "polars": pl.Series,
        "Categorical": pd.Categorical,
        "float32": lambda row: pd.Series(row, dtype="float32"),
    }
    predictor = reference.predictor()
    for what, form in forms.items():
        assert same(model_of([form(row) for row in rows], codes % 2, feature=feature), reference), what
        assert predictor([form(rows[0])]) == predictor([rows[0]]), what
    with pytest.raises(plexus.SchemaError, match="is not a valid value"):
        predictor([pd.DataFrame({"a": [1]})])


def test_times_of_day_as_numbers(codes):
    times = [datetime.time(int(code), 5, 6, 500000) for code in codes]
    seconds = [code * 3600 + 306.5 for code in codes.tolist()]
    reference = model_of(seconds, codes % 2, feature=plexus.DenseFeat)
    for form in (list, pa.array, pl.Series, lambda v: pd.Series(v, dtype=object)):
        assert same(model_of(form(times), codes % 2, feature=plexus.DenseFeat), reference)
    predictor = reference.predictor()
    assert predictor([times[0]]) == predictor([seconds[0]])


def test_no_frames_of_pandas(codes):
    frame = pd.DataFrame({"c": codes})
    model = model_of(codes, codes % 2)
    for odd in (frame.groupby("c"), frame.rolling(2), frame.iloc):
        with pytest.raises(plexus.ArgumentError, match="a table is needed"):
            model.predict(odd)


def test_values_in_options(codes):
    """Options take NumPy's scalars, dates and decimals as columns do."""
    days = [datetime.date(2024, 1, 1 + code) for code in codes.tolist()]

    def trained(column, values):
        model = plexus.SingleTask(
            [plexus.SparseFeat("c")], task_name="t", tasks={"t": {"where": "w", "where_values": values}}, threads=1
        )
        model.compile("adam")
        model.fit({"c": codes, "w": column}, codes % 2, epochs=1, verbose=0)
        return model

    reference = trained([str(code) for code in codes], ["1", "2"])
    for values in (
        [np.int64(1), np.int8(2)],
        np.array([1, 2]),
        {1, 2},
        [np.float32(1), 2.0],
        [decimal.Decimal("1.0"), b"2"],
    ):
        assert same(trained(codes, values), reference)
    for values in (
        [days[0].replace(day=2), datetime.datetime(2024, 1, 3)],
        [np.datetime64("2024-01-02"), pd.Timestamp("2024-01-03")],
    ):
        assert same(trained(days, values), reference)
    with pytest.raises(plexus.ArgumentError, match="is not a valid value"):
        trained(codes, [object()])


def model_of_table(table, y):
    model = plexus.SingleTask([plexus.SparseFeat("c")], task_name="t", threads=1)
    model.compile(plexus.optimizers.Adam(0.05))
    model.fit(table, y, epochs=2, batch_size=32, verbose=0)
    return model


def test_times_of_several_kinds_keep_their_nanoseconds():
    """NumPy's own array of them would cut them to microseconds, or wrap what is beyond the range of nanoseconds."""
    fine, coarse = np.datetime64("2024-01-31T12:00:00.123456789"), datetime.datetime(2024, 1, 31, 12, 0, 0, 123456)
    texts = [
        (fine, "2024-01-31T12:00:00.123456789"),
        (coarse, "2024-01-31T12:00:00.123456"),
        (datetime.date(2024, 1, 1), "2024-01-01"),
        (pd.Timestamp(fine), "2024-01-31T12:00:00.123456789"),
        (np.datetime64("3000-01-01T00:00:01", "s"), "3000-01-01T00:00:01"),
        (np.datetime64("2024-01-01", "h"), "2024-01-01"),
        (np.datetime64("1970-01-02T00:00:00.000000001000", "ps"), "1970-01-02T00:00:00.000000001"),
    ]
    y = [1, 0] * 20
    for first, first_text in texts:
        for second, second_text in texts:
            wanted = model_of_table({"c": [first_text, second_text] * 20}, y)
            column = [first, second] * 20
            for given in (column, np.array([*column, None], object)[:-1]):
                assert same(model_of_table({"c": given}, y), wanted), (first, second)
            gap = model_of_table({"c": [None, *[second_text, first_text] * 19, second_text]}, y)
            assert same(model_of_table({"c": [None, *column[1:]]}, y), gap), (first, second)
    with pytest.raises(plexus.SchemaError, match="finer than nanoseconds"):
        model_of_table({"c": [fine, np.datetime64("1970-01-02T00:00:00.000000000123", "ps")] * 20}, y)

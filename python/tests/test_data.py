# SPDX-License-Identifier: Apache-2.0
"""Every table gives the same model, bit for bit, as a CSV file through the command; wrong ones a clear exception."""

import json
import os
import subprocess
import warnings
import weakref

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import plexus
from helpers import same, small_model, trained


def tables(rows):
    frame = pd.DataFrame(rows)
    categorical = frame.assign(city=frame["city"].astype("category"))
    chunked = pa.concat_tables([pa.Table.from_pandas(frame[:1000]), pa.Table.from_pandas(frame[1000:])])
    return {
        "pandas": frame,
        "categorical": categorical,
        "polars": pl.from_pandas(frame),
        "polars categorical": pl.from_pandas(frame).with_columns(pl.col("city").cast(pl.Categorical)),
        "pyarrow": pa.Table.from_pandas(frame),
        "chunks": chunked,
        "record batch": pa.RecordBatch.from_pandas(frame),
        "texts": {**rows, "code": [str(code) for code in rows["code"]]},
        "bytes": {**rows, "city": [city.encode() for city in rows["city"]]},
        "fixed": {**rows, "city": rows["city"].astype("U")},
        "small integers": {**rows, "code": rows["code"].astype(np.uint8)},
        "strided": {**rows, "age": np.repeat(rows["age"], 2)[::2]},
        "swapped": {**rows, "age": rows["age"].astype(">f8")},
        "mixed": {**rows, "age": pl.Series(rows["age"]), "city": pd.Series(rows["city"])},
    }


@pytest.fixture(scope="module")
def reference(rows, features):
    return trained(features, rows)


@pytest.mark.parametrize(
    "kind",
    "pandas, categorical, polars, polars categorical, pyarrow, chunks, record batch, texts, bytes, fixed, "
    "small integers, strided, swapped, mixed".split(", "),
)
def test_same_model(kind, rows, reference):
    table = tables(rows)[kind]
    assert same(trained(table, rows), reference)
    assert all(np.array_equal(a, b) for a, b in zip(reference.predict(table), reference.predict(rows)))


def test_duckdb(rows, reference):
    duckdb = pytest.importorskip("duckdb")
    frame = pd.DataFrame(rows)  # noqa: F841 (the query reads it)
    assert same(trained(duckdb.sql("select * from frame"), rows), reference)


def test_streams_are_read_batch_by_batch(rows, reference):
    """A reader that makes its batches as they are asked for never has them all at once."""
    table = pa.Table.from_pandas(pd.DataFrame(rows))
    made, most = [], []

    def batches():
        for first in range(0, 4000, 400):
            part = table[first : first + 400].combine_chunks()
            age = rows["age"][first : first + 400].copy()  # its lifetime is that of the batch
            made.append(weakref.ref(age))
            column = pa.Array.from_buffers(pa.float64(), 400, [None, pa.py_buffer(age)])
            batch = part.set_column(part.schema.get_field_index("age"), table.schema.field("age"), column)
            del age, column
            most.append(sum(one() is not None for one in made))
            yield batch.to_batches()[0]
            del batch

    def reader():
        made.clear()
        return pa.RecordBatchReader.from_batches(table.schema, batches())

    model = small_model()
    model.fit(reader(), epochs=2, batch_size=256, verbose=0)
    assert same(model, reference)
    assert all(np.array_equal(a, b) for a, b in zip(model.predict(reader()), reference.predict(rows)))
    assert model.evaluate(reader()) == reference.evaluate(table)
    assert len(most) == 30 and max(most) <= 3
    most.clear()
    small_model().fit(reader(), validation_split=0.5, epochs=1, batch_size=256, verbose=0)
    assert max(most) == 10  # the number of rows must be known first
    valid = small_model()
    valid.fit(reader(), validation_data=(reader(), None), epochs=1, batch_size=256, verbose=0)
    assert valid.history.history["val_click_auc"] == [valid.evaluate(reader(), return_dict=True)["click_auc"]]
    with pytest.raises(ValueError, match="no column 'click'"):
        small_model().fit(pa.table({name: rows[name].tolist() for name in ("city", "code", "age", "pay")}), verbose=0)


def test_labels_in_the_table(rows, reference):
    model = small_model()
    model.fit(pd.DataFrame(rows), epochs=2, batch_size=256, verbose=0)
    assert same(model, reference)


def test_forms_of_labels(rows, features, reference):
    for y in (
        {"seconds": rows["seconds"], "click": rows["click"]},
        pd.DataFrame({"click": rows["click"], "seconds": rows["seconds"]}),
        np.stack([rows["click"], rows["seconds"]], axis=1),
        [pd.Series(rows["click"]), rows["seconds"].tolist()],
    ):
        model = small_model()
        model.fit(features, y, epochs=2, batch_size=256, verbose=0)
        assert same(model, reference)


def test_as_the_command(rows, reference, tmp_path):
    """The configuration that the package wrote trains the same model from a CSV file."""
    command = os.environ.get("PLEXUS_COMMAND")
    if not command:
        pytest.skip("PLEXUS_COMMAND does not name the command")
    pd.DataFrame(rows).to_csv(tmp_path / "rows.csv", index=False)
    config = tmp_path / "config.yaml"
    config.write_text(reference.config.replace("train: []", f"train: [{json.dumps(str(tmp_path / 'rows.csv'))}]"))
    subprocess.run([command, "fit", config, "--out", tmp_path / "out"], check=True, capture_output=True)
    loaded = plexus.load_model(tmp_path / "out" / "model.plexus")
    assert same(loaded, reference)
    assert np.array_equal(loaded.predict(rows)[0], reference.predict(rows)[0])


def test_missing_values(rows):
    """None and NaN are the empty cell: a category of its own, and no label."""
    city = rows["city"].copy()
    city[::7] = None
    label = rows["click"].astype(float)
    label[::5] = np.nan
    model = small_model()
    model.fit({**rows, "city": city}, [label, rows["seconds"]], epochs=1, batch_size=256, verbose=0)
    metrics = model.evaluate({**rows, "city": city}, [label, rows["seconds"]], return_dict=True)
    assert np.isfinite(metrics["click_auc"])
    frame = pd.DataFrame({**rows, "city": city})
    assert np.array_equal(model.predict(frame)[0], model.predict(pl.from_pandas(frame))[0])


def list_model(**arguments):
    genre = plexus.VarLenSparseFeat(plexus.SparseFeat("genre", 30, embedding_dim=4), maxlen=6, **arguments)
    model = plexus.MMOE(
        [plexus.SparseFeat("city"), genre, plexus.DenseFeat("vector", dimension=3)],
        task_types=["binary"] * 2,
        task_names=["click", "like"],
        num_experts=2,
        expert_dnn_units=[8],
        tower_dnn_units_lists=[[4], [4]],
    )
    model.compile(plexus.optimizers.Adam(0.01), metrics=["AUC"])
    return model


def test_lists_and_vectors(rows):
    """Lists as Arrow lists, Python lists, padded matrices and texts; vectors as matrices and texts."""
    random = np.random.default_rng(3)
    n = 4000
    counts = random.integers(0, 6, n)
    lists = [random.integers(1, 30, count).tolist() for count in counts]
    padded = np.zeros((n, 6), np.int64)
    for row, items in enumerate(lists):
        padded[row, : len(items)] = items
    vector = random.random((n, 3))
    y = [rows["click"], np.array([3 in items for items in lists], int)]
    base = {"city": rows["city"], "vector": vector}
    forms = [
        {**base, "genre": pa.array(lists)},
        {**base, "genre": pa.array([[str(item) for item in items] for items in lists], pa.large_list(pa.string()))},
        {**base, "genre": lists},
        {**base, "genre": np.array([*lists, None], object)[:-1]},
        {**base, "genre": padded},
        {**base, "genre": pl.Series(lists)},
        {**base, "genre": ["|".join(map(str, items)) for items in lists]},
        {**base, "genre": lists, "vector": ["|".join(map(repr, map(float, numbers))) for numbers in vector]},
    ]
    models = []
    for x in forms:
        model = list_model()
        model.fit(x, y, epochs=4, batch_size=128, verbose=0)
        models.append(model)
        assert same(model, models[0])
    assert models[0].evaluate(forms[4], y, return_dict=True)["like_auc"] > 0.9
    weighted = list_model(weight_name="weight", weight_norm=False)
    weights = np.where(padded > 0, 1.0, 0.0)
    weighted.fit({**base, "genre": padded, "weight": weights}, y, epochs=1, batch_size=128, verbose=0)
    assert "embedding/genre/table" in weighted.parameters()


@pytest.mark.parametrize("combiner", ["sum", "mean"])
def test_weight_norm(combiner):
    """Weights of items are their softmax, of which a mean divides the sum by the number of items, as in DeepCTR."""
    random = np.random.default_rng(4)
    items = [random.integers(1, 6, 1 + i % 3).tolist() for i in range(400)]
    weights = [(random.random(len(one)) * 3).tolist() for one in items]
    softmax = [np.exp(one) / np.exp(one).sum() for one in weights]
    means = [one / len(one) for one in softmax]
    y = random.integers(0, 2, 400)

    def model(given, **arguments):
        feature = plexus.VarLenSparseFeat(
            plexus.SparseFeat("l", embedding_dim=4, min_count=1), maxlen=3, weight_name="w", **arguments
        )
        made = plexus.SingleTask([feature], task_name="t")
        made.compile(plexus.optimizers.Adam(0.05))
        made.fit({"l": items, "w": given}, y, epochs=2, batch_size=64, verbose=0)
        return made

    one = model(weights, combiner=combiner)
    plain = means if combiner == "mean" else softmax
    other = model(plain, combiner="sum", weight_norm=False)
    scores = one.predict({"l": items, "w": weights})
    assert np.allclose(scores, other.predict({"l": items, "w": plain}), atol=1e-5)
    doubled = one.predict({"l": items, "w": [[2 * weight for weight in one] for one in weights]})
    assert not np.allclose(scores, doubled, atol=1e-3)


def test_lists_for_a_plain_feature(rows, features):
    with pytest.raises(ValueError, match="column 'code' holds lists, and no feature that reads it takes lists"):
        small_model().fit({**features, "code": [[1, 2]] * 4000}, [rows["click"], rows["seconds"]], verbose=0)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"age": None}, "no column 'age'; there are city, code, pay, click, seconds"),
        ({"age": None, "pay": None, "pai": np.zeros(4000)}, "no column 'age'; there are city, code, pai"),
        ({"pay": None, "pai": np.zeros(4000)}, "no column 'pay'; did you mean 'pai'?"),
        ({"age": np.zeros(3)}, "column 'age' has 3 rows, column 'city' 4000"),
        ({"age": np.full(4000, "old", object)}, "'old' is not a number; column 'age' is declared dense"),
        ({"age": np.full(4000, np.nan)}, "row 1: a missing number in column 'age', which is declared dense: fill it"),
        ({"age": np.full(4000, -np.inf)}, "row 1: '-inf' is too large for a 32-bit number; column 'age'"),
        ({"age": np.zeros((4000, 2))}, "column 'age' holds lists, and no feature that reads it takes lists"),
        ({"age": pa.array([1] * 4000, pa.duration("s"))}, "column 'age': durations"),
        ({"age": pa.array([{"a": 1}] * 4000)}, "column 'age': structs"),
        ({"age": 3.0}, "column 'age' has the shape ()"),
        (
            {"age": np.full(4000, np.timedelta64(1, "s"))},
            "column 'age' has the dtype timedelta64[s]; convert it to numbers",
        ),
        ({"age": np.zeros((4000, 2, 2))}, "column 'age' has the shape (4000, 2, 2)"),
        ({"age": np.zeros(4000, complex)}, "column 'age' has the dtype complex128"),
        ({"age": pa.array([None] * 4000, pa.date32())}, "row 1: a missing number in column 'age'"),
    ],
)
def test_wrong_tables(change, message, rows, features):
    table = {name: value for name, value in {**features, **change}.items() if value is not None}
    with pytest.raises(ValueError) as caught:
        small_model().fit(table, [rows["click"], rows["seconds"]], verbose=0)
    assert message in str(caught.value)


@pytest.mark.parametrize("use", ["predict", "evaluate", "layer_output"])
def test_wrong_tables_of_a_model(use, rows, features, reference):
    """What is measured and scored is checked as what is trained on."""
    labels = {"click": rows["click"], "seconds": rows["seconds"]}
    arguments = {"evaluate": (labels,), "layer_output": ("concat",)}.get(use, ())
    few = {name: values for name, values in features.items() if name != "age"}
    late = features["age"].copy()
    late[7] = np.nan
    for table, message in (
        (few, "no column 'age'; there are city, code, pay"),
        ({**few, "aged": features["age"]}, "no column 'age'; did you mean 'aged'?"),
        ({**features, "pay": features["pay"][:-1]}, "column 'pay' has 3999 rows, column 'city' 4000"),
        ({**features, "age": late}, "row 8: a missing number in column 'age'"),
        ({**features, "age": np.full(4000, "old", object)}, "row 1: 'old' is not a number; column 'age'"),
        ({**features, "age": np.zeros(4000, complex)}, "column 'age' has the dtype complex128; cast it"),
        (np.zeros((4000, 3)), "x has 3 columns for 4 features: city, code, age, pay"),
        ([features["city"]], "x has 1 arrays for 4 features: city, code, age, pay"),
        (3, "a table is needed"),
    ):
        with pytest.raises(ValueError) as caught:
            getattr(reference, use)(table, *arguments)
        assert message in str(caught.value)


def test_unequal_lengths(rows, features):
    y = [rows["click"], rows["seconds"]]
    short = {name: values[:100] for name, values in features.items()}
    for arguments, message in (
        ({"y": [rows["click"][:9], rows["seconds"]]}, "column 'click' has 9 rows, column 'city' 4000"),
        ({"sample_weight": [None, np.ones(9)]}, "column 'sample_weight:seconds' has 9 rows"),
        ({"validation_data": (short, y)}, "validation_data: column 'click' has 4000 rows, column 'city' 100"),
        ({"validation_data": features}, "validation_data must be (x, y)"),
    ):
        with pytest.raises(ValueError) as caught:
            small_model().fit(features, **{"y": y, "verbose": 0, **arguments})
        assert message in str(caught.value)


def test_wrong_labels(rows, features):
    for y, message in (
        ({"click": rows["click"], "second": rows["seconds"]}, "no column 'seconds' of that task; it has click, second"),
        ([rows["city"], rows["seconds"]], "is not a label of task 'click' (column 'click'); expected 0 or 1"),
        ([rows["click"], rows["city"]], "is not a number; column 'seconds' holds the labels of a regression task"),
        ([rows["click"], np.full(4000, np.inf)], "'inf' is too large for a 32-bit number; column 'seconds'"),
        (rows["click"], "y must be a list of 2 arrays, one per task (click, seconds)"),
        ([rows["click"]], "y must be a list of 2 arrays"),
        ({"click": rows["click"]}, "y has no column 'seconds'"),
        (None, "x has no column 'click'"),
        ([rows["click"] + 5, rows["seconds"]], "is not a label of task 'click'"),
        ([rows["click"], rows["seconds"][:-1]], "column 'seconds' has 3999 rows"),
    ):
        with pytest.raises(ValueError) as caught:
            small_model().fit(features, y, verbose=0)
        assert message in str(caught.value)


def test_numbers_are_not_copied():
    """Reading a large table must not need another copy of its numbers in addition to the encoded rows."""
    code = """
import resource, numpy as np, plexus
n, k = 400_000, 40
x = {f"d{i}": np.random.default_rng(i).random(n) for i in range(k)}
columns = [plexus.DenseFeat(name) for name in x]
from plexus._streams import columns_of, Stream
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
stream = Stream(columns_of(x))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert after - before < 20_000, (before, after)  # kB; the table has 128,000
"""
    subprocess.run(["python", "-c", code], check=True, env={**os.environ, "PATH": _path()})


def _path() -> str:
    import sys

    return os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")


def test_one_order(rows, features):
    """Lists of arrays, get_feature_names and a predictor's rows have the order in which features were declared."""
    columns = [
        plexus.DenseFeat("age"),
        plexus.SparseFeat("code", 50),
        plexus.DenseFeat("pay"),
        plexus.SparseFeat("city"),
    ]
    names = plexus.get_feature_names(columns)
    assert names == ["age", "code", "pay", "city"]

    def model():
        made = plexus.SingleTask(columns, task_name="click")
        made.compile(plexus.optimizers.Adam(0.01))
        return made

    one, other = model(), model()
    one.fit({name: features[name] for name in names}, rows["click"], epochs=1, verbose=0)
    with pytest.warns(RuntimeWarning, match="age, code, pay, city; earlier builds read them as code, city, age, pay"):
        other.fit([features[name] for name in names], rows["click"], epochs=1, verbose=0)
        predictor = other.predictor()
    assert same(one, other) and predictor.columns == names
    assert predictor([features[name][5] for name in names])[0] == one.predict(features)[5, 0]
    few = np.stack([np.arange(6.0), np.arange(6) % 3], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = plexus.SingleTask([plexus.SparseFeat("b"), plexus.DenseFeat("a")], task_name="t")
        plain.compile("adam")
        plain.fit(few[:, ::-1], np.arange(6) % 2, verbose=0)
        assert plain.predictor().columns == ["b", "a"]

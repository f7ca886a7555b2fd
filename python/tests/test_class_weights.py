# SPDX-License-Identifier: Apache-2.0
"""class_weight goes by label, however the labels are given and ordered; classes give the order of the outputs."""

import warnings

import numpy as np
import pytest

import plexus
from helpers import same

RANDOM = np.random.default_rng(0)
X = RANDOM.random(1200)
NUMBERS = (X * 12).astype(int)
NAMES = np.array(["small", "medium", "large"], object)[(X * 3).astype(int)]
SOLD = (X > 0.6).astype(int)


def fitted(kind, labels, class_weight=None, sample_weight=None, task=None):
    model = plexus.SingleTask(
        [plexus.DenseFeat("x")], task_type=kind, task_name="k", tower_dnn_units=(8,), tasks={"k": task or {}}
    )
    model.compile(plexus.optimizers.Adam(0.01))
    model.fit(
        {"x": X}, labels, epochs=2, batch_size=64, verbose=0, class_weight=class_weight, sample_weight=sample_weight
    )
    return model


@pytest.mark.parametrize("heavy", range(12))
@pytest.mark.parametrize("key", [int, str, float, np.int32, np.float32], ids=lambda key: key.__name__)
def test_twelve_integer_classes(heavy, key):
    """From eleven on, texts and numbers are in different orders."""
    weights = {key(one): 1.0 for one in (7, 10, 3, 0, 11, 2, 1, 9, 4, 8, 5, 6)}
    weights[key(heavy)] = 50.0
    by_rows = fitted("multiclass", NUMBERS, sample_weight=np.where(NUMBERS == heavy, 50.0, 1.0))
    assert same(fitted("multiclass", NUMBERS, weights), by_rows)


@pytest.mark.parametrize("labels", [NUMBERS, NUMBERS.astype(float), NUMBERS.astype(str), [str(one) for one in NUMBERS]])
def test_columns_of_predict_are_the_classes(labels):
    model = fitted("multiclass", labels)
    assert model.classes == {"k": [str(one) for one in range(12)]}
    assert model.predict({"x": X}).shape == (1200, 12)


def test_argmax_is_the_label(tmp_path):
    labels = np.arange(600) % 12
    model = plexus.SingleTask([plexus.SparseFeat("x")], task_type="multiclass", task_name="k")
    model.compile(plexus.optimizers.Adam(0.05))
    model.fit({"x": labels}, labels, epochs=20, batch_size=32, verbose=0)
    assert (model.predict({"x": np.arange(12)}).argmax(axis=1) == np.arange(12)).all()
    model.save(tmp_path / "m.plexus")
    assert plexus.load_model(tmp_path / "m.plexus").classes == model.classes


@pytest.mark.parametrize("order", [None, ["small", "medium", "large"], ["large", "small", "medium"]])
def test_names_in_any_order(order):
    task = {} if order is None else {"classes": order}
    by_rows = fitted("multiclass", NAMES, sample_weight=np.where(NAMES == "large", 50.0, 1.0), task=task)
    model = fitted("multiclass", NAMES, {"small": 1, "large": 50, "medium": 1}, task=task)
    assert same(model, by_rows)
    assert model.classes["k"] == (order or ["large", "medium", "small"])
    pandas = pytest.importorskip("pandas")
    frame = pandas.Series(NAMES, dtype="category")
    assert same(fitted("multiclass", frame, {np.str_("small"): 1, "large": 50, b"medium": 1}, task=task), by_rows)


@pytest.mark.parametrize(
    "labels, task",
    [
        (SOLD, {}),
        (SOLD.astype(bool), {}),
        (SOLD.astype(float), {}),
        (np.where(SOLD == 1, "buy", "view"), {"positive": ["buy"], "negative": ["view"]}),
        (np.where(SOLD == 1, "buy", "view"), {"positive": ["buy"]}),
    ],
    ids=["int", "bool", "float", "texts", "positive alone"],
)
def test_binary_tasks(labels, task):
    """1 and 0, True and False, the texts of `positive` and `negative`, all for the same label."""
    by_rows = fitted("binary", labels, sample_weight=np.where(SOLD == 1, 5.0, 2.0), task=task)
    keys = [(1, 0), (True, False), ("1", "0"), (1.0, 0.0), (np.True_, np.False_), ("true", "false")]
    if task:
        keys.append(("buy", "view" if "negative" in task else 0))
    for positive, negative in keys:
        assert same(fitted("binary", labels, {positive: 5.0, negative: 2.0}, task=task), by_rows), (positive, negative)
        assert same(fitted("binary", labels, {negative: 2, positive: 5}, task=task), by_rows)


def test_balanced():
    for kind, labels in (("binary", SOLD), ("multiclass", NAMES), ("multiclass", NUMBERS)):
        values, counts = np.unique(labels, return_counts=True)
        weights = {value: len(labels) / (len(values) * n) for value, n in zip(values, counts)}
        balanced = fitted(kind, labels, "balanced")
        assert same(balanced, fitted(kind, labels, weights))
        assert not same(balanced, fitted(kind, labels))
        assert same(balanced, fitted(kind, labels, {"k": "balanced"})) and same(
            balanced, fitted(kind, labels, ["balanced"])
        )


def several(class_weight=None, sample_weight=None):
    model = plexus.MMOE(
        [plexus.DenseFeat("x")],
        task_types=["binary", "multiclass", "regression"],
        task_names=["sold", "size", "time"],
        expert_dnn_units=[4],
    )
    model.compile("adam")
    model.fit(
        {"x": X}, [SOLD, NAMES, X * 3], batch_size=64, verbose=0, class_weight=class_weight, sample_weight=sample_weight
    )
    return model


SOLD_WEIGHTS, SIZE_WEIGHTS = {0: 1.0, 1: 3.0}, {"small": 1.0, "medium": 2.0, "large": 5.0}


def test_weights_of_several_tasks():
    """A dict by task, a list, both at once with sample_weight."""
    sold = np.where(SOLD == 1, 3.0, 1.0)
    size = np.array([SIZE_WEIGHTS[one] for one in NAMES])
    by_rows = several(sample_weight=[sold, size, None])
    assert same(several({"sold": SOLD_WEIGHTS, "size": SIZE_WEIGHTS}), by_rows)
    assert same(several([SOLD_WEIGHTS, SIZE_WEIGHTS, None]), by_rows)
    assert same(several({"size": SIZE_WEIGHTS, "sold": SOLD_WEIGHTS, "time": None}), by_rows)
    assert same(several({"size": SIZE_WEIGHTS}), several(sample_weight={"size": size}))
    rows = np.tile([0.5, 1.0, 2.0], 400)
    both = several({"sold": SOLD_WEIGHTS, "size": SIZE_WEIGHTS}, rows)
    assert same(both, several(sample_weight=[sold * rows, size * rows, rows]))
    assert several("balanced").classes == {"size": ["large", "medium", "small"]}


def test_of_files(tmp_path):
    lines = [f"{x},{label}" for x, label in zip(X, NUMBERS)]
    (tmp_path / "rows.csv").write_text("x,k\n" + "\n".join(lines) + "\n")
    weights = {one: 1.0 + one for one in range(12)}
    model = plexus.SingleTask([plexus.DenseFeat("x")], task_type="multiclass", task_name="k", tower_dnn_units=(8,))
    model.compile(plexus.optimizers.Adam(0.01))
    model.fit(tmp_path / "rows.csv", epochs=2, batch_size=64, verbose=0, class_weight=weights)
    assert same(model, fitted("multiclass", NUMBERS, weights))
    config = plexus.from_config(
        f"data: {{train: [{tmp_path}/rows.csv]}}\nfeatures: [{{name: x, kind: dense}}]\n"
        "tasks: [{name: k, kind: multiclass}]\nmodel: {name: single_task, tower_dnn_units_lists: [[8]]}\n"
        "train: {seed: 1024, epochs: 2, batch_size: 64, learning_rate: 0.01}\n"
    )
    plain = config.fit(verbose=0).history["loss"]
    again = plexus.from_config(config.config)
    assert again.fit(class_weight=weights, verbose=0).history["loss"] != plain


@pytest.mark.parametrize(
    "class_weight, message",
    [
        ({"sold": {0: 1, 2: 3}}, "'2' is not a label of the task; give a weight to each of its labels: '0' and '1'"),
        ({"sold": {1: 3}}, r"tasks\.sold\.class_weights: '0' has no weight"),
        ({"size": {"small": 1, "medium": 1, "lage": 5}}, "'lage' is not a label of.*'large', 'medium', 'small'"),
        ({"klick": {0: 1, 1: 3}}, "class_weight: there is no task 'klick'; there are sold, size, time"),
        ([{0: 1, 1: 2}], "class_weight: 1 are given for 3 tasks"),
        ({"time": {0: 1, 1: 2}}, "task 'time' has numbers as labels, no classes; give sample_weight"),
        ({"sold": {0: 1, 1: "heavy"}}, "the weight of '1' is 'heavy', not a number"),
        ({"sold": {0: 1, "0": 2, 1: 1}}, "label '0' is given twice"),
        ({"sold": {0: 1, None: 2}}, "None is not a label"),
        ({"sold": {0: 1, (1,): 2}}, "is not a valid value"),
        ({"sold": "heavy"}, "'heavy' is not valid; give a dict by label, or 'balanced'"),
        ({"sold": {0: 1, 1: 2}, 1: 3.0}, "are mixed"),
        ({"sold": {0: -1.0, 1: 2}}, "class_weights"),
        ([3, None, None], "class_weight of task 'sold' is 3"),
    ],
)
def test_wrong_class_weights(class_weight, message):
    with pytest.raises(ValueError, match=message):
        several(class_weight)


def test_no_task_has_classes():
    with pytest.raises(ValueError, match="there is no task with classes"):
        fitted("regression", X, {0: 1, 1: 2})
    model = fitted("regression", X)
    assert model.classes == {}
    with pytest.raises(ValueError, match="make a new model"):
        model.fit({"x": X}, X, class_weight={0: 1, 1: 2}, verbose=0)


def test_soft_labels_and_signs_for_none():
    """Keys of a task by `tasks`: probabilities as labels, and a sign for "no label" that equals NaN."""
    share = 1 / (1 + np.exp(-3 * (X - X.mean())))

    def scores(y, **task):
        model = plexus.SingleTask([plexus.DenseFeat("x")], task_name="k", tasks={"k": task})
        model.compile(plexus.optimizers.Adam(0.01), metrics=["auc"])
        model.fit({"x": X}, y, epochs=3, batch_size=64, verbose=0)
        return model.predict({"x": X})

    scored = scores(share, labels="soft")
    assert np.abs(scored.ravel() - share).max() < 0.1
    gaps = np.where(X > np.median(X), share, np.nan)
    marked = np.where(np.isnan(gaps), -1, gaps)
    assert np.array_equal(scores(marked, labels="soft", missing=["-1"]), scores(gaps, labels="soft"))
    hard = np.where(np.isnan(gaps), np.nan, (share > 0.8).astype(float))
    assert np.array_equal(scores(np.nan_to_num(hard, nan=-1), missing=["-1"]), scores(hard))
    with pytest.raises(plexus.PlexusError, match="'-1'.*`missing`"):
        scores(np.nan_to_num(hard, nan=-1))
    with pytest.raises(plexus.PlexusError, match="`labels: soft`"):
        scores(share)


def test_minus_one_with_0_and_1(tmp_path):
    """Of a task with `positive` alone: the masked model, one warning, and the same metrics after loading."""
    gaps = np.where(X > 0.8, np.nan, SOLD)
    marked = np.where(np.isnan(gaps), -1, SOLD)
    masked = fitted("binary", gaps, task={"positive": ["1"]})
    for y in (marked, marked.astype(float), marked.astype(str), marked.astype(np.int8)):
        with pytest.warns(
            RuntimeWarning, match=r"task 'k' .*: -1 in labels of 0 and 1 is read as no label; set `missing"
        ) as warned:
            model = fitted("binary", y, task={"positive": ["1"]})
        assert len(warned) == 1 and same(model, masked)
    model.save(tmp_path / "m.plexus")
    loaded = plexus.load_model(tmp_path / "m.plexus")
    metrics = masked.evaluate({"x": X}, gaps, verbose=0)
    assert loaded.evaluate({"x": X}, marked, verbose=0) == model.evaluate({"x": X}, marked, verbose=0) == metrics
    only = X > 0.7  # rows without a 0 are read in the same way
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*AUC is undefined")
        assert loaded.evaluate({"x": X[only]}, marked[only], verbose=0) == masked.evaluate(
            {"x": X[only]}, gaps[only], verbose=0
        )
        negatives = fitted("binary", marked, task={"positive": ["1"], "negative": ["0", "-1"]})
        assert same(fitted("binary", np.where(SOLD == 1, 1, -1), task={"positive": ["1"]}), fitted("binary", SOLD))
    assert same(negatives, fitted("binary", np.where(marked == 1, 1, 0)))


def test_booleans_and_their_texts():
    """Booleans in memory are 1 and 0, texts want `positive`, and with it both are alike."""
    pandas, arrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    truths = SOLD == 1
    texts = truths.astype(str)
    plain = fitted("binary", SOLD)
    booleans = [
        truths,
        truths.tolist(),
        truths.astype(object),
        pandas.Series(truths, dtype="boolean"),
        arrow.array(truths),
    ]
    for y in booleans:
        assert same(fitted("binary", y), plain)
    for y in (*booleans, texts, pandas.Series(texts), np.char.upper(texts), np.char.lower(texts)):
        assert same(fitted("binary", y, task={"positive": ["true"]}), plain)
    for y in (texts, pandas.Series(texts), np.char.upper(texts), arrow.array(texts.tolist())):
        with pytest.raises(plexus.PlexusError, match="(?i)'(true|false)' is not a label of task 'k'.*`positive: "):
            fitted("binary", y)

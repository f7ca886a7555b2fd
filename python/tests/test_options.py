# SPDX-License-Identifier: Apache-2.0
"""Every configuration key can be set from Python, and unknown keys are reported."""

import re

import numpy as np
import pytest

import plexus
from helpers import same, small_model, trained
from plexus import DenseFeat, Feature, SparseFeat, VarLenSparseFeat

TASKS = {"task_types": ["binary", "regression"], "task_names": ["click", "seconds"]}


def columns():
    return [
        SparseFeat("city", min_count=2, initializer_scale=0.1, embeddings_initializer="random_uniform"),
        SparseFeat("kind of code", column="code", embedding_dim="auto", vocabulary="first_seen"),
        DenseFeat("age", clip=[-1, 1], transform="log1p", scaling="standard"),
        Feature("pay", views=["number", {"quantiles": 8, "embedding_dim": 2}]),
        Feature("bucket", column="age", kind="buckets", borders=[-1, 0, 1]),
    ]


def rich_model(**arguments):
    model = plexus.PLE(
        columns(),
        **TASKS,
        num_levels=1,
        num_experts_specific=1,
        num_experts_shared=1,
        expert_dnn_units=[8, 4],
        tower_dnn_units_lists=[[4], [4]],
        dnn_activation=["gelu", "tanh"],
        expert_dnn_dropout=[0.1, 0.0],
        tower_dnn_use_bn=True,
        tower_dnn_activation="prelu",
        data={"group": "user"},
        tasks={"click": {"class_weights": [1, 2]}, "seconds": {"column": "time"}},
        **arguments,
    )
    model.compile(
        plexus.optimizers.SGD(0.05, momentum=0.5, global_clipnorm=3.0),
        loss=[None, "huber"],
        metrics=["AUC", "group_auc"],
        schedule="cosine",
        warmup_steps=5,
        table_optimizer="lazy_adam",
        table_rows=40,
    )
    return model


@pytest.fixture(scope="module")
def table(rows):
    user = np.random.default_rng(1).integers(0, 60, 4000)
    return {
        **{name: rows[name] for name in ("city", "code", "age", "pay", "click")},
        "time": rows["seconds"],
        "user": user,
    }


def test_everything_reaches_the_configuration(table):
    model = rich_model()
    for line in (
        "{name: city, column: city, kind: sparse, embedding_dim: 4",
        "min_count: 2",
        "initializer: uniform",
        "initializer_scale: 0.1",
        'name: "kind of code", column: code',
        "embedding_dim: auto",
        "vocabulary: first_seen",
        "clip: [-1, 1]",
        "transform: log1p",
        "name: pay/quantiles",
        "borders: [-1, 0, 1]",
        "dnn_activation: [gelu, tanh]",
        "expert_dnn_dropout: [0.1, 0]",
        "tower_dnn_use_bn: true",
        "tower_dnn_activation: prelu",
        "group: user",
        "class_weights: [1, 2]",
        "name: seconds, column: time",
        "loss: huber",
        "schedule: cosine",
        "warmup_steps: 5",
        "table_optimizer: lazy_adam",
    ):
        assert line in model.config, line
    model.summary(print_fn=lambda text: None)
    model.fit(table, epochs=2, batch_size=256, verbose=0)
    assert "momentum: 0.5" in model.config and "clip_norm: 3" in model.config
    assert {"click_auc", "click_group_auc"} <= set(model.history.history)
    again = plexus.from_config(model.config)
    again.fit(table, verbose=0)
    assert same(again, model)
    y = {"click": table["click"], "seconds": table["time"]}
    x = {name: values for name, values in table.items() if name not in ("click", "time")}
    apart = rich_model()
    apart.fit(x, y, epochs=2, batch_size=256, verbose=0)
    assert same(apart, model) and apart.evaluate(x, y) == model.evaluate(table)


def test_lists_in_full(rows):
    genre = VarLenSparseFeat(
        SparseFeat("genre", column="tags"), maxlen=3, keep="last", weight_separator=":", weight_norm=False
    )
    model = plexus.SingleTask([genre], task_name="click", tower_dnn_units=[4])
    model.compile()
    model.summary(print_fn=lambda text: None)
    model.fit({"tags": ["a:1|b:0.5", "b:2", "", "c:1"] * 20, "click": [0, 1, 0, 1] * 20}, verbose=0)
    assert "keep: last" in model.config and "column: tags" in model.config


class Uniform:
    def __init__(self, low, high):
        self.low, self.high = low, high

    def get_config(self):
        return {"minval": self.low, "maxval": self.high, "seed": None}


def test_initializers(features, rows):
    RandomUniform = type("RandomUniform", (Uniform,), {})
    for given, line in (
        ("zeros", "initializer: zeros"),
        ("glorot_normal", "initializer: glorot_normal"),
        (RandomUniform(-0.2, 0.2), "initializer: uniform, initializer_scale: 0.2"),
    ):
        feature = SparseFeat("city", embeddings_initializer=given)
        assert line in plexus.SingleTask([feature]).config
    for given, message in (
        ("orthogonal", "'orthogonal' is unknown; there are zeros"),
        (RandomUniform(0, 1), "symmetric about 0"),
    ):
        with pytest.raises(ValueError, match=message):
            plexus.SingleTask([SparseFeat("city", embeddings_initializer=given)])


def test_an_optimizer_takes_the_place_of_another(rows, features):
    """Keys of the one before do not stay."""
    model = trained(features, rows)
    model.compile(plexus.optimizers.SGD(0.1, momentum=0.9, clipvalue=2.0))
    model.fit(features, [rows["click"], rows["seconds"]], verbose=0)
    assert {"  optimizer: sgd", "  momentum: 0.9", "  clip_value: 2"} <= set(model.config.splitlines())
    model.compile(plexus.optimizers.Ftrl(0.1, l1_regularization_strength=0.01))
    model.fit(features, [rows["click"], rows["seconds"]], verbose=0)
    assert {"  optimizer: ftrl", "  momentum: 0", "  clip_value: 0", "  ftrl_l1: 0.01"} <= set(
        model.config.splitlines()
    )
    model.compile("adam")
    model.fit(features, [rows["click"], rows["seconds"]], verbose=0)
    assert {"  optimizer: adam", "  ftrl_l1: 0"} <= set(model.config.splitlines())


def test_a_loaded_model_keeps_its_optimizer(rows, features, tmp_path):
    model = small_model()
    model.compile(plexus.optimizers.RMSprop(0.02, rho=0.8))
    model.fit(features, [rows["click"], rows["seconds"]], epochs=1, verbose=0)
    model.save(tmp_path / "m.plexus")
    loaded = plexus.load_model(tmp_path / "m.plexus")
    assert loaded.learning_rate == 0.02
    for one in (model, loaded):
        one.fit(features, [rows["click"], rows["seconds"]], epochs=1, verbose=0)
    assert same(model, loaded)
    loaded.learning_rate = 0.5
    assert loaded.learning_rate == 0.5 and "learning_rate: 0.5" in loaded.config


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: plexus.MMOE([SparseFeat("a")], **TASKS, expert_dnn_activaton="relu"),
            "did you mean 'expert_dnn_activation'",
        ),
        (lambda: plexus.MMOE([SparseFeat("a")], **TASKS, expert_dnn_activation="rely"), "rely"),
        (lambda: plexus.MMOE([SparseFeat("a")], **TASKS, bottom_dnn_units=[3]), "bottom_dnn_units"),
        (lambda: plexus.MMOE([SparseFeat("a", min_cuont=3)], **TASKS), "did you mean 'min_count'"),
        (lambda: plexus.MMOE([DenseFeat("a", min_count=3)], **TASKS), "min_count"),
        (lambda: plexus.MMOE([Feature("a")], **TASKS), "kind"),
        (lambda: plexus.MMOE([SparseFeat("a"), SparseFeat("a")], **TASKS), "'a'"),
        (lambda: plexus.MMOE([SparseFeat("a")], **TASKS, tasks={"clik": {}}), "there is no task 'clik'"),
        (
            lambda: plexus.MMOE([SparseFeat("a")], **TASKS, tasks={"click": {"positiv": ["1"]}}),
            "did you mean 'positive'",
        ),
        (lambda: plexus.MMOE([SparseFeat("a")], **TASKS, data={"groop": "user"}), "did you mean 'group'"),
        (lambda: small_model().compile(shedule="cosine"), "did you mean 'schedule'"),
        (lambda: small_model().compile(schedule="cosinus"), "cosine"),
        (lambda: small_model().compile("adam", momentum=0.9), "'momentum' belongs to the optimizers sgd and rmsprop"),
        (lambda: plexus.optimizers.Adam(0.1, bta_1=0.9), "takes no argument 'bta_1'"),
    ],
)
def test_unknown_names(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert message in str(caught.value)


@pytest.mark.parametrize("weights", [np.array([2.0, 3.0], np.float32), (2, np.int64(3)), {"click": 2, "seconds": 3.0}])
def test_values_a_task(weights):
    model = small_model()
    model.compile("sgd", loss_weights=weights)
    assert re.findall(r" weight: (\d+),", model.config) == ["2", "3"]
    model.compile("sgd", loss_weights=np.float32(2))
    assert re.findall(r" weight: (\d+),", model.config) == ["2", "2"]


def test_built_networks_refuse_changes(rows, features):
    model = trained(features, rows)
    model.compile("sgd", loss=["binary_crossentropy", "mse"], loss_weights=1.0)
    for arguments, message in (
        ({"loss": [None, "mae"]}, "task 'seconds': loss is squared in the built network"),
        ({"loss_weights": [2, 1]}, "task 'click': weight is 1 in the built network"),
    ):
        with pytest.raises(ValueError, match=message):
            model.compile(**arguments)
    with pytest.raises(ValueError, match="class_weight: the network is already built"):
        model.fit(features, [rows["click"], rows["seconds"]], class_weight={0: 1, 1: 2}, verbose=0)
    with pytest.raises(ValueError, match="class_weight: there is no task 'clik'"):
        small_model().fit(features, [rows["click"], rows["seconds"]], class_weight={"click": {0: 1, 1: 2}, "clik": {}})
    with pytest.raises(TypeError, match="fit takes no argument 'epoch'"):
        model.fit(features, [rows["click"], rows["seconds"]], epoch=3)

# SPDX-License-Identifier: Apache-2.0
"""Optimizers: every argument of Keras either does what it does there, or is refused with a remedy."""

import numpy as np
import pytest

import plexus
from helpers import same, small_model
from plexus import optimizers

REFUSED = [
    ({"weight_decay": 0.5}, "AdamW"),
    ({"use_ema": True}, "set_weights"),
    ({"ema_momentum": 0.9}, "set_weights"),
    ({"ema_overwrite_frequency": 10}, "set_weights"),
    ({"loss_scale_factor": 1024.0}, "leave it out"),
    ({"gradient_accumulation_steps": 4}, "multiply the batch_size"),
    ({"decay": 0.1}, "schedule"),
    ({"rate": 3}, "takes no argument 'rate'; there are"),
]
MAKERS = [optimizers.SGD, optimizers.Adam, optimizers.AdamW, optimizers.Adagrad, optimizers.RMSprop, optimizers.Ftrl]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("arguments, remedy", REFUSED, ids=lambda one: next(iter(one)) if isinstance(one, dict) else "")
def test_options_without_effect_are_refused(make, arguments, remedy):
    if make is optimizers.AdamW and "weight_decay" in arguments:
        assert make(**arguments).config["weight_decay"] == 0.5
        return
    with pytest.raises(ValueError) as caught:
        make(**arguments)
    assert f"optimizer '{make.__name__.lower()}'" in str(caught.value) and remedy in str(caught.value)


@pytest.mark.parametrize(
    "make, arguments",
    [
        (optimizers.Adam, {"amsgrad": True}),
        (optimizers.Adam, {"momentum": 0.9}),
        (optimizers.Adam, {"rho": 0.5}),
        (optimizers.SGD, {"beta_1": 0.5}),
        (optimizers.SGD, {"epsilon": 1e-3}),
        (optimizers.SGD, {"centered": True}),
        (optimizers.Adagrad, {"momentum": 0.9}),
        (optimizers.RMSprop, {"nesterov": True}),
        (optimizers.Ftrl, {"epsilon": 1e-3}),
        (optimizers.Ftrl, {"learning_rate_power": -0.4}),
        (optimizers.Ftrl, {"l2_shrinkage_regularization_strength": 0.1}),
    ],
)
def test_objects_of_another_model_are_refused(make, arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        make(**arguments)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_disabled_options_are_accepted(make):
    """Keras' objects name every argument, at the values at which it does nothing."""
    off = {
        "use_ema": False,
        "ema_momentum": None,
        "ema_overwrite_frequency": None,
        "loss_scale_factor": None,
        "gradient_accumulation_steps": None,
        "clipnorm": None,
        "global_clipnorm": None,
        "clipvalue": None,
        "name": "mine",
        "jit_compile": True,
    }
    weight_decay = {} if make is optimizers.AdamW else {"weight_decay": 0.0}
    assert make(**off, **weight_decay).config == make().config


def test_a_schedule_as_the_rate_is_refused():
    with pytest.raises(ValueError, match="learning_rate is .*; give a number, and a schedule by compile"):
        optimizers.Adam(learning_rate={"class_name": "CosineDecay"})
    with pytest.raises(ValueError, match="LearningRateScheduler"):
        optimizers.get(keras("Adam", learning_rate={"class_name": "ExponentialDecay"}))


def keras(kind, **config):
    """Stands for an object of Keras: a class of that name, with all of Keras' arguments in its get_config."""
    common = {
        "name": kind.lower(),
        "learning_rate": 0.01,
        "weight_decay": None,
        "clipnorm": None,
        "global_clipnorm": None,
        "clipvalue": None,
        "use_ema": False,
        "ema_momentum": 0.99,
        "ema_overwrite_frequency": None,
        "loss_scale_factor": None,
        "gradient_accumulation_steps": None,
    }
    return type(kind, (), {"get_config": lambda self: {**common, **config}})()


@pytest.mark.parametrize(
    "given, ours",
    [
        (keras("Adam", beta_1=0.8, beta_2=0.99, epsilon=1e-6, amsgrad=False), optimizers.Adam(0.01, 0.8, 0.99, 1e-6)),
        (keras("SGD", momentum=0.0, nesterov=False), optimizers.SGD(0.01)),
        (keras("SGD", name="my_sgd", momentum=0.9, nesterov=True), optimizers.SGD(0.01, 0.9, True)),
        (
            keras(
                "Ftrl",
                learning_rate_power=-0.5,
                initial_accumulator_value=0.1,
                l1_regularization_strength=0.0,
                l2_regularization_strength=0.2,
                l2_shrinkage_regularization_strength=0.0,
                beta=0.0,
            ),
            optimizers.Ftrl(
                0.01,
                initial_accumulator_value=0.1,
                l1_regularization_strength=0.0,
                l2_regularization_strength=0.2,
                beta=0.0,
            ),
        ),
        (keras("AdamW", weight_decay=0.2), optimizers.AdamW(0.01, 0.2)),
    ],
)
def test_objects_of_keras(given, ours):
    taken = optimizers.get(given)
    assert taken.name == ours.name and taken.config == ours.config


@pytest.mark.parametrize(
    "config",
    [
        {"weight_decay": 0.5},
        {"use_ema": True},
        {"loss_scale_factor": 2.0},
        {"gradient_accumulation_steps": 2},
        {"amsgrad": True},
        {"unheard_of": 3},
    ],
)
def test_keras_objects_with_options_without_effect(config, rows, features):
    with pytest.raises(ValueError, match=next(iter(config))):
        small_model().compile(keras("Adam", **config))


def test_weight_decay_of_adamw_has_an_effect(rows, features):
    def weights(optimizer):
        model = small_model()
        model.compile(optimizer)
        model.fit(features, [rows["click"], rows["seconds"]], epochs=1, batch_size=256, verbose=0)
        return model

    assert not same(weights(optimizers.AdamW(0.01, 0.5)), weights(optimizers.Adam(0.01)))
    assert same(weights(optimizers.AdamW(0.01, 0.0)), weights(optimizers.Adam(0.01)))


def test_an_unknown_optimizer():
    for given in ("adamax", keras("Lion"), 3):
        with pytest.raises(ValueError, match="optimizer"):
            plexus.optimizers.get(given)
    assert np.isclose(optimizers.get("adam").learning_rate, 0.001)


# -- Clipping ----------------------------------------------------------------------------------------------------------


def one_step(optimizer, x, y, l2=0.0, **settings):
    """Weights before and after a step of all rows, by parameter."""
    columns = [plexus.SparseFeat("city", embedding_dim=3), plexus.DenseFeat("age")]
    model = plexus.PLE(
        columns,
        task_types=["binary", "regression"],
        task_names=["click", "seconds"],
        num_experts_specific=2,
        num_experts_shared=1,
        expert_dnn_units=[4],
        tower_dnn_units_lists=[[3], [3]],
        l2_reg_embedding=l2,
        seed=5,
    )
    weights = []
    look = plexus.callbacks.LambdaCallback(on_epoch_begin=lambda epoch: weights.append(copies(model)))
    model.compile(optimizer, **settings)
    model.fit(x, y, epochs=1, batch_size=4000, shuffle=False, verbose=0, callbacks=[look])
    return weights[0], copies(model)


def copies(model):
    return {name: values.astype(np.float64) for name, values in model.parameters().items()}


@pytest.mark.parametrize("clip", [0.01, 0.1, 1e6])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_clipnorm_is_of_each_variable(clip, l2, rows, features):
    """Keras: g * clip / max(norm(g), clip) of each variable. Groups of a parameter are variables of their own there,
    the experts of a layer. SGD at a rate of 1 shows the gradient."""
    y = [rows["click"], 20 * rows["seconds"]]
    start, moved = one_step(optimizers.SGD(1.0), features, y, l2)
    _, clipped = one_step(optimizers.SGD(1.0, clipnorm=clip), features, y, l2)
    shortened = 0
    for name, before in start.items():
        for group, value in enumerate(before):
            gradient = value - moved[name][group]
            norm = np.sqrt((gradient**2).sum())
            expected = value - gradient * (clip / max(norm, clip))
            assert np.allclose(clipped[name][group], expected, rtol=1e-4, atol=2e-6), (name, group)
            shortened += norm > clip
    assert (shortened > 5) == (clip < 1)


def test_global_clipnorm_is_of_all(rows, features):
    y = [rows["click"], 20 * rows["seconds"]]
    start, moved = one_step(optimizers.SGD(1.0), features, y)
    _, clipped = one_step(optimizers.SGD(1.0, global_clipnorm=0.5), features, y)
    norm = np.sqrt(sum(((start[name] - moved[name]) ** 2).sum() for name in start))
    assert norm > 0.5
    for name in start:
        expected = start[name] - (start[name] - moved[name]) * 0.5 / norm
        assert np.allclose(clipped[name], expected, rtol=1e-4, atol=2e-6), name


@pytest.mark.parametrize("table_optimizer", ["lazy_sgd", "lazy_adagrad"])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_clipnorm_of_tables_that_move_row_by_row(table_optimizer, l2, rows, features):
    """By NumPy: the norm is that of all rows that the batch touches, the regulariser's gradient included."""
    few = {name: values[:30] for name, values in features.items()}
    y = [rows["click"][:30], 20 * rows["seconds"][:30]]
    kind = optimizers.SGD if table_optimizer == "lazy_sgd" else optimizers.Adagrad
    start, moved = one_step(optimizers.SGD(1.0), few, y, l2, table_optimizer="lazy_sgd", table_rows=1)
    _, clipped = one_step(kind(1.0, clipnorm=0.02), few, y, l2, table_optimizer=table_optimizer, table_rows=1)
    tables = [name for name in start if name.startswith("embedding/")]
    assert tables
    for name in tables:
        gradient = start[name] - moved[name]
        norm = np.sqrt((gradient**2).sum())
        assert norm > 0.02
        gradient *= 0.02 / norm
        step = gradient if kind is optimizers.SGD else gradient / np.sqrt(0.1 + gradient**2 + 1e-7)
        assert np.allclose(clipped[name], start[name] - step, rtol=1e-4, atol=2e-6), name


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_clipnorm_has_the_same_bits_by_threads(threads, rows, features):
    def trained(threads):
        model = small_model(threads=threads)
        model.compile(optimizers.Adam(0.01, clipnorm=0.01))
        model.fit(features, [rows["click"], rows["seconds"]], batch_size=256, verbose=0)
        return model

    assert same(trained(threads), trained(4))


def test_one_clipping_alone(rows, features):
    for both in ({"clipnorm": 1.0, "global_clipnorm": 1.0}, {"clipnorm": 1.0, "clipvalue": 1.0}):
        model = small_model()
        model.compile(optimizers.Adam(**both))
        with pytest.raises(ValueError, match="'clip_variable_norm' are both above 0: choose one"):
            model.fit(features, [rows["click"], rows["seconds"]], verbose=0)
    assert optimizers.get(keras("SGD", clipnorm=0.5)).config["clip_variable_norm"] == 0.5
    assert optimizers.get(keras("SGD", global_clipnorm=0.5)).config["clip_norm"] == 0.5

# SPDX-License-Identifier: Apache-2.0
"""Looking inside: layers against a computation by hand, gates, embeddings, pictures that show something."""

import gc
import inspect
import weakref

import numpy as np
import pytest

import plexus
from helpers import trained


@pytest.fixture(scope="module")
def model(rows, features):
    return trained(features, rows)


def test_layers_by_hand(model, features):
    """The tower of MMoE from the layers before it, and the prediction from the tower."""
    parameters = model.parameters()
    layers = model.layers()
    assert layers["experts/dense0/linear"] == (2, 8)
    x = model.layer_output(features, "concat")[:, 0]
    expert = np.maximum(
        np.einsum("ri,gio->rgo", x, parameters["experts/dense0/kernel"])
        + parameters["experts/dense0/bias"][None, :, 0],
        0,
    )
    assert np.allclose(model.layer_output(features, "experts/dense0/relu"), expert, atol=1e-5)
    gate = x @ parameters["task0/gate/kernel"][0]
    gate = np.exp(gate - gate.max(axis=1, keepdims=True))
    gate /= gate.sum(axis=1, keepdims=True)
    mixed = np.einsum("rg,rgo->ro", gate, expert)
    assert np.allclose(model.layer_output(features, "click/gate/mixture")[:, 0], mixed, atol=1e-5)
    probability = model.layer_output(features, "click/sigmoid")[:, 0]
    assert np.allclose(probability, model.predict(features)[0], atol=1e-6)


def test_gates(model, features):
    gates = model.gates(features)
    assert list(gates) == ["click/gate", "seconds/gate"]
    for gate in gates.values():
        assert gate["mean"].sum() == pytest.approx(1, abs=1e-6)
        assert 0 <= gate["entropy"] <= np.log(2) + 1e-9 and len(gate["experts"]) == 2
    ple = plexus.PLE(
        [plexus.SparseFeat("city"), plexus.DenseFeat("age")],
        2,
        ["binary"] * 2,
        ["a", "b"],
        num_experts_specific=2,
        num_experts_shared=1,
        expert_dnn_units=[4],
    )
    ple.compile()
    labels = [np.arange(4000) % 2, np.arange(4000) % 3 == 0]
    ple.fit({"city": features["city"], "age": features["age"]}, labels, batch_size=512, verbose=0)
    gates = ple.gates(features)
    assert gates["level0/b/gate"]["experts"] == ["b 0", "b 1", "shared 0"]
    assert len(gates["level0/shared/gate"]["experts"]) == 5


def test_embeddings(model):
    embeddings = model.embeddings()
    assert embeddings["city"].shape == (5, 4) and embeddings["code"].shape == (51, 4)


def test_parameters_are_views(rows, features):
    """They show the network's own numbers, follow training, cannot be written, and keep the network alive."""
    model = trained(features, rows)
    seen, again, tables = model.parameters(), model.parameters(), model.embeddings()
    weights = model.get_weights()
    for (name, values), weight in zip(seen.items(), weights):
        assert np.shares_memory(values, again[name]) and not np.shares_memory(values, weight)
        assert not values.flags.writeable and np.array_equal(values, weight)
        with pytest.raises(ValueError):
            values[...] = 0
        with pytest.raises(ValueError):
            values.flags.writeable = True
    assert np.shares_memory(tables["code"], seen["embedding/code/table"])
    model.fit(features, [rows["click"], rows["seconds"]], batch_size=512, verbose=0)
    assert not all(np.array_equal(values, weight) for values, weight in zip(seen.values(), weights))
    assert all(np.array_equal(values, weight) for values, weight in zip(seen.values(), model.get_weights()))
    model.set_weights(weights)
    assert all(np.array_equal(values, weight) for values, weight in zip(seen.values(), weights))
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
    assert all(np.array_equal(values, weight) for values, weight in zip(seen.values(), weights))
    assert np.array_equal(tables["code"], seen["embedding/code/table"][0])


def test_wrong_layer(model, features):
    with pytest.raises(ValueError, match="there is no layer 'tower'"):
        model.layer_output(features, "tower")
    with pytest.raises(NotImplementedError, match="scoring does not make layer"):
        model.layer_output(features, "click/binary_loss")


def drawn(ax) -> float:
    """The share of the picture that is not white."""
    figure = ax.figure
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    return float((pixels < 250).any(axis=2).mean())


def test_pictures(model, rows, features):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from plexus import plot

    scores = model.predict(features)[0]
    history = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 2.5, 2.0], "auc": [0.5], "val_auc": [0.6]}
    for ax, lines in (
        (plot.learning_curves(history), 2),
        (plot.learning_curves(history, ["loss", "auc"]), 4),
        (plot.learning_curves(history, "val_loss", label="MMoE"), 1),
        (plot.calibration(rows["click"], scores), 2),
        (plot.roc(rows["click"], scores, label="click"), 2),
    ):
        assert len(ax.lines) == lines and drawn(ax) > 0.01
    ax = plot.learning_curves({"loss": [2.0]})
    assert [tick for tick in ax.get_xticks() if 0.5 <= tick <= ax.get_xlim()[1]] == [1]
    plot.learning_curves(history, ax=ax)
    assert ax.get_xlim() == (0.5, 3.5)
    ax = plot.roc(rows["click"], scores)
    plot.roc(1 - rows["click"], scores, ax=ax)
    assert len(ax.lines) == 3 and len({line.get_color() for line in ax.lines}) == 3
    with pytest.raises(ValueError, match="there is no metric 'lose'; there are loss, val_loss"):
        plot.learning_curves(history, "lose")
    bars = plot.gate_use(model, features)
    assert len(bars.patches) == 4 and drawn(bars) > 0.05
    assert [text.get_text().splitlines()[0] for text in bars.texts] == ["click", "seconds"]
    area = float(plot.roc(rows["click"], scores).get_legend().get_texts()[0].get_text().split()[-1])
    exact = model.evaluate(features, [rows["click"], rows["seconds"]], return_dict=True)["click_auc"]
    assert area == pytest.approx(exact, abs=6e-5)
    with pytest.raises(ValueError, match="has no gates"):
        bottom = plexus.Shared_Bottom([plexus.SparseFeat("city")], 2, ["binary"] * 2, ["a", "b"])
        bottom.compile()
        bottom.fit({"city": features["city"]}, [rows["click"], rows["click"]], batch_size=512, verbose=0)
        plot.gate_use(bottom, features)


def test_methods_show_their_own_signatures():
    """Those that are functions of a network have a model's signature and their docstring."""
    for name, parameters in {
        "layer_output": ["self", "x", "name"],
        "predictor": ["self", "columns"],
        "export_onnx": ["self", "filepath", "external_data"],
        "layers": ["self"],
    }.items():
        method = getattr(plexus.Model, name)
        assert list(inspect.signature(method).parameters) == parameters and len(method.__doc__) > 40
        assert method.__name__ == name

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The five models of the Keras program whose experiments plexus repeats, on DeepCTR's inputs and layers and tf-keras.

Written from the models' formulae, with that program's traits: each expert, gate and tower is a DNN of its own, all
with the same integer seed, so that equal shapes start as copies of each other; gates without a network of their own
read the features on every level.
"""

import common

options = common.limit_threads()

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import tensorflow as tf
from deepctr.feature_column import build_input_features, input_from_feature_columns
from deepctr.layers.core import DNN, PredictionLayer
from deepctr.layers.utils import combined_dnn_input

import keras_common
import sizes

keras_common.limit_tensorflow(options.threads)
layers = tf.keras.layers
SEED = 1024


def dnn(units, x):
    return DNN(units, "relu", 0, 0, False, seed=SEED)(x) if units else x


def mixture(experts, gate_units, gate_input):
    """Weighs `experts`, each [batch, width], by a softmax over them."""
    width = experts[0].shape[-1]
    stacked = layers.Reshape([len(experts), width])(layers.concatenate(experts, axis=1))
    gate = layers.Dense(len(experts), use_bias=False, activation="softmax")(dnn(gate_units, gate_input))
    weighted = layers.Multiply()([stacked, tf.tile(tf.expand_dims(gate, axis=-1), [1, 1, width])])
    return tf.math.reduce_sum(weighted, axis=1)


def logit(units, x):
    return layers.Dense(1, use_bias=False)(dnn(units, x))


def shared_bottom(size, x):
    return [dnn(size["bottom"], x)] * sizes.TASKS


def mmoe(size, x):
    experts = [dnn(size["expert"], x) for _ in range(size["experts"])]
    return [mixture(experts, size["gate"], x) for _ in range(sizes.TASKS)]


def ple(size, x):
    inputs = [x] * (sizes.TASKS + 1)
    for level in range(size["levels"]):
        own = [[dnn(size["expert"], inputs[t]) for _ in range(size["specific"])] for t in range(sizes.TASKS)]
        shared = [dnn(size["expert"], inputs[-1]) for _ in range(size["shared"])]
        gate_inputs = inputs if size["gate"] else [x] * len(inputs)
        outputs = [mixture(own[t] + shared, size["gate"], gate_inputs[t]) for t in range(sizes.TASKS)]
        if level < size["levels"] - 1:
            outputs.append(mixture(sum(own, []) + shared, size["gate"], gate_inputs[-1]))
        inputs = outputs
    return inputs


BODIES = {"shared_bottom": shared_bottom, "mmoe": mmoe, "cgc": ple, "ple": ple}


def build(data, model):
    tf.keras.backend.clear_session()
    size, columns = data.sizes(model), keras_common.columns(data)
    features = build_input_features(columns)
    x = combined_dnn_input(*input_from_feature_columns(features, columns, sizes.L2_EMBEDDING, SEED))
    names = keras_common.TASK_NAMES
    if model == "esmm":
        click = PredictionLayer("binary", name=names[0])(logit(size["tower"], x))
        after = PredictionLayer("binary")(logit(size["tower"], x))
        outputs = [click, layers.Multiply(name=names[1])([click, after])]
    else:
        bodies = BODIES[model](size, x)
        outputs = [PredictionLayer("binary", name=n)(logit(size["tower"], h)) for n, h in zip(names, bodies)]
    return keras_common.KerasPeer(data, tf.keras.models.Model(inputs=list(features.values()), outputs=outputs))


common.run("seed", ["tensorflow", "tf-keras", "deepctr"], options, build)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""DeepCTR's own multi-task models, on the Keras that comes with TensorFlow."""

import common

options = common.limit_threads()

import tensorflow as tf
from deepctr.models import ESMM, MMOE, PLE, SharedBottom

import keras_common
import sizes

keras_common.limit_tensorflow(options.threads)


def build(data, model):
    tf.keras.backend.clear_session()
    size, columns = data.sizes(model), keras_common.columns(data)
    common_words = {
        "tower_dnn_hidden_units": size["tower"],
        "l2_reg_embedding": sizes.L2_EMBEDDING,
        "task_names": keras_common.TASK_NAMES,
    }
    if model == "esmm":
        network = ESMM(columns, **common_words)
    elif model == "shared_bottom":
        network = SharedBottom(columns, bottom_dnn_hidden_units=size["bottom"], **common_words)
    else:
        common_words.update(expert_dnn_hidden_units=size["expert"], gate_dnn_hidden_units=size["gate"])
        if model == "mmoe":
            network = MMOE(columns, num_experts=size["experts"], **common_words)
        else:
            experts = {"specific_expert_num": size["specific"], "shared_expert_num": size["shared"]}
            network = PLE(columns, num_levels=size["levels"], **experts, **common_words)
    return keras_common.KerasPeer(data, network)


common.run("deepctr", ["tensorflow", "keras", "deepctr"], options, build)

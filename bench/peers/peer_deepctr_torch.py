#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""DeepCTR-Torch's own multi-task models, by fit and predict."""

import common

options = common.limit_threads()

import requests


def refuse(*_, **__):
    raise OSError("the benchmark stays off the network")


requests.get = refuse  # the package asks a registry for its latest version at each import

import numpy as np
import torch
from deepctr_torch.callbacks import Callback
from deepctr_torch.inputs import DenseFeat, SparseFeat
from deepctr_torch.models import ESMM, MMOE, PLE, SharedBottom

import sizes

torch.set_num_threads(options.threads)


class Clock(Callback):
    def __init__(self, watch):
        super().__init__()
        self.watch = watch

    def on_epoch_begin(self, epoch, logs=None):
        self.watch.begin()

    def on_epoch_end(self, epoch, logs=None):
        self.watch.end()
        self.model.train()  # predict leaves the model in evaluation mode


def network(data, model):
    size = data.sizes(model)
    columns = [SparseFeat(f"s{i}", n, embedding_dim=data.embedding) for i, n in enumerate(data.vocabularies)]
    columns += [DenseFeat(f"d{i}", 1) for i in range(data.n_dense)]
    words = {"tower_dnn_hidden_units": size["tower"], "l2_reg_embedding": sizes.L2_EMBEDDING, "seed": options.seed}
    if model == "esmm":
        return ESMM(columns, **words)
    if model == "shared_bottom":
        return SharedBottom(columns, bottom_dnn_hidden_units=size["bottom"], **words)
    words.update(expert_dnn_hidden_units=size["expert"], gate_dnn_hidden_units=size["gate"])
    if model == "mmoe":
        return MMOE(columns, num_experts=size["experts"], **words)
    experts = {"specific_expert_num": size["specific"], "shared_expert_num": size["shared"]}
    return PLE(columns, num_levels=size["levels"], **experts, **words)


class Peer:
    predict_batch = 4096

    def __init__(self, data, model):
        self.data, self.network = data, network(data, model)
        self.network.compile(torch.optim.Adam(self.network.parameters(), lr=data.rate), ["binary_crossentropy"] * 2)
        parts = (data.train, data.validation, data.test, data.everything)
        self.inputs = {part.name: self.columns(part) for part in parts}
        self.n_parameters = sum(p.numel() for p in self.network.parameters() if p.requires_grad)

    def columns(self, part):
        arrays = {f"s{i}": column for i, column in enumerate(part.ids.T)}
        arrays.update({f"d{i}": column for i, column in enumerate(part.dense.T)})
        return arrays

    def train(self, epochs, watch):
        self.network.fit(
            self.inputs["train"],
            np.ascontiguousarray(self.data.train.labels),
            batch_size=self.data.batch,
            epochs=epochs,
            verbose=0,
            callbacks=[Clock(watch)],
        )

    def predict(self, part):
        return self.network.predict(self.inputs[part.name], self.predict_batch)

    def score_one(self, index):
        return self.network.predict({name: a[index : index + 1] for name, a in self.inputs["test"].items()}, 1)

    def weights(self):
        return {name: value.clone() for name, value in self.network.state_dict().items()}

    def put_back(self, weights):
        self.network.load_state_dict(weights)


common.run("deepctr-torch", ["torch", "deepctr-torch"], options, Peer)

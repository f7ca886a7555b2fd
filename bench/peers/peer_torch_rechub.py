#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""torch-rechub's own multi-task models, by its data generator and multi-task trainer.

Its batch normalisation can't be turned off and its gates have no network of their own; its ESMM takes no dense
features, so they are left out there, which makes that net smaller than the others'.
"""

import common

options = common.limit_threads()

import numpy as np
import torch
from torch_rechub.basic.features import DenseFeature, SparseFeature
from torch_rechub.models.multi_task import ESMM, MMOE, PLE, SharedBottom
from torch_rechub.trainers import MTLTrainer
from torch_rechub.utils.data import DataGenerator, PredictDataset

import sizes

torch.set_num_threads(options.threads)
torch.manual_seed(options.seed)


def network(data, model):
    """New features for each model: a feature keeps its table."""
    size, kinds = data.sizes(model), ["classification"] * sizes.TASKS
    sparse = [SparseFeature(f"s{i}", n, embed_dim=data.embedding) for i, n in enumerate(data.vocabularies)]
    features = sparse + [DenseFeature(f"d{i}") for i in range(data.n_dense)]
    towers = [{"dims": size["tower"]}] * sizes.TASKS
    if model == "esmm":
        return ESMM(sparse[:1], sparse[1:], *towers)
    if model == "shared_bottom":
        return SharedBottom(features, kinds, {"dims": size["bottom"]}, towers)
    expert = {"dims": size["expert"]}
    if model == "mmoe":
        return MMOE(features, kinds, size["experts"], expert, towers)
    return PLE(features, kinds, size["levels"], size["specific"], size["shared"], expert, towers)


class Peer:
    predict_batch = 4096

    def __init__(self, data, model):
        self.data, self.name = data, model
        outputs = sizes.TASKS + (model == "esmm")  # its ESMM also returns the conversion rate, which has no label
        self.trainer = MTLTrainer(
            network(data, model),
            ["classification"] * outputs,
            optimizer_params={"lr": data.rate, "weight_decay": 0},
            regularization_params={"embedding_l2": sizes.L2_EMBEDDING},
        )
        self.n_parameters = sum(p.numel() for p in self.trainer.model.parameters())

    def columns(self, part):
        arrays = {f"s{i}": np.ascontiguousarray(column) for i, column in enumerate(part.ids.T)}
        if self.name != "esmm":
            arrays.update({f"d{i}": np.ascontiguousarray(column) for i, column in enumerate(part.dense.T)})
        return arrays

    def train(self, epochs, watch):
        labels = self.data.train.labels
        if self.name == "esmm":
            labels = np.concatenate([np.zeros((len(labels), 1), np.float32), labels], axis=1)
        x = self.columns(self.data.train)
        loader, _, _ = DataGenerator(x, labels).generate_dataloader(
            x_val=x, y_val=labels, x_test=x, y_test=labels, batch_size=self.data.batch
        )
        for _ in range(epochs):
            watch.begin()
            self.trainer.train_one_epoch(loader)
            watch.end()

    def scores(self, columns, batch):
        loader = torch.utils.data.DataLoader(PredictDataset(columns), batch_size=batch)
        return np.array(self.trainer.predict(self.trainer.model, loader))[:, -sizes.TASKS :]

    def predict(self, part):
        return self.scores(self.columns(part), self.predict_batch)

    def score_one(self, index):
        if not hasattr(self, "test"):
            self.test = self.columns(self.data.test)
        return self.scores({name: array[index : index + 1] for name, array in self.test.items()}, 1)

    def weights(self):
        return {name: value.clone() for name, value in self.trainer.model.state_dict().items()}

    def put_back(self, weights):
        self.trainer.model.load_state_dict(weights)


common.run("torch-rechub", ["torch", "torch-rechub"], options, Peer)

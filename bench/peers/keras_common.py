# SPDX-License-Identifier: Apache-2.0
"""What the two peers on Keras share: feature columns, one call of fit with a clock as its callback, predict."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import requests


def refuse(*_, **__):
    raise OSError("the benchmark stays off the network")


requests.get = refuse  # DeepCTR asks a registry for its latest version at each import

import numpy as np
import tensorflow as tf
from deepctr.feature_column import DenseFeat, SparseFeat

import sizes

TASK_NAMES = ["first", "second"]


def columns(data):
    sparse = [SparseFeat(f"s{i}", size, embedding_dim=data.embedding) for i, size in enumerate(data.vocabularies)]
    return sparse + [DenseFeat(f"d{i}", 1) for i in range(data.n_dense)]


def inputs(part):
    arrays = {f"s{i}": np.ascontiguousarray(column) for i, column in enumerate(part.ids.T)}
    arrays.update({f"d{i}": np.ascontiguousarray(column) for i, column in enumerate(part.dense.T)})
    return arrays


class Clock(tf.keras.callbacks.Callback):
    def __init__(self, watch):
        super().__init__()
        self.watch = watch

    def on_epoch_begin(self, epoch, logs=None):
        self.watch.begin()

    def on_epoch_end(self, epoch, logs=None):
        self.watch.end()


class KerasPeer:
    predict_batch = 4096

    def __init__(self, data, model):
        self.data, self.model = data, model
        self.model.compile(tf.keras.optimizers.Adam(data.rate), loss=["binary_crossentropy"] * sizes.TASKS)
        parts = (data.train, data.validation, data.test, data.everything)
        self.inputs = {part.name: inputs(part) for part in parts}
        self.n_parameters = model.count_params()

    def train(self, epochs, watch):
        labels = [np.ascontiguousarray(column) for column in self.data.train.labels.T]
        self.model.fit(
            self.inputs["train"], labels, batch_size=self.data.batch, epochs=epochs, verbose=0, callbacks=[Clock(watch)]
        )

    def predict(self, part):
        scores = self.model.predict(self.inputs[part.name], batch_size=self.predict_batch, verbose=0)
        return np.concatenate(scores, axis=1)

    def score_one(self, index):
        row = {name: array[index : index + 1] for name, array in self.inputs["test"].items()}
        return self.model.predict(row, batch_size=1, verbose=0)

    def weights(self):
        return self.model.get_weights()

    def put_back(self, weights):
        self.model.set_weights(weights)


def limit_tensorflow(threads):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.keras.utils.set_random_seed(1)

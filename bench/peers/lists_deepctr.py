#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The network of bench_lists.c by DeepCTR's Shared-Bottom, with VarLenSparseFeat over padded matrices, which is how it
takes lists; --hash hashes the sparse features' integers on the fly. Prints JSON lines.

usage: lists_deepctr.py [--rows N] [--threads N] [--epochs N] [--hash] [mean|sum|max ...]
"""

import argparse
import json
import os
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rows", type=int, default=100000)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--hash", action="store_true")
parser.add_argument("modes", nargs="*")
options = parser.parse_args()

import numpy as np
import tensorflow as tf
from deepctr.feature_column import SparseFeat, VarLenSparseFeat
from deepctr.models import SharedBottom

import keras_common

N_SPARSE, N_LISTS, LENGTH, DIM, BATCH = 10, 2, 50, 16, 1024
SPARSE_VOCABULARY, LIST_VOCABULARY = 1001, 100001


def make_rows():
    random = np.random.default_rng(3)
    rows = {f"s{i}": random.integers(1, SPARSE_VOCABULARY, options.rows) for i in range(N_SPARSE)}
    for i in range(N_LISTS):
        items = random.integers(1, LIST_VOCABULARY, (options.rows, LENGTH))
        lengths = random.integers(0, LENGTH + 1, options.rows)
        rows[f"l{i}"] = np.where(np.arange(LENGTH) < lengths[:, None], items, 0)
    return rows, [random.integers(0, 2, options.rows).astype(np.float32) for _ in range(2)]


def main():
    keras_common.limit_tensorflow(options.threads)
    rows, labels = make_rows()
    for mode in options.modes or ["mean", "sum", "max"]:
        tf.keras.backend.clear_session()
        columns = [
            SparseFeat(f"s{i}", SPARSE_VOCABULARY, embedding_dim=DIM, use_hash=options.hash, dtype="int64")
            for i in range(N_SPARSE)
        ]
        columns += [
            VarLenSparseFeat(SparseFeat(f"l{i}", LIST_VOCABULARY, embedding_dim=DIM), maxlen=LENGTH, combiner=mode)
            for i in range(N_LISTS)
        ]
        network = SharedBottom(
            columns, bottom_dnn_hidden_units=[128], tower_dnn_hidden_units=[64], task_names=["click", "buy"]
        )
        network.compile(tf.keras.optimizers.Adam(0.001), loss=["binary_crossentropy"] * 2)
        speeds = []
        for _ in range(options.epochs):
            start = time.perf_counter()
            network.fit(rows, labels, batch_size=BATCH, epochs=1, verbose=0)
            speeds.append(options.rows / (time.perf_counter() - start))
        line = {"bench": "lists", "peer": "deepctr", "combiner": mode, "hash": options.hash, "rows": options.rows}
        line |= {"threads": options.threads, "rows_per_second": round(float(np.median(speeds)))}
        print(json.dumps(line), flush=True)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
main()

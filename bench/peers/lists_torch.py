#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The network of bench_lists.c in PyTorch, as one who knows it would write it, on rows of the same kind.

The sparse features are one embedding table with offsets, each list an EmbeddingBag fed by a flat array of items and
offsets that are made before the clock starts. Prints JSON lines. --sparse gives the lists' tables sparse gradients,
which SparseAdam moves lazily.

usage: lists_torch.py [--rows N] [--threads N] [--epochs N] [--sparse] [mean|sum|max ...]
"""

import argparse
import json
import time

import numpy
import torch

N_SPARSE, N_LISTS, LENGTH, DIM, BATCH = 10, 2, 50, 16, 1024
SPARSE_VOCABULARY, LIST_VOCABULARY = 1001, 100001


class Network(torch.nn.Module):
    def __init__(self, mode, sparse):
        super().__init__()
        self.table = torch.nn.Embedding(N_SPARSE * SPARSE_VOCABULARY, DIM)
        self.bags = torch.nn.ModuleList(
            torch.nn.EmbeddingBag(LIST_VOCABULARY, DIM, mode=mode, sparse=sparse) for _ in range(N_LISTS)
        )
        for table in [self.table, *self.bags]:
            torch.nn.init.normal_(table.weight, std=1e-4)
        self.bottom = torch.nn.Linear((N_SPARSE + N_LISTS) * DIM, 128)
        self.towers = torch.nn.Linear(128, 2 * 64)
        self.heads = torch.nn.Parameter(torch.randn(2, 64) * 0.1)
        self.biases = torch.nn.Parameter(torch.zeros(2))

    def forward(self, ids, lists):
        parts = [self.table(ids).flatten(1)] + [bag(items, offsets) for bag, (items, offsets) in zip(self.bags, lists)]
        hidden = torch.relu(self.bottom(torch.cat(parts, 1)))
        towers = torch.relu(self.towers(hidden)).view(-1, 2, 64)
        return (towers * self.heads).sum(2) + self.biases


def make_batches(rows):
    random = numpy.random.default_rng(3)
    batches = []
    for first in range(0, rows, BATCH):
        n = min(BATCH, rows - first)
        ids = random.integers(1, SPARSE_VOCABULARY, (n, N_SPARSE)) + numpy.arange(N_SPARSE) * SPARSE_VOCABULARY
        lists = []
        for _ in range(N_LISTS):
            lengths = random.integers(0, LENGTH + 1, n)
            offsets = numpy.concatenate([[0], numpy.cumsum(lengths)[:-1]])
            items = random.integers(1, LIST_VOCABULARY, lengths.sum())
            lists.append((torch.from_numpy(items), torch.from_numpy(offsets)))
        labels = torch.from_numpy(random.integers(0, 2, (n, 2)).astype(numpy.float32))
        batches.append((torch.from_numpy(ids), lists, labels))
    return batches


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--sparse", action="store_true")
    parser.add_argument("modes", nargs="*")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    batches = make_batches(options.rows)
    for mode in options.modes or ["mean", "sum", "max"]:
        network = Network(mode, options.sparse and mode != "max")
        bags = [bag.weight for bag in network.bags]
        rest = [p for p in network.parameters() if all(p is not bag for bag in bags)]
        if options.sparse and mode != "max":
            optimizers = [torch.optim.Adam(rest, lr=0.001), torch.optim.SparseAdam(bags, lr=0.001)]
        else:
            optimizers = [torch.optim.Adam(rest + bags, lr=0.001)]
        loss_of = torch.nn.BCEWithLogitsLoss()
        speeds = []
        for _ in range(options.epochs):
            start = time.perf_counter()
            for ids, lists, labels in batches:
                for optimizer in optimizers:
                    optimizer.zero_grad(set_to_none=True)
                loss_of(network(ids, lists), labels).backward()
                for optimizer in optimizers:
                    optimizer.step()
            speeds.append(options.rows / (time.perf_counter() - start))
        line = {"bench": "lists", "peer": "torch " + torch.__version__, "combiner": mode, "sparse": options.sparse}
        line |= {"rows": options.rows, "threads": options.threads, "rows_per_second": round(numpy.median(speeds))}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()

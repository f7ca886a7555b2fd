#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The best that hand-written PyTorch reached.

One embedding table for all features and one product for all that reads them; rows in memory as small integers; the
whole step, Adam included, in one compiled graph over one flat block of parameters. What follows the first product is
left to automatic differentiation; the way back into the tables is written by hand: the batch's rows are sorted by
category with a one-pass radix sort (NumPy's, on bytes), so that the sums of gradients by category are an
embedding_bag, which is five to twenty times as fast here as embedding's own way back or index_add. With --collapse
the tables are multiplied with the first layer once a step, and rows of products are summed, forward and back.
"""

import common

options = common.limit_threads()

import os

if options.cache:
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = os.path.join(options.cache, f"torch-{options.threads}")

import numpy as np
import torch
import torch._inductor.config as inductor
from torch.nn.functional import binary_cross_entropy_with_logits, embedding_bag, logsigmoid

import expert_models
import sizes

torch.set_num_threads(options.threads)
inductor.max_pointwise_cat_inputs = 1  # parts of a concatenation are written in place, each by its own loop
inductor.cpp_wrapper = True


class Ops:
    relu = staticmethod(torch.relu)
    cat = staticmethod(torch.cat)
    stack = staticmethod(torch.stack)
    products = staticmethod(torch.bmm)

    @staticmethod
    def permute(x, order):
        return x.permute(order)

    @staticmethod
    def softmax(x):
        return torch.softmax(x, -1)


class Peer:
    predict_batch = 4096

    def __init__(self, data, model):
        self.data, self.model = data, model
        self.network = expert_models.Network(model, data.sizes(model))
        self.embedded = data.n_sparse * data.embedding
        ends = np.cumsum(data.vocabularies)
        self.offsets, self.n_rows = ends - data.vocabularies, int(ends[-1])
        narrow = np.int16 if self.n_rows < 32768 else np.int32
        parts = (data.train, data.validation, data.test, data.everything)
        self.ids = {part.name: torch.from_numpy((part.ids + self.offsets).astype(narrow)) for part in parts}
        self.numbers = {part.name: torch.from_numpy(np.ascontiguousarray(part.dense)) for part in parts}
        self.labels = torch.from_numpy(np.ascontiguousarray(data.train.labels.T))
        narrow = np.uint8 if max(data.vocabularies) <= 256 else np.uint16
        self.by_feature = np.ascontiguousarray(data.train.ids.T.astype(narrow))  # for the sort
        self.field = torch.from_numpy(np.repeat(np.arange(data.n_sparse), data.vocabularies))
        self.make_bags()
        self.make_parameters()
        self.checks_are_off = False
        self.compiled_step = torch.compile(self.step, dynamic=False, fullgraph=True)
        self.compiled_forward = torch.compile(self.probabilities, dynamic=False, fullgraph=True)

    def make_parameters(self):
        values = self.network.start(self.embedded + self.data.n_dense, options.seed)
        draw = np.random.default_rng(options.seed + 1)
        values["table"] = (1e-4 * draw.standard_normal((self.n_rows, self.data.embedding))).astype(np.float32)
        self.places, at = {}, 0
        for name, value in values.items():
            self.places[name] = (at, at + value.size, value.shape)
            at += value.size
        self.flat = torch.from_numpy(np.concatenate([value.ravel() for value in values.values()]))
        self.n_parameters, self.step_count = at, 0
        self.m, self.v = torch.zeros_like(self.flat), torch.zeros_like(self.flat)

    def split(self, flat):
        return {name: flat[start:end].view(shape) for name, (start, end, shape) in self.places.items()}

    # -- The first layer ---------------------------------------------------------------------------------------------

    def make_bags(self):
        """For dW = sum over a feature's categories of table[category, i] * d_products[category]: the rows of each bag
        (feature, i), where bags begin, and the places of their weights in the table."""
        bags = [
            (np.arange(start, start + size), i)
            for start, size in zip(self.offsets, self.data.vocabularies)
            for i in range(self.data.embedding)
        ]
        lengths = np.array([len(rows) for rows, _ in bags])
        self.bag_rows = torch.from_numpy(np.concatenate([rows for rows, _ in bags]))
        self.bag_starts = torch.from_numpy(np.cumsum(lengths) - lengths)
        places = np.concatenate([rows * self.data.embedding + i for rows, i in bags])
        self.bag_weights = torch.from_numpy(places)

    def first_layer(self, p, ids, numbers):
        """Its product, without biases, and what the way back needs."""
        w = p["first.w"]
        if options.collapse:
            return embedding_bag(ids, self.products(p), mode="sum") + numbers @ w[self.embedded :], numbers
        # As bags of one: the compiler's code for an embedding is slower than the library's.
        rows = embedding_bag(ids.view(-1, 1), p["table"], mode="sum")
        x = torch.cat([rows.view(len(ids), self.embedded), numbers], 1)
        return x @ w, x

    def of_category(self, p):
        """For each category the rows of first.w that its feature meets: [categories, embedding, width]."""
        return p["first.w"][: self.embedded].view(self.data.n_sparse, self.data.embedding, -1)[self.field]

    def products(self, p):
        return (p["table"][:, :, None] * self.of_category(p)).sum(1)

    def first_layer_back(self, p, kept, d_z, order, starts):
        """Gradients of first.w and table. `order` has each feature's rows of the batch sorted by category, `starts`
        where each category's begin."""
        if options.collapse:
            d_products = embedding_bag(order, d_z, starts, mode="sum")
            weights = p["table"].view(-1)[self.bag_weights]
            d_w = embedding_bag(self.bag_rows, d_products, self.bag_starts, mode="sum", per_sample_weights=weights)
            d_w = torch.cat([d_w, kept.T @ d_z])
            d_table = (d_products[:, None, :] * self.of_category(p)).sum(2)
        else:
            d_w = kept.T @ d_z
            n = self.data.n_sparse
            d_x = (d_z @ p["first.w"][: self.embedded].T).view(len(d_z) * n, self.data.embedding)
            places = (order.view(n, -1) * n + torch.arange(n)[:, None]).view(-1)
            d_table = embedding_bag(places, d_x, starts, mode="sum")
        return d_w, d_table + 2 * sizes.L2_EMBEDDING * p["table"]

    def blocks(self, z):
        parts = torch.split(z, [layers * width for layers, width, _, _ in self.network.groups], 1)
        return [part.view(len(z), *group[:2]) for part, group in zip(parts, self.network.groups)]

    # -- The step ----------------------------------------------------------------------------------------------------

    def loss(self, rest, blocks, labels, row_weights):
        """Without the tables' regulariser, whose gradient first_layer_back adds. labels [tasks, batch]."""
        a = self.network.forward(Ops, rest, blocks)
        if self.model == "esmm":
            log_click = logsigmoid(a[0])
            log_both = torch.clamp(log_click + logsigmoid(a[1]), max=-1e-7)
            click = binary_cross_entropy_with_logits(a[0], labels[0], reduction="none")
            both = labels[1] * log_both + (1 - labels[1]) * torch.log(-torch.expm1(log_both))
            return ((click - both) * row_weights).sum()
        return (binary_cross_entropy_with_logits(a, labels, reduction="none") * row_weights).sum()

    def step(self, flat, m, v, rate, ids, numbers, row_weights, labels, order, starts):
        p = self.split(flat)
        rest = {name: value for name, value in p.items() if name not in ("first.w", "table")}
        z, kept = self.first_layer(p, ids.long(), numbers)
        gradients, d_blocks = torch.func.grad(self.loss, argnums=(0, 1))(rest, self.blocks(z), labels, row_weights)
        d_z = torch.cat([block.reshape(len(block), -1) for block in d_blocks], 1)
        gradients["first.w"], gradients["table"] = self.first_layer_back(p, kept, d_z, order, starts)
        g = torch.cat([gradients[name].reshape(-1) for name in self.places])
        m.mul_(0.9).add_(g, alpha=0.1)
        v.mul_(0.999).add_(g * g, alpha=0.001)
        flat.sub_(rate * m / (v.sqrt() + 1e-7))

    def sorted_rows(self, local):
        """local [features, batch]: each feature's rows sorted by category, and where each category's begin."""
        order = np.argsort(local, axis=1, kind="stable")
        counts = np.bincount((local + self.offsets[:, None]).ravel(), minlength=self.n_rows)
        return torch.from_numpy(order.ravel()), torch.from_numpy(np.cumsum(counts) - counts)

    def shuffle(self, draw):
        """The epoch's rows in a new order, filled to whole batches: one graph serves, and the fillers weigh nothing."""
        n, batch = len(self.ids["train"]), self.data.batch
        order = np.resize(draw.permutation(n), -(-n // batch) * batch)
        rows = torch.from_numpy(order)
        weights = torch.full((len(order),), 1 / batch)
        weights[n // batch * batch :] = 1 / (n % batch or batch)
        weights[n:] = 0
        ids, numbers = (array.index_select(0, rows) for array in (self.ids["train"], self.numbers["train"]))
        return ids, numbers, weights, self.labels.index_select(1, rows), self.by_feature.take(order, axis=1)

    @torch.no_grad()
    def train(self, epochs, watch):
        batch = self.data.batch
        draw = np.random.default_rng(options.seed + 2)
        rate = torch.zeros(())
        for epoch in range(epochs):
            watch.begin()
            *arrays, labels, local = self.shuffle(draw)
            # After the first epoch nothing changes that would need another graph.
            with torch.compiler.set_stance("default", skip_guard_eval_unsafe=epoch > 0):
                for at in range(0, local.shape[1], batch):
                    self.step_count += 1
                    rate.fill_(self.data.rate * (1 - 0.999**self.step_count) ** 0.5 / (1 - 0.9**self.step_count))
                    of_batch = [array[at : at + batch] for array in arrays]
                    sorted_rows = self.sorted_rows(local[:, at : at + batch])
                    of_batch.append(labels[:, at : at + batch])
                    self.compiled_step(self.flat, self.m, self.v, rate, *of_batch, *sorted_rows)
            watch.end()

    # -- Prediction --------------------------------------------------------------------------------------------------

    def freeze(self):
        """What prediction needs of the parameters; the tables' products too, where they are collapsed."""
        p = self.split(self.flat)
        if options.collapse:
            p["products"] = self.products(p)
        return p

    def probabilities(self, p, ids, numbers):
        if options.collapse:
            z = embedding_bag(ids.long(), p["products"], mode="sum") + numbers @ p["first.w"][self.embedded :]
        else:
            z, _ = self.first_layer(p, ids.long(), numbers)
        a = torch.sigmoid(self.network.forward(Ops, p, self.blocks(z)))
        return torch.stack([a[0], a[0] * a[1]] if self.model == "esmm" else [a[0], a[1]], 1)

    @torch.no_grad()
    def predict(self, part):
        ids, numbers, p = self.ids[part.name], self.numbers[part.name], self.freeze()
        n = len(ids)
        scores = torch.empty(n, sizes.TASKS)
        size = min(n, self.predict_batch)
        for at in [*range(0, n - size, size), n - size]:  # the last batch overlaps the one before: one graph fits all
            scores[at : at + size] = self.compiled_forward(p, ids[at : at + size], numbers[at : at + size])
        self.frozen = p
        return scores.numpy()

    @torch.no_grad()
    def score_one(self, index):
        ids, numbers = self.ids["test"], self.numbers["test"]
        scores = self.compiled_forward(self.frozen, ids[index : index + 1], numbers[index : index + 1])
        if not self.checks_are_off:  # compiled for one row by now; nothing changes after that
            torch.compiler.set_stance("default", skip_guard_eval_unsafe=True)
            self.checks_are_off = True
        return scores

    def weights(self):
        return self.flat.clone()

    def put_back(self, weights):
        self.flat.copy_(weights)


common.run("expert-torch-collapsed" if options.collapse else "expert-torch", ["torch"], options, Peer)

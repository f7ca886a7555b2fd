#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The best that hand-written JAX reached: one embedding table for all features, one product for all that reads them,
rows in memory as small integers, a whole epoch as one scan in one compiled function, Adam over one flat block.

With --collapse the tables are multiplied with the first layer once a step; rows of products are then gathered and
summed, and gradients scattered, feature by feature and so many rows of the batch at a time. One gather or scatter for
all features at once is compiled into code that is four to thirteen times as slow, and without the loop over parts of
the batch the compiler repeats the sum of the gathers in each place where it is read.
"""

import common

options = common.limit_threads()

import functools
import os

# Sums may be reordered, so reductions use vector instructions.
os.environ["XLA_FLAGS"] = "--xla_cpu_enable_fast_math=true"
if options.threads == 1:
    os.environ["XLA_FLAGS"] += " --xla_cpu_multi_thread_eigen=false"

import jax
import jax.numpy as jnp
import numpy as np

import expert_models
import sizes

if options.cache:
    jax.config.update("jax_compilation_cache_dir", os.path.join(options.cache, f"jax-{options.threads}"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)


class Ops:
    relu = staticmethod(jax.nn.relu)
    cat = staticmethod(jnp.concatenate)
    stack = staticmethod(jnp.stack)
    permute = staticmethod(jnp.transpose)
    softmax = staticmethod(jax.nn.softmax)

    @staticmethod
    def products(h, w):
        """One by one: a batched product is compiled into plain loops."""
        return jnp.stack([h[i] @ w[i] for i in range(len(w))])


CHUNK = 256  # rows; their gathered products stay in the cache


@jax.custom_vjp
def lookup_sum(products, ids):
    """The sum of a row's products: products [categories, width], ids [batch, features] -> [batch, width]."""

    def add(ids):
        return sum(products.at[ids[:, f]].get(mode="promise_in_bounds") for f in range(ids.shape[1]))

    chunk = CHUNK if len(ids) % CHUNK == 0 else len(ids)
    return jax.lax.map(add, ids.reshape(-1, chunk, ids.shape[1])).reshape(len(ids), -1)


def lookup_sum_forward(products, ids):
    return lookup_sum(products, ids), (len(products), ids)


def lookup_sum_back(kept, d_z):
    n_rows, ids = kept
    chunk = CHUNK if len(ids) % CHUNK == 0 else len(ids)

    def add(d_products, rows):
        ids, d_z = rows
        for f in range(ids.shape[1]):
            d_products = d_products.at[ids[:, f]].add(d_z, mode="promise_in_bounds")
        return d_products, None

    rows = ids.reshape(-1, chunk, ids.shape[1]), d_z.reshape(-1, chunk, d_z.shape[1])
    return jax.lax.scan(add, jnp.zeros((n_rows, d_z.shape[1])), rows)[0], None


lookup_sum.defvjp(lookup_sum_forward, lookup_sum_back)


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
        self.field = np.repeat(np.arange(data.n_sparse), data.vocabularies)
        self.host = {p.name: ((p.ids + self.offsets).astype(narrow), np.ascontiguousarray(p.dense)) for p in parts}
        self.labels = jnp.asarray(np.ascontiguousarray(data.train.labels.T))
        self.make_parameters()
        self.compiled_epoch = jax.jit(self.epoch, donate_argnums=(0, 1, 2))
        self.compiled_one = None
        self.compiled_freeze = jax.jit(self.freeze)
        self.compiled_all = jax.jit(self.all_probabilities, static_argnums=3)

    def make_parameters(self):
        values = self.network.start(self.embedded + self.data.n_dense, options.seed)
        draw = np.random.default_rng(options.seed + 1)
        values["table"] = (1e-4 * draw.standard_normal((self.n_rows, self.data.embedding))).astype(np.float32)
        self.places, at = {}, 0
        for name, value in values.items():
            self.places[name] = (at, at + value.size, value.shape)
            at += value.size
        self.flat = jnp.asarray(np.concatenate([value.ravel() for value in values.values()]))
        self.n_parameters = at
        self.m, self.v, self.step_count = jnp.zeros(at), jnp.zeros(at), 0

    def split(self, flat):
        return {name: flat[start:end].reshape(shape) for name, (start, end, shape) in self.places.items()}

    # -- The step ----------------------------------------------------------------------------------------------------

    def products(self, p):
        """Each category's row of its table times the rows of first.w that its feature meets."""
        w = p["first.w"][: self.embedded].reshape(self.data.n_sparse, self.data.embedding, -1)
        return jnp.einsum("ve,vew->vw", p["table"], w[self.field])

    def first_layer(self, p, ids, numbers):
        if options.collapse:
            products = p["products"] if "products" in p else self.products(p)
            return lookup_sum(products, ids) + numbers @ p["first.w"][self.embedded :]
        rows = p["table"].at[ids].get(mode="promise_in_bounds")
        return jnp.concatenate([rows.reshape(len(ids), self.embedded), numbers], 1) @ p["first.w"]

    def logits(self, p, ids, numbers):
        z = self.first_layer(p, ids.astype(jnp.int32), numbers)
        ends = np.cumsum([layers * width for layers, width, _, _ in self.network.groups])
        parts = jnp.split(z, ends[:-1], axis=1)
        blocks = [part.reshape(len(z), *group[:2]) for part, group in zip(parts, self.network.groups)]
        return self.network.forward(Ops, p, blocks)

    def loss(self, p, ids, numbers, labels, weights):
        a = self.logits(p, ids, numbers)
        if self.model == "esmm":
            log_click = jax.nn.log_sigmoid(a[0])
            log_both = jnp.minimum(log_click + jax.nn.log_sigmoid(a[1]), -1e-7)
            click = jax.nn.softplus(a[0]) - labels[0] * a[0]
            losses = click - labels[1] * log_both - (1 - labels[1]) * jnp.log(-jnp.expm1(log_both))
        else:
            losses = (jax.nn.softplus(a) - labels * a).sum(0)
        return (losses * weights).sum() + sizes.L2_EMBEDDING * jnp.square(p["table"]).sum()

    def epoch(self, flat, m, v, steps_before, ids, numbers, labels, order, weights):
        """`order` [steps, batch]: the rows; fillers of the last batch weigh nothing."""

        def step(state, batch):
            flat, m, v, t = state
            ids, numbers, labels, weights = batch
            gradients = jax.grad(self.loss)(self.split(flat), ids, numbers, labels.T, weights)
            g = jnp.concatenate([gradients[name].ravel() for name in self.places])
            t = t + 1
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g * g
            rate = self.data.rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            return (flat - rate * m / (jnp.sqrt(v) + 1e-7), m, v, t), None

        batches = ids[order], numbers[order], labels.T[order], weights
        return jax.lax.scan(step, (flat, m, v, steps_before), batches)[0]

    def train(self, epochs, watch):
        n, batch = len(self.data.train.ids), self.data.batch
        draw = np.random.default_rng(options.seed + 2)
        steps = -(-n // batch)
        weights = np.full((steps, batch), 1 / batch, np.float32)
        weights[-1] = 0
        weights[-1, : n - (steps - 1) * batch] = 1 / (n - (steps - 1) * batch)
        arrays = [jnp.asarray(array) for array in self.host["train"]]
        for _ in range(epochs):
            watch.begin()
            order = np.resize(draw.permutation(n).astype(np.int32), (steps, batch))
            state = self.compiled_epoch(
                self.flat, self.m, self.v, float(self.step_count), *arrays, self.labels, order, weights
            )
            self.flat, self.m, self.v, _ = jax.block_until_ready(state)
            self.step_count += steps
            watch.end()

    # -- Prediction --------------------------------------------------------------------------------------------------

    def freeze(self, flat):
        """What prediction needs of the parameters; the tables' products too, where they are collapsed."""
        p = self.split(flat)
        if options.collapse:
            p["products"] = self.products(p)
        return p

    def probabilities(self, p, ids, numbers):
        a = jax.nn.sigmoid(self.logits(p, ids, numbers))
        return jnp.stack([a[0], a[0] * a[1]] if self.model == "esmm" else [a[0], a[1]], 1)

    def all_probabilities(self, p, ids, numbers, batch):
        """All rows in one call, batch by batch; what is left over comes last."""
        whole = len(ids) // batch * batch
        cut = [array[:whole].reshape(-1, batch, array.shape[1]) for array in (ids, numbers)]
        scores = jax.lax.map(lambda rows: self.probabilities(p, *rows), tuple(cut)).reshape(whole, -1)
        return jnp.concatenate([scores, self.probabilities(p, ids[whole:], numbers[whole:])])

    def predict(self, part):
        ids, numbers = self.host[part.name]
        self.frozen = self.compiled_freeze(self.flat)
        return np.asarray(self.compiled_all(self.frozen, ids, numbers, min(self.predict_batch, len(ids))))

    def score_one(self, index):
        ids, numbers = self.host["test"]
        row = ids[index : index + 1], numbers[index : index + 1]
        if self.compiled_one is None:  # the weights are constants; bypasses jit's own checks
            self.compiled_one = jax.jit(functools.partial(self.probabilities, self.frozen)).lower(*row).compile()
        return np.asarray(self.compiled_one(*row))

    def weights(self):
        return self.flat.copy()

    def put_back(self, weights):
        self.flat = weights


common.run("expert-jax-collapsed" if options.collapse else "expert-jax", ["jax", "jaxlib"], options, Peer)

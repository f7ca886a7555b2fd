#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second reading of every model, in NumPy and float64, that shares no code with the library.

    tools/reference_models.py --check    verify the gradients below by central differences
    tools/reference_models.py --write    write tests/golden/*.txt (after the same check)

Each case of CASES is a tiny network on seven rows. Its golden file holds the configuration, the inputs, the start
values, and what must come out: predictions (as a trained model serves them), losses, gradients of the weighted loss
without regularisers, and parameters after five Adam steps with them. The C tests
test_golden.c and test_golden_double.c compare the library with them.

The files are made of words between blanks. A word KEY=VALUE is a setting; the words `array NAME D1 D2 D3` open an
array of D1*D2*D3 numbers, row-major, which are the words that follow; a label that is missing is `nan`; weights, where
there are any, are those of each row in each task's loss. A task's kind is binary, regression (squared loss), absolute,
huber:DELTA, poisson, or multiclass:CLASSES. Names of parameters are the library's. All start values are multiples of
2^-8, so that float32 holds them exactly.

Backward passes are written by hand: every block returns its value and a function that takes the gradient of that
value, adds to the parameters' gradients, and returns the gradient of its input.
"""

import argparse
import pathlib
import sys
import zlib

import numpy as np

ROWS = 7
SPARSE = [("city", 4, 2), ("device", 5, 3), ("hour", 3, 2)]  # name, rows of the table, embedding_dim
DENSE = ["age", "price"]
NORMALISE_EPSILON = 1e-3
NORMALISE_MOMENTUM = 0.99
ADAM_STEPS, RATE, BETA1, BETA2, EPSILON = 5, 0.01, 0.9, 0.999, 1e-7

BINARY, REGRESSION, ABSOLUTE, HUBER, POISSON = "binary", "regression", "absolute", "huber:0.75", "poisson"
CLASSES = "multiclass:3"
ACTIVATIONS = {  # f, and f' from x and y = f(x)
    "relu": (lambda x: np.maximum(x, 0.0), lambda x, y: (x > 0.0).astype(float)),
    "sigmoid": (lambda x: 1.0 / (1.0 + np.exp(-x)), lambda x, y: y * (1.0 - y)),
    "tanh": (np.tanh, lambda x, y: 1.0 - y * y),
    "linear": (lambda x: x, lambda x, y: np.ones_like(x)),
}


def sigmoid(x):
    return np.where(x >= 0, 1.0 / (1.0 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1.0 + np.exp(-np.abs(x))))


def rough(name, shape, scale, centre=0.0):
    """Random numbers that depend on `name` alone, rounded to multiples of 2^-8."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    return np.round((centre + random.standard_normal(shape) * scale) * 256) / 256


class Parameters:
    """Values by name, each [groups, rows, cols]; a network declares them as it meets them in its first pass."""

    def __init__(self, case):
        self.case, self.values, self.gradients = case, {}, {}
        self.moving = {}  # the running averages after a training pass
        self.l2 = {}  # name: weight of its sum of squares
        self.is_training = True

    def get(self, name, groups, rows, cols, scale, centre=0.0, l2=0.0):
        if name not in self.values:
            values = rough(f"{self.case}/{name}", (groups, rows, cols), scale, centre)
            self.values[name] = np.abs(values) if name.endswith("/variance") else values
            self.l2[name] = l2
        return self.values[name]

    def add_gradient(self, name, group, gradient):
        if name not in self.gradients:
            self.gradients[name] = np.zeros_like(self.values[name])
        self.gradients[name][group] += gradient


# -- Blocks: value and backward function ---------------------------------------------------------------------------


def features(p, case, rows, scope=""):
    """Embeddings of the sparse features, then the dense numbers. `rows`: ids and dense numbers."""
    ids, dense = rows
    parts, l2 = [], case.get("l2_reg_embedding", 0.0)
    for f, (feature, vocabulary, width) in enumerate(SPARSE):
        parts.append(p.get(f"{scope}embedding/{feature}/table", 1, vocabulary, width, 0.5, l2=l2)[0][ids[:, f]])

    def back(dx):
        column = 0
        for f, (feature, vocabulary, width) in enumerate(SPARSE):
            d_table = np.zeros((vocabulary, width))
            np.add.at(d_table, ids[:, f], dx[:, column : column + width])
            p.add_gradient(f"{scope}embedding/{feature}/table", 0, d_table)
            column += width

    return np.concatenate(parts + [dense], axis=1), back


def linear(p, x, kernel_name, bias_name, groups, group, units, l2):
    fan = x.shape[1]
    kernel = p.get(kernel_name, groups, fan, units, 1.0 / np.sqrt(fan), l2=l2)[group]
    y = x @ kernel
    if bias_name:
        y = y + p.get(bias_name, groups, 1, units, 0.3)[group]

    def back(dy):
        p.add_gradient(kernel_name, group, x.T @ dy)
        if bias_name:
            p.add_gradient(bias_name, group, dy.sum(axis=0, keepdims=True))
        return dy @ kernel.T

    return y, back


def normalise(p, x, scope, groups, group):
    """Batch normalisation; in training by the batch's own mean and (biased) variance."""
    units = x.shape[1]
    names = {part: f"{scope}/{part}" for part in ("scale", "shift", "mean", "variance")}
    scale = p.get(names["scale"], groups, 1, units, 0.2, 1.0)[group]
    shift = p.get(names["shift"], groups, 1, units, 0.3)[group]
    moving_mean = p.get(names["mean"], groups, 1, units, 0.2)[group]
    moving_variance = p.get(names["variance"], groups, 1, units, 0.2, 1.0)[group]
    if not p.is_training:
        return (x - moving_mean) / np.sqrt(moving_variance + NORMALISE_EPSILON) * scale + shift, None
    mean = x.mean(axis=0, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=0, keepdims=True)
    deviation = np.sqrt(variance + NORMALISE_EPSILON)
    unit = (x - mean) / deviation
    keep = NORMALISE_MOMENTUM
    p.moving[names["mean"], group] = keep * moving_mean + (1 - keep) * mean
    p.moving[names["variance"], group] = keep * moving_variance + (1 - keep) * variance

    def back(dy):
        p.add_gradient(names["scale"], group, (dy * unit).sum(axis=0, keepdims=True))
        p.add_gradient(names["shift"], group, dy.sum(axis=0, keepdims=True))
        d_unit = dy * scale
        return (d_unit - d_unit.mean(axis=0) - unit * (d_unit * unit).mean(axis=0)) / deviation

    return unit * scale + shift, back


def dnn(p, case, x, scope, units_list, groups=1, group=0):
    """Layers of linear, batch normalisation, activation. With `groups`, one of several networks side by side."""
    f, f_back = ACTIVATIONS[case.get("dnn_activation", "relu")]
    backs = []
    for i, units in enumerate(units_list):
        layer = f"{scope}/dense{i}"
        x, back = linear(p, x, f"{layer}/kernel", f"{layer}/bias", groups, group, units, case.get("l2_reg_dnn", 0.0))
        backs.append(back)
        if case.get("dnn_use_bn"):
            x, back = normalise(p, x, layer, groups, group)
            backs.append(back)
        y = f(x)
        backs.append(lambda dy, x=x, y=y: dy * f_back(x, y))
        x = y

    def back_all(dy):
        for step in reversed(backs):
            dy = step(dy)
        return dy

    return x, back_all


def bank(p, case, x, scope, n_experts):
    """`n_experts` networks that read the same value; a list of values."""
    values, backs = [], []
    for expert in range(n_experts):
        value, back = dnn(p, case, x, scope, case["expert_dnn_units"], n_experts, expert)
        values.append(value)
        backs.append(back)
    return values, lambda d: sum((back(d_value) for back, d_value in zip(backs, d)), np.zeros_like(x))


def gated_mixture(p, case, scope, gate_x, experts):
    """softmax(W gatenet(gate_x)) over the experts' values. Backward returns the gradients of gate_x and experts."""
    hidden, hidden_back = dnn(p, case, gate_x, scope, case.get("gate_dnn_units", []))
    z, z_back = linear(p, hidden, f"{scope}/kernel", None, 1, 0, len(experts), 0.0)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    g = e / e.sum(axis=1, keepdims=True)
    mixed = sum(g[:, i : i + 1] * value for i, value in enumerate(experts))

    def back(d_mixed):
        dg = np.stack([(d_mixed * value).sum(axis=1) for value in experts], axis=1)
        dz = g * (dg - (dg * g).sum(axis=1, keepdims=True))
        return hidden_back(z_back(dz)), [g[:, i : i + 1] * d_mixed for i in range(len(experts))]

    return mixed, back


def n_outputs(kind):
    return int(kind.split(":")[1]) if kind.startswith("multiclass") else 1


def head(p, case, x, task):
    """Tower, then the logit: a kernel without bias and the task's global bias; one logit a class."""
    scope = f"task{task}"
    tower, tower_back = dnn(p, case, x, f"{scope}/tower", case["tower_dnn_units_lists"][task])
    outputs = n_outputs(case["tasks"][task][1])
    logit, logit_back = linear(p, tower, f"{scope}/logit/kernel", f"{scope}/logit/bias", 1, 0, outputs, 0.0)
    if outputs > 1:
        return logit, lambda d: tower_back(logit_back(d))
    return logit[:, 0], lambda d: tower_back(logit_back(d[:, None]))


# -- Models: rows to one logit a task, and back ------------------------------------------------------------------------


def heads(p, case, values):
    made = [head(p, case, value, task) for task, value in enumerate(values)]
    return [logit for logit, _ in made], lambda d: [back(d_logit) for (_, back), d_logit in zip(made, d)]


def single_task(p, case, rows):
    """Towers on the features, with tables of their own."""
    made = [features(p, case, rows, f"task{task}/") for task in range(len(case["tasks"]))]
    logits, heads_back = heads(p, case, [x for x, _ in made])

    def back(d):
        for (_, x_back), dx in zip(made, heads_back(d)):
            x_back(dx)

    return logits, back


def esmm(p, case, rows):
    """Towers on the features, of which there are one set of tables; predictions_and_losses does the rest."""
    x, x_back = features(p, case, rows)
    logits, heads_back = heads(p, case, [x, x])
    return logits, lambda d: x_back(sum(heads_back(d)))


def shared_bottom(p, case, rows):
    x, x_back = features(p, case, rows)
    bottom, bottom_back = dnn(p, case, x, "bottom", case["bottom_dnn_units"])
    logits, heads_back = heads(p, case, [bottom] * len(case["tasks"]))
    return logits, lambda d: x_back(bottom_back(sum(heads_back(d))))


def mmoe(p, case, rows):
    x, x_back = features(p, case, rows)
    experts, experts_back = bank(p, case, x, "experts", case["num_experts"])
    mixtures = [gated_mixture(p, case, f"task{task}/gate", x, experts) for task in range(len(case["tasks"]))]
    logits, heads_back = heads(p, case, [value for value, _ in mixtures])

    def back(d):
        pairs = [mixture_back(d_value) for (_, mixture_back), d_value in zip(mixtures, heads_back(d))]
        d_experts = [sum(d_one) for d_one in zip(*(d_values for _, d_values in pairs))]
        x_back(sum(dx for dx, _ in pairs) + experts_back(d_experts))

    return logits, back


def customised_gates(p, case, x, inputs, level, is_last):
    """One level of CGC: streams 0..T-1 are the tasks', stream T is the shared one."""
    n_tasks = len(case["tasks"])
    counts = [case["num_experts_specific"]] * n_tasks + [case["num_experts_shared"]]
    streams = [f"task{task}" for task in range(n_tasks)] + ["shared"]
    prefix = f"level{level}/"
    banks = [bank(p, case, inputs[s], f"{prefix}{streams[s]}/experts", counts[s]) for s in range(n_tasks + 1)]
    reads_features = case.get("gate_input") == "features" and not case.get("gate_dnn_units")
    outputs, backs, seen = [], [], []
    for s in range(n_tasks if is_last else n_tasks + 1):
        sources = range(n_tasks + 1) if s == n_tasks else [s, n_tasks]
        seen.append([(source, expert) for source in sources for expert in range(counts[source])])
        value, back = gated_mixture(
            p,
            case,
            f"{prefix}{streams[s]}/gate",
            x if reads_features else inputs[s],
            [banks[source][0][expert] for source, expert in seen[s]],
        )
        outputs.append(value)
        backs.append(back)

    def back_all(d_outputs):
        """Gradients of the streams' inputs, and of the features where gates read them."""
        d_inputs, dx = [np.zeros_like(value) for value in inputs], np.zeros_like(x)
        d_banks = [[np.zeros_like(value) for value in values] for values, _ in banks]
        for s, d_output in enumerate(d_outputs):
            d_gate, d_experts = backs[s](d_output)
            if reads_features:
                dx += d_gate
            else:
                d_inputs[s] += d_gate
            for (source, expert), d_expert in zip(seen[s], d_experts):
                d_banks[source][expert] += d_expert
        for s, (_, bank_back) in enumerate(banks):
            d_inputs[s] += bank_back(d_banks[s])
        return d_inputs, dx

    return outputs, back_all


def ple(p, case, rows):
    x, x_back = features(p, case, rows)
    n_levels = case.get("num_levels", 1)
    values, backs = [x] * (len(case["tasks"]) + 1), []
    for level in range(n_levels):
        values, back = customised_gates(p, case, x, values, level, level == n_levels - 1)
        backs.append(back)
    logits, heads_back = heads(p, case, values)

    def back_all(d):
        d_values, dx = heads_back(d), 0.0
        for back in reversed(backs):
            d_values, dx_level = back(d_values)
            dx = dx + dx_level
        x_back(dx + sum(d_values))

    return logits, back_all


MODELS = {
    "single_task": single_task,
    "esmm": esmm,
    "shared_bottom": shared_bottom,
    "mmoe": mmoe,
    "cgc": ple,
    "ple": ple,
}

# -- Losses: one number a row, and its derivative by each logit ------------------------------------------------------


def log_loss(z, y):
    return np.logaddexp(0.0, z) - y * z, sigmoid(z) - y


def both_log_loss(a, b, y):
    """Cross-entropy of sigmoid(a) sigmoid(b), in log space."""
    log_p = -np.logaddexp(0.0, -a) - np.logaddexp(0.0, -b)
    loss = -y * log_p - (1.0 - y) * np.log(-np.expm1(log_p))
    d_log_p = -y + (1.0 - y) / np.expm1(-log_p)
    return loss, d_log_p * sigmoid(-a), d_log_p * sigmoid(-b)


def class_loss(z, y):
    """Cross-entropy of softmax(z) against classes y; probabilities, loss, derivative."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p, rows = e / e.sum(axis=1, keepdims=True), np.arange(len(z))
    onehot = np.zeros_like(z)
    onehot[rows, y.astype(int)] = 1.0
    return p, -np.log(p[rows, y.astype(int)]), p - onehot


def regression_loss(kind, z, y):
    """Prediction, loss, derivative."""
    d = z - y
    if kind == ABSOLUTE:
        return z, np.abs(d), np.sign(d)
    if kind.startswith("huber"):
        delta = float(kind.split(":")[1])
        return z, np.where(np.abs(d) <= delta, d * d / 2, delta * (np.abs(d) - delta / 2)), np.clip(d, -delta, delta)
    if kind == POISSON:
        return np.exp(z), np.exp(z) - y * z, np.exp(z) - y
    return z, d**2, 2.0 * d


def predictions_and_losses(case, logits, labels, weights):
    """Scores [rows, outputs], loss of each task, the weighted loss, gradients by logits.

    A task's loss is the sum over its labelled rows of weight times loss, divided by their number; a row without a label
    counts nowhere.
    """
    scores, losses, weighted, d_logits = [], [], 0.0, [np.zeros_like(z) for z in logits]
    for task, (_, kind, weight) in enumerate(case["tasks"]):
        there = ~np.isnan(labels[:, task])
        y, z = np.where(there, labels[:, task], 0.0), logits[task]
        share = np.where(there, weights[:, task] * weight / there.sum(), 0.0)
        if case["model"] == "esmm" and task == 1:
            loss, d_first, d_second = both_log_loss(logits[0], z, y)
            d_logits[0] += share * d_first
            d_logits[1] += share * d_second
            scores.append(sigmoid(logits[0]) * sigmoid(z))
        elif kind == BINARY:
            loss, dz = log_loss(z, y)
            d_logits[task] += share * dz
            scores.append(sigmoid(z))
        elif n_outputs(kind) > 1:
            p, loss, dz = class_loss(z, y)
            d_logits[task] += share[:, None] * dz
            scores.extend(p.T)
        else:
            score, loss, dz = regression_loss(kind, z, y)
            d_logits[task] += share * dz
            scores.append(score)
        losses.append((weights[:, task] * loss)[there].mean())
        weighted += loss @ share
    return np.stack(scores, axis=1), np.array(losses), weighted, d_logits


# -- A whole network ---------------------------------------------------------------------------------------------------


class Network:
    def __init__(self, case, name):
        self.case, self.p = case, Parameters(name)
        # A bias before batch normalisation has gradient 0, which is some 1e-8 in float32; divided by a small epsilon,
        # that would become a step of any size.
        self.epsilon = 1e-3 if case.get("dnn_use_bn") else EPSILON
        random = np.random.default_rng(zlib.crc32(f"{name}/rows".encode()))
        self.ids = np.stack([random.integers(0, rows, ROWS) for _, rows, _ in SPARSE], axis=1)
        self.ids[1] = self.ids[0]  # duplicates, whatever the random ids
        self.ids[2, 0] = 0  # the unknown row
        self.dense = rough(f"{name}/dense", (ROWS, len(DENSE)), 1.0)
        labels = []
        for task, kind, _ in case["tasks"]:
            if kind == BINARY:
                labels.append(np.arange(ROWS) * 5 % 7 % 2.0 if task == "click" else np.arange(ROWS) // 2 % 2.0)
            elif n_outputs(kind) > 1:
                labels.append(np.arange(ROWS) * 3 % 5 % n_outputs(kind) * 1.0)
            elif kind == POISSON:
                labels.append(np.arange(ROWS) * 3 % 7 // 2 * 1.0)
            else:
                labels.append(rough(f"{name}/{task}", ROWS, 1.0))
        self.labels = np.stack(labels, axis=1)
        self.weights = np.ones_like(self.labels)
        if case.get("has_weights"):
            self.weights = np.abs(rough(f"{name}/weights", self.labels.shape, 1.0))
            self.weights[0, 0] = 0.0
        for row, task in case.get("missing", []):
            self.labels[row, task] = np.nan

    def forward(self):
        logits, self.back = MODELS[self.case["model"]](self.p, self.case, (self.ids, self.dense))
        return predictions_and_losses(self.case, logits, self.labels, self.weights)

    def score(self):
        """Predictions as a trained model serves them: by the moving averages."""
        self.p.is_training = False
        scores = self.forward()[0]
        self.p.is_training = True
        return scores

    def step(self):
        """Forward and backward: losses of the tasks and the weighted one; gradients are in self.p.gradients."""
        self.p.gradients.clear()
        _, losses, weighted, d_logits = self.forward()
        self.back(d_logits)
        return losses, weighted

    def regularisers(self):
        return sum(l2 * (self.p.values[name] ** 2).sum() for name, l2 in self.p.l2.items())

    def train(self, steps):
        """Adam as Keras has it, on whole tables, the regularisers' gradients included."""
        first, second = {}, {}
        for t in range(1, steps + 1):
            self.step()
            rate = RATE * np.sqrt(1.0 - BETA2**t) / (1.0 - BETA1**t)
            for name, gradient in self.p.gradients.items():
                value = self.p.values[name]
                g = gradient + 2.0 * self.p.l2[name] * value
                m = first[name] = BETA1 * first.get(name, 0.0) + (1.0 - BETA1) * g
                v = second[name] = BETA2 * second.get(name, 0.0) + (1.0 - BETA2) * g * g
                self.p.values[name] = value - rate * m / (np.sqrt(v) + self.epsilon)
            for (name, group), value in self.p.moving.items():
                self.p.values[name][group] = value

    def check(self, name):
        """Largest difference between a gradient and its central difference, relative to the tensor's largest."""
        self.step()
        worst = 0.0
        h = 1e-5
        for tensor, gradient in self.p.gradients.items():
            values, numeric = self.p.values[tensor], np.zeros_like(gradient)
            for at in np.ndindex(values.shape):
                kept = values[at]
                values[at] = kept + h
                above = self.forward()[2]
                values[at] = kept - h
                numeric[at] = (above - self.forward()[2]) / (2.0 * h)
                values[at] = kept
            error = np.abs(numeric - gradient).max() / max(np.abs(gradient).max(), 1e-3)
            worst = max(worst, error)
            if not error < 1e-6:
                sys.exit(f"{name}: gradient of {tensor} differs from its central difference by {error:.1e}")
        return worst


# -- Cases -------------------------------------------------------------------------------------------------------

MIXED = [("click", BINARY, 0.7), ("stay", REGRESSION, 1.3)]
BOTH = [("click", BINARY, 1.25), ("buy", BINARY, 0.5)]
THREE = [("click", BINARY, 0.5), ("stay", REGRESSION, 0.75), ("buy", BINARY, 2.0)]
KINDS = [("grade", CLASSES, 1.5), ("visits", POISSON, 0.25), ("delay", HUBER, 1.0), ("price", ABSOLUTE, 0.5)]
L2 = {"l2_reg_embedding": 0.01, "l2_reg_dnn": 0.02}
NO_L2 = {"l2_reg_embedding": 0.0, "l2_reg_dnn": 0.0}
NARROW = [[3], [2]]


def case(model, tasks, l2=L2, **rest):
    return {**l2, "model": model, "tasks": tasks, **rest}


CASES = {
    "single_task": case("single_task", MIXED, tower_dnn_units_lists=[[4, 3], [5]]),
    "single_task_linear": case("single_task", [("click", BINARY, 1.5)], tower_dnn_units_lists=[[]]),
    "shared_bottom": case("shared_bottom", MIXED, bottom_dnn_units=[5, 4], tower_dnn_units_lists=[[3], []]),
    "shared_bottom_norm": case(
        "shared_bottom",
        BOTH,
        bottom_dnn_units=[4, 3],
        tower_dnn_units_lists=NARROW,
        dnn_activation="tanh",
        dnn_use_bn=True,
    ),
    "esmm": case("esmm", BOTH, tower_dnn_units_lists=[[4], [3, 2]]),
    "esmm_missing": case(
        "esmm", BOTH, l2=NO_L2, tower_dnn_units_lists=NARROW, dnn_activation="tanh", missing=[(0, 0), (3, 1), (5, 1)]
    ),
    "esmm_weights": case("esmm", BOTH, tower_dnn_units_lists=NARROW, has_weights=True, missing=[(2, 1)]),
    "mmoe_kinds": case("mmoe", KINDS, num_experts=2, expert_dnn_units=[3], tower_dnn_units_lists=[[3], [], [2], [2]]),
    "mmoe_kinds_weights": case(
        "mmoe",
        KINDS,
        num_experts=2,
        expert_dnn_units=[3],
        tower_dnn_units_lists=[[], [2], [2], []],
        dnn_activation="tanh",
        has_weights=True,
        missing=[(1, 0), (4, 1), (6, 1), (6, 2), (0, 3)],
    ),
    "mmoe": case("mmoe", BOTH, num_experts=3, expert_dnn_units=[4], tower_dnn_units_lists=NARROW),
    "mmoe_gate": case(
        "mmoe",
        MIXED,
        num_experts=2,
        expert_dnn_units=[5, 3],
        gate_dnn_units=[3],
        tower_dnn_units_lists=[[3, 2], [2]],
        dnn_activation="sigmoid",
    ),
    "mmoe_three": case(
        "mmoe",
        THREE,
        num_experts=2,
        expert_dnn_units=[3],
        tower_dnn_units_lists=[[2], [], [3]],
        missing=[(1, 0), (4, 1), (6, 1), (6, 2)],
    ),
    "mmoe_norm": case(
        "mmoe",
        MIXED,
        num_experts=2,
        expert_dnn_units=[4, 3],
        gate_dnn_units=[3],
        tower_dnn_units_lists=NARROW,
        dnn_use_bn=True,
    ),
    "cgc": case(
        "cgc", MIXED, num_experts_specific=2, num_experts_shared=1, expert_dnn_units=[4], tower_dnn_units_lists=NARROW
    ),
    "cgc_gate": case(
        "cgc",
        THREE,
        num_experts_specific=1,
        num_experts_shared=2,
        expert_dnn_units=[4, 2],
        gate_dnn_units=[3, 2],
        tower_dnn_units_lists=[[2], [2], [2]],
        dnn_activation="tanh",
    ),
    "ple": case(
        "ple",
        MIXED,
        num_levels=2,
        num_experts_specific=2,
        num_experts_shared=1,
        expert_dnn_units=[3],
        gate_input="level",
        tower_dnn_units_lists=NARROW,
    ),
    "ple_features": case(
        "ple",
        BOTH,
        num_levels=2,
        num_experts_specific=1,
        num_experts_shared=2,
        expert_dnn_units=[3],
        gate_input="features",
        tower_dnn_units_lists=NARROW,
    ),
    "ple_gate": case(
        "ple",
        MIXED,
        num_levels=2,
        num_experts_specific=1,
        num_experts_shared=1,
        expert_dnn_units=[3, 3],
        gate_dnn_units=[2],
        gate_input="features",
        tower_dnn_units_lists=NARROW,
        dnn_activation="sigmoid",
    ),
    "ple_norm": case(
        "ple",
        BOTH,
        num_levels=3,
        num_experts_specific=1,
        num_experts_shared=1,
        expert_dnn_units=[3],
        gate_dnn_units=[2],
        gate_input="level",
        tower_dnn_units_lists=NARROW,
        dnn_use_bn=True,
    ),
    "ple_three": case(
        "ple",
        THREE,
        l2=NO_L2,
        num_levels=2,
        num_experts_specific=1,
        num_experts_shared=1,
        expert_dnn_units=[3],
        gate_input="level",
        tower_dnn_units_lists=[[2], [], [2]],
    ),
}

# -- Golden files ------------------------------------------------------------------------------------------------


def setting(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ",".join(setting(item) for item in value) + "]"
    return str(value)


def array_text(name, array):
    array = np.asarray(array, dtype=float)
    numbers = [repr(float(number)).removesuffix(".0") for number in array.ravel()]
    width = array.shape[-1] if array.ndim else 1
    lines = [" ".join(numbers[i : i + width]) for i in range(0, len(numbers), width)]
    shape = (1,) * (3 - array.ndim) + array.shape
    return f"array {name} {shape[0]} {shape[1]} {shape[2]}\n" + "\n".join(lines) + "\n"


def golden_text(name, case):
    network = Network(case, name)
    losses, weighted = network.step()
    start = {tensor: value.copy() for tensor, value in network.p.values.items()}
    gradients = {tensor: value.copy() for tensor, value in network.p.gradients.items()}
    scores, total = network.score(), weighted + network.regularisers()
    network.train(ADAM_STEPS)

    text = f"name={name}\n"
    for key, value in case.items():
        if key not in ("tasks", "missing", "has_weights"):
            text += f"model={value}\n" if key == "model" else f"model.{key}={setting(value)}\n"
    for feature, rows, width in SPARSE:
        text += f"sparse={feature},{rows},{width}\n"
    for feature in DENSE:
        text += f"dense={feature}\n"
    for task, kind, weight in case["tasks"]:
        text += f"task={task},{kind},{weight}\n"
    text += f"adam={RATE},{BETA1},{BETA2},{network.epsilon},{ADAM_STEPS}\n"
    for key, value in (
        ("ids", network.ids),
        ("dense", network.dense),
        ("labels", network.labels),
        ("scores", scores),
        ("losses", losses),
        ("total", total),
    ):
        text += array_text(key, value)
    if case.get("has_weights"):
        text += array_text("weights", network.weights)
    for tensor, value in start.items():
        text += array_text(f"start:{tensor}", value)
    for tensor, value in gradients.items():
        text += array_text(f"gradient:{tensor}", value)
    for tensor, value in network.p.values.items():
        text += array_text(f"after:{tensor}", value)
    return text + array_text("scores_after", network.score())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="verify gradients by central differences")
    parser.add_argument("--write", action="store_true", help="check, then write the golden files")
    parser.add_argument(
        "--folder", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"
    )
    options = parser.parse_args()
    if not (options.check or options.write):
        parser.error("say --check or --write")
    for name, case in CASES.items():
        network = Network(case, name)
        worst = network.check(name)
        print(f"{name}: {sum(v.size for v in network.p.values.values())} numbers, worst relative error {worst:.1e}")
    if options.write:
        options.folder.mkdir(parents=True, exist_ok=True)
        for name, case in CASES.items():
            (options.folder / f"{name}.txt").write_text(golden_text(name, case))


if __name__ == "__main__":
    main()

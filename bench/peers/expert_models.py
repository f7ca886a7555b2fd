# SPDX-License-Identifier: Apache-2.0
"""The five models as an expert writes them, once for PyTorch and JAX.

All layers that read the features are one product. Its columns are groups of equal layers, `groups`: (layers, width,
start, has a bias); what follows takes the groups one by one, [batch, layers, width], so that neither the way forward
nor the way back has to slice, pad or shuffle more than it must. Later layers of equals are one batched product.

    Network(model, sizes).start(n_inputs, seed)   start values: first.w [n_inputs, first_width] and the others by name
    .forward(ops, p, blocks)                      logits [tasks, batch]
"""

import numpy as np

from sizes import TASKS


def glorot_normal(draw, shape, fan_in, fan_out):
    """Truncated at two deviations, and widened to make up for it, as in Keras."""
    deviation = np.sqrt(2.0 / (fan_in + fan_out)) / 0.87962566103423978
    values = draw.standard_normal(shape)
    while (far := np.abs(values) > 2).any():
        values[far] = draw.standard_normal(int(far.sum()))
    return (deviation * values).astype(np.float32)


def glorot_uniform(draw, shape, fan_in, fan_out):
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return draw.uniform(-limit, limit, shape).astype(np.float32)


def zeros(draw, shape, fan_in, fan_out):
    return np.zeros(shape, np.float32)


class Network:
    def __init__(self, model, sizes):
        self.kind = "ple" if model == "cgc" else model  # one level of PLE is CGC
        self.sizes = sizes
        self.groups = []
        self.parameters = {}  # name: (shape, start, fan in, fan out)
        getattr(self, "plan_" + self.kind)()
        self.first_width = sum(layers * width for layers, width, _, _ in self.groups)

    def start(self, n_inputs, seed):
        draw = np.random.default_rng(seed)
        blocks = [
            start(draw, (n_inputs, width), n_inputs, width)
            for layers, width, start, _ in self.groups
            for _ in range(layers)
        ]
        values = {name: start(draw, shape, *fans) for name, (shape, start, *fans) in self.parameters.items()}
        return {"first.w": np.concatenate(blocks, axis=1), **values}

    def forward(self, ops, p, blocks):
        return getattr(self, "forward_" + self.kind)(ops, p, blocks)

    # -- Parts ---------------------------------------------------------------------------------------------------

    def add_group(self, layers, width):
        """Layers that read the features, with biases and an activation; returns the group's number."""
        self.parameters[f"first.b{len(self.groups)}"] = ((layers, width), zeros, 0, 0)
        self.groups.append((layers, width, glorot_normal, True))
        return len(self.groups) - 1

    def add_gate_group(self, width):
        """A gate's kernel that reads the features: no bias."""
        self.groups.append((1, width, glorot_uniform, False))
        return len(self.groups) - 1

    def group(self, ops, p, blocks, number):
        return ops.relu(blocks[number] + p[f"first.b{number}"])

    def add_stack(self, name, layers, widths):
        """The layers after the first of so many equal stacks."""
        for i, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
            self.parameters[f"{name}.w{i}"] = ((layers, fan_in, fan_out), glorot_normal, fan_in, fan_out)
            self.parameters[f"{name}.b{i}"] = ((layers, 1, fan_out), zeros, 0, 0)

    def stack(self, ops, p, name, h):
        """h [batch, layers, in] through all of a stack's layers: [batch, layers, out]."""
        if f"{name}.w0" not in p:
            return h
        h, i = ops.permute(h, (1, 0, 2)), 0
        while f"{name}.w{i}" in p:
            h = ops.relu(ops.products(h, p[f"{name}.w{i}"]) + p[f"{name}.b{i}"])
            i += 1
        return ops.permute(h, (1, 0, 2))

    def add_heads(self, widths):
        self.add_stack("tower", TASKS, widths)
        self.parameters["logit.w"] = ((TASKS, 1, widths[-1]), glorot_uniform, widths[-1], 1)
        self.parameters["logit.b"] = ((TASKS, 1), zeros, 0, 0)

    def heads(self, ops, p, h):
        """h [tasks, batch, in] -> logits [tasks, batch]."""
        h = ops.permute(self.stack(ops, p, "tower", ops.permute(h, (1, 0, 2))), (1, 0, 2))
        return (h * p["logit.w"]).sum(2) + p["logit.b"]

    def weigh(self, ops, logits, slots):
        """softmax(logits [batch, n]) over the experts of all slots [batch, .., width], n in all: [batch, width]."""
        gates, mixed, at = ops.softmax(logits), 0, 0
        for experts in slots:
            mixed = mixed + (gates[:, at : at + experts.shape[1], None] * experts).sum(1)
            at += experts.shape[1]
        return mixed

    # -- Models --------------------------------------------------------------------------------------------------

    def plan_shared_bottom(self):
        bottom = self.sizes["bottom"]
        self.add_group(1, bottom[0])
        self.add_stack("bottom", 1, bottom)
        self.add_heads([bottom[-1]] + self.sizes["tower"])

    def forward_shared_bottom(self, ops, p, blocks):
        h = self.stack(ops, p, "bottom", self.group(ops, p, blocks, 0))[:, 0]
        return self.heads(ops, p, ops.stack([h] * TASKS))

    def plan_esmm(self):
        self.add_group(TASKS, self.sizes["tower"][0])
        self.add_heads(self.sizes["tower"])

    def forward_esmm(self, ops, p, blocks):
        return self.heads(ops, p, ops.permute(self.group(ops, p, blocks, 0), (1, 0, 2)))

    def plan_mmoe(self):
        n, expert, gate = self.sizes["experts"], self.sizes["expert"], self.sizes["gate"]
        self.add_group(n, expert[0])
        self.add_stack("expert", n, expert)
        if gate:
            self.add_group(TASKS, gate[0])
            self.add_stack("gate", TASKS, gate)
            self.parameters["gate.out"] = ((TASKS, gate[-1], n), glorot_uniform, gate[-1], n)
        else:
            for _ in range(TASKS):
                self.add_gate_group(n)
        self.add_heads([expert[-1]] + self.sizes["tower"])

    def forward_mmoe(self, ops, p, blocks):
        experts = self.stack(ops, p, "expert", self.group(ops, p, blocks, 0))
        if self.sizes["gate"]:
            nets = self.stack(ops, p, "gate", self.group(ops, p, blocks, 1))
            logits = ops.products(ops.permute(nets, (1, 0, 2)), p["gate.out"])
        else:
            logits = [block[:, 0] for block in blocks[1:]]
        return self.heads(ops, p, ops.stack([self.weigh(ops, logits[task], [experts]) for task in range(TASKS)]))

    def slots(self, level):
        """Experts of each slot (the tasks', then the shared one), and how many each slot's gate covers."""
        own, shared = self.sizes["specific"], self.sizes["shared"]
        covers = [own + shared] * TASKS
        if level < self.sizes["levels"] - 1:
            covers.append(TASKS * own + shared)
        return [own] * TASKS + [shared], covers

    def plan_ple(self):
        expert, gate = self.sizes["expert"], self.sizes["gate"]
        for level in range(self.sizes["levels"]):
            counts, covers = self.slots(level)
            for slot, count in enumerate(counts):
                if level == 0:
                    self.add_group(count, expert[0])
                else:
                    self.add_slot(level, slot, count, slot < len(covers))
                self.add_stack(f"expert{level}.{slot}", count, expert)
            for slot, cover in enumerate(covers):
                if gate:
                    if level == 0:
                        self.add_group(1, gate[0])
                    self.add_stack(f"gate{level}.{slot}", 1, gate)
                    self.parameters[f"gate{level}.{slot}.out"] = ((gate[-1], cover), glorot_uniform, gate[-1], cover)
        if not gate:  # the gates of all levels read the features
            for level in range(self.sizes["levels"]):
                for cover in self.slots(level)[1]:
                    self.add_gate_group(cover)
        self.add_heads([expert[-1]] + self.sizes["tower"])

    def add_slot(self, level, slot, count, has_gate):
        """All that reads one slot's input on a later level: its experts' first layers, its gate network's too."""
        fan_in, fan_out = self.sizes["expert"][-1], self.sizes["expert"][0]
        width = count * fan_out + (self.sizes["gate"][0] if self.sizes["gate"] and has_gate else 0)
        self.parameters[f"slot{level}.{slot}.w"] = ((fan_in, width), glorot_normal, fan_in, fan_out)
        self.parameters[f"slot{level}.{slot}.b"] = ((width,), zeros, 0, 0)

    def forward_ple(self, ops, p, blocks):
        inputs, next_gate = None, len(self.groups) - sum(not biased for _, _, _, biased in self.groups)
        for level in range(self.sizes["levels"]):
            covers = self.slots(level)[1]
            if level == 0:
                firsts = [self.group(ops, p, blocks, slot) for slot in range(TASKS + 1)]
                numbers = range(TASKS + 1, TASKS + 1 + len(covers)) if self.sizes["gate"] else []
                nets = [self.group(ops, p, blocks, number) for number in numbers]
            else:
                firsts, nets = self.later_level(ops, p, level, inputs)
            experts = [self.stack(ops, p, f"expert{level}.{slot}", first) for slot, first in enumerate(firsts)]
            if self.sizes["gate"]:
                nets = [self.stack(ops, p, f"gate{level}.{slot}", net)[:, 0] for slot, net in enumerate(nets)]
                logits = [nets[slot] @ p[f"gate{level}.{slot}.out"] for slot in range(len(covers))]
            else:
                logits = [block[:, 0] for block in blocks[next_gate : next_gate + len(covers)]]
                next_gate += len(covers)
            seen = [[experts[slot], experts[TASKS]] if slot < TASKS else experts for slot in range(len(covers))]
            inputs = [self.weigh(ops, *pair) for pair in zip(logits, seen)]
        return self.heads(ops, p, ops.stack(inputs))

    def later_level(self, ops, p, level, inputs):
        width, firsts, nets = self.sizes["expert"][0], [], []
        for slot, count in enumerate(self.slots(level)[0]):
            out = ops.relu(inputs[slot] @ p[f"slot{level}.{slot}.w"] + p[f"slot{level}.{slot}.b"])
            firsts.append(out[:, : count * width].reshape(len(out), count, width))
            if out.shape[1] > count * width:
                nets.append(out[:, None, count * width :])
        return firsts, nets

# SPDX-License-Identifier: Apache-2.0
"""Writes the generated set for large shapes: DIR/large.csv, and DIR/large-MODEL.yaml with which plexus trains on it.

Both labels come from one hidden score for each category and each number, and from noise; the numbers count most, so
that a few epochs learn something. The standard library alone.
"""

import os
import random

import sizes

CONFIG = """\
data:
  train: [large.csv]
  test_part: {test}
  split: end
  fit_on: all
features:
  - names: [{sparse}]
    kind: sparse
    embedding_dim: {embedding}
  - names: [{dense}]
    kind: dense
    scaling: none
tasks:
  - name: first
  - name: second
model:
{model}
train:
  epochs: 3
  batch_size: {batch}
  optimizer: adam
  learning_rate: {rate}
"""
MODEL_KEYS = {
    "experts": "num_experts",
    "levels": "num_levels",
    "specific": "num_experts_specific",
    "shared": "num_experts_shared",
    "expert": "expert_dnn_units",
    "gate": "gate_dnn_units",
}


def names():
    sparse = [f"s{i}" for i in range(len(sizes.LARGE_VOCABULARIES))]
    return sparse, [f"d{i}" for i in range(sizes.LARGE_DENSE)]


def config(model):
    large = sizes.DATA["large"]
    lines = [f"name: {model}"]
    shape = large["models"][model]
    lines += [f"{key}: {shape[word]}" for word, key in MODEL_KEYS.items() if word in shape]
    lines += [f"tower_dnn_units_lists: {[shape['tower']] * sizes.TASKS}", f"l2_reg_embedding: {sizes.L2_EMBEDDING:f}"]
    if "levels" in shape:
        lines.append("gate_input: features")
    sparse, dense = names()
    return CONFIG.format(
        test=sizes.LARGE_TEST,
        sparse=", ".join(sparse),
        dense=", ".join(dense),
        embedding=large["embedding"],
        model="\n".join("  " + line for line in lines),
        batch=large["batch"],
        rate=large["rate"],
    )


def write_rows(file, rows):
    draw = random.Random(1)
    sparse, dense = names()
    file.write(",".join(sparse + dense + ["first", "second"]) + "\n")
    effects = [[[draw.gauss(0, 0.3) for _ in range(size)] for size in sizes.LARGE_VOCABULARIES] for _ in range(2)]
    slopes = [[draw.gauss(0, 4) for _ in dense] for _ in range(2)]
    for _ in range(rows):
        # Squaring makes small ids common and large ones rare, as in click logs.
        ids = [int(size * draw.random() ** 2) for size in sizes.LARGE_VOCABULARIES]
        numbers = [round(draw.random(), 4) for _ in dense]
        labels = []
        for effect, slope in zip(effects, slopes):
            score = sum(table[i] for table, i in zip(effect, ids)) + sum(s * (x - 0.5) for s, x in zip(slope, numbers))
            labels.append(1 if score + draw.gauss(0, 1) > 1 else 0)
        file.write(",".join(map(str, ids + numbers + labels)) + "\n")


def generate(folder):
    """Does nothing where the files are there already."""
    os.makedirs(folder, exist_ok=True)
    for model in sizes.DATA["large"]["models"]:
        with open(os.path.join(folder, f"large-{model}.yaml"), "w") as file:
            file.write(config(model))
    path = os.path.join(folder, "large.csv")
    if not os.path.exists(path):
        with open(path + ".part", "w") as file:
            write_rows(file, sizes.LARGE_TRAIN + sizes.LARGE_TEST)
        os.replace(path + ".part", path)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Trajectories of Keras' and PyTorch's optimizers for given gradients, and rates of their schedules, which
tests/test_optimizer_steps.c compares with ours: tests/optimizer_steps.h. Steps are in float64, as Keras' Adam forms
1 - 0.999^t in the weights' type. Needs one of the two libraries a run, and keeps the cases of the other:

    python3 tools/reference_optimizers.py --write     # where keras is installed, then again where torch is
"""

import argparse
import pathlib
import random
import textwrap

FILE = pathlib.Path(__file__).parent.parent / "tests" / "optimizer_steps.h"
N, STEPS = 6, 30

HEAD = """/* SPDX-License-Identifier: Apache-2.0 */
/* Made by tools/reference_optimizers.py with {keras} and {torch}; do not edit. */
#ifndef OPTIMIZER_STEPS_H
#define OPTIMIZER_STEPS_H

enum {{ N_WEIGHTS = {n}, N_STEPS = {steps} }};

"""


def inputs():
    """Start weights, and gradients of several sizes, one weight's mostly 0; all exact in float32."""
    source = random.Random(7)

    def number(scale):
        return round(source.uniform(-1, 1) * 4096) / 4096 * scale

    start = [number(1.0) for _ in range(N)]
    scales = [1.0, 0.125, 4.0, 2.0**-10, 1.0, 0.5]
    gradients = []
    for step in range(STEPS):
        row = [number(scale) for scale in scales]
        row[5] += 0.5  # one that keeps its sign
        row[4] = row[4] if step % 3 == 0 else 0.0  # not in the first step: see optimizer_ftrl.c
        gradients.append(row)
    return start, gradients


# Name, our options where they differ from Keras' defaults, the library's own options.
KERAS = [
    ("SGD", "sgd", {"learning_rate": 0.05}, {}),
    ("SGD", "sgd", {"learning_rate": 0.05, "momentum": 0.9}, {}),
    ("SGD", "sgd", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}, {}),
    ("Adagrad", "adagrad", {"learning_rate": 0.05}, {"initial_accumulator": "initial_accumulator_value"}),
    (
        "Adagrad",
        "adagrad",
        {"learning_rate": 0.05, "initial_accumulator": 0.0, "epsilon": 1e-3},
        {"initial_accumulator": "initial_accumulator_value"},
    ),
    ("RMSprop", "rmsprop", {"learning_rate": 0.01}, {}),
    ("RMSprop", "rmsprop", {"learning_rate": 0.01, "rho": 0.8, "momentum": 0.5, "epsilon": 1e-3}, {}),
    ("RMSprop", "rmsprop", {"learning_rate": 0.01, "centered": True, "epsilon": 1e-3}, {}),
    ("RMSprop", "rmsprop", {"learning_rate": 0.01, "centered": True, "momentum": 0.9, "epsilon": 1e-2}, {}),
    ("Adam", "adam", {"learning_rate": 0.01}, {"beta1": "beta_1", "beta2": "beta_2"}),
    (
        "Adam",
        "adam",
        {"learning_rate": 0.01, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-2},
        {"beta1": "beta_1", "beta2": "beta_2"},
    ),
    ("AdamW", "adamw", {"learning_rate": 0.05}, {}),
    ("AdamW", "adamw", {"learning_rate": 0.05, "weight_decay": 0.5}, {}),
    ("Ftrl", "ftrl", {"learning_rate": 0.1}, {}),
    (
        "Ftrl",
        "ftrl",
        {"learning_rate": 0.1, "ftrl_l1": 0.3, "ftrl_l2": 0.2, "ftrl_beta": 1.0},
        {"ftrl_l1": "l1_regularization_strength", "ftrl_l2": "l2_regularization_strength", "ftrl_beta": "beta"},
    ),
]
# PyTorch adds epsilon at another place: it is chosen too small to matter.
SMALL = 1e-15
TORCH = [
    ("SGD", "sgd", {"learning_rate": 0.05, "momentum": 0.9}, {}),
    ("SGD", "sgd", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}, {}),
    ("Adagrad", "adagrad", {"learning_rate": 0.05, "epsilon": SMALL}, {"initial_accumulator_value": 0.1, "eps": SMALL}),
    ("RMSprop", "rmsprop", {"learning_rate": 0.01, "epsilon": SMALL}, {"alpha": 0.9, "eps": SMALL}),
    (
        "RMSprop",
        "rmsprop",
        {"learning_rate": 0.01, "momentum": 0.5, "epsilon": SMALL},
        {"alpha": 0.9, "momentum": 0.5, "eps": SMALL},
    ),
    ("Adam", "adam", {"learning_rate": 0.01, "epsilon": SMALL}, {"eps": SMALL}),
    (
        "AdamW",
        "adamw",
        {"learning_rate": 0.05, "weight_decay": 0.5, "epsilon": SMALL},
        {"eps": SMALL, "weight_decay": 0.5},
    ),
]


def run_keras(kind, options, names, start, gradients):
    import keras
    import numpy

    keras.config.set_floatx("float64")
    given = {names.get(key, key): value for key, value in options.items()}
    optimizer = getattr(keras.optimizers, kind)(**given)
    for name in ("beta_1", "beta_2", "weight_decay"):  # TensorFlow converts a Python number to float32 first
        if getattr(optimizer, name, None) is not None:
            setattr(optimizer, name, numpy.float64(getattr(optimizer, name)))
    weights = keras.Variable(numpy.array(start, "float64"), dtype="float64")
    optimizer.build([weights])
    rows = []
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(numpy.array(gradient, "float64"))], [weights])
        rows.append([float(w) for w in weights.numpy()])
    return rows


def run_torch(kind, options, own, start, gradients):
    import torch

    weights = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    given = {key: options[key] for key in ("momentum", "nesterov") if key in options} if kind == "SGD" else own
    optimizer = getattr(torch.optim, kind)([weights], lr=options["learning_rate"], **given)
    rows = []
    for gradient in gradients:
        weights.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        rows.append([float(w) for w in weights.detach()])
    return rows


# Rates of the first 40 steps, 10 an epoch, 4 epochs; of plateau, of 40 epochs with these losses.
LOSSES = [3.0, 2.0, 1.5, 1.495, 1.6, 1.7, 1.2, 1.3, 1.25, 1.21, 1.3, 1.1, 1.0, 1.0, 1.0, 1.0, 0.9, 0.8, 0.85, 0.9] * 2
RATES = 40


def torch_schedules():
    import torch

    schedulers = torch.optim.lr_scheduler

    def rates(make):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.2)
        scheduler, rates = make(optimizer), []
        for _ in range(RATES):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return rates

    def warmed(o, inner):
        warm_up = schedulers.LinearLR(o, start_factor=1 / 5, end_factor=1, total_iters=4)
        return schedulers.SequentialLR(o, [warm_up, inner], [5])

    return [
        (
            "StepLR",
            "schedule=step, schedule_steps=7, schedule_factor=0.3",
            rates(lambda o: schedulers.StepLR(o, 7, 0.3)),
        ),
        ("StepLR", "schedule=step, schedule_factor=0.5", rates(lambda o: schedulers.StepLR(o, 10, 0.5))),
        (
            "CosineAnnealingLR",
            "schedule=cosine, min_learning_rate=0.02",
            rates(lambda o: schedulers.CosineAnnealingLR(o, 40, 0.02)),
        ),
        (
            "LinearLR, CosineAnnealingLR",
            "schedule=cosine, warmup_steps=5",
            rates(lambda o: warmed(o, schedulers.CosineAnnealingLR(o, 35))),
        ),
        ("LinearLR", "warmup_steps=5", rates(lambda o: warmed(o, schedulers.ConstantLR(o, 1, 1)))),
    ]


def keras_schedules():
    import keras

    keras.config.set_floatx("float64")

    class Model:
        optimizer = keras.optimizers.SGD(0.2)

    plateau, rates = keras.callbacks.ReduceLROnPlateau("loss", factor=0.3, patience=2, min_delta=0.01, min_lr=1e-3), []
    plateau.set_model(Model)
    for epoch, loss in enumerate(LOSSES):
        rates.append(float(Model.optimizer.learning_rate))
        plateau.on_epoch_end(epoch, {"loss": loss})
    schedules = keras.optimizers.schedules
    decay, cosine = schedules.ExponentialDecay(0.2, 12, 0.4), schedules.CosineDecay(0.2, 30, 0.1)
    return [
        ("ReduceLROnPlateau", "schedule=plateau, schedule_factor=0.3, min_delta=0.01, min_learning_rate=0.001", rates),
        (
            "ExponentialDecay",
            "schedule=exponential, schedule_steps=12, schedule_factor=0.4",
            [float(decay(step)) for step in range(RATES)],
        ),
        (
            "CosineDecay",
            "schedule=cosine, schedule_steps=30, min_learning_rate=0.02",
            [float(cosine(step)) for step in range(RATES)],
        ),
    ]


def schedule_block(prefix, library, cases):
    text = f"static const schedule_case {prefix}_schedules[] = {{\n"
    for kind, options, rates in cases:
        text += f'    {{"{library} {kind}", "{options}",\n     {matrix([rates])[1:-1]}}},\n'
    return text + "};\n"


def number(x):
    text = f"{x:.9g}"
    return text if "." in text or "e" in text else text + "."


def matrix(rows):
    lines = ["{" + ", ".join(number(x) for x in row) + "}" for row in rows]
    return "{" + ",\n     ".join("\n      ".join(textwrap.wrap(line, 110)) for line in lines) + "}"


def block(prefix, library, cases, run, start, gradients):
    text = f"static const optimizer_case {prefix}_cases[] = {{\n"
    for kind, name, options, own in cases:
        given = ", ".join(
            f"{key}={str(value).lower() if isinstance(value, bool) else value}" for key, value in options.items()
        )
        rows = run(kind, options, own, start, gradients)
        text += f'    {{"{library} {kind}", "{name}", "{given}",\n     {matrix(rows)}}},\n'
    return text + "};\n"


def part(text, prefix):
    """What the file has of one library: its version, its cases."""
    begin = text.index(f"static const optimizer_case {prefix}_cases[]")
    version = text.split("/* Made by", 1)[1].split(" with ", 1)[1].split("; do not edit", 1)[0].split(" and ")
    end = text.index("};\n", text.index(f"{prefix}_schedules[]")) + 3
    return version[0 if prefix == "keras" else 1], text[begin:end]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the file; else say whether it would change")
    arguments = parser.parse_args()
    start, gradients = inputs()
    before = FILE.read_text() if FILE.exists() else ""
    parts = {}
    for prefix, cases, run in (("keras", KERAS, run_keras), ("torch", TORCH, run_torch)):
        try:
            library = __import__(prefix)
            title = "Keras" if prefix == "keras" else "PyTorch"
            version = f"{title} {library.__version__.split('+')[0]}"
            schedules = keras_schedules() if prefix == "keras" else torch_schedules()
            parts[prefix] = (
                version,
                (block(prefix, title, cases, run, start, gradients) + "\n" + schedule_block(prefix, title, schedules)),
            )
        except ImportError:
            parts[prefix] = part(before, prefix) if f"{prefix}_cases[]" in before else (prefix, "")
    text = HEAD.format(keras=parts["keras"][0], torch=parts["torch"][0], n=N, steps=STEPS)
    text += "typedef struct optimizer_case {\n    const char *reference, *optimizer, *options;\n"
    text += "    double weights[N_STEPS][N_WEIGHTS]; /* after each step */\n} optimizer_case;\n\n"
    text += f"enum {{ N_RATES = {RATES} }};\n\ntypedef struct schedule_case {{\n    const char *reference, *options;\n"
    text += "    double rates[N_RATES]; /* of learning_rate 0.2; of plateau, before each epoch */\n} schedule_case;\n\n"
    text += "/* clang-format off */\n"
    text += f"static const double schedule_losses[N_RATES] =\n    {matrix([LOSSES])[1:-1]};\n"
    text += f"static const double start_weights[N_WEIGHTS] =\n    {{{', '.join(number(x) for x in start)}}};\n"
    text += f"static const double step_gradients[N_STEPS][N_WEIGHTS] =\n    {matrix(gradients)};\n\n"
    text += parts["keras"][1] + "\n" + parts["torch"][1] + "/* clang-format on */\n\n#endif\n"
    if arguments.write:
        FILE.write_text(text)
    elif text != before:
        raise SystemExit(f"{FILE} differs from what the installed libraries give")


if __name__ == "__main__":
    main()

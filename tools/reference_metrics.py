#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Metrics of small random cases by scikit-learn, for tests/metric_references.h.

    python3 tools/reference_metrics.py > tests/metric_references.h

Needs NumPy and scikit-learn. Predictions and labels are float32 numbers, computed with in double. What scikit-learn
has no function for is put together from those that it has: the AUC of each group, calibration_curve and its bins.
"""

import math

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

FORMS = {
    "binary": "PLX_LABELS_ARE_TRUTHS",
    "soft": "PLX_LABELS_ARE_TRUTHS",
    "regression": "PLX_LABELS_ARE_NUMBERS",
    "quantile": "PLX_LABELS_ARE_NUMBERS",
    "multiclass": "PLX_LABELS_ARE_CLASSES",
}


def expected_calibration_error(labels, predictions, weights):
    bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], predictions)
    if weights is not None:  # calibration_curve takes no weights: its points, with weighted means
        inside = [(bins == number) & (weights > 0) for number in range(10)]
        gaps = [np.average(labels[rows] - predictions[rows], weights=weights[rows]) for rows in inside if rows.any()]
        sizes = [weights[rows].sum() for rows in inside if rows.any()]
        return float(np.average(np.abs(gaps), weights=sizes))
    observed, predicted = calibration_curve(labels, predictions, n_bins=10, strategy="uniform")
    rows = np.bincount(bins, minlength=10)
    return float(np.sum(rows[rows > 0] * np.abs(observed - predicted)) / len(labels))


def group_auc(labels, predictions, groups, weights):
    areas, sizes, n = [], [], 0
    for group in sorted(set(groups[groups >= 0])):
        inside = groups == group
        n += 1
        counts = inside if weights is None else inside & (weights > 0)
        if len(set(labels[counts])) == 2:
            of_rows = None if weights is None else weights[inside]
            areas.append(metrics.roc_auc_score(labels[inside], predictions[inside], sample_weight=of_rows))
            sizes.append(inside.sum() if weights is None else of_rows.sum())
    return (float(np.average(areas, weights=sizes)) if areas else math.nan), n, len(areas)


def binary_metrics(labels, predictions, groups, weights):
    base = np.full(len(labels), np.average(labels, weights=weights))
    area, n, counted = group_auc(labels, predictions, groups, weights)
    rows = {"sample_weight": weights}
    return {
        "rows": len(labels),
        "positives": int(labels.sum()),
        "groups": n,
        "groups_counted": counted,
        "auc": metrics.roc_auc_score(labels, predictions, **rows),
        "group_auc": area,
        "pr_auc": metrics.average_precision_score(labels, predictions, **rows),
        "logloss": metrics.log_loss(labels, predictions, **rows),
        "normalized_entropy": metrics.log_loss(labels, predictions, **rows) / metrics.log_loss(labels, base, **rows),
        "ece": expected_calibration_error(labels, predictions, weights),
        "calibration": np.average(predictions, weights=weights) / np.average(labels, weights=weights),
        "accuracy": metrics.accuracy_score(labels, predictions > 0.5, **rows),
        "mae": metrics.mean_absolute_error(labels, predictions, **rows),
        "mse": metrics.mean_squared_error(labels, predictions, **rows),
        "rmse": math.sqrt(metrics.mean_squared_error(labels, predictions, **rows)),
    }


def soft_metrics(labels, predictions, groups, weights):
    """Each row twice: as a positive one of weight y and a negative one of weight 1 - y."""
    ones = np.ones(len(labels)) if weights is None else weights
    doubled = binary_metrics(
        np.repeat([1.0, 0.0], len(labels)),
        np.tile(predictions, 2),
        np.tile(groups, 2),
        np.concatenate([ones * labels, ones * (1 - labels)]),
    )
    errors = regression_metrics(labels, predictions, groups, weights)
    return {
        **doubled,
        "rows": len(labels),
        "positives": round(float(labels.sum())),
        **{name: errors[name] for name in ("mae", "mse", "rmse")},
    }


def regression_metrics(labels, predictions, _groups, weights):
    rows = {"sample_weight": weights}
    return {
        "rows": len(labels),
        "mae": metrics.mean_absolute_error(labels, predictions, **rows),
        "mse": metrics.mean_squared_error(labels, predictions, **rows),
        "rmse": math.sqrt(metrics.mean_squared_error(labels, predictions, **rows)),
        "r2": metrics.r2_score(labels, predictions, **rows),
    }


QUANTILE = 0.9


def quantile_metrics(labels, predictions, _groups, weights):
    pinball = metrics.mean_pinball_loss(labels, predictions, alpha=QUANTILE, sample_weight=weights)
    return {**regression_metrics(labels, predictions, _groups, weights), "pinball": pinball}


def multiclass_metrics(labels, predictions, _groups, weights):
    classes = list(range(predictions.shape[1]))
    return {
        "rows": len(labels),
        "logloss": metrics.log_loss(labels, predictions, labels=classes, sample_weight=weights),
        "accuracy": metrics.accuracy_score(labels, predictions.argmax(axis=1), sample_weight=weights),
    }


def binary_case(random, n, levels, bias, n_groups):
    """`levels` different predictions, 0 and 1 never among them; every ninth label is missing."""
    level = random.integers(0, levels, n)
    predictions = ((level + 0.5) / levels) ** bias
    labels = (random.random(n) < predictions).astype(float)
    labels[4::9] = math.nan
    groups = random.integers(0, n_groups, n) if n_groups else np.full(n, -1)
    groups[7::11] = -1
    return predictions, labels, groups


def cases():
    random = np.random.default_rng(20)
    yield "few_levels", "binary", *binary_case(random, 60, 4, 1.0, 0)
    yield "tenths", "binary", *binary_case(random, 70, 11, 1.0, 5)
    yield "many_levels", "binary", *binary_case(random, 150, 100000, 1.0, 12)
    yield "rare", "binary", *binary_case(random, 200, 1000, 2.0, 40)
    labels = random.normal(5, 3, 80)
    predictions = labels + random.normal(0, 1, 80)
    labels[4::9] = math.nan
    yield "numbers", "regression", predictions, labels, np.full(80, -1)
    counts = random.poisson(3, 50).astype(float)
    yield "worse_than_the_mean", "regression", 8 - counts, counts, np.full(50, -1)
    # Multiples of 2^-10, so that a row's sum is 1 in float32, too.
    shares = random.dirichlet(np.full(4, 0.7), 70)
    scores = np.array([random.multinomial(1020, row) + 1 for row in shares]) / 1024
    classes = np.array([random.choice(4, p=row) for row in scores], dtype=float)
    classes[4::9] = math.nan
    yield "classes", "multiclass", scores, classes, np.full(70, -1)


def soft_cases():
    random = np.random.default_rng(22)
    sizes = (("soft_levels", 60, 5, 0), ("soft", 150, 100000, 12), ("soft_groups", 90, 11, 30))
    for name, n, levels, n_groups in sizes:
        predictions, labels, groups = binary_case(random, n, levels, 1.0, n_groups)
        known = ~np.isnan(labels) & (np.arange(n) % 3 > 0)  # the other rows stay 0 and 1
        labels[known] = np.clip(predictions[known] + random.normal(0, 0.3, known.sum()), 0, 1)
        labels[1::10] = 0.5
        yield name, "soft", predictions, labels, groups


def quantile_cases():
    random = np.random.default_rng(23)
    labels = random.exponential(3, 60)
    predictions = labels + random.normal(1, 2, 60)
    predictions[5::9] = labels[5::9]
    labels[4::9] = math.nan
    yield "quantile", "quantile", predictions, labels, np.full(60, -1)


def weighted(cases):
    """Each case once more with weights, some of them 0."""
    random = np.random.default_rng(21)
    kept = list(cases)
    for case in kept:
        yield *case, None
    for name, kind, predictions, labels, groups in kept:
        weights = random.gamma(0.7, 3, len(labels))
        weights[2::7] = 0
        weights[3::8] = 1
        yield f"weighted_{name}", kind, predictions, labels, groups, weights


def numbers(values):
    texts = ["NAN" if math.isnan(value) else f"{value:.9g}" + ("" if value % 1 else ".0") for value in values]
    texts = [text if text == "NAN" else (text if "e" in text or "." in text else text + ".0") + "F" for text in texts]
    return lines(texts)


def lines(texts):
    out, line = [], "   "
    for text in texts:
        if len(line) + len(text) + 2 > 118:
            out.append(line)
            line = "   "
        line += f" {text},"
    return "\n".join(out + [line])


def member(key):
    counts = ("rows", "positives", "groups", "groups_counted")
    return f".{key}" if key in counts else f".values[PLX_METRIC_{key}]"


def write_case(name, predictions, labels, groups, weights):
    print(f"static const float {name}_predictions[] = {{\n{numbers(predictions.ravel())}\n}};")
    print(f"static const float {name}_labels[] = {{\n{numbers(labels)}\n}};")
    if (groups >= 0).any():
        texts = [str(group) if group >= 0 else "PLX_NO_GROUP" for group in groups]
        print(f"static const uint32_t {name}_groups[] = {{\n{lines(texts)}\n}};")
    if weights is not None:
        print(f"static const double {name}_weights[] = {{\n{lines(repr(float(one)) for one in weights)}\n}};")


def main():
    functions = {
        "binary": binary_metrics,
        "soft": soft_metrics,
        "regression": regression_metrics,
        "quantile": quantile_metrics,
        "multiclass": multiclass_metrics,
    }
    rows = []
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by tools/reference_metrics.py with scikit-learn " + sklearn.__version__ + "; not to be edited. */")
    print('#ifndef METRIC_REFERENCES_H\n#define METRIC_REFERENCES_H\n\n#include "train/metric.h"\n')
    print("/* clang-format off */")
    for name, kind, predictions, labels, groups, weights in (
        *weighted(cases()),
        *weighted(soft_cases()),
        *weighted(quantile_cases()),
    ):
        predictions = predictions.astype(np.float32).astype(float)
        labels = labels.astype(np.float32).astype(float)
        known = ~np.isnan(labels)
        of_rows = None if weights is None else weights[known]
        values = functions[kind](labels[known], predictions[known], groups[known], of_rows)
        write_case(name, predictions, labels, groups, weights)
        has_groups = bool((groups >= 0).any())
        outputs = predictions.shape[1] if predictions.ndim > 1 else 1
        scored = [
            f".form = {FORMS[kind]}",
            f".n_outputs = {outputs}",
            f".predictions = {name}_predictions",
            f".prediction_stride = {outputs}",
            f".labels = {name}_labels",
            ".label_stride = 1",
            f".n = {len(labels)}",
        ]
        if kind == "soft":
            scored.insert(1, ".is_soft = true")
        if kind == "quantile":
            scored.insert(1, f".quantile = {QUANTILE}")
        if has_groups:
            scored += [f".groups = {name}_groups", f".n_groups = {groups.max() + 1}"]
        if weights is not None:
            scored += [f".weights = {name}_weights", ".weight_stride = 1"]
        expected = [
            f"{member(key)} = {value if isinstance(value, int) else repr(float(value))}"
            for key, value in values.items()
            if not math.isnan(value)
        ]
        rows.append(
            f'    {{.name = "{name}",\n     .scored = {{\n{lines(scored)}\n     }},\n'
            f"     .expected = {{\n{lines(expected)}\n     }}}},"
        )
    print(
        "\nstatic const struct metric_reference {\n    const char *name;\n    plx_scored scored;\n"
        "    plx_metrics expected;\n} metric_references[] = {"
    )
    print("\n".join(rows) + "\n};\n/* clang-format on */\n\n#endif")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the .npz that every peer reads: category numbers, scaled numbers, labels and the bounds of the parts.

usage: prepare.py census|adult|large --data DIR --out FILE [--rows N]

It follows the published experiments: blanks trimmed, labels' own columns left out, every category kept as it stands,
vocabularies and the [0, 1] scaling over all rows. --rows takes only so many training rows, for trials.
"""

import argparse
import csv
import gzip
import os

import numpy as np

import sizes

CENSUS_HELD = 49881  # rows for validation, and as many for the test


def read(path, skip_header=False):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, skipinitialspace=True) if row and not row[0].startswith("|")]
    return rows[1:] if skip_header else rows


def categories(column):
    """Numbers of the sorted values, as a label encoder gives them."""
    values, ids = np.unique(column, return_inverse=True)
    return ids.astype(np.int32), len(values)


def scaled(column):
    numbers = np.asarray(column, dtype=np.float64)
    low, high = numbers.min(), numbers.max()
    return ((numbers - low) / (high - low if high > low else 1)).astype(np.float32)


def build(rows, columns, dense, labels, parts, rescale=True):
    """`labels`: (column, test of a value) for each task. `parts`: rows for training, validation and test."""
    by_name = {name: [value.strip() for value in column] for name, column in zip(columns, zip(*rows))}
    taken = {column for column, _ in labels}
    sparse = [name for name in columns if name not in dense and name not in taken]
    encoded = [categories(np.array(by_name[name])) for name in sparse]
    numbers = [scaled(by_name[name]) if rescale else np.asarray(by_name[name], dtype=np.float32) for name in dense]
    return {
        "ids": np.stack([ids for ids, _ in encoded], axis=1),
        "vocabularies": np.array([size for _, size in encoded], dtype=np.int64),
        "dense": np.stack(numbers, axis=1),
        "labels": np.array([[test(v) for v in by_name[column]] for column, test in labels], dtype=np.float32).T.copy(),
        "parts": np.array(parts, dtype=np.int64),
    }


def census(folder):
    path = os.path.join(folder, "census-income", "census-income.{}.gz")
    train, test = read(path.format("data")), read(path.format("test"))
    labels = [("income_50k", lambda v: v == "50000+."), ("marital_stat", lambda v: v == "Never married")]
    n_train = len(train) + len(test) - 2 * CENSUS_HELD
    return build(train + test, sizes.CENSUS_COLUMNS, sizes.CENSUS_DENSE, labels, (n_train, CENSUS_HELD, CENSUS_HELD))


def adult(folder):
    path = os.path.join(folder, "adult", "adult.{}.gz")
    train, test = read(path.format("data")), read(path.format("test"))
    labels = [("income", lambda v: v.startswith(">50K")), ("marital_status", lambda v: v == "Never-married")]
    return build(train + test, sizes.ADULT_COLUMNS, sizes.ADULT_DENSE, labels, (len(train), 0, len(test)))


def large(folder):
    rows = read(os.path.join(folder, "large.csv"), skip_header=True)
    sparse = [f"s{i}" for i in range(len(sizes.LARGE_VOCABULARIES))]
    dense = [f"d{i}" for i in range(sizes.LARGE_DENSE)]
    labels = [(name, lambda v: v == "1") for name in ("first", "second")]
    parts = (sizes.LARGE_TRAIN, 0, sizes.LARGE_TEST)
    return build(rows, sparse + dense + ["first", "second"], dense, labels, parts, rescale=False)


def without_rows(arrays, rows):
    """Only the first `rows` training rows; the other parts stay."""
    n_train, n_validation, n_test = arrays["parts"]
    rows = min(rows, n_train)
    for name in ("ids", "dense", "labels"):
        arrays[name] = np.concatenate([arrays[name][:rows], arrays[name][n_train:]])
    arrays["parts"] = np.array([rows, n_validation, n_test], dtype=np.int64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=["census", "adult", "large"])
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--rows", type=int, default=0)
    options = parser.parse_args()
    arrays = {"census": census, "adult": adult, "large": large}[options.name](options.data)
    if options.rows:
        without_rows(arrays, options.rows)
    np.savez(options.out + ".part.npz", **arrays)
    os.replace(options.out + ".part.npz", options.out)


if __name__ == "__main__":
    main()

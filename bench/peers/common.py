# SPDX-License-Identifier: Apache-2.0
"""What all peers share: options, the prepared rows, the clock, exact AUC, and the one JSON object at the end.

A peer calls limit_threads() before it imports its framework, then run(name, packages, build). build(data, model)
returns an object with

    train(epochs, watch)       trains; calls watch.begin() and watch.end() round each epoch
    predict(part)              probabilities [rows, 2] of a Part by the peer's ordinary call, in its best batches
    score_one(index)           one row of the test part by the same call
    weights(), put_back(w)     a copy of all weights, and its way back
    n_parameters               numbers that training moves

After each epoch, outside the measured time, the validation loss picks the weights that are tested in the end, as in
the published protocol; without validation rows the last ones are.
"""

import argparse
import importlib.metadata
import json
import os
import resource
import statistics
import sys
import time
from typing import NamedTuple

import sizes

PATIENCE = 3.0  # seconds after which a measurement of prediction ends
PREDICT_REPEATS = 5
PREDICT_BATCHES = (1024, 4096, 16384)  # tried in turn; the fastest counts


def parse():
    parser = argparse.ArgumentParser(description="One peer, one JSON object. See bench/compare.")
    parser.add_argument("--data", required=True, help="the .npz made by prepare.py")
    parser.add_argument("--shape", choices=list(sizes.DATA), default="census")
    parser.add_argument("--models", default="", help="separated by commas; all without it")
    parser.add_argument("--parts", default="train", help="of train, predict, latency, load; separated by commas")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--collapse", action="store_true", help="experts: tables times first layer, once a step")
    parser.add_argument("--cache", default="", help="folder in which compiled code is kept between runs")
    options = parser.parse_args()
    options.parts = options.parts.split(",")
    options.models = options.models.split(",") if options.models else list(sizes.DATA[options.shape]["models"])
    return options


def limit_threads():
    """Reads the options; keeps this process, whatever pools its frameworks make, on so many processors."""
    options = parse()
    available = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, available[-options.threads :])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        os.environ[name] = str(options.threads)
    return options


class Part(NamedTuple):
    name: str
    ids: object  # array [rows, features], each feature's numbers from 0
    dense: object  # [rows, dense features]
    labels: object  # [rows, tasks]


class Data:
    """The prepared rows and the sizes that belong to them."""

    def __init__(self, options):
        import numpy as np

        arrays = np.load(options.data)
        self.vocabularies = [int(size) for size in arrays["vocabularies"]]
        bounds = [0, *np.cumsum(arrays["parts"]).tolist()]
        self.arrays = {name: arrays[name] for name in ("ids", "dense", "labels")}
        self.train, self.validation, self.test = (
            Part(name, *(array[low:high] for array in self.arrays.values()))
            for name, low, high in zip(("train", "validation", "test"), bounds, bounds[1:])
        )
        self.everything = Part("everything", **self.arrays)
        self.options = options
        shape = sizes.DATA[options.shape]
        self.embedding, self.batch, self.rate = shape["embedding"], shape["batch"], shape["rate"]
        self.n_sparse, self.n_dense = len(self.vocabularies), self.train.dense.shape[1]

    def sizes(self, model):
        return sizes.DATA[self.options.shape]["models"][model]

    def for_model(self, model):
        """ESMM takes the never married as clicks: its tasks come in the other order on real data."""
        if model != "esmm":
            return self
        other = Data.__new__(Data)
        other.__dict__.update(self.__dict__)
        for name in ("train", "validation", "test", "everything"):
            part = getattr(self, name)
            setattr(other, name, part._replace(labels=part.labels[:, ::-1].copy()))
        return other


def auc(labels, scores):
    """Exact: ranks, ties averaged."""
    import numpy as np

    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    ends = np.append(np.flatnonzero(np.diff(ordered)) + 1, len(ordered))
    starts = np.concatenate([[0], ends[:-1]])
    ranks = np.empty(len(scores))
    ranks[order] = np.repeat((starts + ends + 1) / 2, ends - starts)
    positive = labels > 0.5
    n_positive = int(positive.sum())
    if n_positive in (0, len(labels)):
        return float("nan")
    above = ranks[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(above / n_positive / (len(labels) - n_positive))


def log_loss(labels, scores):
    import numpy as np

    scores = np.clip(scores.astype(np.float64), 1e-7, 1 - 1e-7)
    return float(-np.mean(labels * np.log(scores) + (1 - labels) * np.log(1 - scores)) * labels.shape[1])


def process_age():
    """Seconds since this process was started by the system, imports included."""
    with open("/proc/self/stat") as file:
        started = int(file.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


class Watch:
    """Times epochs; between them, remembers the weights with the least validation loss."""

    def __init__(self, data, selects):
        self.data, self.selects = data, selects and len(data.validation.ids) > 0
        self.peer, self.best, self.kept = None, float("inf"), None
        self.seconds, self.first_epoch_after = [], None

    def begin(self):
        self.start = time.perf_counter()

    def end(self):
        self.seconds.append(time.perf_counter() - self.start)
        if self.first_epoch_after is None:
            self.first_epoch_after = process_age()
        if self.selects:
            loss = log_loss(self.data.validation.labels, self.peer.predict(self.data.validation))
            if loss < self.best:
                self.best, self.kept = loss, self.peer.weights()

    def finish(self):
        if self.kept is not None:
            self.peer.put_back(self.kept)


def predict_speed(peer, data):
    """Rows a second from encoded rows, in the best batch size; a slow peer has one try."""
    best = None
    for batch in PREDICT_BATCHES:
        peer.predict_batch = batch
        seconds = []
        while len(seconds) < 2 or (len(seconds) <= PREDICT_REPEATS and sum(seconds[1:]) < PATIENCE):
            start = time.perf_counter()
            peer.predict(data.everything)
            seconds.append(time.perf_counter() - start)
        median = statistics.median(seconds[1:])  # the first one compiles
        rate = len(data.everything.ids) / median
        if best is None or rate > best["rows_per_second"]:
            best = {"rows_per_second": rate, "batch": batch}
        if median > PATIENCE:
            break
    return best


def latency(peer):
    for index in range(20):
        peer.score_one(index)
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < PATIENCE and len(times) < 20000:
        before = time.perf_counter()
        peer.score_one(len(times) % 1000)
        times.append(time.perf_counter() - before)
    times.sort()
    return {
        "calls": len(times),
        "median_us": 1e6 * statistics.median(times),
        "p99_us": 1e6 * times[min(len(times) - 1, int(0.99 * len(times)))],
    }


def measure(peer, data, options):
    watch = Watch(data, "train" in options.parts)
    watch.peer = peer
    peer.train(options.epochs, watch)
    watch.finish()
    scores = peer.predict(data.test)
    counted = watch.seconds[1:] or watch.seconds
    result = {
        "epoch_seconds": watch.seconds,
        "median_epoch": statistics.median(counted),
        "auc": [auc(data.test.labels[:, task], scores[:, task]) for task in range(sizes.TASKS)],
        "parameters": int(peer.n_parameters),
        "first_epoch_after": watch.first_epoch_after,
    }
    if "predict" in options.parts:
        result["predict"] = predict_speed(peer, data)
    if "latency" in options.parts:
        result["latency"] = latency(peer)
    return result


def run(name, packages, options, build):
    """Measures every model, one after the other; a model that fails leaves its error in its place."""
    sys.stdout.flush()
    real_stdout = os.dup(1)
    os.dup2(2, 1)  # whatever the frameworks print goes to stderr
    data = Data(options)
    results = {}
    for model in options.models:
        try:
            of_model = data.for_model(model)
            results[model] = measure(build(of_model, model), of_model, options)
            if model == "esmm":
                results[model]["auc"].reverse()
        except Exception as error:  # a peer may fail in any way; the page reports it
            results[model] = {"error": f"{type(error).__name__}: {error}"[:300]}
            print(f"{name}: {model}: {results[model]['error']}", file=sys.stderr)
            if os.environ.get("PEER_TRACE"):
                raise
    report = {
        "peer": name,
        "versions": {package: importlib.metadata.version(package) for package in packages},
        "shape": options.shape,
        "threads": options.threads,
        "rows": len(data.train.ids),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "results": results,
    }
    os.write(real_stdout, (json.dumps(report) + "\n").encode())

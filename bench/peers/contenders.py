# SPDX-License-Identifier: Apache-2.0
"""Who is compared: the environment of each peer, and one measured process of a peer or of plexus."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WORK = os.path.join("build", "bench")  # all paths here are relative to the repository's root
PROCESS_SECONDS = 1500  # a process that runs longer counts as failed

TENSORFLOW = ["tensorflow==2.21.0", "deepctr==0.9.4", "requests==2.34.2"]
TORCH = ["torch==2.15.0", "numpy==2.4.6"]


class Contender(NamedTuple):
    name: str
    title: str
    environment: str  # its folder is build/bench/env-ENVIRONMENT
    script: str
    packages: list
    options: list = []
    expert: bool = False


CONTENDERS = [
    Contender("seed", "Keras program (DeepCTR, tf-keras)", "seed", "peer_seed.py", TENSORFLOW + ["tf-keras==2.21.0"]),
    Contender("deepctr", "DeepCTR (Keras 3)", "deepctr", "peer_deepctr.py", TENSORFLOW + ["keras==3.15.1"]),
    Contender(
        "deepctr-torch",
        "DeepCTR-Torch",
        "deepctr-torch",
        "peer_deepctr_torch.py",
        TORCH + ["deepctr-torch==0.3.0", "requests==2.34.2"],
    ),
    Contender("torch-rechub", "torch-rechub", "torch-rechub", "peer_torch_rechub.py", TORCH + ["torch-rechub==0.9.0"]),
    Contender("expert-torch", "expert PyTorch", "expert-torch", "peer_expert_torch.py", TORCH, expert=True),
    Contender(
        "expert-torch-collapsed",
        "expert PyTorch, first layer collapsed",
        "expert-torch",
        "peer_expert_torch.py",
        TORCH,
        ["--collapse"],
        expert=True,
    ),
    Contender("expert-jax", "expert JAX", "expert-jax", "peer_expert_jax.py", ["jax==0.10.2"], expert=True),
    Contender(
        "expert-jax-collapsed",
        "expert JAX, first layer collapsed",
        "expert-jax",
        "peer_expert_jax.py",
        ["jax==0.10.2"],
        ["--collapse"],
        expert=True,
    ),
]
PLEXUS = Contender("plexus", "**plexus**", "", "", [])


class Failure(Exception):
    """A contender could not be set up or did not do its work; the text may stand in the page."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def in_page(text):
    """Without addresses and folders, which belong to one machine."""
    text = re.sub(r"\S+://\S+", "(address)", text.replace(ROOT, "."))
    return re.sub(r"\s+", " ", text).strip()[:200]


# -- Setting up --------------------------------------------------------------------------------------------------------


def python_of(contender):
    return os.path.join(WORK, "env-" + contender.environment, "bin", "python")


def set_up(contender):
    """An environment of its own with pinned versions; done once."""
    folder = os.path.join(WORK, "env-" + contender.environment)
    stamp = os.path.join(folder, "packages.txt")
    wanted = "\n".join(contender.packages) + "\n"
    if os.path.exists(stamp) and open(stamp).read() == wanted:
        return
    say(f"setting up {contender.environment}: {' '.join(contender.packages)}")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(WORK, exist_ok=True)
    log = os.path.join(WORK, f"pip-{contender.environment}.log")
    with open(log, "w") as output:
        for command in (
            [sys.executable, "-m", "venv", folder],
            [python_of(contender), "-m", "pip", "install", "-q", *contender.packages],
        ):
            if subprocess.run(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL).returncode:
                raise Failure(f"its packages could not be installed; see {log}")
    with open(stamp, "w") as file:
        file.write(wanted)


def installed_mb(contender):
    """What its packages take on the disk, without Python and the installer; the command and the library of plexus."""
    if contender is PLEXUS:
        return sum(map(os.path.getsize, ("build/plexus", "build/libplexus.so"))) / 1e6
    folder = os.path.join(WORK, "env-" + contender.environment, "lib")
    total = 0
    for place, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if not re.match(r"(pip|setuptools|_distutils_hack)(\b|-)", f)]
        total += sum(os.lstat(os.path.join(place, file)).st_size for file in files)
    return total / 1e6


def plexus_with_libraries_mb():
    """With the shared libraries that it and they need, beyond the C library's own."""
    total = installed_mb(PLEXUS)
    listed = subprocess.run(["ldd", "build/plexus"], capture_output=True, text=True, check=False).stdout
    for path in re.findall(r"=> (/\S+)", listed):
        if not re.search(r"/(libplexus|libc|libm|ld-linux|libpthread|libdl|librt)[.-]", path):
            total += os.path.getsize(path) / 1e6
    return total


def prepared(name, data):
    """The .npz of a data set, made with the NumPy of whichever environment is there."""
    path = os.path.join(WORK, "data", name + ".npz")
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        source = os.path.join(WORK, "data") if name == "large" else data
        python = next((p for p in map(python_of, CONTENDERS) if os.path.exists(p)), None)
        if not python:
            raise Failure("no environment with NumPy prepares the rows")
        say(f"preparing {path}")
        command = [python, os.path.join(HERE, "prepare.py"), name, "--data", source, "--out", path]
        if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
            raise Failure("the rows could not be prepared")
    return path


# -- Running -----------------------------------------------------------------------------------------------------------


class Finished(NamedTuple):
    output: str
    seconds: float
    memory_mb: float  # largest resident set


def run(command, threads, log):
    """One process on so many processors, with its largest resident memory."""
    available = sorted(os.sched_getaffinity(0))[-threads:]
    started = time.monotonic()
    with open(log + ".out", "w+") as output, open(log + ".err", "w+") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            preexec_fn=lambda: os.sched_setaffinity(0, available),
        )
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - started > PROCESS_SECONDS:
                process.kill()
            time.sleep(0.002)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        text, complaints = output.read(), [line for line in errors.read().splitlines() if line.strip()]
    if process.returncode:
        raise Failure(in_page(complaints[-1]) if complaints else f"ended with {process.returncode}")
    return Finished(text, seconds, usage.ru_maxrss / 1024)


def run_peer(contender, shape, models, parts, threads, epochs, seed, data):
    """{model: result} and what belongs to the whole process."""
    command = [
        python_of(contender),
        os.path.join(HERE, contender.script),
        *("--data", prepared(shape, data), "--shape", shape, "--models", ",".join(models)),
        *("--parts", ",".join(parts), "--threads", str(threads), "--epochs", str(epochs), "--seed", str(seed)),
        *("--cache", os.path.abspath(os.path.join(WORK, "cache")), *contender.options),
    ]
    done = run(command, threads, os.path.join(WORK, "last-" + contender.name))
    lines = [line for line in done.output.splitlines() if line.startswith("{")]  # some packages print at import
    if not lines:
        raise Failure("it printed no result")
    report = json.loads(lines[-1])
    report["memory_mb"] = done.memory_mb
    return report


CONFIGS = {"census": "experiments/census-group1", "adult": "experiments/adult"}


def run_plexus(shape, model, threads, epochs, seed, data):
    """The command itself, from the raw files; the same record as a peer's."""
    out = os.path.join(WORK, "plexus-out")
    config = os.path.join(WORK, "data", f"large-{model}.yaml") if shape == "large" else f"{CONFIGS[shape]}/{model}.yaml"
    folder = os.path.join(WORK, "data") if shape == "large" else data
    command = ["build/plexus", "fit", config, "--data", folder, "--out", out, "--json", "--quiet"]
    command += ["--threads", str(threads), "--seed", str(seed), "--set", f"train.epochs={epochs}"]
    done = run(command, threads, os.path.join(WORK, "last-plexus"))
    result = json.loads(done.output.splitlines()[-1])
    with open(os.path.join(out, "metrics.jsonl")) as file:
        lines = [json.loads(line) for line in file]
    rows = plexus_rows(shape, data)
    seconds = [rows / line["rows_per_second"] for line in lines]
    before = done.seconds - result["seconds"]["total"] + result["seconds"]["load"]
    return {
        "peer": "plexus",
        "shape": shape,
        "threads": threads,
        "memory_mb": done.memory_mb,
        "results": {
            model: {
                "epoch_seconds": seconds,
                "auc": [task["auc"] for name, task in sorted(result["test"].items())],
                "first_epoch_after": before + seconds[0],
            }
        },
    }


def plexus_rows(shape, data):
    """Training rows, as in sizes.py; the command reports rates, the page seconds."""
    return {"census": 199523, "adult": 32561, "large": 32768}[shape]

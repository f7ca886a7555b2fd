# SPDX-License-Identifier: Apache-2.0
"""How the package behaves in a process: signals, threads, forks, failures of others' code, terminals."""

import fcntl
import multiprocessing
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import types
from pathlib import Path

import numpy as np
import pytest

import plexus
from helpers import same, small_model, trained
from plexus import _prediction, _sources, callbacks

HERE = Path(__file__).parent


def labels(rows):
    return [rows["click"], rows["seconds"]]


# -- Ctrl-C ------------------------------------------------------------------------------------------------------------

INTERRUPTED = """
import signal, sys
sys.path.insert(0, {here!r})
import numpy as np
from plexus import callbacks
from helpers import small_model

signal.signal(signal.SIGINT, signal.default_int_handler)
random = np.random.default_rng(1)
n = 200000
x = {{"city": random.choice(np.array(["a", "b"], object), n), "code": random.integers(0, 50, n),
     "age": random.normal(size=n), "pay": random.random(n)}}
y = [(x["age"] > 0).astype(int), x["age"] + x["pay"]]
model, losses, weights = small_model(), [], []

def keep(epoch, logs):
    losses.append(logs["val_loss"])
    weights.append(model.get_weights())

try:
    model.fit(x, y, epochs=100000, batch_size=64, verbose=2, validation_split=0.2,
              callbacks=[callbacks.LambdaCallback(on_epoch_end=keep)])
except KeyboardInterrupt:
    best = weights[int(np.argmin(losses[:len(weights)]))]
    if not all(np.array_equal(a, b) for a, b in zip(best, model.get_weights())):
        sys.exit("another epoch")
    assert model.predict(x)[0].shape == (n, 1) and model.learning_rate == 0.01
    print("kept the best of", len(losses), "epochs", file=sys.stderr)
"""


def interrupted() -> tuple[int, str]:
    """What a training says that another process interrupts in its third epoch."""
    child = subprocess.Popen(
        [sys.executable, "-u", "-c", INTERRUPTED.format(here=str(HERE))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in child.stdout:
        if line.startswith("Epoch 3/"):
            break
    child.send_signal(signal.SIGINT)
    printed = child.communicate(timeout=60)[1]
    return child.returncode, printed


def test_a_real_interrupt_keeps_the_best_epoch():
    """Where the signal comes as an epoch ends, the model may have that one, which no callback has seen; most of the
    time is within epochs, so that of several tries one is."""
    code, printed = next(one for one in (interrupted() for _ in range(10)) if "another epoch" not in one[1])
    assert code == 0, printed
    assert "kept the best of" in printed


# -- Threads and forks -------------------------------------------------------------------------------------------------


def ticks_during(work) -> int:
    """How often another Python thread came to run while `work` did."""
    ticks, done = [], threading.Event()

    def count():
        while not done.wait(0.001):
            ticks.append(None)

    counter = threading.Thread(target=count)
    counter.start()
    try:
        work()
    finally:
        done.set()
        counter.join()
    return len(ticks)


def test_the_lock_is_released(rows, features):
    """Another thread continues while rows are read, scored and measured, as while the library trains."""
    many = {name: np.tile(values, 250) for name, values in features.items()}
    y = [np.tile(one, 250) for one in labels(rows)]
    model = trained(features, rows)
    dataset = []
    network = model._definition.built()
    with _sources.source_of(network, many) as source:
        assert ticks_during(lambda: dataset.append(_sources.dataset_of(network, source))) > 10
    assert ticks_during(lambda: _prediction.scores_of_dataset(network, dataset[0])) > 10
    assert ticks_during(lambda: model.evaluate(many, y)) > 10
    assert ticks_during(lambda: model.fit(many, y, batch_size=4096, verbose=0)) > 10


def test_models_in_threads(rows, features):
    """Several models train at once and become what they become alone."""
    alone = [trained(features, rows, seed=seed) for seed in (1, 2, 3, 4)]
    together = {}

    def train(seed):
        together[seed] = trained(features, rows, seed=seed)

    threads = [threading.Thread(target=train, args=(seed,)) for seed in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(same(together[seed], alone[seed - 1]) for seed in (1, 2, 3, 4))


def test_one_model_from_many_threads(rows, features):
    """Predictions, gates, weights, saving and single rows in parallel, and in parallel with a training of the same
    model."""
    model, seen, failures = trained(features, rows), [], []
    stop = threading.Event()

    def use():
        predictor = model.predictor()
        try:
            while not stop.is_set():
                assert model.predict(features)[0].shape == (4000, 1)
                assert len(model.gates(features)) == 2
                seen.append(predictor(["ams", 3, 0.5, 0.5]))
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    model.fit(features, labels(rows), epochs=3, batch_size=256, verbose=0)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures and len(set(seen)) <= 4  # a predictor is frozen: before, after an epoch or at the end


def _in_child(queue, model, features, y):
    scores = model.predict(features)[0]
    model.fit(features, y, epochs=1, batch_size=256, verbose=0)
    queue.put((scores, model.get_weights()))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_child_processes(method, rows, features):
    """A child predicts and trains on as the parent does, bit for bit."""
    model = trained(features, rows)
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    children = [context.Process(target=_in_child, args=(queue, model, features, labels(rows))) for _ in range(2)]
    for child in children:
        child.start()
    found = [queue.get(timeout=120) for _ in children]
    for child in children:
        child.join()
    scores = model.predict(features)[0]
    model.fit(features, labels(rows), epochs=1, batch_size=256, verbose=0)
    for their_scores, their_weights in found:
        assert np.array_equal(their_scores, scores)
        assert all(np.array_equal(a, b) for a, b in zip(their_weights, model.get_weights()))


# -- Callbacks that fail -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"])
def test_failing_callback(when, rows, features, tmp_path):
    """Its exception comes out; others are ended, the model and its learning rate can be used."""

    def fail(*arguments):
        raise ZeroDivisionError(when)

    model, ended = small_model(), []
    watch = callbacks.LambdaCallback(on_train_end=lambda logs: ended.append(when))
    log = callbacks.CSVLogger(tmp_path / "log.csv")
    with pytest.raises(ZeroDivisionError, match=when):
        model.fit(
            features,
            labels(rows),
            epochs=2,
            batch_size=256,
            verbose=0,
            callbacks=[watch, log, callbacks.LambdaCallback(**{when: fail})],
        )
    assert ended == [when] and log._file.closed
    model.learning_rate = 0.02
    assert model.learning_rate == 0.02
    history = model.fit(features, labels(rows), epochs=2, batch_size=256, verbose=0)
    assert history.epoch == [0, 1] and np.isfinite(model.predict(features)[0]).all()


def test_messages_of_the_library(rows, features, tmp_path):
    """They come as they are, as exceptions of the kinds that Python has."""
    wild = small_model()
    wild.compile(plexus.optimizers.SGD(1000.0))
    with pytest.raises(ArithmeticError, match=r"is not finite .*lower train\.learning_rate"):
        wild.fit(features, [rows["click"], 1e6 * rows["seconds"]], epochs=3, batch_size=256, verbose=0)
    with pytest.raises(OSError, match="nowhere"):
        trained(features, rows).save(tmp_path / "nowhere" / "model.plexus")
    with pytest.raises(ValueError, match="'learning_rate' takes a number above 0"):
        wild.compile(plexus.optimizers.SGD(-1.0))
        wild.fit(features, labels(rows), verbose=0)


# -- Progress ----------------------------------------------------------------------------------------------------------

SHOWN = """
import sys
sys.path.insert(0, {here!r})
{before}
import numpy as np
from helpers import small_model
n = 200000
x = {{"city": ["a", "b"] * (n // 2), "code": np.arange(n) % 50, "age": np.arange(n) / n, "pay": np.ones(n)}}
model = small_model()
model.fit(x, [np.arange(n) % 2, np.arange(n) / n], epochs=2, batch_size=16, verbose=1)
"""

# What tqdm reads from a notebook's interpreter.
NOTEBOOK = """
import types
shell = types.SimpleNamespace(config={"IPKernelApp": {}})
sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: shell)
sys.modules["ipywidgets"] = None
"""

NO_TQDM = """
sys.modules["tqdm"] = sys.modules["tqdm.auto"] = None
"""


def on_terminal(code: str) -> str:
    """What the code shows on a terminal."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:  # how a terminal ends on Linux
            break
        if not part:
            break
        shown += part
    os.close(main)
    assert child.wait() == 0, shown.decode()
    return shown.decode()


def test_progress_on_a_terminal():
    pytest.importorskip("tqdm")
    shown = on_terminal(SHOWN.format(here=str(HERE), before=""))
    assert "Epoch 1/2:" in shown and "/12500" in shown and "loss:" in shown  # the bar
    lines = [line.split("\r")[-1] for line in shown.replace("\r\n", "\n").split("\n")]
    assert any(line.startswith("12500/12500 - ") and "click_auc" in line for line in lines)


def test_progress_without_widgets():
    """In a notebook without ipywidgets the bar is text."""
    pytest.importorskip("tqdm")
    shown = on_terminal(SHOWN.format(here=str(HERE), before=NOTEBOOK))
    assert "Epoch 1/2:" in shown and "click_auc" in shown and "Warning" not in shown


def test_progress_without_tqdm():
    shown = on_terminal(SHOWN.format(here=str(HERE), before=NO_TQDM))
    assert "Epoch 1/2:" not in shown and "Epoch 2/2" in shown and "click_auc" in shown


def test_warnings_name_the_line(rows, features):
    """That of the user who called the package."""
    with pytest.warns(RuntimeWarning, match="labels are negative") as printed:
        trained(features, {**rows, "click": np.zeros(len(rows["click"]))})
    assert {Path(one.filename).name for one in printed} == {"helpers.py"}


# -- Keras' callbacks --------------------------------------------------------------------------------------------------


def run(callback, values, name="val_loss", begin=True):
    """Calls the callback with logs, one epoch each; returns its effect on a model, and the learning rates."""
    model = types.SimpleNamespace(
        stop_training=False,
        learning_rate=1.0,
        saved=[],
        weights=None,
        restored=None,
        get_weights=lambda: model.epoch,
        set_weights=lambda weights: setattr(model, "restored", weights),
        save=lambda path: model.saved.append(path),
    )
    callback.set_model(model)
    rates = []
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        model.epoch = epoch
        callback.on_epoch_end(epoch, {name: value})
        rates.append(model.learning_rate)
        if model.stop_training:
            break
    callback.on_train_end()
    model.ended = epoch
    return model, rates


@pytest.mark.parametrize(
    "arguments, values, ended, best",
    [
        ({"patience": 0}, [3, 2, 2, 1], 2, 1),  # equal is not better
        ({"patience": 2}, [3, 2, 2, 1, 1, 1], 5, 3),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.6, 2.4, 2.3], 1, 0),
        ({"patience": 1, "min_delta": -0.5}, [3, 2, 1.6, 1], 2, 1),  # its absolute value counts
        ({"patience": 1, "start_from_epoch": 2}, [1, 1, 5, 4, 4], 4, 3),
        ({"patience": 2, "baseline": 1.0}, [3, 2.5, 2], 1, 1),  # better, but not than the baseline
        ({"patience": 1, "baseline": 4.0}, [3, 2, 1], 2, 2),
        ({"patience": 1, "mode": "max"}, [1, 2, 2, 3], 2, 1),
    ],
)
def test_early_stopping_as_keras(arguments, values, ended, best):
    stop = callbacks.EarlyStopping(restore_best_weights=True, **arguments)
    model, _ = run(stop, values)
    assert (model.ended, stop.best_epoch, model.restored) == (ended, best, best)
    assert stop.stopped_epoch == (ended if model.stop_training else 0)


def test_early_stopping_follows_the_metric():
    """auto: larger is better where it is; without restore_best_weights the callback leaves the weights."""
    stop = callbacks.EarlyStopping("val_click_auc", patience=1)
    model, _ = run(stop, [0.6, 0.7, 0.65], "val_click_auc")
    assert model.ended == 2 and stop.best == 0.7 and model.restored is None
    with pytest.raises(ValueError, match="mode 'best' is unknown"):
        callbacks.EarlyStopping(mode="best")


@pytest.mark.parametrize(
    "arguments, values, rates",
    [
        ({"factor": 0.5, "patience": 2}, [1, 1, 1, 1, 1], [1, 1, 0.5, 0.5, 0.25]),
        ({"factor": 0.5, "patience": 1, "cooldown": 2}, [1, 1, 1, 1, 1], [1, 0.5, 0.5, 0.25, 0.25]),
        ({"factor": 0.1, "patience": 1, "min_lr": 0.05}, [1, 1, 1, 1], [1, 0.1, 0.05, 0.05]),
        ({"factor": 0.5, "patience": 1, "min_delta": 0.5}, [3, 2.6, 2, 1.8], [1, 0.5, 0.5, 0.25]),
        ({"factor": 0.5, "patience": 1, "mode": "max"}, [1, 2, 2, 1], [1, 1, 0.5, 0.25]),
    ],
)
def test_plateau_as_keras(arguments, values, rates):
    assert run(callbacks.ReduceLROnPlateau(**arguments), values)[1] == pytest.approx(rates)


def test_checkpoint_as_keras(tmp_path):
    def saved(values, **arguments):
        return run(callbacks.ModelCheckpoint("{epoch:02d}-{val_loss:.1f}", **arguments), values)[0].saved

    assert saved([3, 2, 4]) == ["01-3.0", "02-2.0", "03-4.0"]
    assert saved([3, 2, 4, 1], save_best_only=True) == ["01-3.0", "02-2.0", "04-1.0"]
    assert saved([3, 2, 4, 1], save_best_only=True, initial_value_threshold=2.5) == ["02-2.0", "04-1.0"]
    assert saved([3, 2, 4], save_best_only=True, mode="max") == ["01-3.0", "03-4.0"]


def test_csv_logger_as_keras(rows, features, tmp_path):
    """A second run overwrites, or appends without a second header."""
    log = tmp_path / "log.csv"
    for append, lines in ((False, 3), (False, 3), (True, 5)):
        model = trained(features, rows, callbacks=[callbacks.CSVLogger(log, separator=";", append=append)])
        text = log.read_text().splitlines()
        assert len(text) == lines and text[0].split(";")[:2] == ["epoch", "loss"]
    last = dict(zip(text[0].split(";"), text[-1].split(";")))
    assert {name: float(value) for name, value in last.items() if name != "epoch"} == {
        name: values[-1] for name, values in model.history.history.items()
    }


def test_rates_in_the_history(rows, features):
    schedule = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    history = trained(features, rows, epochs=3, callbacks=[schedule]).history.history
    assert history["learning_rate"] == pytest.approx([0.01, 0.005, 0.0025])
    plateau = callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=100.0)
    history = trained(features, rows, epochs=3, callbacks=[plateau]).history.history
    assert history["learning_rate"] == pytest.approx([0.01, 0.01, 0.005])


def test_tensorboard_reads_the_history(rows, features, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    model = trained(features, rows, epochs=3, validation_split=0.25, callbacks=[callbacks.TensorBoard(tmp_path)])
    history = model.history.history

    def curve(part, tag):
        reader = accumulator.EventAccumulator(str(tmp_path / part))
        reader.Reload()
        events = reader.Scalars(tag)
        assert [event.step for event in events] == [1, 2, 3]
        return [event.value for event in events]

    for part, prefix, tags in (
        ("train", "", {"loss": "loss", "click/loss": "click_loss", "seconds/loss": "seconds_loss"}),
        ("validation", "val_", {"loss": "loss", "click/auc": "click_auc", "seconds/mae": "seconds_mae"}),
    ):
        for tag, name in tags.items():
            assert curve(part, tag) == pytest.approx(history[prefix + name], rel=1e-6)

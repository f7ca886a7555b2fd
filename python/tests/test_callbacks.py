# SPDX-License-Identifier: Apache-2.0
"""Callbacks: what they may do while a fit runs, and how they go on with BackupAndRestore."""

import json
import warnings

import numpy as np
import pytest

import plexus
from helpers import same, small_model
from plexus import callbacks


def labels(rows):
    return [rows["click"], rows["seconds"]]


# -- A running training does not change --------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin", "on_epoch_end"])
@pytest.mark.parametrize(
    "act",
    [
        lambda model, x, y: model.fit(x, y, epochs=9, batch_size=2048, verbose=0),
        lambda model, x, y: model.compile("sgd", batch_size=4096),
    ],
    ids=["fit", "compile"],
)
def test_no_second_training_within(act, hook, rows, features):
    """Refused by name, whatever hook asks; what runs ends cleanly, and the model can be trained again."""
    model = small_model()

    def nest(*arguments):
        act(model, features, labels(rows))

    own = callbacks.LambdaCallback(**{hook: nest})
    with pytest.raises(RuntimeError, match="^(fit|compile): the model is in training"):
        model.fit(features, labels(rows), epochs=3, batch_size=256, verbose=0, callbacks=[own])
    history = model.fit(features, labels(rows), epochs=3, batch_size=256, verbose=0)
    assert history.epoch == [0, 1, 2]
    model.compile("sgd")


def test_another_model_may_be_trained_within(rows, features):
    other, alone = small_model(), small_model()

    def nest(epoch, logs):
        if epoch == 0:
            other.fit(features, labels(rows), epochs=2, batch_size=512, verbose=0)

    model = small_model()
    own = callbacks.LambdaCallback(on_epoch_end=nest)
    model.fit(features, labels(rows), epochs=3, batch_size=256, verbose=0, callbacks=[own])
    alone.fit(features, labels(rows), epochs=3, batch_size=256, verbose=0)
    assert same(model, alone)


def test_evaluate_and_predict_within(rows, features):
    """Neither changes the rest of the training."""
    model, alone, found = small_model(), small_model(), []

    def look(epoch, logs):
        found.append(model.evaluate(features, labels(rows), return_dict=True)["click_auc"])
        model.predict(features)
        model.gates(features)

    own = callbacks.LambdaCallback(on_epoch_end=look)
    model.fit(features, labels(rows), epochs=2, batch_size=256, verbose=0, callbacks=[own])
    alone.fit(features, labels(rows), epochs=2, batch_size=256, verbose=0)
    assert same(model, alone)
    assert found[1] == alone.evaluate(features, labels(rows), return_dict=True)["click_auc"]


def test_weights_may_be_set_at_an_epochs_end(rows, features):
    model, largest = small_model(), []

    def zero(epoch, logs):
        largest.append(max(float(np.abs(one).max()) for one in model.get_weights()))
        if epoch == 0:
            model.set_weights([np.zeros_like(one) for one in model.get_weights()])

    own = callbacks.LambdaCallback(on_epoch_end=zero)
    model.fit(features, labels(rows), epochs=2, batch_size=256, verbose=0, callbacks=[own])
    # From zeros only the biases of the logits change: everything else has no gradient.
    assert largest[0] > 0.3 > largest[1] > 0


@pytest.mark.parametrize("split", [0.0, 0.25])
def test_a_loss_that_is_not_finite_keeps_the_best_epoch(split, tmp_path):
    """The best epoch's weights, bit for bit; without validation rows the last that were finite."""
    x = np.random.default_rng(0).normal(size=2000)
    model = plexus.SingleTask([plexus.DenseFeat("x")], task_type="regression", task_name="t")
    model.compile(plexus.optimizers.SGD(0.01))
    saved = []

    def end(epoch, logs):
        saved.append(model.get_weights())
        if epoch == 2:
            model.learning_rate = 1e30

    own = callbacks.LambdaCallback(on_epoch_end=end)
    with pytest.raises(plexus.NumericError, match="epoch 4, step .*not finite"):
        model.fit({"x": x}, 3 * x, epochs=9, verbose=0, validation_split=split, callbacks=[own])
    assert len(saved) == 3 and all(np.isfinite(one).all() for one in model.get_weights())
    if split:
        assert all(np.array_equal(a, b) for a, b in zip(saved[2], model.get_weights()))
    model.save(tmp_path / "m.plexus")


# -- Hooks that nothing calls ------------------------------------------------------------------------------------------


def test_hooks_that_are_never_called_warn(rows, features):
    class Batches(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise AssertionError

        def on_test_begin(self, logs=None):
            raise AssertionError

    with pytest.warns(RuntimeWarning, match="callback Batches: on_train_batch_end, on_test_begin will never be called"):
        small_model().fit(features, labels(rows), epochs=1, batch_size=256, verbose=0, callbacks=[Batches()])
    with pytest.raises(TypeError, match="on_train_batch_end: it is never called"):
        callbacks.LambdaCallback(on_train_batch_end=print)
    with pytest.raises(TypeError, match="on_epoch_ends: callbacks have no such method"):
        callbacks.LambdaCallback(on_epoch_ends=print)


def test_hooks_of_a_base_class_of_keras_do_not_warn(rows, features):
    """Keras' own Callback has every hook, and each does nothing."""

    class Base:
        def set_model(self, model): ...

        def set_params(self, params): ...

        def on_train_begin(self, logs=None): ...

        def on_train_end(self, logs=None): ...

        def on_epoch_begin(self, epoch, logs=None): ...

        def on_epoch_end(self, epoch, logs=None): ...

        def on_train_batch_end(self, batch, logs=None): ...

    Base.__module__ = "keras.src.callbacks.callback"
    own = type("Own", (Base,), {})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small_model().fit(features, labels(rows), epochs=1, batch_size=256, verbose=0, callbacks=[own()])


# -- BackupAndRestore --------------------------------------------------------------------------------------------------


class PowerCut(Exception):
    pass


def cut_after(epoch):
    def fail(now, logs):
        if now == epoch:
            raise PowerCut

    return callbacks.LambdaCallback(on_epoch_end=fail)


def noisy():
    """Rows on which validation gets worse after some epochs."""
    random = np.random.default_rng(0)
    n = 600
    x, z = random.normal(size=n), random.normal(size=n)
    click = (x + 2 * random.normal(size=n) > 0).astype(int)
    return {"x": x, "z": z, "k": np.arange(n) % 150}, [click, click]


def over_fitting_model():
    columns = [plexus.DenseFeat("x"), plexus.DenseFeat("z"), plexus.SparseFeat("k", embedding_dim=8)]
    model = plexus.MMOE(
        columns,
        task_types=["binary", "binary"],
        task_names=["a", "b"],
        num_experts=2,
        expert_dnn_units=[8],
        tower_dnn_units_lists=[[4], [4]],
        threads=1,
    )
    model.compile(plexus.optimizers.Adam(0.02))
    return model


def train(folder, make, cut=None, **arguments):
    """The model, its callbacks and History of a training that is broken off after an epoch; None: of a whole one."""
    x, y = noisy()
    model, own = over_fitting_model(), make()
    given = [*own, callbacks.BackupAndRestore(folder, **arguments), *([] if cut is None else [cut_after(cut)])]
    try:
        history = model.fit(x, y, epochs=14, verbose=0, batch_size=32, validation_split=0.3, callbacks=given)
    except PowerCut:
        return model, own, None
    return model, own, history


@pytest.mark.parametrize("save_freq", ["epoch", 5])
@pytest.mark.parametrize("cut", range(6))
def test_early_stopping_resumes(cut, save_freq, tmp_path):
    """Ends at the epoch at which it would have ended, wherever it was broken off, its own last epoch included."""

    def make():
        return [callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True)]

    whole, (stop,), history = train(tmp_path / "whole", make)
    assert history.epoch[-1] < 13  # it did stop early
    cut = min(cut, history.epoch[-1])
    train(tmp_path / "cut", make, cut, save_freq=save_freq)
    model, (again,), rest = train(tmp_path / "cut", make, save_freq=save_freq)
    assert same(model, whole) and rest.epoch[-1] == history.epoch[-1]
    assert again.get_state().keys() == stop.get_state().keys()
    for name in ("best", "wait", "stopped_epoch", "best_epoch"):
        assert getattr(again, name) == getattr(stop, name)
    assert all(np.array_equal(a, b) for a, b in zip(again.best_weights, stop.best_weights))
    assert rest.history["val_loss"][-1] == history.history["val_loss"][-1]
    assert not list((tmp_path / "cut").iterdir())


@pytest.mark.parametrize("cut", [1, 4, 8])
def test_the_learning_rate_resumes(cut, tmp_path):
    def make():
        return [callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=2, cooldown=1, min_lr=1e-4)]

    whole, (plateau,), history = train(tmp_path / "whole", make)
    train(tmp_path / "cut", make, cut)
    model, (again,), rest = train(tmp_path / "cut", make)
    assert same(model, whole)
    assert len(set(history.history["learning_rate"])) > 2  # it was lowered twice
    assert rest.history["learning_rate"] == history.history["learning_rate"][cut + 1 :]
    assert again.get_state() == plateau.get_state()


def test_a_schedule_resumes_at_its_epoch(tmp_path):
    def make():
        return [callbacks.LearningRateScheduler(lambda epoch, rate: 0.02 / (1 + epoch))]

    whole, _, history = train(tmp_path / "whole", make)
    train(tmp_path / "cut", make, 4)
    model, _, rest = train(tmp_path / "cut", make)
    assert same(model, whole) and rest.history["learning_rate"] == history.history["learning_rate"][5:]


def test_checkpoint_and_logs_go_on(tmp_path):
    """The best file is not written over by a worse epoch; logs have each epoch once."""

    def make(where):
        (tmp_path / where).mkdir(exist_ok=True)
        return lambda: [
            callbacks.ModelCheckpoint(tmp_path / where / "best.plexus", "val_loss", save_best_only=True),
            callbacks.CSVLogger(tmp_path / where / "log.csv"),
            callbacks.JSONLogger(tmp_path / where / "log.jsonl"),
        ]

    _, (best, *_), _ = train(tmp_path / "backup", make("whole"))
    train(tmp_path / "backup", make("cut"), 9)
    with open(tmp_path / "cut" / "log.csv", "a") as log:
        log.write("99,half a line that a dying process has")
    _, (again, *_), _ = train(tmp_path / "backup", make("cut"))
    assert again.best == best.best
    for name in ("log.csv", "log.jsonl"):
        assert (tmp_path / "cut" / name).read_text() == (tmp_path / "whole" / name).read_text()
    assert len((tmp_path / "cut" / "log.jsonl").read_text().splitlines()) == 14
    a, b = (plexus.load_model(tmp_path / where / "best.plexus") for where in ("whole", "cut"))
    assert same(a, b)


class Counts(callbacks.Callback):
    """An own callback with a state: numbers and arrays."""

    def __init__(self):
        self.epochs, self.firsts = [], [np.zeros(1)]

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(epoch)
        self.firsts.append(self.model.get_weights()[0].copy())

    def get_state(self):
        return {"epochs": self.epochs, "firsts": self.firsts}

    def set_state(self, state):
        self.epochs, self.firsts = state["epochs"], state["firsts"]


def test_own_states_go_on(tmp_path):
    _, (whole,), _ = train(tmp_path / "whole", lambda: [Counts()])
    train(tmp_path / "cut", lambda: [Counts()], 6)
    _, (again,), _ = train(tmp_path / "cut", lambda: [Counts()])
    assert again.epochs == whole.epochs == list(range(14))
    assert all(np.array_equal(a, b) for a, b in zip(again.firsts, whole.firsts))


def test_states_of_other_callbacks_are_left(tmp_path):
    """A state is restored only to the callback of its place and class; states without a checkpoint are ignored."""
    train(tmp_path / "a", lambda: [Counts()], 3)
    _, (stop,), rest = train(tmp_path / "a", lambda: [callbacks.EarlyStopping(patience=99)])
    assert rest.epoch[0] == 4 and stop.best_epoch >= 4
    train(tmp_path / "b", lambda: [Counts()], 3)
    (tmp_path / "b" / "checkpoint").unlink()
    _, (counts,), rest = train(tmp_path / "b", lambda: [Counts()])
    assert counts.epochs == rest.epoch == list(range(14))


def test_a_damaged_state_is_reported(tmp_path):
    train(tmp_path, lambda: [Counts()], 3)
    for file in tmp_path.glob("callbacks-*.npz"):
        file.write_bytes(b"no archive")
    with pytest.raises(plexus.FormatError, match="not a file of callbacks' states"):
        train(tmp_path, lambda: [Counts()])


def test_a_finished_training_that_is_saved(tmp_path):
    """Nothing is left to train: the model and the last epoch's logs are restored."""
    whole, _, history = train(tmp_path, lambda: [], save_freq=1, delete_checkpoint=False)
    model, _, rest = train(tmp_path, lambda: [], save_freq=1, delete_checkpoint=False)
    assert same(model, whole) and rest.epoch == [13]
    assert rest.history["loss"] == history.history["loss"][-1:]


def test_only_needed_states_are_saved(tmp_path):
    seen = []
    count = callbacks.LambdaCallback(on_epoch_end=lambda *_: seen.append(len(list(tmp_path.glob("callbacks-*.npz")))))
    train(tmp_path, lambda: [count], save_freq=5)
    assert max(seen) <= 3


def test_json_lines_are_whole(rows, features, tmp_path):
    log = callbacks.JSONLogger(tmp_path / "log.jsonl")
    (tmp_path / "log.jsonl").write_text("old\n")
    small_model().fit(features, labels(rows), epochs=2, batch_size=256, verbose=0, callbacks=[log])
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [0, 1]

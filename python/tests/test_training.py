# SPDX-License-Identifier: Apache-2.0
"""Training, callbacks, weights, files: what Keras users expect to find again."""

import copy
import io
import pickle
import signal
import threading
from contextlib import redirect_stdout

import numpy as np
import pytest

import plexus
from helpers import same, small_model, trained
from plexus import callbacks


def labels(rows):
    return [rows["click"], rows["seconds"]]


def test_history_and_validation(rows, features):
    model = small_model()
    history = model.fit(features, labels(rows), epochs=3, batch_size=256, verbose=0, validation_split=0.25)
    assert history.epoch == [0, 1, 2] and history is model.history
    expected = ["loss", "click_loss", "seconds_loss", "click_auc", "click_mae", "seconds_mae"]
    assert list(history.history) == expected + ["val_" + name for name in expected]
    assert history.history["loss"][2] < history.history["loss"][0]
    part = {name: values[3000:] for name, values in features.items()}
    metrics = model.evaluate(part, [label[3000:] for label in labels(rows)], return_dict=True)
    best = int(np.argmin(history.history["val_loss"]))
    assert metrics["click_auc"] == pytest.approx(history.history["val_click_auc"][best], abs=1e-12)

    apart = small_model()
    first = {name: values[:3000] for name, values in features.items()}
    given = apart.fit(
        first,
        [label[:3000] for label in labels(rows)],
        epochs=3,
        batch_size=256,
        verbose=0,
        validation_data=(part, [label[3000:] for label in labels(rows)]),
    )
    assert given.history == history.history and same(apart, model)


def test_evaluate_names(rows, features):
    model = trained(features, rows)
    values = model.evaluate(features, labels(rows))
    assert model.metrics_names == ["click_auc", "click_mae", "seconds_mae"]
    assert values == list(model.evaluate(features, labels(rows), return_dict=True).values())


def test_threads_give_the_same_bits(rows, features):
    models = []
    for threads in (1, 2, 3):
        model = small_model(threads=threads)
        model.fit(features, labels(rows), epochs=2, batch_size=256, verbose=0)
        models.append(model)
    assert same(models[0], models[1]) and same(models[0], models[2])


def test_seed(rows, features):
    assert same(trained(features, rows), trained(features, rows))
    assert not same(trained(features, rows), trained(features, rows, seed=3))


def test_a_second_fit_continues(rows, features):
    model = trained(features, rows)
    before = model.evaluate(features, labels(rows), return_dict=True)
    model.fit(features, labels(rows), epochs=6, initial_epoch=2, batch_size=128, verbose=0)
    assert model.history.epoch == [2, 3, 4, 5]
    after = model.evaluate(features, labels(rows), return_dict=True)
    assert after["click_auc"] > before["click_auc"] and after["seconds_mae"] < before["seconds_mae"]


def test_early_stopping(rows, features):
    stop = callbacks.EarlyStopping("val_click_auc", patience=2, min_delta=1.0, restore_best_weights=True)
    model = small_model()
    saved = []
    keep = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: saved.append(model.get_weights()))
    history = model.fit(
        features, labels(rows), epochs=20, batch_size=256, verbose=0, validation_split=0.25, callbacks=[keep, stop]
    )
    assert len(history.epoch) == 3 and stop.stopped_epoch == 2 and stop.best_epoch == 0
    assert all(np.array_equal(a, b) for a, b in zip(saved[0], model.get_weights()))


def test_wrong_monitor(rows, features):
    with pytest.raises(ValueError, match="there is no metric 'val_loss'"):
        trained(features, rows, callbacks=[callbacks.EarlyStopping()])


def test_checkpoint_and_logger(rows, features, tmp_path):
    path = str(tmp_path / "{epoch:02d}-{loss:.3f}.plexus")
    saved = callbacks.ModelCheckpoint(path)
    best = callbacks.ModelCheckpoint(tmp_path / "best.plexus", monitor="loss", save_best_only=True)
    log = callbacks.CSVLogger(tmp_path / "log.csv")
    model = trained(features, rows, epochs=3, callbacks=[saved, best, log])
    files = sorted(file.name for file in tmp_path.glob("0*.plexus"))
    assert [name[:2] for name in files] == ["01", "02", "03"]
    assert same(plexus.load_model(tmp_path / files[2]), model)
    assert same(plexus.load_model(tmp_path / "best.plexus"), model)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert len(lines) == 4 and lines[0].startswith("epoch,loss,click_loss")


def test_learning_rate_callbacks(rows, features):
    """A rate of 0 leaves the weights; a plateau lowers the rate."""
    saved = []
    keep = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: saved.append(model.get_weights()))
    halve = callbacks.LearningRateScheduler(lambda epoch, rate: 0.0 if epoch == 1 else rate + 0.001)
    model = small_model()
    model.fit(features, labels(rows), epochs=3, batch_size=256, verbose=0, callbacks=[halve, keep])
    assert all(np.array_equal(a, b) for a, b in zip(saved[0], saved[1]))
    assert not all(np.array_equal(a, b) for a, b in zip(saved[1], saved[2]))
    assert model.learning_rate == pytest.approx(0.001)

    plain, doubled = small_model(), small_model()
    plain.compile(plexus.optimizers.Adam(0.02))
    plain.fit(features, labels(rows), epochs=2, batch_size=256, verbose=0)
    twice = callbacks.LearningRateScheduler(lambda epoch, rate: 0.02)
    doubled.fit(features, labels(rows), epochs=2, batch_size=256, verbose=0, callbacks=[twice])
    assert all(np.allclose(a, b, rtol=1e-3, atol=1e-5) for a, b in zip(plain.get_weights(), doubled.get_weights()))

    rates = []
    plateau = callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=10.0, min_lr=0.002)
    watch = callbacks.LambdaCallback(on_epoch_begin=lambda epoch: rates.append(model.learning_rate))
    model = small_model()
    model.fit(features, labels(rows), epochs=5, batch_size=256, verbose=0, callbacks=[plateau, watch])
    assert rates == pytest.approx([0.01, 0.01, 0.005, 0.0025, 0.002])


def test_weights(rows, features):
    """Rows of weight 0 are as if they had no label, but for the mean's divisor; weights reach the right task."""
    weight = np.where(np.arange(4000) < 2000, 2.0, 0.0)
    model = small_model()
    model.fit(features, labels(rows), epochs=1, batch_size=4000, verbose=0, shuffle=False, sample_weight=weight)
    half = small_model()
    part = {name: values[:2000] for name, values in features.items()}
    half.fit(part, [label[:2000] for label in labels(rows)], epochs=1, batch_size=2000, verbose=0, shuffle=False)
    for a, b in zip(model.get_weights(), half.get_weights()):
        assert a.shape[1] != b.shape[1] or np.allclose(a, b, atol=2e-3)

    both, one = small_model(), small_model()
    both.fit(features, labels(rows), epochs=1, batch_size=256, verbose=0, sample_weight=[np.ones(4000), None])
    one.fit(features, labels(rows), epochs=1, batch_size=256, verbose=0)
    assert same(both, one)
    weighted = small_model()
    weighted.fit(features, labels(rows), epochs=1, batch_size=256, verbose=0, class_weight={"click": {0: 1.0, 1: 9.0}})
    assert weighted.predict(features)[0].mean() > one.predict(features)[0].mean()


def test_own_callback_and_stop(rows, features):
    seen = []

    class Own(callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append("begin")

        def on_epoch_begin(self, epoch, logs=None):
            seen.append(epoch)

        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1
            assert self.model.predict(features)[0].shape == (4000, 1)

        def on_train_end(self, logs=None):
            seen.append("end")

    history = small_model().fit(features, labels(rows), epochs=9, batch_size=256, verbose=0, callbacks=[Own()])
    assert seen == ["begin", 0, 1, "end"] and len(history.epoch) == 2


def test_interrupt_keeps_the_best_epoch(rows, features):
    saved = []

    def interrupt(epoch, logs):
        saved.append(model.get_weights())
        if epoch == 1:
            signal.raise_signal(signal.SIGINT)

    model = small_model()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            features,
            labels(rows),
            epochs=50,
            batch_size=256,
            verbose=0,
            callbacks=[callbacks.LambdaCallback(on_epoch_end=interrupt)],
        )
    signal.signal(signal.SIGINT, before)
    assert len(saved) == 2
    assert all(np.array_equal(a, b) for a, b in zip(saved[1], model.get_weights()))


@pytest.mark.parametrize("save_freq", ["epoch", 10])
def test_backup_and_restore(save_freq, rows, features, tmp_path):
    """Interrupted and resumed: the same bits as uninterrupted training."""
    arguments = {"epochs": 6, "batch_size": 256, "verbose": 0, "validation_split": 0.25}
    whole = small_model()
    whole.fit(features, labels(rows), **arguments)

    def fail(epoch, logs):
        if epoch == 2:
            raise ZeroDivisionError

    def backup():
        return callbacks.BackupAndRestore(tmp_path / "backup", save_freq=save_freq)

    with pytest.raises(ZeroDivisionError):
        breaking = callbacks.LambdaCallback(on_epoch_end=fail)
        small_model().fit(features, labels(rows), callbacks=[backup(), breaking], **arguments)
    assert (tmp_path / "backup" / "checkpoint").exists()
    with pytest.raises(plexus.SchemaError, match="checkpoint"):
        small_model().fit(features, labels(rows), callbacks=[backup()], **{**arguments, "batch_size": 128})
    model = small_model()
    history = model.fit(features, labels(rows), callbacks=[backup()], **arguments)
    assert same(model, whole) and history.epoch == [3, 4, 5]
    assert not (tmp_path / "backup" / "checkpoint").exists()
    with pytest.raises(ValueError, match="save_freq is 'batch'"):
        callbacks.BackupAndRestore(tmp_path, save_freq="batch")


def test_a_failed_fit_leaves_nothing(rows, features):
    model, wrong = small_model(), {**features, "age": features["city"]}
    with pytest.raises(plexus.SchemaError):
        model.fit(wrong, labels(rows), sample_weight=np.ones(4000), epochs=7, verbose=0)
    model.fit(features, labels(rows), epochs=2, batch_size=256, verbose=0)
    assert same(model, trained(features, rows))


def test_save_load_pickle_copy(rows, features, tmp_path):
    model = trained(features, rows)
    model.save(tmp_path / "m.plexus")
    for other in (
        plexus.load_model(tmp_path / "m.plexus"),
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
    ):
        assert same(other, model)
        assert all(np.array_equal(a, b) for a, b in zip(other.predict(features), model.predict(features)))
    with pytest.raises(OSError):
        plexus.load_model(tmp_path / "none.plexus")
    (tmp_path / "m.plexus").write_bytes(b"no model")
    with pytest.raises(plexus.FormatError):
        plexus.load_model(tmp_path / "m.plexus")


def test_set_weights(rows, features):
    model = trained(features, rows)
    zeros = [np.zeros_like(values) for values in model.get_weights()]
    model.set_weights(zeros)
    assert np.allclose(model.predict(features)[0], 0.5)
    with pytest.raises(ValueError, match="arrays are given for .* parameters, embedding/city/table"):
        model.set_weights(zeros[:-1])
    with pytest.raises(ValueError, match=r"'embedding/city/table' has 20 numbers, \[1, 5, 4\], not \[4, 5, 1\]"):
        model.set_weights([values.T for values in zeros])
    with pytest.raises(ValueError, match="has .* numbers, .*, not "):
        model.set_weights([values.reshape(-1)[:-1] for values in zeros])


def test_verbose(rows, features):
    def printed(verbose):
        out = io.StringIO()
        with redirect_stdout(out):
            trained(features, rows, verbose=verbose)
        return out.getvalue()

    assert printed(0) == ""
    lines = printed(2).splitlines()
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2"
    assert lines[1].startswith("16/16 - ") and "loss: " in lines[1] and "click_auc: " in lines[1]
    assert "Epoch 2/2" in printed(1)


def test_summary(rows):
    lines = []
    small_model().summary(print_fn=lines.append)
    assert "embedding/code/embedding" in lines[0] and "parameters" in lines[0]


def test_predictor(rows, features):
    model = trained(features, rows)
    predictor = model.predictor()
    click, seconds = model.predict(features)
    for row in range(0, 4000, 97):
        values = [features[name][row] for name in predictor.columns]
        assert predictor(values) == (click[row, 0], seconds[row, 0])
        assert predictor(dict(zip(predictor.columns, values))) == (click[row, 0], seconds[row, 0])
        values[1] = str(values[1])
        assert predictor(values) == (click[row, 0], seconds[row, 0])
    assert predictor(["nowhere", None, 0, 0])[0] == predictor(["else", 99999, 0.0, 0])[0]
    with pytest.raises(ValueError, match="the row has 3 values for 4 columns"):
        predictor(["ams", 1, 2])
    with pytest.raises(plexus.SchemaError, match="'old' is not a number; column 'age'"):
        predictor(["ams", 1, "old", 0])
    model.set_weights([np.zeros_like(values) for values in model.get_weights()])
    assert predictor([features[name][0] for name in predictor.columns]) == (click[0, 0], seconds[0, 0])


def test_threads_share_a_model(rows, features):
    model = trained(features, rows)
    expected, results = model.predict(features)[0], []
    threads = [threading.Thread(target=lambda: results.append(model.predict(features)[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and all(np.array_equal(scores, expected) for scores in results)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda c: plexus.PLE(c, num_tasks=1, task_types=["binary"], task_names=["a"]), "num_tasks must be greater"),
        (lambda c: plexus.MMOE(c, num_tasks=2, task_types=["binary"], task_names=["a", "b"]), "length of task_types"),
        (lambda c: plexus.MMOE(c, num_tasks=2, task_types=["binary"] * 2, task_names=["a"]), "length of task_names"),
        (lambda c: plexus.CGC(c, 2, ["binary", "ranking"], ["a", "b"]), "ranking is illegal"),
        (
            lambda c: plexus.Shared_Bottom(c, 2, ["binary"] * 2, ["a", "b"], tower_dnn_units_lists=[[4]]),
            "tower_dnn_units_lists",
        ),
        (lambda c: plexus.ESMM(c, task_names=["a", "b", "c"]), "task_names must be equal to 2"),
        (lambda c: plexus.ESSM(c, task_type="regression"), "not regression"),
        (lambda c: plexus.PLE_CGC(["city"], 2, ["binary"] * 2, ["a", "b"]), "is not a feature column"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError) as caught:
        make([plexus.SparseFeat("city", 4)])
    assert message in str(caught.value)


def test_wrong_fit(rows, features):
    for arguments, message in (
        ({"batch_size": 0}, "'batch_size' takes a whole number from 1"),
        ({"epochs": 0}, "there is nothing to train"),
        ({"validation_split": 1.5}, "validation_split is 1.5"),
        ({"callbacks": [3]}, "callbacks: 3 is not a callback"),
        ({"x": None}, "fit: give x"),
    ):
        with pytest.raises(ValueError) as caught:
            small_model().fit(**{"x": features, "y": labels(rows), "verbose": 0, **arguments})
        assert message in str(caught.value) and "the model:" not in str(caught.value)


def test_wrong_compile(rows, features):
    model = small_model()
    for arguments, message in (
        ({"optimizer": "adamm"}, "optimizer 'adamm' is unknown"),
        ({"loss": ["binary_crossentropy"]}, "loss: 1 are given for 2 tasks"),
        ({"loss": "mse"}, "loss 'mse' is for regression tasks; task 'click' is binary"),
        ({"metrics": ["AUCC"]}, "metric 'AUCC' is unknown"),
        ({"loss_weights": {"clik": 1}}, "there is no task 'clik'"),
    ):
        with pytest.raises(ValueError) as caught:
            model.compile(**arguments)
        assert message in str(caught.value)
    with pytest.raises(RuntimeError, match="call compile"):
        plexus.MMOE([plexus.SparseFeat("city")], 2, ["binary"] * 2, ["a", "b"]).fit(features, labels(rows))
    with pytest.raises(RuntimeError, match="call fit"):
        model.predict(features)

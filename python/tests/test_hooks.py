# SPDX-License-Identifier: Apache-2.0
"""What callbacks may do to the model in training, and what a process that is forked meanwhile may."""

import os
import signal
import threading
import traceback

import numpy as np
import pytest

import plexus
from helpers import same, small_model, trained
from plexus.callbacks import Callback


def labels(rows):
    return [rows["click"], rows["seconds"]]


def test_a_fit_within_a_fit_is_refused(rows, features):
    class Nested(Callback):
        def on_epoch_end(self, epoch, logs=None):
            with pytest.raises(RuntimeError, match="in training"):
                self.model.fit(features, labels(rows), epochs=9, batch_size=4096, verbose=0)

    model = small_model()
    history = model.fit(features, labels(rows), epochs=3, batch_size=256, verbose=0, callbacks=[Nested()])
    assert history is model.history and history.epoch == [0, 1, 2]
    plain = small_model()
    plain.fit(features, labels(rows), epochs=3, batch_size=256, verbose=0)
    assert same(model, plain)
    model.fit(features, labels(rows), epochs=1, verbose=0)  # free again


class Zeros(Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.set_weights([np.zeros_like(values) for values in self.model.get_weights()])
        assert float(self.model.predict(self.features)[0].max()) == 0.5


def test_weights_set_at_the_last_epochs_end_stay(rows, features):
    model, zeros = small_model(), Zeros()
    zeros.features = features
    model.fit(features, labels(rows), epochs=2, verbose=0, callbacks=[zeros])
    assert all(not values.any() for values in model.get_weights())
    # With validation rows the best epoch's weights are restored, as they were evaluated.
    model.fit(features, labels(rows), epochs=1, verbose=0, callbacks=[zeros], validation_split=0.2)
    assert any(values.any() for values in model.get_weights())


def test_validation_rows_without_labels(rows, features):
    part = {name: values[:100] for name, values in features.items()}
    none = np.full(100, np.nan)
    with pytest.warns(RuntimeWarning), pytest.raises(plexus.SchemaError, match="no validation row has a label"):
        small_model().fit(features, labels(rows), epochs=2, verbose=0, validation_data=(part, [none, none]))
    with pytest.warns(
        RuntimeWarning, match="'click' has no label in the validation rows: the best epoch is chosen wit"
    ):
        seconds = [none, rows["seconds"][:100]]
        history = small_model().fit(features, labels(rows), epochs=2, verbose=0, validation_data=(part, seconds))
    assert all(loss > 0 for loss in history.history["val_loss"])


def test_training_rows_without_labels(rows, features):
    """Nothing can be learned from them; one labelled task is enough."""
    none = np.full(len(rows["click"]), np.nan)
    with pytest.warns(RuntimeWarning), pytest.raises(plexus.SchemaError, match="no training row has a label: check"):
        small_model().fit(features, [none, none], epochs=1, verbose=0)
    with pytest.warns(RuntimeWarning, match="task 'click' has no label in the training rows"):
        small_model().fit(features, [none, rows["seconds"]], epochs=1, verbose=0)


def in_child(work):
    """A child's exit code: 0 where `work` returns."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def ends_well(children):
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * len(children)


pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def test_children_of_a_process_that_scores(rows, features):
    model = trained(features, rows)
    expected, predictor = model.predict(features), model.predictor()
    row = [features[name][0] for name in features]
    one, stop = predictor(row), threading.Event()

    def busy():
        while not stop.is_set():
            model.predict(features)

    def work():
        assert all(np.array_equal(a, b) for a, b in zip(model.predict(features), expected))
        assert predictor(row) == one
        model.fit(features, labels(rows), epochs=1, verbose=0)
        assert same(trained(features, rows), trained(features, rows))

    threads = [threading.Thread(target=busy) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        assert ends_well([in_child(work) for _ in range(4)])
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_children_of_a_process_that_trains(rows, features):
    model, running, stop = small_model(), threading.Event(), threading.Event()

    class Stop(Callback):
        def on_epoch_end(self, epoch, logs=None):
            running.set()
            self.model.stop_training = stop.is_set()

    def train():
        model.fit(features, labels(rows), epochs=100000, batch_size=16, verbose=0, callbacks=[Stop()])

    def work():
        with pytest.raises(RuntimeError, match="in training"):
            model.fit(features, labels(rows), epochs=1, verbose=0)
        try:
            model.predict(features)  # if the fork occurred in a callback, the weights are complete
        except plexus.ArgumentError as failure:
            assert "forked" in str(failure)
        assert same(trained(features, rows), trained(features, rows))

    thread = threading.Thread(target=train)
    thread.start()
    try:
        assert running.wait(60)
        assert ends_well([in_child(work) for _ in range(4)])
    finally:
        stop.set()
        thread.join()


def test_a_child_of_a_callback(rows, features):
    class Forks(Callback):
        def on_epoch_end(self, epoch, logs=None):
            expected = self.model.predict(features)
            children = [in_child(lambda: np.testing.assert_array_equal(self.model.predict(features), expected))]
            assert ends_well(children)

    small_model().fit(
        {name: features[name] for name in features}, labels(rows), epochs=2, verbose=0, callbacks=[Forks()]
    )

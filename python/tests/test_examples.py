# SPDX-License-Identifier: Apache-2.0
"""The examples of docstrings run, each in a folder of its own; `model`, `rows` and `labels` are those of Model's."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import plexus

FINDER = doctest.DocTestFinder()
NEED = {"plexus.sklearn": "sklearn", "plexus.plot": "matplotlib"}


def examples():
    names = ["plexus", *(module.name for module in pkgutil.iter_modules(plexus.__path__, "plexus."))]
    for name in names:
        if name.endswith(("__main__", "_native")) or NEED.get(name) and not _is_there(NEED[name]):
            continue
        for test in FINDER.find(importlib.import_module(name), name):
            if test.examples:
                yield pytest.param(test, id=test.name)


def _is_there(package):
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True


@pytest.fixture(scope="module")
def trained():
    """What Model's own example makes."""
    test = next(test for test in FINDER.find(plexus.Model, "Model", globs={}) if test.name == "Model")
    runner = doctest.DocTestRunner()
    runner.run(test, clear_globs=False)
    assert runner.tries > 5 and runner.failures == 0
    return test.globs


@pytest.mark.parametrize("test", list(examples()))
def test_example(test, trained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    test.globs.clear()
    test.globs.update({**trained, "np": np, "plexus": plexus})
    weights = trained["model"].get_weights()
    printed = []
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=printed.append).failed
    trained["model"].set_weights(weights)
    assert failed == 0, "".join(printed)


def test_public_names_have_an_example():
    """Every function and class of the package's front, and every method of a model but those of one line."""
    listed = {test.name.rpartition(".")[2] for test in _tests()}
    plain = {"CGC", "ESSM", "from_config", "save_model", "callbacks", "losses", "optimizers"}
    errors = {name for name in plexus.__all__ if isinstance(getattr(plexus, name), type) and name.endswith("Error")}
    assert set(plexus.__all__) - plain - errors <= listed
    assert set(plexus.callbacks.__all__) <= listed


def _tests():
    return [param.values[0] for param in examples()]

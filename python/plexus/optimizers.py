# SPDX-License-Identifier: Apache-2.0
"""Optimizers by Keras' names and arguments: each is the part of section `train` that it stands for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ._config import Configuration, value_of
from ._library import context

# Keras' arguments and the configuration's keys.
_KEYS = {
    "learning_rate": "learning_rate",
    "beta_1": "beta1",
    "beta_2": "beta2",
    "epsilon": "epsilon",
    "momentum": "momentum",
    "nesterov": "nesterov",
    "rho": "rho",
    "centered": "centered",
    "weight_decay": "weight_decay",
    "l1_regularization_strength": "ftrl_l1",
    "l2_regularization_strength": "ftrl_l2",
    "beta": "ftrl_beta",
    "initial_accumulator_value": "initial_accumulator",
    "clipvalue": "clip_value",
    "clipnorm": "clip_norm",
    "global_clipnorm": "clip_norm",
}


class Optimizer:
    """`name` is the configuration's `train.optimizer`, `config` the keys that differ from its defaults."""

    def __init__(self, name: str, **arguments: Any):
        self.name = name
        self.config: dict[str, Any] = {}
        for argument, value in arguments.items():
            if value is None or value is False:
                continue
            if argument not in _KEYS:
                known = ", ".join(sorted(_KEYS))
                raise ValueError(f"optimizer '{name}' takes no argument '{argument}'; there are {known}")
            self.config[_KEYS[argument]] = value

    @property
    def learning_rate(self) -> float:
        return float(self.config["learning_rate"])

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.config["learning_rate"] = float(value)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{key}={value}' for key, value in self.config.items())})"


def SGD(learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False, **arguments: Any) -> Optimizer:
    """Stochastic gradient descent, w -= learning_rate * g, with `momentum` and Nesterov's form of it.

    arguments: clipvalue, clipnorm, global_clipnorm, as Keras has them; of all optimizers.
    """
    return Optimizer("sgd", learning_rate=learning_rate, momentum=momentum or None, nesterov=nesterov, **arguments)


def Adam(
    learning_rate: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7, **arguments: Any
) -> Optimizer:
    """Adam (Kingma and Ba 2015), as Keras defines it: epsilon is added to the root of the second moment."""
    return Optimizer("adam", learning_rate=learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, **arguments)


def AdamW(
    learning_rate: float = 0.001,
    weight_decay: float = 0.004,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    **arguments: Any,
) -> Optimizer:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019): learning_rate * weight_decay * w is taken off."""
    return Optimizer(
        "adamw",
        learning_rate=learning_rate, weight_decay=weight_decay, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon,
        **arguments,
    )  # fmt: skip


def Adagrad(
    learning_rate: float = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7, **arguments: Any
) -> Optimizer:
    """Adagrad (Duchi et al. 2011): steps divided by the root of the sum of all squared gradients so far."""
    return Optimizer(
        "adagrad",
        learning_rate=learning_rate, initial_accumulator_value=initial_accumulator_value, epsilon=epsilon,
        **arguments,
    )  # fmt: skip


def RMSprop(
    learning_rate: float = 0.001,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
    **arguments: Any,
) -> Optimizer:
    """RMSprop: steps divided by the root of a moving mean of squared gradients (`rho`), less its mean's square with
    `centered`."""
    return Optimizer(
        "rmsprop",
        learning_rate=learning_rate, rho=rho, momentum=momentum or None, epsilon=epsilon, centered=centered,
        **arguments,
    )  # fmt: skip


def Ftrl(learning_rate: float = 0.001, **arguments: Any) -> Optimizer:
    """FTRL-proximal (McMahan et al. 2013).

    arguments: l1_regularization_strength, l2_regularization_strength, beta, initial_accumulator_value, as Keras has them.
    """
    return Optimizer("ftrl", learning_rate=learning_rate, **arguments)


_BY_NAME: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD, "adam": Adam, "adamw": AdamW, "adagrad": Adagrad, "rmsprop": RMSprop, "ftrl": Ftrl,
}  # fmt: skip


def get(optimizer: object) -> Optimizer:
    """By name ("adam"), an Optimizer, or any object with Keras' `get_config()`."""
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, str):
        if optimizer.lower() not in _BY_NAME:
            raise ValueError(f"optimizer '{optimizer}' is unknown; there are {', '.join(_BY_NAME)}")
        return _BY_NAME[optimizer.lower()]()
    if hasattr(optimizer, "get_config"):
        config = dict(optimizer.get_config())
        name = str(config.pop("name", type(optimizer).__name__)).lower()
        if name in _BY_NAME:
            taken = {key: value for key, value in config.items() if key in _KEYS and value is not None}
            return _BY_NAME[name](**taken)
    raise ValueError(f"{optimizer!r} is no optimizer: give a name, plexus.optimizers.Adam(...) or a Keras optimizer")


@functools.cache
def _defaults() -> dict[str, Any]:
    """What the library takes where an optimizer says nothing, by the configuration's keys."""
    probe = {
        "data": {"train": []}, "features": [{"name": "feature", "kind": "sparse"}], "tasks": [{"name": "task"}],
        "model": {"name": "single_task"},
    }  # fmt: skip
    handle = Configuration(probe).handle(context())
    return {key: value_of(context(), handle, "train", key) for key in _KEYS.values()}


def settings(optimizer: Optimizer) -> dict[str, Any]:
    """The keys of section `train` that make this optimizer, whatever was set before; what belongs to another one goes
    back to its default first, since the two are never valid together."""
    reset = {key: value for key, value in _defaults().items() if key not in optimizer.config}
    return {**reset, "optimizer": optimizer.name, **optimizer.config}

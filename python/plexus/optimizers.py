# SPDX-License-Identifier: Apache-2.0
"""Optimizers by Keras' names and arguments.

Each stands for keys of the configuration's section `train`.

Examples
--------
>>> model.compile(plexus.optimizers.Adam(0.005))
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ._config import default_of
from ._types import KerasObject, Option

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
    "clipnorm": "clip_variable_norm",
    "global_clipnorm": "clip_norm",
}

_NO_AVERAGE = "average `model.get_weights()` in a callback's on_epoch_end, and give the mean to `model.set_weights`"

# Arguments of Keras without a counterpart: the value at which they have no effect, and what to do instead.
_WITHOUT_EFFECT: dict[str, tuple[object, str]] = {
    "use_ema": (False, _NO_AVERAGE),
    "ema_momentum": (None, _NO_AVERAGE),
    "ema_overwrite_frequency": (None, _NO_AVERAGE),
    "amsgrad": (False, "leave it out; Adam does not have it"),
    "loss_scale_factor": (None, "leave it out; numbers of 32 bits need no scaled loss"),
    "gradient_accumulation_steps": (None, "multiply the batch_size of fit by it"),
    "learning_rate_power": (-0.5, "leave it out; FTRL divides by the root of the sum of squares"),
    "l2_shrinkage_regularization_strength": (0, "give l2_regularization_strength"),
    "decay": (0, 'compile(..., schedule="exponential") lowers the learning rate'),
}

# Arguments that do not change the updates.
_IDLE = {"name", "jit_compile", "is_legacy_optimizer"}

_OF_ALL = {"learning_rate", "clipvalue", "clipnorm", "global_clipnorm"}
_OF_ONE = {
    "sgd": {"momentum", "nesterov"},
    "adam": {"beta_1", "beta_2", "epsilon"},
    "adamw": {"beta_1", "beta_2", "epsilon", "weight_decay"},
    "adagrad": {"initial_accumulator_value", "epsilon"},
    "rmsprop": {"rho", "momentum", "epsilon", "centered"},
    "ftrl": {"l1_regularization_strength", "l2_regularization_strength", "beta", "initial_accumulator_value"},
}


def _is_off(value: object, off: object = None) -> bool:
    return value is None or value is False or value == off


def _check_argument(optimizer: str, argument: str, value: object) -> None:
    """ValueError for an argument that this optimizer would not heed."""
    known = _OF_ALL | _OF_ONE[optimizer]
    if argument == "learning_rate" and not _is_number(value):
        raise ValueError(
            f"optimizer '{optimizer}': learning_rate is {value!r}; give a number, and a schedule by "
            'compile(optimizer, schedule="cosine") or a LearningRateScheduler'
        )
    if argument in known or argument in _IDLE:
        return
    if argument == "weight_decay":
        if not _is_off(value, 0):
            raise ValueError(
                f"optimizer '{optimizer}': weight_decay has no effect; use "
                "plexus.optimizers.AdamW(weight_decay=...), or the model's l2_reg_embedding and l2_reg_dnn"
            )
    elif argument in _WITHOUT_EFFECT:
        off, remedy = _WITHOUT_EFFECT[argument]
        if not _is_off(value, off):
            raise ValueError(f"optimizer '{optimizer}': {argument}={value!r} has no effect here: {remedy}")
    elif not _is_off(value):
        raise ValueError(
            f"optimizer '{optimizer}' takes no argument '{argument}'; there are {', '.join(sorted(known))}"
        )


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


class Optimizer:
    """An optimizer as the configuration has it.

    Parameters
    ----------
    name : str
        The configuration's `train.optimizer`.
    **arguments
        Keras' arguments.

    Attributes
    ----------
    config : dict
        Keys of section `train` that differ from its defaults.

    Raises
    ------
    ValueError
        If an argument of Keras would have no effect.

    Examples
    --------
    >>> plexus.optimizers.Adam(0.01, beta_1=0.8).config["beta1"]
    0.8
    """

    def __init__(self, name: str, /, **arguments: Option):
        self.name = name
        self.config: dict[str, Any] = {}
        for argument, value in arguments.items():
            _check_argument(name, argument, value)
            if argument in _OF_ALL | _OF_ONE[name] and not _is_off(value):
                self.config[_KEYS[argument]] = value

    @property
    def learning_rate(self) -> float:
        return float(self.config["learning_rate"])

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.config["learning_rate"] = float(value)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{key}={value}' for key, value in self.config.items())})"


def SGD(learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False, **arguments: Option) -> Optimizer:
    """Stochastic gradient descent, `w -= learning_rate * g`, with `momentum` and Nesterov's form of it.

    Parameters
    ----------
    learning_rate : float
        The step size.
    momentum : float
        The decay of the running sum of gradients.
    nesterov : bool
        Whether steps look ahead.
    **arguments
        clipvalue, clipnorm (of each variable's gradient) and global_clipnorm, as in Keras; for all optimizers.

    Examples
    --------
    >>> plexus.optimizers.SGD(0.1, momentum=0.9, global_clipnorm=1.0)
    sgd(learning_rate=0.1, momentum=0.9, clip_norm=1.0)
    """
    return Optimizer("sgd", learning_rate=learning_rate, momentum=momentum or None, nesterov=nesterov, **arguments)


def Adam(
    learning_rate: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7, **arguments: Option
) -> Optimizer:
    """Adam (Kingma and Ba 2015), as Keras defines it: epsilon is added to the root of the second moment.

    Parameters
    ----------
    learning_rate : float
        The step size.
    beta_1, beta_2 : float
        The decay of the first and second moments.
    epsilon : float
        Added to the root of the second moment.
    **arguments
        As for SGD.

    Examples
    --------
    >>> adam = plexus.optimizers.Adam(0.005, beta_1=0.8)
    """
    return Optimizer("adam", learning_rate=learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, **arguments)


def AdamW(
    learning_rate: float = 0.001,
    weight_decay: float = 0.004,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    **arguments: Option,
) -> Optimizer:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019): `learning_rate * weight_decay * w` is subtracted.

    Parameters
    ----------
    learning_rate : float
        The step size.
    weight_decay : float
        The factor.
    beta_1, beta_2, epsilon : float
        As for Adam.
    **arguments
        As for SGD.

    Examples
    --------
    >>> adamw = plexus.optimizers.AdamW(0.001, weight_decay=0.01)
    """
    return Optimizer(
        "adamw",
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        beta_1=beta_1,
        beta_2=beta_2,
        epsilon=epsilon,
        **arguments,
    )


def Adagrad(
    learning_rate: float = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7, **arguments: Option
) -> Optimizer:
    """Adagrad (Duchi et al. 2011): steps are divided by the root of the sum of all squared gradients so far.

    Parameters
    ----------
    learning_rate : float
        The step size.
    initial_accumulator_value : float
        What the sum starts from.
    epsilon : float
        Added to the root.
    **arguments
        As for SGD.

    Examples
    --------
    >>> adagrad = plexus.optimizers.Adagrad(0.05)
    """
    return Optimizer(
        "adagrad",
        learning_rate=learning_rate,
        initial_accumulator_value=initial_accumulator_value,
        epsilon=epsilon,
        **arguments,
    )


def RMSprop(
    learning_rate: float = 0.001,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
    **arguments: Option,
) -> Optimizer:
    """RMSprop: steps are divided by the root of a moving mean of squared gradients.

    Parameters
    ----------
    learning_rate : float
        The step size.
    rho : float
        The decay of the mean.
    momentum : float
        The decay of the running sum of steps.
    epsilon : float
        Added to the root.
    centered : bool
        Whether the square of the mean gradient is subtracted from the mean.
    **arguments
        As for SGD.

    Examples
    --------
    >>> rmsprop = plexus.optimizers.RMSprop(0.001, centered=True)
    """
    return Optimizer(
        "rmsprop",
        learning_rate=learning_rate,
        rho=rho,
        momentum=momentum or None,
        epsilon=epsilon,
        centered=centered,
        **arguments,
    )


def Ftrl(learning_rate: float = 0.001, **arguments: Option) -> Optimizer:
    """FTRL-proximal (McMahan et al. 2013).

    Parameters
    ----------
    learning_rate : float
        The step size.
    **arguments
        l1_regularization_strength, l2_regularization_strength, beta and initial_accumulator_value, as in Keras, and as
        for SGD.

    Examples
    --------
    >>> ftrl = plexus.optimizers.Ftrl(0.1, l1_regularization_strength=0.01)
    """
    return Optimizer("ftrl", learning_rate=learning_rate, **arguments)


_BY_NAME: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "ftrl": Ftrl,
}


def get(optimizer: str | Optimizer | KerasObject) -> Optimizer:
    """Return the optimizer of a name ("adam"), an Optimizer itself, or that of an object with Keras' `get_config()`.

    Examples
    --------
    >>> plexus.optimizers.get("sgd")
    sgd(learning_rate=0.01)
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, str):
        if optimizer.lower() not in _BY_NAME:
            raise ValueError(f"optimizer '{optimizer}' is unknown; there are {', '.join(_BY_NAME)}")
        return _BY_NAME[optimizer.lower()]()
    if hasattr(optimizer, "get_config"):
        name, config = _of_keras(optimizer)
        if name in _BY_NAME:
            return _BY_NAME[name](**config)
    raise ValueError(
        f"{optimizer!r} is not an optimizer: give a name, plexus.optimizers.Adam(...) or a Keras optimizer"
    )


def _of_keras(optimizer: KerasObject) -> tuple[str, dict[str, Any]]:
    """The name of the optimizer that an object of Keras stands for, and its arguments."""
    config = dict(optimizer.get_config())
    name = type(optimizer).__name__.lower()
    if name not in _BY_NAME:
        name = str(config.get("name", name)).lower()
    if not config.get("use_ema"):  # whose arguments are always there
        config.pop("ema_momentum", None)
        config.pop("ema_overwrite_frequency", None)
    return name, config


@functools.cache
def _defaults() -> dict[str, Any]:
    """What the library takes where an optimizer says nothing, by the configuration's keys."""
    return {key: default_of("train", key) for key in _KEYS.values()}


def settings(optimizer: Optimizer) -> dict[str, Any]:
    """The keys of section `train` that make this optimizer, whatever was set before; what belongs to another one goes
    back to its default first, since the two are never valid together."""
    reset = {key: value for key, value in _defaults().items() if key not in optimizer.config}
    return {**reset, "optimizer": optimizer.name, **optimizer.config}

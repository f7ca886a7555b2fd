# SPDX-License-Identifier: Apache-2.0
"""Losses that take a number, for `Model.compile`. Losses without one are named by texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

# Keras' losses: the task's kind, and the configuration's `loss` if the kind has several.
_LOSSES = {
    "binary_crossentropy": ("binary", None),
    "mean_squared_error": ("regression", "squared"),
    "mse": ("regression", "squared"),
    "mean_absolute_error": ("regression", "absolute"),
    "mae": ("regression", "absolute"),
    "huber": ("regression", "huber"),
    "huber_loss": ("regression", "huber"),
    "quantile": ("regression", "quantile"),
    "pinball": ("regression", "quantile"),
    "poisson": ("regression", "poisson"),
    "categorical_crossentropy": ("multiclass", None),
    "sparse_categorical_crossentropy": ("multiclass", None),
}

# The number that a loss takes: its argument, and the configuration's key.
_PARAMETERS = {"huber": ("delta", "huber_delta"), "quantile": ("quantile", "quantile")}


@dataclass(frozen=True)
class Huber:
    """Half the square of small errors, a multiple of large ones.

    Parameters
    ----------
    delta : float
        The error from which on the loss is linear.

    Examples
    --------
    >>> plexus.losses.Huber(2)
    Huber(delta=2)
    """

    delta: float = 1.0
    name: ClassVar[str] = "huber"


@dataclass(frozen=True)
class Quantile:
    """The pinball loss, which learns a quantile of the labels.

    Parameters
    ----------
    quantile : float
        The share of labels below the prediction, above 0 and below 1.

    Examples
    --------
    >>> plexus.losses.Quantile(0.9)
    Quantile(quantile=0.9)
    """

    quantile: float = 0.5
    name: ClassVar[str] = "quantile"

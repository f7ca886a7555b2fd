# SPDX-License-Identifier: Apache-2.0
"""Losses that take a number, for `Model.compile`. Losses without one are named by texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


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

# SPDX-License-Identifier: Apache-2.0
"""Lists of feature columns: what they read, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ._library import warn
from .features import CLASSES, DenseFeat, Feature, FeatureColumn, SparseFeat, VarLenSparseFeat


def options_of(feature: FeatureColumn) -> dict[str, Any]:
    """Keys of the configuration in addition to a feature's arguments."""
    of_items = feature.sparsefeat.options if isinstance(feature, VarLenSparseFeat) else {}
    return {**of_items, **feature.options}


def read_column(feature: FeatureColumn) -> str:
    """The column that a feature reads."""
    return str(options_of(feature).get("column", feature.name))


def weights_of(feature: FeatureColumn) -> str | None:
    """The column of the weights of its items."""
    given = feature.weight_name if isinstance(feature, VarLenSparseFeat) else None
    return given or options_of(feature).get("weight_column")


def columns_read(feature: FeatureColumn) -> list[str]:
    """All columns that a feature reads: `column` and `weight_column`, unless its class says which."""
    if own := getattr(feature, "columns_read", None):
        return list(own())
    weights = weights_of(feature)
    return [read_column(feature), *([weights] if weights else [])]


def get_feature_names(feature_columns: Iterable[FeatureColumn]) -> list[str]:
    """Return the names of the columns that the features read, in the order of declaration, each once.

    It is the order of `x` as a list of arrays, and of a predictor's rows.

    Examples
    --------
    >>> plexus.get_feature_names([plexus.DenseFeat("age"), plexus.SparseFeat("city")])
    ['age', 'city']
    """
    names: dict[str, None] = {}
    for feature in feature_columns:
        names.update(dict.fromkeys(columns_read(feature)))
    return list(names)


def checked(feature_columns: Iterable[FeatureColumn]) -> list[FeatureColumn]:
    """The columns as they were declared; ValueError for what is none."""
    columns = list(feature_columns)
    for feature in columns:
        if not isinstance(feature, (*CLASSES.values(), Feature)):
            raise ValueError(
                f"{feature!r} is not a feature column: give "
                f"{', '.join(kind.__name__ for kind in CLASSES.values())} or Feature objects"
            )
    return columns


def in_order(feature_columns: Sequence[FeatureColumn]) -> list[FeatureColumn]:
    """Sparse features, then lists, then dense ones, then the others: the order of the configuration."""
    kinds = (SparseFeat, VarLenSparseFeat, DenseFeat)
    others = [feature for feature in feature_columns if not isinstance(feature, kinds)]
    return [feature for kind in kinds for feature in feature_columns if isinstance(feature, kind)] + others


def names_by_place(feature_columns: Sequence[FeatureColumn]) -> list[str]:
    """The names for values that come without one. They once came in the order of the configuration; where that is
    another than the declared one, a warning says so until the next release."""
    names, before = get_feature_names(feature_columns), get_feature_names(in_order(feature_columns))
    if names != before:
        warn(
            f"values without names are read in the order in which the feature columns were declared, {_shown(names)}; "
            f"earlier builds read them as {_shown(before)}. A dict by the columns' names avoids this"
        )
    return names


def _shown(names: list[str]) -> str:
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")

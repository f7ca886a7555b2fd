# SPDX-License-Identifier: Apache-2.0
"""What a model reads: feature columns with DeepCTR's names and arguments.

Categories need not be encoded: texts and integers are accepted as they are, and the vocabulary is fitted on the
training rows, so `vocabulary_size` is only their maximum number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import ArrayLike

from ._types import Floats64, KerasObject, Option

DEFAULT_GROUP_NAME = "default_group"


def _dimension(embedding_dim: int | str, vocabulary_size: int | None) -> int | str:
    if embedding_dim == "auto" and vocabulary_size:
        return 6 * int(pow(vocabulary_size, 0.25))
    return embedding_dim


# Keras' initializers by their classes' names in lower case: the configuration's, and which argument is its scale.
_INITIALIZERS = {
    "zeros": ("zeros", None),
    "normal": ("normal", "stddev"),
    "randomnormal": ("normal", "stddev"),
    "uniform": ("uniform", "maxval"),
    "randomuniform": ("uniform", "maxval"),
    "glorotnormal": ("glorot_normal", None),
    "glorotuniform": ("glorot_uniform", None),
}


def _initializer(feature: str, initializer: str | KerasObject | None) -> dict[str, Any]:
    """The configuration's keys for a name or an object of Keras'."""
    if initializer is None:
        return {}
    name = initializer if isinstance(initializer, str) else type(initializer).__name__
    plain = name.lower().replace("_", "")
    arguments = {} if isinstance(initializer, str) else initializer.get_config()
    if plain not in _INITIALIZERS:
        raise ValueError(
            f"feature '{feature}': embeddings_initializer '{name}' is unknown; there are zeros, random_normal, "
            "random_uniform, glorot_normal and glorot_uniform"
        )
    key, scale = _INITIALIZERS[plain]
    if arguments.get("mean", 0) != 0 or arguments.get("minval", -arguments.get("maxval", 0)) != -arguments.get(
        "maxval", 0
    ):
        raise ValueError(f"feature '{feature}': embeddings_initializer '{name}' must be symmetric about 0")
    return {"initializer": key, **({"initializer_scale": arguments[scale]} if scale in arguments else {})}


def _keep(feature: object, arguments: dict[str, Any]) -> None:
    for name, value in arguments.items():
        if name != "self":
            object.__setattr__(feature, name, value)


@dataclass(frozen=True, init=False)
class SparseFeat:
    """One category per row: texts or integers.

    Parameters
    ----------
    name : str
        The name of the feature, and of its column unless `column=` names another.
    vocabulary_size : int
        The number of categories; only `use_hash` and `embedding_dim="auto"` need it.
    embedding_dim : int or "auto"
        Numbers per category; "auto" is `6 * floor(vocabulary_size ** 0.25)`.
    use_hash : bool
        Whether hashes of the texts replace a vocabulary; `vocabulary_size` is their number.
    vocabulary_path : path
        A file with a category per line, instead of those of the training rows.
    dtype : str
        Accepted as in DeepCTR; it changes nothing.
    embeddings_initializer : str or Keras initializer
        Of the embedding table.
    embedding_name : str
        The table, by default one of the feature's own; features with the same name share one.
    group_name : str
        Accepted as in DeepCTR; it changes nothing.
    trainable : bool
        Whether training changes the table.
    **options
        Keys of sparse features in the configuration, such as `min_count=5`, `max_size`, `vocabulary="first_seen"`,
        `embedding_file`, `initializer_scale`, `column`.

    Examples
    --------
    >>> city = plexus.SparseFeat("city", embedding_dim=8, min_count=5)
    """

    name: str
    vocabulary_size: int | None
    embedding_dim: int | str
    use_hash: bool
    vocabulary_path: str | None
    dtype: str
    embeddings_initializer: str | KerasObject | None = field(hash=False)
    embedding_name: str | None
    group_name: str
    trainable: bool
    options: dict[str, Any] = field(hash=False)

    def __init__(
        self,
        name: str,
        vocabulary_size: int | None = None,
        embedding_dim: int | str = 4,
        use_hash: bool = False,
        vocabulary_path: str | None = None,
        dtype: str = "int32",
        embeddings_initializer: str | KerasObject | None = None,
        embedding_name: str | None = None,
        group_name: str = DEFAULT_GROUP_NAME,
        trainable: bool = True,
        **options: Option,
    ):
        _keep(self, locals())

    def config(self) -> dict[str, Any]:
        """The entry in the configuration's section `features`."""
        entry: dict[str, Any] = {"name": self.name, "kind": "sparse"}
        entry["embedding_dim"] = _dimension(self.embedding_dim, self.vocabulary_size)
        if self.use_hash:
            if not self.vocabulary_size:
                raise ValueError(f"feature '{self.name}': use_hash needs vocabulary_size, the number of buckets")
            entry["hash_buckets"] = self.vocabulary_size
        if self.vocabulary_path:
            entry["vocabulary_file"] = self.vocabulary_path
        if self.embedding_name and self.embedding_name != self.name:
            entry["embedding_name"] = self.embedding_name
        if not self.trainable:
            entry["frozen"] = True
        return {**entry, **_initializer(self.name, self.embeddings_initializer), **self.options}


@dataclass(frozen=True, init=False)
class DenseFeat:
    """Numbers.

    Parameters
    ----------
    name : str
        The name of the feature, and of its column unless `column=` names another.
    dimension : int
        Numbers per row.
    dtype : str
        Accepted as in DeepCTR; it changes nothing.
    transform_fn : callable
        From numbers [rows, dimension] to as many; it cannot be saved with the model.
    scaling : str
        "none", or "minmax", "standard" or "quantile", fitted on the training rows.
    missing : float or "mean"
        What stands for a missing number; None: it is an error.
    **options
        Keys of dense features in the configuration, such as `clip=[0, 99]`, `transform="log1p"`,
        `missing_indicator=True`.

    Examples
    --------
    >>> age = plexus.DenseFeat("age", scaling="standard", missing="mean")
    """

    name: str
    dimension: int
    dtype: str
    transform_fn: Callable[[Floats64], ArrayLike] | None
    scaling: str
    missing: float | str | None
    options: dict[str, Any] = field(hash=False)

    def __init__(
        self,
        name: str,
        dimension: int = 1,
        dtype: str = "float32",
        transform_fn: Callable[[Floats64], ArrayLike] | None = None,
        scaling: str = "none",
        missing: float | str | None = None,
        **options: Option,
    ):
        _keep(self, locals())

    def config(self) -> dict[str, Any]:
        """The entry in the configuration's section `features`."""
        entry: dict[str, Any] = {"name": self.name, "kind": "dense", "scaling": self.scaling}
        if self.dimension != 1:
            entry["size"] = self.dimension
        if self.missing is not None:
            entry["missing"] = self.missing
        return {**entry, **self.options}


@dataclass(frozen=True, init=False)
class VarLenSparseFeat:
    """A list of categories per row.

    Parameters
    ----------
    sparsefeat : SparseFeat
        What the items are.
    maxlen : int
        The maximum number of items.
    combiner : str
        How their embeddings are pooled: "mean", "sum", "max" or "attention".
    length_name : str
        The column of the number of items, for padded matrices.
    weight_name : str
        The column of the items' weights.
    weight_norm : bool
        Whether weights are the softmax of those in `weight_name`, and a mean divides their sum by the number of items,
        as in DeepCTR; else they are used as they are, and a mean divides by their sum.
    attention_on : str
        The feature to which the items are compared, for "attention".
    separator : str
        Between items in a text.
    **options
        Keys of lists in the configuration, such as `keep="last"`, `weight_separator=":"`.

    Examples
    --------
    >>> seen = plexus.VarLenSparseFeat(plexus.SparseFeat("seen"), maxlen=20)
    """

    sparsefeat: SparseFeat
    maxlen: int
    combiner: str
    length_name: str | None
    weight_name: str | None
    weight_norm: bool
    attention_on: str | None
    separator: str
    options: dict[str, Any] = field(hash=False)

    def __init__(
        self,
        sparsefeat: SparseFeat,
        maxlen: int,
        combiner: str = "mean",
        length_name: str | None = None,
        weight_name: str | None = None,
        weight_norm: bool = True,
        attention_on: str | None = None,
        separator: str = "|",
        **options: Option,
    ):
        _keep(self, locals())

    @property
    def name(self) -> str:
        return self.sparsefeat.name

    def config(self) -> dict[str, Any]:
        """The entry in the configuration's section `features`."""
        entry = self.sparsefeat.config()
        entry.update(kind="list", max_length=self.maxlen, combiner=self.combiner, separator=self.separator)
        if self.weight_name:
            entry["weight_column"] = self.weight_name
            if self.weight_norm and self.combiner == "mean":
                entry.update(combiner="sum", normalize_weights="softmax_mean")
            elif self.weight_norm:
                entry["normalize_weights"] = "softmax"
        if self.attention_on:
            entry["attention_on"] = self.attention_on
        return {**entry, **self.options}


@dataclass(frozen=True, init=False)
class BucketFeat:
    """Ranges of numbers as categories, by one of `borders`, `quantiles` and `exact`.

    Parameters
    ----------
    name : str
        The name of the feature, and of its column unless `column=` names another.
    borders : sequence of float
        The borders between the ranges.
    quantiles : int
        The number of ranges with equally many rows.
    exact : int
        The number of rows with which a number is a range of its own.
    embedding_dim : int or "auto"
        Numbers per range.
    **options
        Keys of buckets in the configuration, such as `column`, `initializer`, `frozen`.

    Examples
    --------
    >>> age = plexus.BucketFeat("age", borders=[18, 30, 50])
    """

    name: str
    borders: Sequence[float] | None = field(hash=False)
    quantiles: int | None
    exact: int | None
    embedding_dim: int | str
    options: dict[str, Any] = field(hash=False)

    def __init__(
        self,
        name: str,
        borders: Sequence[float] | None = None,
        quantiles: int | None = None,
        exact: int | None = None,
        embedding_dim: int | str = 4,
        **options: Option,
    ):
        _keep(self, locals())

    def config(self) -> dict[str, Any]:
        """The entry in the configuration's section `features`."""
        entry: dict[str, Any] = {"name": self.name, "kind": "buckets", "embedding_dim": self.embedding_dim}
        if self.borders is not None:
            entry["borders"] = [float(border) for border in self.borders]
        if self.quantiles is not None:
            entry["quantiles"] = self.quantiles
        if self.exact is not None:
            entry["exact"] = self.exact
        return {**entry, **self.options}


@dataclass(frozen=True, init=False)
class DatetimeFeat:
    """A date, or a date with a time, as categories and a number.

    Parameters
    ----------
    name : str
        The name of the feature, and of its column unless `column=` names another.
    parts : sequence of str
        "hour", "weekday" and "month", each with an embedding, and "age", the days up to `reference`.
    reference : date, datetime or str
        By default the latest training date.
    embedding_dim : int or "auto"
        Numbers per category.
    scaling : str
        Of the age: "none", "minmax", "standard" or "quantile".
    missing : float or "mean"
        The age, in days, of rows without a date; None: a missing date is an error if parts contains "age".
    **options
        Keys of datetime features in the configuration, such as `clip=[0, 365]`, `transform="log1p"`, `column`.

    Examples
    --------
    >>> signed_up = plexus.DatetimeFeat("signed_up", parts=["month", "age"])
    """

    name: str
    parts: Sequence[str] = field(hash=False)
    reference: str | dt.date | None
    embedding_dim: int | str
    scaling: str
    missing: float | str | None
    options: dict[str, Any] = field(hash=False)

    def __init__(
        self,
        name: str,
        parts: Sequence[str] = ("hour", "weekday", "month", "age"),
        reference: str | dt.date | None = None,
        embedding_dim: int | str = 4,
        scaling: str = "minmax",
        missing: float | str | None = None,
        **options: Option,
    ):
        _keep(self, locals())

    def config(self) -> dict[str, Any]:
        """The entry in the configuration's section `features`."""
        entry: dict[str, Any] = {"name": self.name, "kind": "datetime", "parts": list(self.parts)}
        entry.update(embedding_dim=self.embedding_dim, scaling=self.scaling)
        if self.reference is not None:
            entry["reference"] = str(self.reference)
        if self.missing is not None:
            entry["missing"] = self.missing
        return {**entry, **self.options}


@dataclass(frozen=True, init=False)
class Feature:
    """An entry of the configuration's section `features`, unchanged.

    Parameters
    ----------
    name : str
        The name of the feature.
    **options
        All other keys of the entry.

    Examples
    --------
    >>> age = plexus.Feature("age", kind="buckets", quantiles=16)
    >>> price = plexus.Feature("price", views=["number", "log1p", {"quantiles": 32}])
    """

    name: str
    options: dict[str, Any] = field(hash=False)

    def __init__(self, name: str, **options: Option):
        _keep(self, locals())

    def config(self) -> dict[str, Any]:
        """The entry in the configuration's section `features`."""
        return {"name": self.name, **self.options}


FeatureColumn = SparseFeat | DenseFeat | VarLenSparseFeat | BucketFeat | DatetimeFeat | Feature
# The class of each kind of features.
CLASSES: dict[str, type] = {
    "sparse": SparseFeat,
    "buckets": BucketFeat,
    "datetime": DatetimeFeat,
    "list": VarLenSparseFeat,
    "dense": DenseFeat,
}

# SPDX-License-Identifier: Apache-2.0
"""What a model reads: DeepCTR's feature columns, with its names and arguments.

Categories need not be encoded: texts and integers are taken as they are, and the vocabulary is fitted on the training
rows, so `vocabulary_size` says only how many there are at most.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DEFAULT_GROUP_NAME = "default_group"


def _dimension(embedding_dim: int | str, vocabulary_size: int | None) -> int | str:
    if embedding_dim == "auto" and vocabulary_size:
        return 6 * int(pow(vocabulary_size, 0.25))
    return embedding_dim


@dataclass(frozen=True)
class SparseFeat:
    """One category a row: texts, or integers. `embedding_dim="auto"` is 6 * floor(vocabulary_size ** 0.25)."""

    name: str
    vocabulary_size: int | None = None
    embedding_dim: int | str = 4
    use_hash: bool = False
    vocabulary_path: str | None = None
    dtype: str = "int32"
    embeddings_initializer: Any = None
    embedding_name: str | None = None
    group_name: str = DEFAULT_GROUP_NAME
    trainable: bool = True

    def config(self) -> dict:
        """The entry in the configuration's section `features`."""
        entry: dict = {"name": self.name, "kind": "sparse"}
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
        return entry


@dataclass(frozen=True)
class DenseFeat:
    """`dimension` numbers a row. Numbers are taken as they are unless `scaling` says minmax or standard."""

    name: str
    dimension: int = 1
    dtype: str = "float32"
    transform_fn: Any = None
    scaling: str = "none"
    missing: Any = None

    def config(self) -> dict:
        """The entry in the configuration's section `features`."""
        entry: dict = {"name": self.name, "kind": "dense", "scaling": self.scaling}
        if self.dimension != 1:
            entry["size"] = self.dimension
        if self.missing is not None:
            entry["missing"] = self.missing
        return entry


@dataclass(frozen=True)
class VarLenSparseFeat:
    """A list of at most `maxlen` categories a row, pooled by `combiner`: mean, sum, max or attention."""

    sparsefeat: SparseFeat
    maxlen: int
    combiner: str = "mean"
    length_name: str | None = None
    weight_name: str | None = None
    weight_norm: bool = True
    attention_on: str | None = None
    separator: str = "|"
    name: str = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "name", self.sparsefeat.name)

    def config(self) -> dict:
        """The entry in the configuration's section `features`."""
        entry = self.sparsefeat.config()
        entry.update(kind="list", max_length=self.maxlen, combiner=self.combiner, separator=self.separator)
        if self.weight_name:
            entry.update(weight_column=self.weight_name, normalize_weights=self.weight_norm)
        if self.attention_on:
            entry["attention_on"] = self.attention_on
        return entry


FeatureColumn = SparseFeat | DenseFeat | VarLenSparseFeat


def get_feature_names(feature_columns) -> list[str]:
    """The names of the columns that the features read, in their order, each once."""
    names: dict[str, None] = {}
    for feature in feature_columns:
        names[feature.name] = None
        if isinstance(feature, VarLenSparseFeat) and feature.weight_name:
            names[feature.weight_name] = None
    return list(names)


def in_order(feature_columns) -> list[FeatureColumn]:
    """Sparse features, then lists, then dense ones: the order in which a model reads them."""
    kinds = (SparseFeat, VarLenSparseFeat, DenseFeat)
    for feature in feature_columns:
        if not isinstance(feature, kinds):
            raise ValueError(
                f"{feature!r} is no feature column: give SparseFeat, DenseFeat or VarLenSparseFeat objects"
            )
    return [feature for kind in kinds for feature in feature_columns if isinstance(feature, kind)]

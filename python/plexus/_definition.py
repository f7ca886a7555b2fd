# SPDX-License-Identifier: Apache-2.0
"""The definition of a model: configuration and optimizer, from which the first fit builds the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import optimizers
from ._callback import Callback, check_callback
from ._class_weights import ClassWeights, class_weights
from ._config import Configuration, Key, Parsed
from ._declared import declared_network
from ._library import ArgumentError
from ._log_files import BackupAndRestore, TensorBoard
from ._native import lib
from ._network import Network
from ._schema import Schema
from ._sources import TrainingRows, configured_rows, training_rows
from ._types import CData, Labels, Rows, ValidationData, Weights


class Definition:
    """`config` is None if the network was loaded. `is_configured`: the defaults of fit are those of the configuration,
    else Keras'."""

    def __init__(
        self,
        config: Configuration | None,
        schema: Schema,
        threads: int,
        network: Network | None = None,
        is_configured: bool = False,
        folders: Sequence[str] = (),
    ):
        self.config, self.schema, self.threads, self.network = config, schema, threads, network
        self.is_configured, self.folders = is_configured, list(folders)
        self.optimizer: optimizers.Optimizer | None = None  # None: as the configuration says
        self.test: CData = None  # the data whose test rows the configuration names

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "test": None}

    @property
    def parsed(self) -> Parsed:
        if self.network is not None:
            return self.network.config
        assert self.config is not None
        return self.config.parsed()

    def built(self) -> Network:
        if self.network is None:
            raise RuntimeError("the network is built by the first fit: call fit, or load a model")
        return self.network

    def declared(self) -> Network:
        """A network with the sizes that the features declare, before there are rows."""
        if self.config is None or self.schema.feature_columns is None:
            raise RuntimeError("the network is built by the first fit: call fit, or load a model")
        return declared_network(self.config, self.schema, self.schema.feature_columns)

    def apply(self, changes: dict[Key, Any]) -> None:
        """Change the configuration; of a built network only section `train` can change."""
        if self.network is not None:
            for key, value in changes.items():
                if key[0] == "train":
                    self.network.set_training(key[1], value)
                elif (there := self.network.config.value(*key)) != value:
                    raise ArgumentError(
                        f"task '{key[1]}': {key[2]} is {there} in the built network and cannot change; make a new model"
                    )
        elif changes:
            assert self.config is not None
            config = self.config.with_changes(changes)
            config.parsed()
            self.config = config

    @property
    def learning_rate(self) -> float:
        if self.optimizer is not None:
            return self.optimizer.learning_rate
        return float(self.parsed.value("train", "learning_rate"))

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if self.optimizer is not None:
            self.optimizer.learning_rate = value
        else:
            self.apply({("train", "learning_rate"): value})

    # -- A fit -----------------------------------------------------------------------------------------------------

    def epochs(self, epochs: int | None, initial_epoch: int) -> int:
        """The number of the last epoch of a fit, counted as `initial_epoch` is."""
        if epochs is None:
            epochs = int(self.parsed.value("train", "epochs")) if self.is_configured else 1
        if epochs <= initial_epoch:
            raise ValueError(f"epochs is {epochs} and initial_epoch {initial_epoch}: there is nothing to train")
        return epochs

    def settings(
        self,
        epochs: int,
        batch_size: int | None,
        shuffle: bool | None,
        seed: int | None,
        callbacks: Sequence[Callback],
    ) -> dict[str, Any]:
        """The keys of section `train` of a fit."""
        settings: dict[str, Any] = {"epochs": int(epochs)}
        if batch_size is not None or not self.is_configured:
            settings["batch_size"] = 32 if batch_size is None else int(batch_size)
        if shuffle is not None or not self.is_configured:
            settings["shuffle"] = True if shuffle is None else bool(shuffle)
        if self.optimizer is not None:
            settings.update(optimizers.settings(self.optimizer))
        if seed is not None:
            settings["seed"] = int(seed)
        for callback in callbacks:
            check_callback(callback)
            if isinstance(callback, (TensorBoard, BackupAndRestore)):
                settings.update(callback.settings())
        return settings

    def rows(
        self,
        x: Rows | None,
        y: Labels | None,
        sample_weight: Weights | None,
        validation_data: ValidationData | None,
        validation_split: float,
    ) -> TrainingRows:
        """The rows of a fit."""
        if x is None:
            others = {"y": y, "sample_weight": sample_weight, "validation_data": validation_data}
            return configured_rows(self.parsed, self.folders, validation_split, others)
        expected = None if self.network is None else self.network.weight_columns
        return training_rows(self.schema, x, y, sample_weight, validation_data, validation_split, expected)

    def build(self, settings: dict[str, Any], rows: TrainingRows, class_weight: ClassWeights) -> tuple[Network, CData]:
        """The network, which the first fit makes, and the rows encoded for it."""
        if self.network is not None:
            return self.network, self._further_data(self.network, settings, rows, class_weight)
        assert self.config is not None
        changes: dict[Key, Any] = {("train", key): value for key, value in settings.items()}
        changes.update(rows.changes)
        changes.update(class_weights(class_weight, self.schema.task_names, self.schema.task_labels))
        config = self.config.with_changes(changes).parsed()
        data = rows.load(config, None)
        self.network = Network.create(config, data, self.threads, self.schema)
        if lib.plx_data_rows(data, lib.PLX_PART_TEST):
            self.test = data
        return self.network, data

    def _further_data(
        self, network: Network, settings: dict[str, Any], rows: TrainingRows, class_weight: ClassWeights
    ) -> CData:
        if class_weight is not None:
            raise ArgumentError(
                "class_weight: the network is already built, with the weights of its rows; make a new model"
            )
        for key, value in settings.items():
            network.set_training(key, value)
        text = network.config.text()
        return rows.load(Configuration(text, threads=self.threads, changes=rows.changes).parsed(), network)

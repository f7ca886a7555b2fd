# SPDX-License-Identifier: Apache-2.0
"""Plexus: multi-task ranking models from raw rows to scores.

Examples
--------
>>> from plexus import PLE, DenseFeat, SparseFeat
>>> rows = {"city": ["Rome", "Oslo", "Rome", "Lima"], "age": [31.0, 25.0, 47.0, 38.0]}
>>> model = PLE([SparseFeat("city"), DenseFeat("age")], 2, ["binary", "regression"], ["click", "seconds"])
>>> model.compile("adam", loss=["binary_crossentropy", "mean_squared_error"], metrics=["AUC", "mae"])
>>> history = model.fit(rows, [[1, 0, 1, 0], [3.5, 0.5, 9.0, 2.0]], batch_size=256, epochs=5, verbose=0)
>>> click, seconds = model.predict(rows)
"""

from . import callbacks, losses, optimizers
from ._feature_columns import get_feature_names
from ._library import (
    ArgumentError,
    FileError,
    FormatError,
    NumericError,
    PlexusError,
    SchemaError,
    UnsupportedError,
)
from ._library import (
    text as _text,
)
from ._native import lib as _lib
from .features import BucketFeat, DatetimeFeat, DenseFeat, Feature, SparseFeat, VarLenSparseFeat
from .files import Files
from .model import Model, load_model, save_model
from .models import CGC, ESMM, ESSM, MMOE, PLE, PLE_CGC, Shared_Bottom, SharedBottom, SingleTask
from .predictor import Predictor

from_config = Model.from_config

__version__ = _text(_lib.plx_version())

__all__ = [
    "ArgumentError",
    "BucketFeat",
    "CGC",
    "DatetimeFeat",
    "DenseFeat",
    "ESMM",
    "ESSM",
    "Feature",
    "FileError",
    "Files",
    "FormatError",
    "MMOE",
    "Model",
    "NumericError",
    "PLE",
    "PLE_CGC",
    "PlexusError",
    "Predictor",
    "SchemaError",
    "SharedBottom",
    "Shared_Bottom",
    "SingleTask",
    "SparseFeat",
    "UnsupportedError",
    "VarLenSparseFeat",
    "callbacks",
    "from_config",
    "get_feature_names",
    "load_model",
    "losses",
    "optimizers",
    "save_model",
]

# SPDX-License-Identifier: Apache-2.0
"""Sources of rows, tables in memory or files: the training rows of `fit`, with `changes` of the configuration that
describe them, and rows to score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from ._config import Key, Parsed
from ._library import UnsupportedError, create, struct, text, warn_of_rows
from ._native import ffi, lib
from ._network import Network
from ._schema import Schema
from ._streams import ForeignStream, Stream
from ._types import CData, Labels, Rows, ValidationData, Weights
from .files import Files, Found, c_paths, files_of, found, parquet_of, parquet_stream, plain


def _share(validation_split: float) -> float:
    if not 0 <= validation_split < 1:
        raise ValueError(f"validation_split is {validation_split}; give a fraction from 0 to below 1")
    return validation_split


def _handle_of(network: Network | None) -> CData:
    return ffi.NULL if network is None else network.handle


def _load(config: Parsed, network: Network | None, **options: object) -> CData:
    """The data, by these members of plx_data_options."""
    given = struct("plx_data_options", model=_handle_of(network), **options)
    return create("plx_data", lib.plx_data_free, lib.plx_data_load, config.handle, given)


def _from_streams(config: Parsed, network: Network | None, *streams: Stream | ForeignStream | None) -> CData:
    """The data of training, validation and test rows."""
    sources = [ffi.NULL if stream is None else struct("plx_source", stream=stream.pointer) for stream in streams]
    return _load(config, network, **dict(zip(("train", "validation", "test"), sources)))


class TableRows:
    """Rows in memory, to train on."""

    def __init__(
        self,
        schema: Schema,
        x: Rows,
        y: Labels | None,
        sample_weight: Weights | None,
        validation_data: ValidationData | None,
        validation_split: float,
        expected: dict[Key, str] | None,
    ):
        # The number of rows of validation_split is known only when all rows are in memory.
        foreign = None if _share(validation_split) else schema.foreign(x, y, sample_weight, expected)
        self.train: Stream | ForeignStream
        self.validation: Stream | ForeignStream | None = None
        names: dict[Key, str] = {}
        part = 0
        if foreign is not None:
            self.train = foreign
        else:
            self.train, names = schema.stream(x, y, sample_weight, expected=expected)
        if validation_data is not None:
            self.validation = _validation_table(schema, validation_data, {**(expected or {}), **names})
        elif isinstance(self.train, Stream) and validation_split:
            # As Keras does: it keeps floor(rows * (1 - split)) rows.
            part = self.train.rows - int(self.train.rows * (1 - validation_split))
        self.changes: dict[Key, Any] = {
            ("data", "train"): [],
            ("data", "validation"): [],
            ("data", "test"): [],
            ("data", "test_part"): 0,
            ("data", "validation_part"): part,
            **(names if expected is None else {}),
        }

    def load(self, config: Parsed, network: Network | None) -> CData:
        """The data; `network`: its encoders are used; None: encoders are fitted."""
        return _from_streams(config, network, self.train, self.validation, None)


def _validation_table(
    schema: Schema, validation_data: ValidationData, expected: dict[Key, str]
) -> Stream | ForeignStream:
    if not isinstance(validation_data, (list, tuple)) or len(validation_data) not in (2, 3):
        raise ValueError("validation_data must be (x, y) or (x, y, sample_weight)")
    if files_of(validation_data[0]) is not None:
        raise ValueError("validation_data is in files, and x is a table; give both in the same way")
    x, y, *rest = validation_data
    given = (x, y, rest[0] if rest else None)
    return (
        schema.foreign(*given, expected=expected) or schema.stream(*given, what="validation_data", expected=expected)[0]
    )


class FileRows:
    """Rows in files, to train on. `train` None: those that the configuration names."""

    def __init__(
        self,
        train: Files | None,
        validation: Files | None = None,
        folders: Sequence[str] = (),
        changes: Mapping[Key, Any] | None = None,
    ):
        self.folders = list(folders)
        self.changes: dict[Key, Any] = dict(changes or {})
        if train is not None:
            self.folders = [*train.folders, *(validation.folders if validation else []), *self.folders]
            self.changes.update(
                {
                    ("data", "train"): train.paths,
                    ("data", "validation"): validation.paths if validation else [],
                    ("data", "test"): [],
                    ("data", "test_part"): 0,
                    **{("data", key): value for key, value in train.options.items()},
                }
            )

    def load(self, config: Parsed, network: Network | None) -> CData:
        """As TableRows.load."""
        lists = [config.value("data", part) for part in ("train", "validation", "test")]
        format_ = config.value("data", "format")
        each = [parquet_of(paths, self.folders, format_) if paths else [] for paths in lists]
        parquet = [paths for paths in each if paths is not None]
        if len(parquet) == len(each):
            return self._through_python(config, network, parquet)
        folders, keep = c_paths(self.folders)
        data = _load(config, network, folders=folders, n_folders=len(keep))
        report = lib.plx_data_report(data)
        warn_of_rows(report.wrong_rows, lambda: text(report.wrong_row[0].message))
        return data

    @staticmethod
    def _through_python(config: Parsed, network: Network | None, parquet: list[list[Found]]) -> CData:
        for key in ("memory", "cache"):
            if config.value("data", key):
                raise UnsupportedError(
                    f"data.{key}: this build of the library reads Parquet through Python and holds all encoded rows in "
                    "memory; write the rows as CSV, or build plexus with PLEXUS_WITH_PARQUET=ON"
                )
        with ExitStack() as files:
            streams = [files.enter_context(parquet_stream(paths)) if paths else None for paths in parquet]
            return _from_streams(config, network, *streams)


TrainingRows = TableRows | FileRows


def _names_of(schema: Schema, sample_weight: Weights | None) -> dict[Key, str]:
    given = schema.weights(sample_weight)
    names = {key: name for key, name in given.items() if isinstance(name, str)}
    if len(names) < len(given):
        raise ValueError("sample_weight: x is in files; give the name of the column that holds the weights")
    return names


def _validation_files(validation_data: ValidationData | None, train: Files) -> Files | None:
    if validation_data is None:
        return None
    files = files_of(validation_data)
    if files is None and isinstance(validation_data, (list, tuple)) and validation_data:
        if any(one is not None for one in validation_data[1:]):
            raise ValueError("validation_data: files hold their labels and weights; give only the paths")
        files = files_of(validation_data[0])
    if files is None:
        raise ValueError("validation_data is a table, and x is in files; give both in the same way")
    if files.options and files.options != train.options:
        raise ValueError("validation_data: its files are read by the options of x's; leave out options of its own")
    return files


def training_rows(
    schema: Schema,
    x: Rows,
    y: Labels | None,
    sample_weight: Weights | None,
    validation_data: ValidationData | None,
    validation_split: float,
    expected: dict[Key, str] | None,
) -> TrainingRows:
    """The training rows; `expected`: the columns of weights of a built network."""
    files = files_of(x)
    if files is None:
        return TableRows(schema, x, y, sample_weight, validation_data, validation_split, expected)
    schema.refuse_files()
    if y is not None:
        raise ValueError("y: x is in files, whose columns of the tasks' names hold the labels; leave y out")
    names = _names_of(schema, sample_weight)
    if expected is not None and names.items() - expected.items():
        raise ValueError(
            f"sample_weight: the network reads weights from {', '.join(expected.values()) or 'no column'}; give "
            "the same"
        )
    validation = _validation_files(validation_data, files)
    part = 0 if validation is not None else _share(validation_split)
    changes = {("data", "validation_part"): part, **({} if expected is not None else names)}
    return FileRows(files, validation, changes=changes)


def configured_rows(
    config: Parsed, folders: Sequence[str], validation_split: float, without: Mapping[str, Any]
) -> FileRows:
    """The rows that the configuration names; `without`: arguments of fit that then must be None."""
    if not config.value("data", "train"):
        raise ValueError("fit: give x; the configuration names no files")
    for name, value in without.items():
        if value is not None:
            raise ValueError(f"{name}: without x, the configuration says which rows there are; leave it out")
    changes: dict[Key, Any] = {("data", "validation_part"): validation_split} if validation_split else {}
    return FileRows(None, folders=folders, changes=changes)


# -- Rows that a network scores ----------------------------------------------------------------------------------------


@dataclass
class Source:
    """Files that the library reads, or a stream, which can be read once."""

    paths: list[str] | None = None
    stream: Stream | ForeignStream | None = None

    @property
    def is_in_memory(self) -> bool:
        """Whether all encoded rows may be in memory."""
        return isinstance(self.stream, Stream) and not self.stream.is_lazy


@contextmanager
def source_of_files(network: Network, files: Files) -> Iterator[Source]:
    network.schema.refuse_files()
    paths = files.paths
    if files.folders:
        paths = [file.path for name in paths for file in found(name, files.folders)]
    parquet = parquet_of(paths, [], network.config.value("data", "format"))
    if parquet is None:
        yield Source(paths=paths)
    else:
        with parquet_stream(parquet) as stream:
            yield Source(stream=stream)


@contextmanager
def source_of(network: Network, x: Rows) -> Iterator[Source]:
    """Rows without labels."""
    files = plain(x, "x")
    if files is not None:
        with source_of_files(network, files) as source:
            yield source
    else:
        yield Source(stream=network.schema.foreign(x) or Stream(network.schema.features(x)))


@contextmanager
def lent(source: Source) -> Iterator[CData]:
    """The source as a plx_source."""
    if source.stream is not None:
        yield struct("plx_source", stream=source.stream.pointer)
    else:
        names, keep = c_paths(source.paths or [])
        yield struct("plx_source", paths=names, n_paths=len(keep))


def dataset_of(network: Network, source: Source, with_labels: bool = False) -> CData:
    """The encoded rows."""
    with lent(source) as given:
        return create("plx_dataset", lib.plx_dataset_free, lib.plx_dataset_read, network.handle, given, with_labels)

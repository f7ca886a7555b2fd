# SPDX-License-Identifier: Apache-2.0
"""Rows in files: what `fit`, `evaluate` and `predict` take instead of tables, read by the library's own readers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from ._config import default_of
from ._library import FileError, FormatError, PlexusError, UnsupportedError, call, context
from ._native import ffi, lib
from ._streams import ForeignStream
from ._types import CData, Folders, HasStream, Option, Rows, ValidationData

# Keys of section `data` that select rows, not how they are read.
_ROWS = ("train", "validation", "test")


class Files:
    """Files of rows: CSV, plain or compressed (.gz, .zst, .xz, .bz2, .lz4), and Parquet.

    Parameters
    ----------
    paths : path or sequence of paths
        A folder stands for its files in the order of their names, and so does a pattern with `*`, `?` or `[...]`.
    folders : path or sequence of paths
        In which relative paths are looked for.
    **options
        Keys of the configuration's section `data`: `delimiter=";"`, `header=False`, `columns=[...]`, `missing=["?"]`,
        `comment="#"`, `memory="2GiB"`, `cache="folder"`, `on_error="skip"`, `split="random"`, and all others. They
        belong to `fit`: a network reads later files as it read those.

    Examples
    --------
    >>> plexus.Files("rows/*.tsv", delimiter="tab", missing=["?"])
    Files(['rows/*.tsv'], delimiter='tab', missing=['?'])
    """

    def __init__(self, paths: Folders, *, folders: Folders = (), **options: Option):
        self.paths = [os.fsdecode(path) for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
        self.folders = [os.fsdecode(one) for one in ([folders] if isinstance(folders, (str, os.PathLike)) else folders)]
        self.options = options
        if not self.paths:
            raise ValueError("Files: give at least one path")
        for key in _ROWS:
            if key in options:
                raise ValueError(f"Files: '{key}' selects rows; give paths, and validation_data to fit")
        for key in options:
            default_of("data", key)  # raises for an unknown key; fit checks the value

    def __repr__(self) -> str:
        options = "".join(f", {key}={value!r}" for key, value in self.options.items())
        return f"Files({self.paths!r}{options})"


def files_of(x: Rows | ValidationData) -> Files | None:
    """Files for a path, a list of paths or Files; None: x is a table."""
    if isinstance(x, Files):
        return x
    if isinstance(x, (str, os.PathLike)):
        return Files(x)
    if isinstance(x, (list, tuple)) and x and all(isinstance(one, (str, os.PathLike)) for one in x):
        return Files(x)
    return None


def plain(x: Rows, what: str) -> Files | None:
    """Files without options, which are read as the training files were."""
    files = files_of(x)
    if files is not None and files.options:
        raise ValueError(
            f"{what}: files are read as the training files were; {sorted(files.options)[0]} belongs to fit's Files"
        )
    return files


# -- Parquet if the library cannot read it -----------------------------------------------------------------------------


class Found(NamedTuple):
    """A file, and the columns that its folders COLUMN=VALUE give; an empty value is a missing cell."""

    path: str
    columns: dict[str, str]


def _texts(at: CData) -> Iterator[bytes]:
    """Texts one after another, each ended by NUL."""
    while True:
        one: bytes = ffi.string(at)
        at += len(one) + 1
        yield one


def found(name: str, folders: list[str]) -> list[Found]:
    """The files that a name stands for."""
    out, n = ffi.new("char **"), ffi.new("int *")
    in_folders, keep = c_paths(folders)
    handle = context()
    call(lib.plx_files_find, handle, os.fsencode(name), in_folders, len(keep), out, n)
    try:
        texts, files = _texts(out[0]), []
        for _ in range(n[0]):
            path, columns = next(texts), {}
            while column := next(texts):
                columns[column.decode()] = next(texts).decode()
            files.append(Found(os.fsdecode(path), columns))
    finally:
        lib.plx_text_free(handle, out[0])
    return files


def _parts_with_bytes(files: list[Found]) -> list[Found]:
    """Files of a folder or pattern may be empty; a file that is named alone may not."""
    if len(files) == 1:
        return files
    return [file for file in files if not os.path.isfile(file.path) or os.path.getsize(file.path)]


def _is_parquet(path: str) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"PAR1"


def parquet_of(paths: list[str], folders: list[str], format_: str = "auto") -> list[Found] | None:
    """The Parquet files that Python must read, since the library cannot; None: it reads them, or they are CSV."""
    if format_ == "csv" or lib.plx_context_inspect(context()).reads_parquet:
        return None
    files = [file for name in paths for file in _parts_with_bytes(found(name, folders))]
    parquet = [file for file in files if _is_parquet(file.path)]
    if not parquet:
        return None
    if len(parquet) < len(files):
        other = next(file for file in files if file not in parquet)
        raise UnsupportedError(
            f"{other.path}: is a CSV file among Parquet files; this build of the library reads Parquet through Python, "
            "and not both at once: write all files in one format"
        )
    return parquet


class _Rows:
    """Record batches of all files, some rows at a time; `failure`: why one could not be read."""

    def __init__(self, files: list[Found]):
        self.failure: FormatError | None = None
        self._reader = self._open(files)

    def __arrow_c_stream__(self) -> object:
        return self._reader.__arrow_c_stream__()

    def _open(self, files: list[Found]) -> HasStream:
        import pyarrow
        import pyarrow.parquet

        first = files[0]
        own = self._of(first.path, lambda: pyarrow.parquet.read_schema(first.path))
        added = [column for column in first.columns if column not in own.names]
        schema = own
        for column in added:
            schema = schema.append(pyarrow.field(column, pyarrow.string()))

        def batches() -> Iterator[Any]:
            for path, columns in files:
                texts = {column: pyarrow.scalar(columns.get(column) or None, pyarrow.string()) for column in added}
                with self._of(path, lambda: pyarrow.parquet.ParquetFile(path)) as file:
                    parts = file.iter_batches()
                    while (batch := self._of(path, lambda: next(parts, None))) is not None:
                        yield from self._of(path, lambda: self._alike(batch, own, texts))

        reader: HasStream = pyarrow.RecordBatchReader.from_batches(schema, batches())
        return reader

    @staticmethod
    def _alike(batch: Any, own: Any, texts: dict[str, Any]) -> list[Any]:
        """The batch with the first file's columns, in their order and types, followed by those of its folders."""
        import pyarrow

        if not texts and batch.schema.equals(own):
            return [batch]
        table = pyarrow.Table.from_batches([batch]).select(own.names).cast(own)
        for column, text in texts.items():
            table = table.append_column(column, pyarrow.repeat(text, len(table)))
        batches: list[Any] = table.to_batches()
        return batches

    def _of(self, path: str, read: Callable[[], Any]) -> Any:
        """The result of `read`; an exception of pyarrow becomes a FormatError of the file."""
        import pyarrow

        try:
            return read()
        except (pyarrow.ArrowException, OSError, KeyError, ValueError) as failure:
            why = str(failure).splitlines()[0] if str(failure) else type(failure).__name__
            self.failure = FormatError(f"{path}: cannot be read as Parquet: {why}; get or write the file again")
            raise self.failure from None


def _polars_rows(files: list[Found]) -> HasStream:
    import polars

    hive = dict.fromkeys(files[0].columns, polars.String)
    by_folders: dict[str, Any] = {}
    if hive:
        by_folders = {"hive_partitioning": True, "hive_schema": hive, "try_parse_hive_dates": False}
    try:
        frame: HasStream = polars.read_parquet([file.path for file in files], **by_folders)
        return frame
    except polars.exceptions.PolarsError as failure:
        raise FormatError(
            f"{files[0].path}: cannot be read as Parquet: {failure}; get or write the file again"
        ) from None


def _parquet_rows(files: list[Found]) -> HasStream:
    for file in files:
        if not os.path.exists(file.path):
            raise FileError(f"{file.path}: no such file")
    for rows_of in (_Rows, _polars_rows):
        try:
            return rows_of(files)
        except ImportError:
            pass
    raise UnsupportedError(
        f"{files[0].path}: is a Parquet file, which this build of the library reads through pyarrow or polars, and "
        "neither is installed: pip install pyarrow, or write the rows as CSV"
    )


@contextmanager
def parquet_stream(parquet: list[Found]) -> Iterator[ForeignStream]:
    """The files' rows. Errors in reading them are reported for the file."""
    rows = _parquet_rows(parquet)
    try:
        yield ForeignStream(rows)
    except PlexusError:
        if (failure := getattr(rows, "failure", None)) is not None:
            raise failure from None
        raise


def c_paths(paths: list[str]) -> tuple[CData, list[CData]]:
    """`const char *[]`, and the objects that keep it alive."""
    texts = [ffi.new("char[]", os.fsencode(path)) for path in paths]
    return ffi.new("char *[]", texts), texts

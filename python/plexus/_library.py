# SPDX-License-Identifier: Apache-2.0
"""The library's handles as Python objects, its failures as exceptions. No mathematics, no state but the handles."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType

from ._native import ffi, lib
from ._types import CData, FilePath


class PlexusError(Exception):
    """An error of the library; the message has the place and the remedy."""


class ArgumentError(PlexusError, ValueError):
    """An argument or a configuration is not valid."""


class SchemaError(PlexusError, ValueError):
    """Data and model or configuration do not fit together: a missing column, a cell that is not a number."""


class FormatError(PlexusError, ValueError):
    """The contents of a file are invalid."""


class FileError(PlexusError, OSError):
    """A file could not be read or written."""


class UnsupportedError(PlexusError, NotImplementedError):
    """This build or version cannot do that."""


class NumericError(PlexusError, ArithmeticError):
    """A loss or a weight was not finite."""


_EXCEPTIONS = {
    lib.PLX_ERR_ARGUMENT: ArgumentError,
    lib.PLX_ERR_MEMORY: MemoryError,
    lib.PLX_ERR_IO: FileError,
    lib.PLX_ERR_FORMAT: FormatError,
    lib.PLX_ERR_SCHEMA: SchemaError,
    lib.PLX_ERR_SHAPE: ArgumentError,
    lib.PLX_ERR_UNSUPPORTED: UnsupportedError,
    lib.PLX_ERR_NUMERIC: NumericError,
}


def text(pointer: CData) -> str:
    """The text at a `const char *`."""
    return ffi.string(pointer).decode("utf-8", "replace")


class Failure:
    """The error argument of a call: `failure.check(lib.plx_...(..., failure.pointer))`."""

    def __init__(self) -> None:
        self.pointer = ffi.new("plx_error *")

    def check(self, status: int) -> None:
        if status != lib.PLX_OK:
            raise _EXCEPTIONS.get(status, PlexusError)(text(self.pointer.message))


def call(function: Callable[..., int], *arguments: object) -> None:
    """Call a function whose last argument is the error, and raise it."""
    failure = Failure()
    failure.check(function(*arguments, failure.pointer))


def create(kind: str, free: Callable[[CData], None], function: Callable[..., int], *arguments: object) -> CData:
    """Call a function whose last argument but one is the address of a handle of type `kind`, which is freed with the
    object."""
    out = ffi.new(kind + " **")
    failure = Failure()
    failure.check(function(*arguments, out, failure.pointer))
    return ffi.gc(out[0], free)


def struct(kind: str, **members: object) -> CData:
    """A struct of plexus.h that begins with its size, with these members. It borrows what pointers name."""
    return ffi.new(kind + " *", {"size": ffi.sizeof(kind), **members})


def path_bytes(path: FilePath) -> bytes:
    encoded = os.fsencode(os.fspath(path))
    if b"\0" in encoded:
        raise ArgumentError(f"the path {path!r} contains the character NUL, which is not allowed")
    return encoded


_PACKAGE = os.path.dirname(__file__) + os.sep


def warn(message: str) -> None:
    """Issue a RuntimeWarning at the user's line, the nearest outside the package."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, RuntimeWarning, stacklevel=level)


def warn_of_rows(n: int, first: Callable[[], str]) -> None:
    """Warn of rows of files that were left out, if there are any; `first` returns the first message."""
    if n:
        warn(f"{n} invalid {'row is' if n == 1 else 'rows are'} left out; the first: {first()}")


def keep_failure(kind: object, failure: BaseException, traceback: TracebackType) -> float | None:
    """The error handler of callbacks whose `user` has a member `failure`. A signal that arrives while the library
    works, such as Ctrl-C, raises before the callback's first line, outside of its `try`. The result ends the work; a
    learning rate is unchanged."""
    given = traceback.tb_frame.f_locals
    ffi.from_handle(given["user"]).failure = failure
    rate: float | None = given.get("rate")
    return rate


@ffi.def_extern()
def plexus_warn(user: CData, line: CData) -> None:
    warn(text(line))


class Lock:
    """A lock for the threads of this process: a child that is forked while another thread holds the lock gets a new
    one. `with lock.here: ...` may be nested."""

    def __init__(self) -> None:
        self._by_process: dict[int, AbstractContextManager[bool]] = {}

    @property
    def here(self) -> AbstractContextManager[bool]:
        process = os.getpid()
        return self._by_process.get(process) or self._by_process.setdefault(process, threading.RLock())


_contexts: dict[tuple[int, str | None], CData] = {}
_contexts_lock = Lock()


def context(threads: int = 0, cpu_level: str | None = None) -> CData:
    """The context for a number of threads (0: one per processor), created once; it keeps no threads between calls."""
    key = (threads, cpu_level)
    with _contexts_lock.here:
        if key not in _contexts:
            level = ffi.new("char[]", cpu_level.encode()) if cpu_level else ffi.NULL
            options = struct("plx_context_options", threads=threads, cpu_level=level, warn=lib.plexus_warn)
            _contexts[key] = create("plx_context", lib.plx_context_free, lib.plx_context_create, options)
        return _contexts[key]


def taken_text(context_handle: CData, function: Callable[..., int], *arguments: object) -> str:
    """Call a function whose last argument but one is the address of a text, which is copied and freed."""
    out = ffi.new("char **")
    failure = Failure()
    failure.check(function(*arguments, out, failure.pointer))
    try:
        return text(out[0])
    finally:
        lib.plx_text_free(context_handle, out[0])

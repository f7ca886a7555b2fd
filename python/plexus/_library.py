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
    """What the library could not do; the message tells the place and the remedy."""


class ArgumentError(PlexusError, ValueError):
    """An argument or a configuration is not valid."""


class SchemaError(PlexusError, ValueError):
    """Data and model or configuration do not fit together: a missing column, a cell that is no number."""


class FormatError(PlexusError, ValueError):
    """A file's contents are not as they should be."""


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
    """Where a call puts its message: `failure.check(lib.plx_...(..., failure.pointer))`."""

    def __init__(self) -> None:
        self.pointer = ffi.new("plx_error *")

    def check(self, status: int) -> None:
        if status != lib.PLX_OK:
            raise _EXCEPTIONS.get(status, PlexusError)(text(self.pointer.message))


def call(function: Callable[..., int], *arguments: object) -> None:
    """Calls a function whose last argument receives the message, and raises what it tells."""
    failure = Failure()
    failure.check(function(*arguments, failure.pointer))


def create(kind: str, free: Callable[[CData], None], function: Callable[..., int], *arguments: object) -> CData:
    """Calls a function whose last argument but one receives a handle of type `kind`; it is freed with the object."""
    out = ffi.new(kind + " **")
    failure = Failure()
    failure.check(function(*arguments, out, failure.pointer))
    return ffi.gc(out[0], free)


def path_bytes(path: FilePath) -> bytes:
    encoded = os.fsencode(os.fspath(path))
    if b"\0" in encoded:
        raise ArgumentError(f"the path {path!r} contains the character NUL, which is not allowed")
    return encoded


_PACKAGE = os.path.dirname(__file__) + os.sep


def warn(message: str) -> None:
    """A RuntimeWarning at the user's line, the nearest outside the package."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, RuntimeWarning, stacklevel=level)


def warn_of_rows(n: int, first: Callable[[], str]) -> None:
    """A warning of the rows of files that were left out, where there are any; `first`: the first one's message."""
    if n:
        warn(f"{n} invalid {'row is' if n == 1 else 'rows are'} left out; the first: {first()}")


def keep_failure(kind: object, failure: BaseException, traceback: TracebackType) -> float | None:
    """For callbacks whose `user` has a member `failure`: a signal that came while the library worked, Ctrl-C say,
    raises before their first line, where no `try` is yet. The answer is that of a callback that ends the work; a
    learning rate's stays as it was."""
    given = traceback.tb_frame.f_locals
    ffi.from_handle(given["user"]).failure = failure
    rate: float | None = given.get("rate")
    return rate


@ffi.def_extern()
def plexus_warn(user: CData, line: CData) -> None:
    warn(text(line))


class Lock:
    """A lock for the threads of this process: a child that is forked while another thread holds the parent's has one of
    its own. `with lock.here: ...` may be nested."""

    def __init__(self) -> None:
        self._by_process: dict[int, AbstractContextManager[bool]] = {}

    @property
    def here(self) -> AbstractContextManager[bool]:
        process = os.getpid()
        return self._by_process.get(process) or self._by_process.setdefault(process, threading.RLock())


_contexts: dict[tuple[int, str | None], CData] = {}
_contexts_lock = Lock()


def context(threads: int = 0, cpu_level: str | None = None) -> CData:
    """The context of so many threads (0: one a processor), made once; it holds no threads between calls."""
    key = (threads, cpu_level)
    with _contexts_lock.here:
        if key not in _contexts:
            options = ffi.new("plx_context_options *")
            level = ffi.new("char[]", cpu_level.encode()) if cpu_level else ffi.NULL
            options.threads, options.cpu_level, options.warn = threads, level, lib.plexus_warn
            _contexts[key] = create("plx_context", lib.plx_context_free, lib.plx_context_create, options)
        return _contexts[key]


def taken_text(context_handle: CData, function: Callable[..., int], *arguments: object) -> str:
    """Calls a function whose last argument but one receives a text, which is given back to the library."""
    out = ffi.new("char **")
    failure = Failure()
    failure.check(function(*arguments, out, failure.pointer))
    try:
        return text(out[0])
    finally:
        lib.plx_text_free(context_handle, out[0])

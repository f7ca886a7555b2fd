# SPDX-License-Identifier: Apache-2.0
"""Types of what users give."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

FilePath: TypeAlias = "str | os.PathLike[str]"
Folders: TypeAlias = "FilePath | Sequence[FilePath]"

# Whatever holds columns (docs/python.md, "Data"), or files; looked into as it comes.
Rows: TypeAlias = object
# Labels or weights by the same token.
Values: TypeAlias = object

CData: TypeAlias = Any  # a value of C's: a pointer, a struct, an array

# Numbers of any dtype.
Array: TypeAlias = "NDArray[Any]"
Floats: TypeAlias = "NDArray[np.float32]"
Floats64: TypeAlias = "NDArray[np.float64]"

_T = TypeVar("_T")
# One for all tasks, one a task, or some by the tasks' names.
PerTask: TypeAlias = "_T | Sequence[_T | None] | Mapping[str, _T] | None"

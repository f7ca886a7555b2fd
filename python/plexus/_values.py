# SPDX-License-Identifier: Apache-2.0
"""The meaning of one Python value: its canonical text, by which it is a category, and its number. docs/data.md has the
rule; the library implements it for columns, this file for single values of any type."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Any, TypeAlias

import numpy as np

Text: TypeAlias = "str | bytes"

_WHOLE = 2.0**63  # below it a float that is whole has an integer's text
_EPOCH = dt.datetime(1970, 1, 1)
_MISSING = ("NAType", "NaTType")  # of pandas, which may not be installed
_OWN_TEXT = ("Period", "Interval")  # of pandas, which writes them to CSV in this form


class Meaningless(ValueError):
    """A value that is not a text, number, boolean or time; the message has the remedy."""


def is_missing(value: Any) -> bool:
    """Whether it is None, NaN, NaT, NA or masked."""
    if value is None or value is np.ma.masked or type(value).__name__ in _MISSING:
        return True
    if isinstance(value, (float, np.floating, decimal.Decimal)):
        return bool(value != value)
    return isinstance(value, np.datetime64) and bool(np.isnat(value))


def _meaningless(value: object) -> Meaningless:
    if isinstance(value, (dt.timedelta, np.timedelta64)):
        return Meaningless(f"{value!r} is a duration; convert it to a number, for example of seconds")
    if isinstance(value, np.longdouble):
        return Meaningless(f"{value!r} has more digits than a double; cast it to float64, or to text")
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return Meaningless(
        f"{shown} ({type(value).__name__}) is not a valid value; give a text, a number, a boolean or a date"
    )


def _text_of_float(value: Any) -> str:
    number = float(value)
    if number.is_integer() and abs(number) < _WHOLE:
        return str(int(number))
    return repr(number) if isinstance(value, float) else str(value)


def _text_of_decimal(value: decimal.Decimal) -> str:
    if not value.is_finite():
        return str(float(value))
    if not value:
        return "0"
    whole, _, fraction = str(value).partition(".")
    return whole if not fraction.strip("0") else f"{whole}.{fraction}"


def _text_of_parts(date: str, time: str, zone: str) -> str:
    clock, point, fraction = time.partition(".")
    fraction = fraction.rstrip("0")
    if not zone and not fraction and clock == "00:00:00":
        return date
    return f"{date}T{clock}{'.' + fraction if fraction else ''}{zone}"


def _text_of_instant(value: dt.datetime) -> str:
    zone = "" if value.tzinfo is None else "Z"
    if zone:
        value = value.astimezone(dt.timezone.utc).replace(tzinfo=None)
    date, _, time = value.isoformat(timespec="auto").partition("T")
    return _text_of_parts(date, time, zone)


def _text_of_datetime64(value: np.datetime64) -> str:
    unit = np.datetime_data(value.dtype)[0]
    if unit in ("Y", "M", "W", "D"):
        return str(value.astype("M8[D]"))
    date, _, time = str(value.astype("M8[s]") if unit in ("h", "m") else value).partition("T")
    return _text_of_parts(date, time, "")


def _text_of_time(value: dt.time) -> str:
    clock, point, fraction = value.replace(tzinfo=None).isoformat().partition(".")
    return clock + point + fraction.rstrip("0")


def text_of(value: Any) -> Text | None:
    """The canonical text; None: the value is missing. Raises Meaningless."""
    if isinstance(value, (str, bytes)):
        return value
    if is_missing(value):
        return None
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return text_of(value[()])
    if isinstance(value, (dt.timedelta, np.timedelta64, np.longdouble)):
        raise _meaningless(value)
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return _text_of_float(value)
    if isinstance(value, decimal.Decimal):
        return _text_of_decimal(value)
    if isinstance(value, dt.datetime):
        return _text_of_instant(value)
    if isinstance(value, np.datetime64):
        return _text_of_datetime64(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return _text_of_time(value)
    if isinstance(value, uuid.UUID) or _is_of_pandas(value, _OWN_TEXT):
        return str(value)
    if isinstance(value, bytearray):
        return bytes(value)
    raise _meaningless(value)


def _is_of_pandas(value: object, names: tuple[str, ...]) -> bool:
    kind = type(value)
    return kind.__name__ in names and kind.__module__.partition(".")[0] == "pandas"


def number_of(value: Any) -> float | Text:
    """The number of a value, NaN if it is missing; a text is returned unchanged. Raises Meaningless."""
    if isinstance(value, (str, bytes)):
        return value
    if is_missing(value):
        return float("nan")
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return number_of(value[()])
    if isinstance(value, (dt.timedelta, np.timedelta64, np.longdouble)):
        raise _meaningless(value)
    if isinstance(value, (int, float, np.integer, np.floating, np.bool_, decimal.Decimal)):
        try:
            return float(value)
        except OverflowError:  # an integer beyond all doubles: the library reports it
            return str(value)
    if isinstance(value, dt.datetime):
        return _nanoseconds_of_datetime(value) / 10**9
    if isinstance(value, np.datetime64):
        return _number_of_datetime64(value)
    if isinstance(value, dt.date):
        return float((value - _EPOCH.date()).days)
    if isinstance(value, dt.time):
        return microseconds_of_day(value) / 10**6
    raise _meaningless(value)


def microseconds_of_day(value: dt.time) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 10**6 + value.microsecond


def _nanoseconds_of_datetime(value: Any) -> int:
    if value.tzinfo is not None:
        value = value.astimezone(dt.timezone.utc).replace(tzinfo=None)
    nanoseconds: int = getattr(value, "nanosecond", 0)  # of pandas' Timestamp
    if hasattr(value, "to_pydatetime"):
        value = value.replace(nanosecond=0).to_pydatetime()
    microseconds: int = (value - _EPOCH) // dt.timedelta(microseconds=1)
    return microseconds * 1000 + nanoseconds


def _parts_of_datetime64(value: np.datetime64) -> tuple[int, int]:
    """A count since 1970, and how many of it are a second; 0: it counts days."""
    unit = np.datetime_data(value.dtype)[0]
    if unit in ("Y", "M", "W", "D"):
        return int(value.astype("M8[D]").astype(np.int64)), 0
    if unit in ("h", "m", "s"):
        return int(value.astype("M8[s]").astype(np.int64)), 1
    digits = {"ms": 3, "us": 6, "ns": 9, "ps": 12, "fs": 15, "as": 18}[unit]
    return int(value.astype(f"M8[{unit}]").astype(np.int64)), 10**digits


def nanoseconds_of(value: Any) -> int | None:
    """Of a date or a time since 1970-01-01 UTC; None: it is finer."""
    if isinstance(value, dt.datetime):
        return _nanoseconds_of_datetime(value)
    if isinstance(value, dt.date):
        return (value - _EPOCH.date()).days * 86400 * 10**9
    count, second = _parts_of_datetime64(value)
    if not second:
        return count * 86400 * 10**9
    nanoseconds, rest = divmod(count * 10**9, second)
    return None if rest else nanoseconds


def _number_of_datetime64(value: np.datetime64) -> float:
    """Days of a date, seconds of a time."""
    count, second = _parts_of_datetime64(value)
    return count / second if second else float(count)


def text_bytes(value: Text) -> bytes:
    """UTF-8 for C, where the byte 0 ends a text. Raises Meaningless."""
    try:
        encoded = value if isinstance(value, bytes) else str.encode(value)
    except UnicodeEncodeError:
        raise Meaningless(
            f"the text {value!r} contains half a character (a surrogate), which UTF-8 cannot represent"
        ) from None
    if b"\0" in encoded:
        raise Meaningless(f"the text {value!r} contains the character NUL, which is not allowed")
    return encoded


def may_be_list(kind: type) -> bool:
    """Whether a cell of the type may hold several values: a Python container, an array, or a column."""
    if issubclass(kind, (list, tuple, set, frozenset, range, np.ndarray)):
        return True
    is_column = hasattr(kind, "tolist") or hasattr(kind, "to_list")
    return (
        is_column and hasattr(kind, "__len__") and kind.__module__.partition(".")[0] in ("pandas", "polars", "pyarrow")
    )


def is_list(value: object) -> bool:
    """Whether a cell holds several values."""
    return value.ndim > 0 if isinstance(value, np.ndarray) else may_be_list(type(value))


def items_of(value: Any) -> list[Any]:
    """The values of a cell with several; those of a set, which has no order, in the order of their texts."""
    if type(value).__module__.partition(".")[0] == "pandas":
        value = np.asarray(value)
    elif hasattr(value, "to_list") or hasattr(value, "to_pylist"):
        value = value.to_list() if hasattr(value, "to_list") else value.to_pylist()
    items = list(value)
    if isinstance(value, (set, frozenset)):
        items.sort(key=lambda one: str(text_of(one)))
    return items

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/parquet: the same rows as CSV and as Parquet files of many kinds, by pyarrow.

    python3 tools/make_parquet_samples.py tests/parquet

Needs pyarrow (made with 26.0). tests/test_parquet.sh trains on each and compares the models byte for byte. The rows
come from a counter, not from a random generator, so that every run writes the same ones.
"""

import datetime
import decimal
import os
import sys
import uuid

import pyarrow
import pyarrow.parquet

ROWS = 300


def draw(row, purpose):
    """A number below 1000 that looks random."""
    x = (row * 2654435761 + purpose * 40503 + 12345) & 0xFFFFFFFF
    x ^= x >> 15
    x = x * 2246822519 & 0xFFFFFFFF
    x ^= x >> 13
    return x % 1000


def rows():
    cities = ["Oslo", "Paris", "Rome", "Bern", "Åbo", "a, b"]
    out = []
    for row in range(ROWS):
        city = cities[draw(row, 1) % 6]
        age = 18 + draw(row, 2) % 60
        price = draw(row, 3) / 8
        code = draw(row, 4) % 7 - 3
        tags = [f"t{draw(row, 10 + k) % 9}" for k in range(draw(row, 5) % 4)]
        out.append(
            {
                "city": None if row % 37 == 5 else city,
                "code": code,
                "age": age,
                "price": None if row % 23 == 7 else price,
                "member": draw(row, 6) % 2 == 1,
                "tags": None if row % 41 == 3 else tags,
                "point": [draw(row, 20) / 16, -draw(row, 21) / 4],
                "spare": f"not read {row}",
                "click": int(city in ("Oslo", "Rome") and draw(row, 7) < 800 or draw(row, 7) < 150),
                "spend": (age + price + draw(row, 8) / 10) / 16,
            }
        )
    return out


def number(value):
    """The shortest decimal, without a point if no digit follows."""
    return repr(int(value)) if float(value).is_integer() else repr(value)


def cell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "|".join(cell(item) for item in value)
    if isinstance(value, (int, float)):
        return number(value)
    return f'"{value}"' if "," in value else value


def write_csv(path, table_rows):
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(table_rows[0]) + "\n")
        for row in table_rows:
            file.write(",".join(cell(value) for value in row.values()) + "\n")


TYPES = [
    ("city", pyarrow.string()),
    ("code", pyarrow.int64()),
    ("age", pyarrow.int64()),
    ("price", pyarrow.float64()),
    ("member", pyarrow.bool_()),
    ("tags", pyarrow.list_(pyarrow.string())),
    ("point", pyarrow.list_(pyarrow.float64())),
    ("spare", pyarrow.string()),
    ("click", pyarrow.int64()),
    ("spend", pyarrow.float64()),
]


def table(table_rows, **other):
    types = [(name, other.get(name, kind)) for name, kind in TYPES]
    arrays = [pyarrow.array([row[name] for row in table_rows], dict(TYPES)[name]).cast(kind) for name, kind in types]
    return pyarrow.table(arrays, schema=pyarrow.schema(types))


def typed_rows():
    """Rows of the types that texts, files and Arrow write in ways of their own."""
    start = datetime.datetime(2023, 12, 28, 22, 30)
    out = []
    for row in range(ROWS):
        moment = start + datetime.timedelta(hours=draw(row, 30) % 200, microseconds=draw(row, 31) % 3 * 250000)
        out.append(
            {
                "small": decimal.Decimal(draw(row, 32) - 500) / 100,
                "medium": decimal.Decimal(draw(row, 33) * 123456789).scaleb(-6),
                "large": decimal.Decimal(draw(row, 34) - 500).scaleb(20) / 8,
                "whole": decimal.Decimal(draw(row, 35) % 9).quantize(decimal.Decimal("0.00")),
                "day": moment.date(),
                "moment": moment,
                "instant": moment.replace(tzinfo=datetime.timezone.utc),
                "clock": moment.time(),
                "id": uuid.UUID(int=draw(row, 36) % 7 << 100 | 12345),
                "tag": f"fix{draw(row, 37) % 5}",
                "half": draw(row, 38) % 8 / 8,
                "flag": draw(row, 39) % 2 == 1,
                "click": int(draw(row, 32) > 500),
            }
        )
    for row in range(0, ROWS, 29):
        for name in ("small", "large", "day", "moment", "instant", "clock", "id", "flag"):
            out[row][name] = None
    return out


def typed_cell(value):
    """What base/value_text.h says, written again."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None and value.time() == datetime.time():
            return value.date().isoformat()
        fraction = f".{value.microsecond:06d}" if value.microsecond else ""
        return value.strftime("%Y-%m-%dT%H:%M:%S") + fraction.rstrip("0") + ("Z" if value.tzinfo else "")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.time):
        fraction = f".{value.microsecond:06d}" if value.microsecond else ""
        return value.strftime("%H:%M:%S") + fraction.rstrip("0")
    if isinstance(value, decimal.Decimal):
        return str(value.to_integral_value()) if value == value.to_integral_value() else str(value)
    return str(value) if isinstance(value, uuid.UUID) else cell(value)


def typed_table(table_rows, unit):
    types = [
        ("small", pyarrow.decimal128(5, 2)),
        ("medium", pyarrow.decimal128(18, 6)),
        ("large", pyarrow.decimal128(38, 3)),
        ("whole", pyarrow.decimal128(4, 2)),
        ("day", pyarrow.date32()),
        ("moment", pyarrow.timestamp(unit)),
        ("instant", pyarrow.timestamp(unit, "Europe/Berlin")),
        ("clock", pyarrow.time64("us")),
        ("id", pyarrow.uuid()),
        ("tag", pyarrow.binary(4)),
        ("half", pyarrow.float16()),
        ("flag", pyarrow.bool_()),
        ("click", pyarrow.int64()),
    ]
    columns = {name: [row[name] for row in table_rows] for name, _ in types}
    columns["id"] = [value and value.bytes for value in columns["id"]]
    columns["small"] = [value and value.quantize(decimal.Decimal("0.01")) for value in columns["small"]]
    arrays = [pyarrow.array(columns[name], kind) for name, kind in types]
    return pyarrow.table(arrays, schema=pyarrow.schema(types))


def write_typed(folder):
    table_rows = typed_rows()
    with open(os.path.join(folder, "typed.csv"), "w", encoding="utf-8") as file:
        file.write(",".join(table_rows[0]) + "\n")
        scales = {"small": "0.01", "medium": "0.000001", "large": "0.001", "whole": "0.01"}
        for row in table_rows:
            cells = []
            for name, value in row.items():
                if isinstance(value, decimal.Decimal):
                    with decimal.localcontext(prec=60):
                        value = value.quantize(decimal.Decimal(scales[name]))
                cells.append("" if value is None else typed_cell(value))
            file.write(",".join(cells) + "\n")

    def write(name, unit, **options):
        path = os.path.join(folder, name)
        pyarrow.parquet.write_table(typed_table(table_rows, unit), path, compression="snappy", **options)

    write("typed.parquet", "us")
    write("typed-integer.parquet", "ms", store_decimal_as_integer=True)
    write("typed-int96.parquet", "ns", use_deprecated_int96_timestamps=True)


def write_durations(folder):
    units = ("s", "ms", "us", "ns")
    columns = {unit: pyarrow.array(range(20), pyarrow.duration(unit)) for unit in units}
    columns["list"] = pyarrow.array([[row] for row in range(20)], pyarrow.list_(pyarrow.duration("s")))
    columns |= {"number": range(20), "click": [row % 2 for row in range(20)]}
    pyarrow.parquet.write_table(pyarrow.table(columns), os.path.join(folder, "durations.parquet"))


def write_wide(folder):
    """More columns than carquet takes, with and without a list among them."""
    for name, kind in (("wide", pyarrow.int64()), ("wide-list", pyarrow.list_(pyarrow.int64()))):
        fields = [("click", pyarrow.int64()), ("last", kind)] + [(f"c{i}", pyarrow.int64()) for i in range(1100)]
        path = os.path.join(folder, f"{name}.parquet")
        pyarrow.parquet.ParquetWriter(path, pyarrow.schema(fields), store_schema=False).close()


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    all_rows = rows()
    narrow = {
        "code": pyarrow.int8(),
        "age": pyarrow.uint16(),
        "price": pyarrow.float32(),
        "click": pyarrow.bool_(),
        "city": pyarrow.large_string(),
        "tags": pyarrow.large_list(pyarrow.string()),
        "point": pyarrow.list_(pyarrow.float32(), 2),
    }
    dictionary = {"city": pyarrow.dictionary(pyarrow.int32(), pyarrow.string())}

    def write(name, content, **options):
        pyarrow.parquet.write_table(content, os.path.join(folder, name), **options)

    write_csv(os.path.join(folder, "rows.csv"), all_rows)
    write("plain.parquet", table(all_rows), compression="none", use_dictionary=False)
    write("groups.parquet", table(all_rows), row_group_size=70, compression="snappy", data_page_version="2.0")
    write("narrow.parquet", table(all_rows, **narrow), compression="zstd", row_group_size=200)
    write("dictionary.parquet", table(all_rows, **dictionary), compression="gzip")
    write("lz4.parquet", table(all_rows), compression="lz4", write_page_checksum=True)
    write("part-0.parquet", table(all_rows[:120]), compression="snappy")
    write("part-1.parquet", table(all_rows[120:]), compression="brotli")
    write("none.parquet", table(all_rows[:0]), compression="snappy")
    write_typed(folder)
    write_durations(folder)
    write_wide(folder)


main()

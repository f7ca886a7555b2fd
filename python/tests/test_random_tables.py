# SPDX-License-Identifier: Apache-2.0
"""Arrow tables of random types, offsets, chunks and nulls: scored, or refused with an exception, never a crash; and
where the same values come as texts, with the same scores."""

import numpy as np
import pyarrow as pa
import pytest

import plexus
from helpers import trained

INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
NUMBERS = [*INTEGERS, pa.float16(), pa.float32(), pa.float64(), pa.bool_()]
TEXTS = [pa.string(), pa.large_string(), pa.string_view(), pa.binary()]
TEXTS += [pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.uint32(), pa.large_string())]
OTHERS = [pa.date32(), pa.timestamp("us"), pa.decimal128(9, 2), pa.struct([("a", pa.int32())]), pa.null()]
OTHERS += [pa.list_(pa.int64()), pa.large_list(pa.string()), pa.list_(pa.float32(), 3), pa.duration("s")]
OTHERS += [pa.run_end_encoded(pa.int32(), pa.int64())]


def values_of(kind, random, n, nulls):
    if pa.types.is_boolean(kind):
        values = random.random(n) < 0.5
    elif pa.types.is_floating(kind):
        values = random.normal(size=n).astype(kind.to_pandas_dtype())
    elif pa.types.is_integer(kind):
        values = random.integers(0, 60, n)
    elif pa.types.is_null(kind):
        return pa.nulls(n)
    elif pa.types.is_run_end_encoded(kind):
        import pyarrow.compute as pc

        return pc.run_end_encode(pa.array(random.integers(0, 3, n)))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        make = str if kind.value_type == pa.string() else int
        values = [[make(item) for item in random.integers(0, 9, random.integers(0, 4))] for _ in range(n)]
    elif pa.types.is_fixed_size_list(kind):
        values = [list(map(float, random.random(3))) for _ in range(n)]
    elif pa.types.is_struct(kind):
        values = [{"a": 1}] * n
    elif pa.types.is_dictionary(kind):
        words = pa.array(["ams", "ber", "cph", "a text that is longer than any view holds inside"], kind.value_type)
        places = pa.array(random.integers(0, 4, n), kind.index_type, mask=nulls)
        return pa.DictionaryArray.from_arrays(places, words)
    elif kind in TEXTS:
        words = np.array(["ams", "", "d é", "7", " ber ", "a text that is longer than any view holds inside"], object)
        values = random.choice(words, n)
        values = [value.encode() for value in values] if kind == pa.binary() else values.tolist()
    elif pa.types.is_decimal(kind):
        values = [1] * n
    else:  # dates and times, made from their integers
        return pa.array(random.integers(0, 99, n), pa.int32() if kind == pa.date32() else pa.int64()).cast(kind)
    if nulls is not None:
        values = [None if gone else value for value, gone in zip(values, nulls)]
    return pa.array(values, kind)


def column(random, n, is_dense):
    kinds = NUMBERS if is_dense and random.random() < 0.9 else [*NUMBERS, *TEXTS, *NUMBERS, *TEXTS, *OTHERS]
    kind = kinds[random.integers(0, len(kinds))]
    before, after = random.integers(0, 20, 2)
    total = int(before + n + after)
    nulls = random.random(total) < 0.2 if random.random() < (0.1 if is_dense else 0.5) else None
    array = values_of(kind, random, total, nulls).slice(int(before), n)
    if random.random() < 0.3 and n > 2:
        cut = int(random.integers(1, n))
        return pa.chunked_array([array.slice(0, cut), array.slice(cut)])
    return pa.chunked_array([array])


@pytest.fixture(scope="module")
def model(rows, features):
    return trained(features, rows)


@pytest.mark.parametrize("seed", range(8))
def test_random_tables(seed, model):
    random = np.random.default_rng(seed)
    scored = 0
    for _ in range(60):
        n = int(random.integers(1, 70))
        table = pa.table({name: column(random, n, name in ("age", "pay")) for name in ("pay", "code", "age", "city")})
        try:
            scores = model.predict(table)
        except plexus.PlexusError as error:
            assert "column '" in str(error)
            continue
        scored += 1
        assert scores[0].shape == (n, 1) and np.isfinite(scores[0]).all()
    assert 10 < scored < 60


def test_numbers_and_their_texts(model):
    random = np.random.default_rng(0)
    for kind in NUMBERS[:-1]:
        n = 50
        numbers = values_of(kind, random, n, None)
        table = pa.table({"city": ["ams"] * n, "code": numbers, "age": numbers, "pay": numbers})
        words = [str(value) for value in numbers.to_pylist()]
        texts = table.set_column(1, "code", pa.array([word.removesuffix(".0") for word in words]))
        if not pa.types.is_float16(kind) and not pa.types.is_float32(
            kind
        ):  # the shortest text of these is not Python's
            assert np.array_equal(model.predict(table)[0], model.predict(texts)[0])
        assert np.allclose(model.predict(table)[1], model.predict(texts)[1], atol=1e-3)

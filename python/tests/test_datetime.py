# SPDX-License-Identifier: Apache-2.0
"""Dates as hours, weekdays, months and ages: the same from any container, from files and after loading."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import plexus
from helpers import same
from test_one_value import KINDS, ROWS, containers, given, texts_of
from test_one_value import trained as trained_on

DATES = ["dates", "times", "fractions of seconds", "times in UTC"]


def trained(x, y, **arguments):
    feature = plexus.DatetimeFeat("c", **arguments)
    return trained_on(x, y, feature, dnn_activation="linear")


@pytest.mark.parametrize("kind", DATES)
def test_any_container(kind, tmp_path):
    values, texts = KINDS[kind][0], texts_of(kind)
    order = [i % 6 for i in range(ROWS)]
    y = np.array([i % 2 for i in order])
    reference = trained({"c": [texts[i] for i in order]}, y)
    wanted = reference.predict({"c": texts})
    assert len(np.unique(wanted)) == 6
    for name, make in containers(kind).items():
        assert same(trained(given(make, [values[i] for i in order], tmp_path, y), y), reference), name
        assert np.array_equal(reference.predict(given(make, values, tmp_path)), wanted), name
    predictor = reference.predictor()
    for value, text, score in zip(values, texts, wanted[:, 0]):
        assert predictor([value]) == predictor([text]) == (score,)


def test_units_and_zones():
    """numpy's, pandas' and Arrow's units are one time; another zone is the same time in UTC."""
    times = np.array(["2024-02-29T12:30:00", "1969-12-31T23:00:00", "2024-07-01T00:00:00"], "datetime64[s]")
    texts = [str(time) for time in times]
    model = trained({"c": texts * 20}, np.arange(60) % 2)
    wanted = model.predict({"c": texts})
    zoned = pd.Series(times).dt.tz_localize("UTC").dt.tz_convert("America/New_York")
    for column in (
        times,
        times.astype("datetime64[ms]"),
        times.astype("datetime64[ns]"),
        pd.Series(times),
        zoned,
        [one.to_pydatetime() for one in zoned],
        pa.array(times).cast(pa.timestamp("us", "Asia/Tokyo")),
        pa.array(times).cast(pa.timestamp("ns")),
        pa.array(times),
    ):
        assert np.array_equal(model.predict({"c": column}), wanted), type(column)


def test_descriptions_of_parts():
    """Rows that differ in one part alone have scores that differ if that part is read."""
    x = {"c": [f"20{10 + i % 13}-{1 + i % 12:02d}-{1 + i % 28:02d} {i % 24:02d}:00" for i in range(480)]}
    y = np.arange(480) % 2
    pairs = {
        "hour": ("2024-05-06 01:00", "2024-05-06 02:00"),
        "weekday": ("2024-05-06 01:00", "2024-05-07 01:00"),
        "month": ("2024-05-06 01:00", "2024-06-03 01:00"),
        "age": ("2024-05-06 01:00", "2024-05-06 02:00"),
    }
    for part in pairs:
        model = trained(x, y, parts=[part])
        for other, rows in pairs.items():
            one, two = model.predict({"c": list(rows)})[:, 0]
            is_read = other == part or part == "age" or (part == "hour" and other == "age")
            assert (one != two) == is_read, (part, other)


def test_the_reference_is_in_the_file(tmp_path):
    x = {"c": [f"2024-01-{1 + i % 31:02d}" for i in range(310)]}
    y = np.arange(310) % 2
    new = {"c": ["2024-01-05", "2031-01-01", "1970-01-01 12:00"]}
    model = trained(x, y, scaling="standard")
    model.save(tmp_path / "model.plexus")
    again = plexus.load_model(tmp_path / "model.plexus")
    assert np.array_equal(again.predict(new), model.predict(new)) and same(again, model)
    given_one = trained(x, y, scaling="standard", reference=dt.date(2024, 1, 31))
    assert same(given_one, model) and 'reference: "2024-01-31"' in given_one.config
    assert not same(trained(x, y, reference="2023-01-01", scaling="none"), trained(x, y, scaling="none"))
    pd.DataFrame(new).to_csv(tmp_path / "new.csv", index=False)
    assert np.array_equal(model.predict(tmp_path / "new.csv"), model.predict(new))


@pytest.mark.parametrize("none", [None, np.datetime64("NaT"), pd.NaT, ""])
def test_missing(none):
    dates = [np.datetime64("2024-01-02"), np.datetime64("2024-03-01"), none] * 20
    y = np.arange(60) % 2
    with pytest.raises(plexus.SchemaError, match="a missing date in column 'c', which is read as an age"):
        trained({"c": dates}, y)
    texts = {"c": ["2024-01-02", "2024-03-01", ""] * 20}
    for arguments in ({"parts": ["month"]}, {"missing": 3.5}, {"missing": "mean", "missing_indicator": True}):
        model = trained({"c": dates}, y, **arguments)
        assert same(model, trained(texts, y, **arguments))
        assert model.predictor()([none]) == model.predictor()([""])


def test_invalid_dates():
    y = np.arange(4) % 2
    for cells in ([1700000000] * 4, np.arange(4), np.arange(4) * 0.5, pa.array([1, 2, 3, 4])):
        with pytest.raises(plexus.SchemaError, match="is a number and not a date; column 'c' is declared datetime"):
            trained({"c": cells}, y)
    with pytest.raises(plexus.SchemaError, match="row 4: 'soon' is not a date"):
        trained({"c": ["2024-01-01"] * 3 + ["soon"]}, y)
    model = trained({"c": ["2024-01-01", "2024-01-02"] * 2}, y)
    for cell in (12, 1.5, dt.time(12), "12:00:00"):
        with pytest.raises(plexus.SchemaError, match="date"):
            model.predictor()([cell])


def test_summary_before_there_are_rows():
    lines = []
    features = [plexus.DatetimeFeat("c"), plexus.Feature("d", kind="datetime", parts=["hour"]), plexus.DenseFeat("x")]
    plexus.SingleTask(features).summary(print_fn=lines.append)
    text = "\n".join(lines)
    assert "2 dates with 71 and 1 numbers, 1 dense" in text and "embedding/c/weekday" in text

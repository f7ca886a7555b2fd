# SPDX-License-Identifier: Apache-2.0
"""Rows that the tests share: two tasks that hang on two categories and a number."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def rows():
    random = np.random.default_rng(7)
    n = 4000
    city = random.choice(np.array(["ams", "ber", "cph", "d é"], object), n)
    code = random.integers(0, 50, n)
    age = random.normal(size=n)
    pay = random.random(n)
    click = (((city == "ams") & (age > 0)) | (code < 5)).astype(np.int64)
    seconds = 2 * age + pay
    return {"city": city, "code": code, "age": age, "pay": pay, "click": click, "seconds": seconds}


@pytest.fixture(scope="session")
def features(rows):
    return {name: rows[name] for name in ("city", "code", "age", "pay")}

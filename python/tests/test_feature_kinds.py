# SPDX-License-Identifier: Apache-2.0
"""Each kind of features that the library knows has a class."""

import re
from pathlib import Path

import pytest

import plexus
from plexus import features

PAGE = Path(__file__).resolve().parents[2] / "docs/configuration.md"  # tests/test_config.c checks it
KINDS = re.findall(r"`(\w+)`", re.search(r"^\| `kind` \| ([^|]*) \| must be given", PAGE.read_text(), re.M)[1])

ARGUMENTS = {
    "sparse": {},
    "buckets": {"borders": [1, 2.5], "column": "y"},
    "datetime": {"parts": ["weekday", "age"], "reference": "2024-01-31"},
    "list": {},
    "dense": {"dimension": 2},
}


def test_the_page_lists_kinds():
    assert {"sparse", "buckets", "datetime", "list", "dense"} <= set(KINDS)
    assert set(features.CLASSES) == set(KINDS) == set(ARGUMENTS)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_class(kind):
    made = features.CLASSES[kind]
    assert made.__name__ in plexus.__all__ and getattr(plexus, made.__name__) is made
    first = plexus.SparseFeat("x") if kind == "list" else "x"
    extra = {"maxlen": 3} if kind == "list" else {}
    feature = made(first, **extra, **ARGUMENTS[kind])
    entry = feature.config()
    assert entry["kind"] == kind and entry["name"] == "x"
    model = plexus.SingleTask([feature])
    assert f"kind: {kind}" in model.config


def test_buckets_by_their_class():
    same = [
        (plexus.BucketFeat("x", borders=[1, 2]), {"borders": [1.0, 2.0]}),
        (plexus.BucketFeat("x", quantiles=8, embedding_dim="auto"), {"quantiles": 8, "embedding_dim": "auto"}),
        (plexus.BucketFeat("x", exact=5, frozen=True), {"exact": 5, "frozen": True}),
    ]
    for feature, keys in same:
        assert feature.config() == {"name": "x", "kind": "buckets", "embedding_dim": 4, **keys}
        hash(feature)
    with pytest.raises(plexus.PlexusError, match="borders"):
        plexus.SingleTask([plexus.BucketFeat("x", borders=[2, 1])])

# SPDX-License-Identifier: Apache-2.0
"""docs/tutorial.md does what it says: its commands and its Python run one after another in an empty folder. The keys
that docs/models shows are keys."""

import os
import pathlib
import re
import subprocess

import pytest

import plexus

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("pandas")
matplotlib.use("Agg")

ROOT = pathlib.Path(__file__).parents[2]
COMMAND = os.environ.get("PLEXUS_COMMAND")
BLOCKS = re.findall(r"```(sh|python|yaml)\n(.*?)```", (ROOT / "docs/tutorial.md").read_text(), re.DOTALL)


@pytest.mark.skipif(COMMAND is None, reason="PLEXUS_COMMAND is not set")
def test_the_tutorial(tmp_path, monkeypatch, capsys):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "plexus").symlink_to(COMMAND)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    names = {}
    for language, block in BLOCKS:
        if language == "sh":
            subprocess.run(["sh", "-ec", block], check=True, stdout=subprocess.DEVNULL)
        elif language == "python":
            exec(block, names)
    assert 0.5 < max(names["history"].history["val_bought_auc"]) <= 1
    assert len(names["clicked"]) == len(names["bought"]) == 3
    assert all((tmp_path / name).stat().st_size for name in ("visits/model.plexus", "shop.plexus", "visits.onnx"))
    assert "entropy" in capsys.readouterr().out


def test_its_configuration_is_the_example():
    (shown,) = [block for language, block in BLOCKS if language == "yaml"]
    kept = re.sub(r" *#.*", "", (ROOT / "examples/shop/visits.yaml").read_text())
    assert shown.split() == kept.split()


MODELS = [page for page in sorted((ROOT / "docs/models").glob("*.md")) if page.stem != "index"]


@pytest.mark.parametrize("page", MODELS, ids=lambda page: page.stem)
def test_keys_of_a_model(page):
    (block,) = re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    tasks = "" if "tasks:" in block else "tasks: [{name: a}, {name: b}]\n"
    text = f"data: {{train: [rows.csv]}}\nfeatures: [{{name: city, kind: sparse}}]\n{tasks}{block}"
    config = plexus.from_config(text).config
    for line in block.partition("model:\n")[2].splitlines():
        assert line in config

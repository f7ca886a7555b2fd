# SPDX-License-Identifier: Apache-2.0
"""Files in place of tables: the same model, bit for bit, as from the table and by the command; whole configurations."""

import gzip
import os
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import plexus
from helpers import same, small_model, trained

ARGUMENTS = {"epochs": 2, "batch_size": 256, "verbose": 0}


def from_files(x, **arguments):
    model = small_model()
    model.fit(x, **{**ARGUMENTS, **arguments})
    return model


@pytest.fixture(scope="module")
def folder(rows, tmp_path_factory):
    """rows.csv, the same in two parts, compressed, with other delimiters, and as Parquet."""
    folder = tmp_path_factory.mktemp("rows")
    frame = pd.DataFrame(rows)
    frame.to_csv(folder / "rows.csv", index=False)
    (folder / "rows.csv.gz").write_bytes(gzip.compress((folder / "rows.csv").read_bytes()))
    (folder / "parts").mkdir()
    (folder / "parquet").mkdir()
    for number, part in enumerate((frame[:1500], frame[1500:])):
        part.to_csv(folder / "parts" / f"part-{number}.csv", index=False)
        part.to_parquet(folder / "parquet" / f"part-{number}.parquet", index=False, row_group_size=700)
    frame.to_csv(folder / "odd.txt", index=False, header=False, sep=";", na_rep="?")
    frame.to_parquet(folder / "rows.parquet", index=False)
    return folder


@pytest.fixture(scope="module")
def reference(rows, features):
    return trained(features, rows)


def command(*arguments):
    program = os.environ.get("PLEXUS_COMMAND")
    if not program:
        pytest.skip("PLEXUS_COMMAND does not name the command")
    subprocess.run([program, *map(os.fspath, arguments)], check=True, capture_output=True)


def by_command(config: str, folder) -> plexus.Model:
    """The model that `plexus fit` makes of a configuration."""
    (folder / "config.yaml").write_text(config)
    command("fit", folder / "config.yaml", "--out", folder / "out", "--quiet")
    return plexus.load_model(folder / "out" / "model.plexus")


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz", "parts", "parts/part-*.csv", "rows.parquet", "parquet"])
def test_as_the_table(name, folder, rows, features, reference):
    path = folder / name
    model = from_files(str(path) if "*" in name else path)
    assert same(model, reference)
    assert all(np.array_equal(a, b) for a, b in zip(model.predict(path), reference.predict(features)))
    labels = [rows["click"], rows["seconds"]]
    assert model.evaluate(path) == reference.evaluate(features, labels)
    layer = "click/gate/mixture"
    assert np.array_equal(model.layer_output(path, layer), reference.layer_output(features, layer))


def test_forms_of_paths(folder, reference):
    parts = [folder / "parts" / f"part-{number}.csv" for number in range(2)]
    for x in (parts, tuple(map(str, parts)), plexus.Files(parts), plexus.Files("rows.csv", folders=folder)):
        assert same(from_files(x), reference)
    assert len(reference.predict(plexus.Files("parts/part-1.csv", folders=[folder]))[0]) == 2500


def test_as_the_command(folder, tmp_path):
    model = from_files(folder / "rows.csv", validation_split=0.25)
    assert same(by_command(model.config, tmp_path), model)
    options = {
        "delimiter": ";",
        "header": False,
        "missing": ["?"],
        "memory": "256KiB",
        "cache": str(tmp_path / "cache"),
    }
    names = ["city", "code", "age", "pay", "click", "seconds"]
    odd = from_files(plexus.Files(folder / "odd.txt", columns=names, **options), validation_split=0.25)
    assert "memory: 256KiB" in odd.config and (tmp_path / "cache").is_dir()
    assert same(by_command(odd.config, tmp_path), odd)
    assert len(odd.predict(folder / "odd.txt")[0]) == 4000


def test_validation_and_going_on(folder, rows, features):
    """Validation files, and a second fit by the encoders of the first, as with tables."""
    parts = [folder / "parts" / f"part-{number}.csv" for number in range(2)]
    tables = [{name: values[cut] for name, values in rows.items()} for cut in (slice(0, 1500), slice(1500, None))]
    model, other = small_model(), small_model()
    for _ in range(2):
        files = model.fit(parts[0], validation_data=parts[1], **ARGUMENTS)
        table = other.fit(tables[0], validation_data=(tables[1], None), **ARGUMENTS)
        assert files.history == table.history and "val_click_auc" in files.history
    assert same(model, other)
    model.fit(rows, **ARGUMENTS)
    other.fit(parts, **ARGUMENTS)
    assert same(model, other)
    pair = small_model()
    pair.fit(parts[0], validation_data=(parts[1], None), **ARGUMENTS)


def test_large_rows_go_on(folder, tmp_path):
    """A second fit of rows that are more than data.memory leaves a cache of the first as it is."""
    files = plexus.Files(folder / "rows.csv", memory="64KiB", cache=str(tmp_path / "cache"))
    model = from_files(files)
    before = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "cache").rglob("*"))
    model.fit(files, **ARGUMENTS)
    again = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "cache").rglob("*"))
    assert [path for path, _ in again] == [path for path, _ in before]
    assert [time for path, time in again if path.is_file()] == [time for path, time in before if path.is_file()]


def test_weights_of_a_column(folder, rows, features, tmp_path):
    weight = np.linspace(0.1, 2, 4000)
    pd.DataFrame({**rows, "w": weight}).to_csv(tmp_path / "w.csv", index=False)
    expected = trained(features, rows, sample_weight=weight)
    assert same(from_files(tmp_path / "w.csv", sample_weight="w"), expected)
    assert same(trained({**features, "w": weight}, rows, sample_weight="w"), expected)
    both = from_files(tmp_path / "w.csv", sample_weight={"click": "w"})
    assert same(both, trained(features, rows, sample_weight={"click": weight}))
    assert not same(both, expected)


def test_parquet_of_several_types(folder, rows, tmp_path, reference):
    """Parts whose types differ, dictionaries, and files that polars reads where pyarrow is not there."""
    table = pa.Table.from_pandas(pd.DataFrame(rows))
    narrow = table[1500:].set_column(1, "code", table[1500:]["code"].cast(pa.int8()))
    narrow = narrow.set_column(0, "city", narrow["city"].dictionary_encode())
    pq.write_table(table[:1500], tmp_path / "0.parquet")
    pq.write_table(narrow.select(narrow.schema.names[::-1]), tmp_path / "1.parquet")
    assert same(from_files(tmp_path), reference)


def test_damaged_parquet(folder, rows, tmp_path, reference):
    """What pyarrow cannot read is a FormatError of the file, whichever part of it is damaged."""
    whole = (folder / "rows.parquet").read_bytes()
    cut = {
        "footer": whole[:-20] + whole[-20:][::-1][:16] + b"PAR1",
        "short": b"PAR1" + whole[-30:],
        "page": bytearray(whole),
    }
    cut["page"][60:400] = b"\xff" * 340
    for name, content in cut.items():
        path = tmp_path / f"{name}.parquet"
        path.write_bytes(content)
        for use in (
            from_files,
            reference.predict,
            reference.evaluate,
            lambda one: reference.layer_output(one, "concat"),
        ):
            with pytest.raises(plexus.FormatError, match=f"{name}.parquet"):
                use(path)
    other = tmp_path / "other"
    other.mkdir()
    pd.DataFrame(rows).to_parquet(other / "0.parquet")
    pd.DataFrame(rows).drop(columns="city").to_parquet(other / "1.parquet")
    with pytest.raises(plexus.PlexusError, match="1.parquet"):
        from_files(other)


def test_empty_parts_of_a_folder(folder, tmp_path, reference):
    for path in (folder / "parquet").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "part-9.parquet").write_bytes(b"")
    assert same(from_files(tmp_path), reference) and same(from_files(tmp_path / "part-*.parquet"), reference)
    with pytest.raises(plexus.FormatError, match="part-9.parquet: the file is empty"):
        from_files(tmp_path / "part-9.parquet")


def test_half_characters_in_configurations(folder):
    with pytest.raises(plexus.ArgumentError, match="half a character"):
        from_files(str(folder / "rows\udcff.csv"))


@pytest.mark.parametrize("blocked", [["pyarrow"], ["pyarrow", "polars"]])
def test_parquet_without(blocked, folder, reference, monkeypatch):
    for name in list(sys.modules):
        if name.split(".")[0] in blocked:
            monkeypatch.setitem(sys.modules, name, None)
    if "polars" in blocked and not plexus.files.lib.plx_context_inspect(plexus._library.context()).reads_parquet:
        with pytest.raises(plexus.UnsupportedError, match="pip install pyarrow"):
            from_files(folder / "parquet")
        return
    model = from_files(folder / "parquet")
    assert same(model, reference)
    assert np.array_equal(model.predict(folder / "rows.parquet")[0], reference.predict(folder / "rows.csv")[0])


def test_wrong_rows_are_reported(folder, tmp_path, rows):
    wrong = (folder / "rows.csv").read_text() + "ams,1,old,0.5,1,2.0\n"
    (tmp_path / "wrong.csv").write_text(wrong)
    with pytest.raises(plexus.SchemaError, match=r"wrong.csv:4002:.*'old' is not a number; column 'age'"):
        from_files(tmp_path / "wrong.csv")
    with pytest.warns(RuntimeWarning, match="1 invalid row is left out; the first: .*wrong.csv:4002"):
        model = from_files(plexus.Files(tmp_path / "wrong.csv", on_error="skip"))
    with pytest.warns(RuntimeWarning, match="1 invalid row is left out") as warned:
        assert len(model.predict(tmp_path / "wrong.csv")[0]) == 4000
    assert warned[0].filename == __file__


@pytest.mark.parametrize(
    "fit, message",
    [
        (lambda f, r: from_files(f / "none.csv"), "none.csv: no such file"),
        (lambda f, r: from_files([f / "rows.csv", f / "none-*.parquet"]), "none-*.parquet: no such file"),
        (lambda f, r: from_files(f / "rows.csv", y=[r["click"], r["seconds"]]), "leave y out"),
        (lambda f, r: from_files(f / "rows.csv", sample_weight=np.ones(4000)), "the name of the column"),
        (lambda f, r: from_files(f / "rows.csv", sample_weight="weight"), "no column 'weight'"),
        (lambda f, r: from_files(f / "rows.csv", validation_data=(r, None)), "validation_data is a table"),
        (lambda f, r: from_files(r, validation_data=(f / "rows.csv", None)), "validation_data is in files"),
        (lambda f, r: from_files(f / "odd.txt"), "no column 'city'"),
        (lambda f, r: plexus.Files(f / "rows.csv", delimitr=";"), "did you mean 'delimiter'?"),
        (lambda f, r: from_files(plexus.Files(f / "rows.csv", memory="much")), "data.memory"),
        (lambda f, r: plexus.Files(f / "rows.csv", train=["a"]), "'train' selects rows"),
        (lambda f, r: plexus.Files([]), "give at least one path"),
    ],
)
def test_wrong_files(fit, message, folder, rows):
    with pytest.raises((ValueError, OSError)) as caught:
        fit(folder, rows)
    assert message in str(caught.value)


def test_wrong_files_of_a_model(folder, reference):
    with pytest.raises(ValueError, match="delimiter belongs to fit's Files"):
        reference.predict(plexus.Files(folder / "odd.txt", delimiter=";"))
    with pytest.raises(ValueError, match="leave y out"):
        reference.evaluate(folder / "rows.csv", [1, 2])
    with pytest.raises(OSError, match="none.csv: no such file"):
        reference.predict(folder / "none.csv")
    if not plexus.files.lib.plx_context_inspect(plexus._library.context()).reads_parquet:
        with pytest.raises(plexus.UnsupportedError, match="is a CSV file among Parquet files"):
            reference.predict([folder / "rows.parquet", folder / "rows.csv"])
        with pytest.raises(plexus.UnsupportedError, match="data.memory: this build .* write the rows as CSV"):
            from_files(plexus.Files(folder / "rows.parquet", memory="1MiB"))


# -- Configurations ----------------------------------------------------------------------------------------------------

CONFIG = """
data: {train: [rows.csv], validation_part: 0.2, test_part: 0.2, split: random}
features:
  - {kind: sparse, names: [city, code], min_count: 3}
  - {kind: dense, name: age, clip: [-2, 2], scaling: standard}
  - {name: pay, views: [number, {quantiles: 8}]}
tasks:
  - {name: click}
  - {name: seconds, kind: regression, loss: huber}
model: {name: ple, num_levels: 1, expert_dnn_units: [8], expert_dnn_activation: gelu}
train: {epochs: 3, batch_size: 128, optimizer: sgd, learning_rate: 0.05, momentum: 0.9, schedule: cosine}
"""


def test_from_config(folder, tmp_path, rows):
    (folder / "model.yaml").write_text(CONFIG)
    model = plexus.Model.from_config(folder / "model.yaml")
    assert model.task_names == ["click", "seconds"] and model.name == "ple" and model.learning_rate == 0.05
    history = model.fit(verbose=0)
    assert history.epoch == [0, 1, 2] and "val_loss" in history.history
    metrics = model.evaluate()
    assert 0.5 < metrics["click_auc"] <= 1
    command("fit", folder / "model.yaml", "--out", tmp_path, "--quiet")
    assert same(plexus.load_model(tmp_path / "model.plexus"), model)
    for again in (plexus.from_config(CONFIG, folders=folder), plexus.from_config(model.config, folders=[folder])):
        again.fit(verbose=0)
        assert same(again, model) and again.evaluate() == metrics


def test_from_config_on_other_rows(folder, rows):
    """x goes before the files of the configuration, arguments before its values."""
    model = plexus.from_config(CONFIG)
    model.compile("adam", metrics=["AUC"], loss_weights={"click": 2})
    model.fit(rows, epochs=1, validation_split=0.5, verbose=0)
    assert {"optimizer: adam", "schedule: cosine", "momentum: 0", "epochs: 1", "batch_size: 128"} <= {
        line.strip() for line in model.config.splitlines()
    }
    assert "loss: huber" in model.config and "weight: 2" in model.config
    assert list(model.history.history)[-1] == "val_click_auc"
    from_path = plexus.from_config(CONFIG)
    from_path.compile("adam", metrics=["AUC"], loss_weights={"click": 2})
    from_path.fit(folder / "rows.csv", epochs=1, validation_split=0.5, verbose=0)
    assert same(from_path, model)


def test_from_a_dict_of_sections(rows):
    model = plexus.from_config(
        {
            "data": {"train": []},
            "features": [{"name": "code", "kind": "sparse"}],
            "tasks": [{"name": "click"}],
            "model": {"name": "single_task"},
        }
    )
    with pytest.raises(ValueError, match="fit: give x"):
        model.fit()
    model.fit(rows, epochs=1, verbose=0)
    with pytest.raises(ValueError, match="evaluate: give x"):
        model.evaluate()


def test_wrong_configurations(folder):
    with pytest.raises(plexus.FormatError, match=r"unknown key 'epoch' in section 'train'; did you mean 'epochs'\?"):
        plexus.from_config(CONFIG.replace("epochs", "epoch"))
    with pytest.raises(OSError):
        plexus.from_config(folder / "none.yaml")
    model = plexus.from_config(CONFIG, folders=folder)
    with pytest.raises(ValueError, match="leave it out"):
        model.fit(y=[1])
    with pytest.raises(plexus.FileError, match="rows.csv: no such file"):
        plexus.from_config(CONFIG).fit(verbose=0)


EXPERIMENTS = pathlib.Path(__file__).parents[2] / "experiments"


@pytest.mark.parametrize(
    "path", sorted(EXPERIMENTS.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_experiments_can_be_read(path):
    model = plexus.from_config(path)
    assert plexus.from_config(model.config).config == model.config


def test_an_experiment(tmp_path):
    """Real rows: the model of `plexus fit`, and its metrics."""
    data = pathlib.Path(os.environ.get("PLEXUS_DATA", EXPERIMENTS.parents[1] / "shared" / "data"))
    if not (data / "adult").is_dir():
        pytest.skip("there is no data set")
    text = (EXPERIMENTS / "adult" / "mmoe.yaml").read_text()
    model = plexus.from_config(text, folders=data)
    model.compile(plexus.optimizers.Adam(0.001), metrics=["AUC"])
    model.fit(epochs=1, verbose=0)
    (tmp_path / "config.yaml").write_text(model.config)
    command("fit", tmp_path / "config.yaml", "--data", data, "--out", tmp_path / "out", "--quiet")
    assert same(plexus.load_model(tmp_path / "out" / "model.plexus"), model)
    assert all(auc > 0.8 for auc in model.evaluate())


def test_folders_that_are_columns(rows, tmp_path):
    """Hive's folders COLUMN=VALUE, as CSV and as Parquet: the rows of the table."""
    frame = pd.DataFrame(rows)[:600].copy()
    frame["day"] = np.array(["2024-01-31", "a b/c", None], object)[np.arange(600) % 3]
    for day, part in frame.groupby("day", dropna=False, sort=False):
        name = {"2024-01-31": "2024-01-31", "a b/c": "a%20b%2Fc"}.get(day, "__HIVE_DEFAULT_PARTITION__")
        for kind in ("csv", "parquet"):
            folder = tmp_path / kind / f"day={name}"
            folder.mkdir(parents=True)
            (tmp_path / kind / "README.md").write_text("what the columns mean")
            write = part.drop(columns="day")
            write.to_csv(folder / "a.csv", index=False) if kind == "csv" else write.to_parquet(folder / "a.parquet")
    features = [plexus.SparseFeat("day", embedding_dim=4), plexus.DenseFeat("age")]
    ordered = pd.concat([frame[frame.day == "2024-01-31"], frame[frame.day.isna()], frame[frame.day == "a b/c"]])
    expected = None
    for source in (tmp_path / "csv", tmp_path / "parquet"):
        model = plexus.SingleTask(features, task_type="binary", task_name="click")
        model.compile()
        model.fit(source, epochs=1, batch_size=64, verbose=0)
        scores = model.predict(source)
        assert np.array_equal(scores, model.predict(ordered[["day", "age"]]))
        assert expected is None or np.array_equal(scores, expected)
        expected = scores

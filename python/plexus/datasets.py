# SPDX-License-Identifier: Apache-2.0
"""Public data sets: what `plexus fetch` does, by Python's own network and archive modules, and their rows as frames.

Addresses, lengths and SHA-256 are those of the command (`plexus fetch --list`).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Protocol, TypedDict

from . import __version__
from ._command import command, data_folder
from ._types import FilePath

if TYPE_CHECKING:
    import pandas

__all__ = ["adult", "census_income", "fetch"]

_BLOCK = 1 << 16

_ADULT = """
age workclass fnlwgt education education_num marital_status occupation relationship race sex capital_gain capital_loss
hours_per_week native_country income
""".split()
_CENSUS_INCOME = """
age class_worker det_ind_code det_occ_code education wage_per_hour hs_college marital_stat major_ind_code major_occ_code
race hisp_origin sex union_member unemp_reason full_or_part_emp capital_gains capital_losses stock_dividends
tax_filer_stat region_prev_res state_prev_res det_hh_fam_stat det_hh_summ instance_weight mig_chg_msa mig_chg_reg
mig_move_reg mig_same mig_prev_sunbelt num_emp fam_under_18 country_father country_mother country_self citizenship
own_or_self vet_question vet_benefits weeks_worked year income_50k
""".split()


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Member(TypedDict):
    sha256: str
    bytes: int
    address: str


class _Set(TypedDict):
    title: str
    archive: str
    address: str
    members: dict[str, _Member]


def fetch(
    name: str,
    folder: FilePath | None = None,
    source: FilePath | None = None,
    quiet: bool = False,
) -> Path:
    """Fetch a data set and return the folder that contains its files, each as NAME.gz.

    Files that are there already are checked, not fetched again.

    Parameters
    ----------
    name : str
        "adult" or "census-income".
    folder : path
        Where the folder of the data set is put; by default $XDG_CACHE_HOME/plexus or ~/.cache/plexus, where `plexus
        fit` looks for it.
    source : path
        A folder with the archive or its files, which are taken instead of the network.
    quiet : bool
        Whether to print nothing on stderr.

    Returns
    -------
    Path
        For example ~/.cache/plexus/adult, with adult.data.gz and adult.test.gz.

    Raises
    ------
    ValueError
        If there is no such data set.
    OSError
        If a file cannot be fetched or is not the one that was published.
    """
    return _fetch(name, folder, source, quiet)[0]


def _fetch(name: str, folder: FilePath | None, source: FilePath | None, quiet: bool) -> tuple[Path, bool]:
    """The data set's folder, and whether it had been there already."""
    listed = subprocess.run([command(), "fetch", "--list"], check=True, capture_output=True, text=True).stdout
    sets: dict[str, _Set] = json.loads(listed)
    if name not in sets:
        raise ValueError(f"there is no data set '{name}'; there are {', '.join(sets)}")
    wanted = sets[name]
    target = Path(folder) / name if folder is not None else Path(data_folder()) / name
    if all(_is_right(target / f"{file}.gz", member) for file, member in wanted["members"].items()):
        return target, True
    made = [path for path in (target, *target.parents) if not path.exists()]
    target.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=target) as work:
            if source is not None:
                _take_from_folder(wanted, Path(source), Path(work))
            else:
                _take_from_network(name, wanted, Path(work), quiet)
            missing = [file for file in wanted["members"] if not (Path(work) / f"{file}.gz").exists()]
            if missing:
                raise OSError(f"{missing[0]} was not among the files of {name}")
            for file in wanted["members"]:
                os.replace(Path(work) / f"{file}.gz", target / f"{file}.gz")
    except BaseException:
        for path in made:
            path.rmdir()
        raise
    return target, False


# -- Rows -------------------------------------------------------------------------------------------------------------


def adult(folder: FilePath | None = None) -> tuple[pandas.DataFrame, pandas.DataFrame]:
    """Return the rows of Adult (1994 US census sample, UCI 2): 32,561 to train and 16,281 to test, as pandas frames.

    Categories are texts without blanks around them, unknown ones "?"; numbers are integers. In the test rows the labels
    in `income` end in a full stop. Needs pandas.

    Parameters
    ----------
    folder : path
        Where the folder `adult` is, or is fetched to; by default $PLEXUS_DATA, else the cache, as for `fetch`.

    Raises
    ------
    OSError
        If the files are missing and cannot be fetched.
    """
    return _frames("adult", _ADULT, folder)


def census_income(folder: FilePath | None = None) -> tuple[pandas.DataFrame, pandas.DataFrame]:
    """Return the rows of Census-Income (KDD; 1994 and 1995 US census surveys, UCI 117) as pandas frames.

    There are 199,523 to train and 99,762 to test. Categories are texts without blanks around them, "NA", "?" and "Not
    in universe" among them. Needs pandas.

    Parameters
    ----------
    folder : path
        Where the folder `census-income` is, or is fetched to; by default $PLEXUS_DATA, else the cache.

    Raises
    ------
    OSError
        If the files are missing and cannot be fetched.
    """
    return _frames("census-income", _CENSUS_INCOME, folder)


def _frames(name: str, columns: list[str], folder: FilePath | None) -> tuple[pandas.DataFrame, pandas.DataFrame]:
    files = fetch(name, folder if folder is not None else os.environ.get("PLEXUS_DATA") or None)
    return _frame(files / f"{name}.data.gz", columns), _frame(files / f"{name}.test.gz", columns)


def _frame(path: Path, columns: list[str]) -> pandas.DataFrame:
    import pandas

    comment = "|" if path.name == "adult.test.gz" else None  # its first line
    frame = pandas.read_csv(
        path, header=None, names=columns, comment=comment, skipinitialspace=True, keep_default_na=False
    )
    for name in frame.select_dtypes(exclude="number"):
        stripped = {text: text.rstrip() for text in frame[name].unique()}
        if any(text != short for text, short in stripped.items()):
            frame[name] = frame[name].map(stripped)
    return frame


# -- Where the files come from -----------------------------------------------------------------------------------------


def _take_from_folder(wanted: _Set, source: Path, work: Path) -> None:
    if (source / wanted["archive"]).is_file():
        with open(source / wanted["archive"], "rb") as archive:
            return _unpack(wanted, archive, wanted["archive"], work)
    for file in wanted["members"]:
        path = next((path for path in (source / file, source / f"{file}.gz") if path.is_file()), None)
        if path is None:
            raise FileNotFoundError(f"{source}: neither {wanted['archive']} nor {file} (or {file}.gz) is there")
        with open(path, "rb") as stream:
            _unpack(wanted, stream, path.name, work)


def _take_from_network(name: str, wanted: _Set, work: Path, quiet: bool) -> None:
    try:
        try:
            with _download(wanted["address"], quiet) as archive:
                _unpack(wanted, archive, wanted["archive"], work)
        except OSError as reason:  # the publisher has the files one by one, too
            if not quiet:
                print(f"{wanted['address']}: {reason}", file=sys.stderr)
            for member in wanted["members"].values():
                with _download(member["address"], quiet) as stream:
                    _unpack(wanted, stream, member["address"].rsplit("/", 1)[-1], work)
    except OSError as reason:
        raise OSError(
            f"cannot fetch {name}: {reason}. Without a network: bring {wanted['address']} here by other means and say "
            f"plexus fetch {name} --from FOLDER"
        ) from reason


@contextmanager
def _download(address: str, quiet: bool) -> Iterator[IO[bytes]]:
    """What is at the address, in a file without a name."""
    if not quiet:
        print(f"fetching {address}", file=sys.stderr)
    request = urllib.request.Request(address, headers={"User-Agent": f"plexus/{__version__}"})
    with urllib.request.urlopen(request, timeout=30) as answer, tempfile.TemporaryFile() as file:
        if not answer.url.startswith("https:"):
            raise OSError(f"{address} leads to {answer.url}, which is no https address")
        shutil.copyfileobj(answer, file, _BLOCK)
        file.seek(0)
        yield file


# -- Taking members out of what came -----------------------------------------------------------------------------------


def _unpack(wanted: _Set, stream: IO[bytes], name: str, work: Path) -> None:
    """An archive, a tar.gz in an archive, or a member itself, plain or compressed."""
    try:
        if name.endswith(".zip"):
            with zipfile.ZipFile(stream) as archive:
                for file in archive.namelist():
                    with archive.open(file) as entry:
                        _visit(wanted, entry, file, work)
        else:
            _visit(wanted, stream, name, work)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as reason:
        raise OSError(f"{name}: {reason}") from reason


def _visit(wanted: _Set, stream: IO[bytes], path: str, work: Path) -> None:
    name = PurePosixPath(path).name
    if name.endswith(".tar.gz"):
        with tarfile.open(fileobj=stream, mode="r|gz") as archive:
            for item in archive:
                entry = archive.extractfile(item) if PurePosixPath(item.name).name in wanted["members"] else None
                if entry is not None:
                    _keep(wanted, entry, PurePosixPath(item.name).name, work)
    elif name in wanted["members"]:
        _keep(wanted, stream, name, work)
    elif name.endswith(".gz") and name[:-3] in wanted["members"]:
        with gzip.open(stream) as plain:
            _keep(wanted, plain, name[:-3], work)


def _keep(wanted: _Set, stream: _Readable, name: str, work: Path) -> None:
    """Copies one member, compressed, while its SHA-256 is made; without a time, so that the same gives the same."""
    path = work / f"{name}.gz"
    with open(path, "wb") as out, gzip.GzipFile("", "wb", fileobj=out, mtime=0) as compressed:
        right = _copies(stream, wanted["members"][name], compressed)
    if not right:
        raise OSError(f"{name} is not the file that was published: its SHA-256 or length differs")


def _copies(stream: _Readable, member: _Member, out: gzip.GzipFile | None) -> bool:
    """Whether what was read is the member; reads no more than that has."""
    digest, n = hashlib.sha256(), 0
    while n <= member["bytes"] and (block := stream.read(_BLOCK)):
        n += len(block)
        digest.update(block)
        if out is not None:
            out.write(block)
    return n == member["bytes"] and digest.hexdigest() == member["sha256"]


def _is_right(path: Path, member: _Member) -> bool:
    try:
        with gzip.open(path) as stream:
            return _copies(stream, member, None)
    except (OSError, EOFError):
        return False


def _main() -> int:
    """What the command hands over: it has checked the arguments."""
    parser = argparse.ArgumentParser("plexus fetch")
    parser.add_argument("name")
    parser.add_argument("--dir")
    parser.add_argument("--from", dest="source")
    parser.add_argument("--quiet", action="store_true")
    given = parser.parse_args()
    try:
        folder, was_there = _fetch(given.name, given.dir, given.source, given.quiet)
    except (OSError, ValueError) as reason:
        print(f"plexus: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if was_there:
        print(f"{given.name} is in {folder} already")
    else:
        print(*sorted(folder.glob("*.gz")), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main())

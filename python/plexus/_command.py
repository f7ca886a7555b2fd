# SPDX-License-Identifier: Apache-2.0
"""The command that was installed with the package, and where it stores data sets."""

from __future__ import annotations

import os


def data_folder() -> str:
    """Where `plexus fetch` stores data sets, and `plexus fit` looks for files."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(cache if os.path.isabs(cache) else os.path.join(os.path.expanduser("~"), ".cache"), "plexus")


def command() -> str:
    """The executable of the wheel, wherever its scheme puts scripts, else the first on $PATH."""
    import shutil  # slow to import
    from importlib.metadata import PackageNotFoundError, files

    try:
        for file in files("plexus-rank") or ():
            if file.name == "plexus" and file.parent.name == "bin":
                return os.path.realpath(file.locate())
    except PackageNotFoundError:
        pass
    found = shutil.which("plexus")
    if found is None:
        raise FileNotFoundError("the command 'plexus' is neither in the installed package nor on $PATH")
    return found

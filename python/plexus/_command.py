# SPDX-License-Identifier: Apache-2.0
"""The path of the command that was installed with the package."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import PackageNotFoundError, files


def command() -> str:
    """The executable of the wheel, wherever its scheme puts scripts, else the first on $PATH."""
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

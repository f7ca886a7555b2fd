# SPDX-License-Identifier: Apache-2.0
"""`python -m plexus`: the command that came with the package, in this process's place."""

import os
import sys

from ._command import command

os.execv(command(), ["plexus", *sys.argv[1:]])

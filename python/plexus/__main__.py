# SPDX-License-Identifier: Apache-2.0
"""`python -m plexus`: run the command of the package in place of this process."""

import os
import sys

from ._command import command

os.execv(command(), ["plexus", *sys.argv[1:]])

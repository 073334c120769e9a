"""What a program does with files, printed so that two hosts can be compared line by line.

    exercise.py ROOT OUT NOW SKIPPED [ARGUMENT...]

ROOT is an empty directory to work in; OUT, another one, receives a copy of the tree that is left at the end; NOW is
the current time in seconds; SKIPPED lists sections, joined by commas, that one of the two hosts cannot run.
"""

import sys

from report import run_sections

# Importing a module adds its sections, in this order.
import process
import files
import large
import directories
import links
import times
import library
import stores
import result

run_sections(sys.argv[1], sys.argv[4].split(","))
sys.exit(7)

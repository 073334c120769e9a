"""One MiB to standard output, a line to standard error, and an exception that nobody catches."""

import sys

for number in range(65_536):
    print(f"{number:015}")
print("before the end", file=sys.stderr)


def inner():
    raise ValueError("nobody catches this")


inner()

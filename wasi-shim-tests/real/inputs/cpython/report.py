"""What the guest scripts share: sections, printed values and printed failures.

Each section works in a directory of its own, so that one that breaks does not break the next. Everything printed has to
be the same on every system, so errors are given by name and never by number or text.
"""

import errno
import os
import sys
import traceback

SECTIONS = []


def section(function):
    SECTIONS.append(function)
    return function


def show(label, *values):
    print(f"{label}:", *(repr(value) for value in values))


def name_of(error):
    if isinstance(error, OSError) and error.errno is not None:
        return f"{type(error).__name__} {errno.errorcode.get(error.errno, 'unknown')}"
    return type(error).__name__


def fails(label, function, *args, **kwargs):
    """Prints how the call fails; that it succeeds is worth a line, too."""
    try:
        function(*args, **kwargs)
    except Exception as error:
        print(f"{label}: {name_of(error)}")
    else:
        print(f"{label}: no error")


def make(path, text=""):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def run_sections(root, skipped=()):
    """Runs every section in order. One that breaks says so in its own output and lets the others run."""
    for function in SECTIONS:
        name = function.__name__.replace("_", "-")
        if name in skipped:
            continue
        # What was printed before a guest is ended by its host shows where that happened.
        print(f"== {name}", flush=True)
        os.mkdir(os.path.join(root, name))
        os.chdir(os.path.join(root, name))
        try:
            function()
        except Exception as error:
            print(f"section broken off: {name_of(error)}")
            traceback.print_exc(file=sys.stderr)
        sys.stdout.flush()

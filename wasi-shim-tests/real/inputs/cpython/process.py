"""Arguments, environment, standard streams, time and randomness."""

import json
import os
import re
import sys
import time

from report import fails, section, show


@section
def arguments():
    show("argv", sys.argv[5:])
    show("cwd", os.path.relpath(os.getcwd(), sys.argv[1]))


@section
def environment():
    for name in ("REAL_PLAIN", "REAL_EMPTY", "REAL_EQUALS", "REAL_ACCENT", "REAL_INHERITED", "REAL_ABSENT"):
        show(name, os.environ.get(name))
    os.environ["REAL_PLAIN"] = "changed"
    show("changed", os.getenv("REAL_PLAIN"))
    del os.environ["REAL_PLAIN"]
    show("deleted", os.getenv("REAL_PLAIN"))


@section
def standard_streams():
    show("terminals", [stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)])
    show("first line", sys.stdin.readline())
    show("three characters", sys.stdin.read(3))
    rest = sys.stdin.read()
    show("rest of stdin", len(rest), rest[-12:])
    show("at the end", sys.stdin.read(), sys.stdin.readline())
    print("to stderr: grüße", file=sys.stderr)


@section
def clocks():
    now = float(sys.argv[3])
    show("wall clock is near the caller's", abs(time.time() - now) < 600)
    show("year", time.gmtime().tm_year == time.gmtime(now).tm_year)
    started = time.monotonic_ns()
    time.sleep(0.05)
    elapsed = time.monotonic_ns() - started
    show("slept 50 ms", 50_000_000 <= elapsed < 30_000_000_000)
    started = time.perf_counter()
    time.sleep(0)
    show("slept 0 ms", time.perf_counter() - started < 10)
    readings = [time.monotonic_ns() for _ in range(1000)]
    show("monotonic", readings == sorted(readings))
    fails("sleep below zero", time.sleep, -1)


@section
def recursion():
    """As deep as the C stack in the guest's own memory allows: it ends near 60 calls through C."""
    def down(n):
        return down(n + 1)

    def through_sorted(n):
        return sorted([n], key=lambda _: through_sorted(n - 1) if n else 0)

    fails("python", down, 0)
    show("through built-in functions", through_sorted(40))
    nested = []
    for _ in range(150):
        nested = [nested]
    show("repr", repr(nested).count("["))
    fails("json", json.loads, "[" * 100_000)
    show("regular expression", re.match("(" * 80 + "x" + ")" * 80, "x").group())
    show("expression", eval("(" * 80 + "1" + ")" * 80))


@section
def randomness():
    show("lengths", [len(os.urandom(n)) for n in (0, 1, 31, 4096, 100_000)])
    drawn = {os.urandom(16) for _ in range(200)}
    show("all different", len(drawn))
    show("all byte values", len(set(os.urandom(16_384))))

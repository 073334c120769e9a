"""CPython on every engine of the command, doing the same with the same result."""

import functools
import shutil

from cpython import PACKAGE, environment_options, manifest, module
from harness import INPUTS, Program, expect_code, expect_equal, expect_in, fresh

SCRIPT = INPUTS / "engines.py"
# The first is what the others are compared with.
ENGINES = ("wasmtime", "wasmi")
STDIN = "grüße\nof two lines\n".encode()
CODE = 5


def run(runner, engine):
    folder = fresh("engines", engine)
    scripts, desk = folder / "scripts", folder / "desk"
    scripts.mkdir()
    desk.mkdir()
    shutil.copy(SCRIPT, scripts)
    (desk / "input.txt").write_text("from the host\n")
    options = ["--engine", engine, "--dir", f"{desk}::/desk", "--mem", "/memory", "--ro-dir", f"{scripts}::/scripts",
               *environment_options({"PYTHONUTF8": "1", "TZ": "UTC", "PYTHONHASHSEED": "7"})]
    done = runner.guest(f"engines/{engine}", module(), "/scripts/engines.py", "one", "two words", options=options,
                        stdin=STDIN, env={"REAL_INHERITED": "from the host"})
    return done, manifest(desk)


def check(engine, runner):
    done, tree = runner.once(f"engines {engine}", lambda: run(runner, engine))
    expect_code(done, CODE)
    expect_in("the output", "it has come to its end", done.stdout.decode())
    wanted, wanted_tree = runner.once(f"engines {ENGINES[0]}", lambda: run(runner, ENGINES[0]))
    expect_equal("stdout", done.stdout.decode(), wanted.stdout.decode())
    expect_equal("stderr", done.stderr.decode(), wanted.stderr.decode())
    expect_equal("files left behind", tree, wanted_tree)


def trap(engine, runner):
    """A deep recursion is Python's to notice, not the engine's."""
    program = "import sys\nsys.setrecursionlimit(2500)\ndef f(n): return f(n + 1)\nf(0)"
    options = ["--engine", engine, "--mem", "/memory"]
    done = runner.guest(f"engines/{engine}-recursion", module(), "-c", program, options=options)
    expect_code(done, 1)
    expect_in("stderr", "RecursionError", done.stderr.decode())


def program():
    listed = Program("engines", [PACKAGE])
    for engine in ENGINES:
        listed.checks[f"{engine}/cpython"] = functools.partial(check, engine)
        listed.checks[f"{engine}/recursion"] = functools.partial(trap, engine)
    return listed

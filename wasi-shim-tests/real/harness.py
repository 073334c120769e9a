"""Starts guests, compares their results with expectations and counts the outcomes."""

import difflib
import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
ROOM = TARGET / "real"
INPUTS = HERE / "inputs"

# Long enough for the compilation of the largest module on a busy machine with two cores.
START_SECONDS = 900
DIFF_LINES = 12


class Problem(Exception):
    """The run cannot go on: no binary, no archive, an unknown name."""


class Mismatch(Exception):
    """A check found something other than what it expects."""


class Skip(Exception):
    """A check cannot say anything on this machine."""


@dataclass
class Program:
    """A named group of checks: functions that take a `Runner` and return, or raise `Mismatch` or `Skip`."""

    name: str
    packages: list
    checks: dict = field(default_factory=dict)

    def check(self, name):
        def register(function):
            self.checks[name] = function
            return function
        return register


@dataclass
class Done:
    """A process that has ended."""

    code: int
    stdout: bytes
    stderr: bytes
    log: Path


class Runner:
    """Starts processes with bounded time, and keeps the command and the outputs of each under its own name."""

    def __init__(self, binary):
        self.binary = binary
        self._once = {}

    def once(self, key, make):
        """The value of `make()`, computed once for all checks that look at it."""
        if key not in self._once:
            self._once[key] = None
            self._once[key] = make()
        if self._once[key] is None:
            raise Mismatch(f"depends on the start of {key}, which has failed")
        return self._once[key]

    def guest(self, log, module, *args, options=(), env=None, **rest):
        """`wasi-shim run OPTIONS MODULE ARGS`; `env` is added to the environment of the host."""
        command = [self.binary, "run", *options, module, *args]
        # Compiled modules are kept where everything else of a run is.
        env = {**os.environ, "XDG_CACHE_HOME": str(ROOM / "cache"), **(env or {})}
        return self.process(log, command, env=env, **rest)

    def process(self, log, command, stdin=b"", stdout_file=None, env=None, cwd=None):
        command = [str(part) for part in command]
        logs = ROOM / "logs" / log
        logs.parent.mkdir(parents=True, exist_ok=True)
        Path(f"{logs}.command").write_text(shlex.join(command) + "\n")
        sink = open(stdout_file, "wb") if stdout_file else subprocess.PIPE
        try:
            done = subprocess.run(command, input=stdin, stdout=sink, stderr=subprocess.PIPE,
                                  env=env, cwd=cwd, timeout=START_SECONDS)
        except FileNotFoundError:
            raise Problem(f"{command[0]} is not installed") from None
        except subprocess.TimeoutExpired:
            raise Mismatch(f"no end after {START_SECONDS} s") from None
        finally:
            if stdout_file:
                sink.close()
        stdout = Path(stdout_file).read_bytes() if stdout_file else done.stdout
        Path(f"{logs}.stdout").write_bytes(stdout)
        Path(f"{logs}.stderr").write_bytes(done.stderr)
        return Done(done.returncode, stdout, done.stderr, logs)


def fresh(*parts):
    """An empty folder of that name in the working room."""
    folder = ROOM.joinpath("work", *parts)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def expect_code(done, wanted):
    if done.code != wanted:
        lines = [line[:160] for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        # A native traceback ends with its cause; a guest that was ended begins with it.
        shown = lines if len(lines) <= 6 else [*lines[:3], "...", *lines[-3:]]
        raise Mismatch("\n".join([f"exit code is {done.code}, expected {wanted}; stderr:", *shown]))


def expect_equal(what, got, wanted):
    """Raises `Mismatch` with a short description of the difference; text of several lines is shown as a diff."""
    if got == wanted:
        return
    if isinstance(got, bytes) and isinstance(wanted, bytes):
        at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
        raise Mismatch(f"{what}: {len(got)} bytes, expected {len(wanted)}, first difference at byte {at}: "
                       f"{got[at:at + 24]!r}, expected {wanted[at:at + 24]!r}")
    if isinstance(got, str) and isinstance(wanted, str) and "\n" in got + wanted:
        diff = list(difflib.unified_diff(wanted.splitlines(), got.splitlines(), "expected", "got", n=0, lineterm=""))
        lines = [line for line in diff[2:] if not line.startswith("@@")]
        more = [f"... and {len(lines) - DIFF_LINES} more lines"] if len(lines) > DIFF_LINES else []
        raise Mismatch("\n".join([what, *(line[:200] for line in lines[:DIFF_LINES]), *more]))
    raise Mismatch(f"{what}: {got!r}, expected {wanted!r}")


def expect_in(what, needle, text):
    if needle not in text:
        raise Mismatch(f"{what}: no {needle!r} in {text[-400:]!r}")


def select(programs, names):
    """The programs with the checks that `names` asks for; all of them without names."""
    if not names:
        return programs
    known = {f"{program.name}/{check}" for program in programs for check in program.checks}
    for name in names:
        if not any(check == name or check.startswith(name + "/") for check in known):
            raise Problem(f"no program or check is called {name!r} (see run --list)")
    chosen = []
    for program in programs:
        checks = {check: function for check, function in program.checks.items()
                  if any(f"{program.name}/{check}/".startswith(name + "/") for name in names)}
        if checks:
            chosen.append(Program(program.name, program.packages, checks))
    return chosen


def find_binary():
    named = os.environ.get("WASI_SHIM")
    if named:
        found = shutil.which(named)
        if not found:
            raise Problem(f"WASI_SHIM names {named}, which is not an executable file")
        return str(Path(found).resolve())
    binary = TARGET / "release" / "wasi-shim"
    if not binary.is_file():
        try:
            built = subprocess.run(["cargo", "build", "--release"], cwd=ROOT)
        except FileNotFoundError:
            raise Problem("cargo is not installed, and WASI_SHIM is not set") from None
        if built.returncode != 0 or not binary.is_file():
            raise Problem("cargo build --release gave no target/release/wasi-shim")
    return str(binary)


def report(programs, binary):
    """Runs the checks, prints one line for each and the totals; the result is the exit code."""
    runner = Runner(binary)
    passed = failed = skipped = 0
    for program in programs:
        try:
            for package in program.packages:
                package.fetch()
        except Problem as problem:
            failed += len(program.checks)
            print(f"FAILED {program.name}/*: {problem}", flush=True)
            continue
        began = time.monotonic()
        for name, check in program.checks.items():
            title = f"{program.name}/{name}"
            try:
                check(runner)
            except Skip as reason:
                skipped += 1
                print(f"skipped {title}: {reason}", flush=True)
            except (Mismatch, Problem) as failure:
                failed += 1
                print(f"FAILED {title}: " + str(failure).replace("\n", "\n    "), flush=True)
            except Exception as failure:  # A fault of one check must not hide the results of the others.
                failed += 1
                print(f"FAILED {title}: {type(failure).__name__}: {failure}", flush=True)
            else:
                passed += 1
                print(f"ok {title}", flush=True)
        print(f"   {program.name}: {time.monotonic() - began:.1f} s", flush=True)
    if failed:
        print(f"full outputs are in {os.path.relpath(ROOM / 'logs')}")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.stdout.flush()
    return 0 if passed and not failed else 1

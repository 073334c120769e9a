"""Parts of the standard library that lean on the filesystem."""

import fileinput
import filecmp
import glob
import linecache
import logging.handlers
import os
import pathlib
import shutil
import tempfile

from report import fails, section, show


@section
def temporary_files():
    os.mkdir("tmp")
    tempfile.tempdir = os.path.abspath("tmp")
    with tempfile.NamedTemporaryFile("w+", prefix="real-", suffix=".txt") as file:
        file.write("temporary")
        file.flush()
        name = os.path.basename(file.name)
        show("named", os.listdir("tmp") == [name], name.startswith("real-"), name.endswith(".txt"))
        show("content", open(file.name).read())
    show("after", os.listdir("tmp"))
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "a", "b").mkdir(parents=True)
        pathlib.Path(folder, "a", "b", "file").write_text("x")
        os.symlink("a", os.path.join(folder, "link"))
    show("directory gone", os.path.exists(folder))
    fd, path = tempfile.mkstemp(dir="tmp")
    show("mkstemp", os.write(fd, b"by number"), os.path.getsize(path))
    os.close(fd)
    os.unlink(path)
    with tempfile.TemporaryFile() as file:
        file.write(b"nameless" * 1000)
        file.seek(0)
        show("nameless", len(file.read()), os.listdir("tmp"))
    with tempfile.SpooledTemporaryFile(max_size=10) as file:
        file.write(b"more than ten bytes")
        file.seek(5)
        show("spooled", file.read(4))
    show("names differ", len({tempfile.mktemp() for _ in range(50)}))
    os.rmdir("tmp")


@section
def copying_trees():
    os.makedirs("src/inner/deep")
    for name, size in (("src/a", 10), ("src/inner/b", 300_000), ("src/inner/deep/c", 0)):
        pathlib.Path(name).write_bytes(b"0123456789" * (size // 10))
    os.symlink("inner/b", "src/link")
    os.utime("src/a", ns=(1_000_000_000_000_000_001, 1_100_000_000_000_000_002))
    shutil.copytree("src", "copied", symlinks=True)
    shutil.copytree("src", "followed")
    show("links", os.path.islink("copied/link"), os.path.islink("followed/link"), os.path.getsize("followed/link"))
    show("equal", filecmp.cmpfiles("src", "copied", ["a", "inner/b", "inner/deep/c"], shallow=False))
    show("times kept", os.stat("copied/a").st_mtime_ns)
    fails("taken", shutil.copytree, "src", "copied")
    shutil.copy2("src/a", "copied/inner")
    show("copy2", os.stat("copied/inner/a").st_mtime_ns)
    shutil.copyfile("src/inner/b", "copied/inner/deep/c")
    show("copyfile", os.path.getsize("copied/inner/deep/c"))
    fails("onto itself", shutil.copyfile, "src/a", "src/a")
    shutil.move("copied/inner/deep", "followed")
    fails("move onto a taken name", shutil.move, "src/inner/deep", "followed")
    show("moved", sorted(os.listdir("copied/inner")), os.listdir("followed/deep"))
    fails("rmtree of a file", shutil.rmtree, "src/a")
    fails("rmtree of nothing", shutil.rmtree, "missing")
    os.symlink("../src", "followed/outside")
    shutil.rmtree("followed")
    show("rmtree stops at links", os.path.exists("followed"), sorted(os.listdir("src")))


@section
def paths_and_patterns():
    root = pathlib.Path("p")
    (root / "x" / "y").mkdir(parents=True)
    for name in ("one.txt", "two.TXT", "x/three.txt", "x/y/four.txt", "x/.hidden.txt", "x/five.md"):
        (root / name).write_text(name, encoding="utf-8")
    show("glob", sorted(glob.glob("p/*.txt")), sorted(glob.glob("p/**/*.txt", recursive=True)))
    show("rglob", sorted(str(path) for path in root.rglob("*.txt")))
    show("iterdir", sorted(path.name for path in root.iterdir()))
    show("stat", (root / "one.txt").stat().st_size, (root / "x").is_dir(), (root / "none").exists())
    (root / "one.txt").rename(root / "x" / "moved.txt")
    (root / "touched").touch()
    (root / "link").symlink_to("x/moved.txt")
    (root / "hard").hardlink_to(root / "x" / "moved.txt")
    show("links", (root / "link").read_text(), str((root / "link").readlink()), (root / "hard").stat().st_nlink)
    show("resolve", (root / "link").resolve().name, (root / "x" / ".." / "touched").resolve().parent.name)
    (root / "touched").unlink()
    fails("unlink twice", (root / "touched").unlink)
    (root / "touched").unlink(missing_ok=True)
    show("write_bytes", (root / "bytes").write_bytes(b"\x00\xff" * 5), (root / "bytes").read_bytes())


@section
def editing_in_place():
    pathlib.Path("edit").write_text("alpha\nbeta\ngamma\n")
    with fileinput.input("edit", inplace=True, backup=".old") as lines:
        for line in lines:
            print(f"{lines.lineno()}: {line.upper()}", end="")
    show("edited", open("edit").read(), open("edit.old").read())
    with fileinput.input(("edit", "edit.old")) as lines:
        show("both", [(line, lines.filelineno()) for line in lines][2:4])
    show("linecache", linecache.getline("edit", 2))


@section
def rotating_logs():
    os.mkdir("logs")
    handler = logging.handlers.RotatingFileHandler("logs/app.log", maxBytes=200, backupCount=3)
    logger = logging.getLogger("real")
    logger.propagate = False
    logger.addHandler(handler)
    for n in range(40):
        logger.warning("message %02d of this log", n)
    handler.close()
    for name in sorted(os.listdir("logs")):
        show(name, open(f"logs/{name}").read().splitlines())

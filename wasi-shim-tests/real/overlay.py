"""CPython edits a tree through an overlay, and one that comes from an archive; native Python says what should come of it."""

import functools
import shutil
import sys
import tarfile
import zipfile

import cpython
from harness import Program, expect_code, expect_equal, expect_in, fresh

ARCHIVES = ("tar", "tar.gz", "zip")


def plant(root):
    """What the script expects to find."""
    files = {
        "notes.txt": b"a line\n",
        "big.bin": bytes(range(256)) * 1000,
        "old name": b"something",
        "tree/deep/leaf": b"as delivered",
        "tree/gone": b"soon",
        "tree/stays": b"as it is",
        "winner": b"won",
        "loser": b"lost",
        "doomed/a/b/c": b"d",
        "doomed/e": b"f",
        "untouched/file": b"never looked at",
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (root / "link").symlink_to("untouched/file")


def planted(*parts):
    folder = fresh("overlay", *parts)
    plant(folder)
    return folder


def edited(runner):
    """What native Python prints and leaves."""
    root, scratch = planted("native", "root"), fresh("overlay", "native", "scratch")
    done = runner.process("overlay/native", [sys.executable, "-B", cpython.SCRIPTS / "edit.py", root, scratch])
    expect_code(done, 0)
    return done.stdout.decode(), cpython.manifest(root)


def edit(runner, name, tree, *arguments):
    scripts = cpython.scripts_copy("overlay", name, "scripts")
    options = [*tree, "--mem", "/scratch", "--ro-dir", f"{scripts}::/scripts"]
    return runner.guest(f"overlay/{name}", cpython.module(), "/scripts/edit.py", "/data", "/scratch", *arguments,
                        options=options)


def check_overlay(commit, runner):
    wanted, committed = runner.once("overlay native", lambda: edited(runner))
    name = "commit" if commit else "gone"
    root = planted(name, "root")
    before = exact(root)
    done = edit(runner, name, ["--overlay", f"{root}::/data", *(["--commit"] if commit else [])])
    expect_code(done, 0)
    expect_equal("output", done.stdout.decode(), wanted)
    if commit:
        expect_equal("the directory", cpython.manifest(root), committed)
    else:
        expect_equal("the directory", exact(root), before)


def check_failure(runner):
    """A script that fails leaves nothing behind, and that is said."""
    root = planted("failed", "root")
    (root / "winner").unlink()
    before = exact(root)
    done = edit(runner, "failed", ["--overlay", f"{root}::/data", "--commit"])
    expect_code(done, 1)
    expect_in("stderr", "its changes are not committed", done.stderr.decode())
    expect_equal("the directory", exact(root), before)


def exact(root):
    """Everything about a tree that can be seen, but for when it was looked at."""
    return [(str(path.relative_to(root)), *facts(path.lstat()),
             path.read_bytes() if path.is_file() and not path.is_symlink() else b"")
            for path in (root, *sorted(root.rglob("*")))]


def facts(stat):
    return stat.st_mode, stat.st_ino, stat.st_nlink, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def packed(kind, root, target):
    if kind != "zip":
        with tarfile.open(target, "w:gz" if kind.endswith("gz") else "w") as archive:
            archive.add(root, ".")
        return
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(root.rglob("*")):
            name = str(path.relative_to(root))
            if path.is_symlink():
                link = zipfile.ZipInfo(name)
                link.create_system, link.external_attr = 3, 0o120777 << 16
                archive.writestr(link, str(path.readlink()))
            else:
                archive.write(path, name)


def check_archive(kind, runner):
    """The same tree out of an archive, copied to where it can be edited."""
    wanted, _ = runner.once("overlay native", lambda: edited(runner))
    folder = fresh("overlay", f"archive-{kind}")
    root = folder / "root"
    root.mkdir()
    plant(root)
    archive = folder / f"tree.{kind}"
    packed(kind, root, archive)
    shutil.rmtree(root)
    done = edit(runner, f"archive-{kind}", ["--archive", f"{archive}::/tree", "--mem", "/data"], "/tree")
    expect_code(done, 0)
    expect_equal("output", done.stdout.decode(), wanted)


def program():
    listed = Program("overlay", [cpython.PACKAGE])
    listed.checks["gone"] = functools.partial(check_overlay, False)
    listed.checks["commit"] = functools.partial(check_overlay, True)
    listed.checks["failure"] = check_failure
    for kind in ARCHIVES:
        listed.checks[f"archive/{kind}"] = functools.partial(check_archive, kind)
    return listed

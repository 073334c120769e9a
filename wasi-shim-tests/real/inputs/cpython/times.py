"""What stat says, and times that are set."""

import os
import stat
import time

from report import fails, make, section, show

OLD = 1_000_000_000_123_456_789
NEWER = 1_234_567_890_987_654_321


def kind(path, follow=True):
    return stat.filemode(os.stat(path, follow_symlinks=follow).st_mode)[0]


def is_recent(path):
    return abs(os.stat(path).st_mtime - time.time()) < 60


@section
def stat_fields():
    os.mkdir("s")
    make("s/file", "x" * 1234)
    os.symlink("file", "s/link")
    show("kinds", kind("s"), kind("s/file"), kind("s/link"), kind("s/link", follow=False))
    facts = os.stat("s/file")
    show("file", facts.st_size, facts.st_nlink, facts.st_ino == os.stat("s/link").st_ino)
    show("link", os.lstat("s/link").st_size, os.lstat("s/link").st_ino != facts.st_ino)
    with open("s/file") as file:
        opened = os.fstat(file.fileno())
    show("fstat", opened.st_size, opened.st_ino == facts.st_ino, opened.st_dev == facts.st_dev)
    show("one device", os.stat("s").st_dev == facts.st_dev)
    show("recent", is_recent("s/file"), is_recent("s"))
    show("access", [os.access("s/file", mode) for mode in (os.F_OK, os.R_OK, os.W_OK, os.R_OK | os.W_OK)])
    show("access of a directory", os.access("s", os.R_OK | os.W_OK), os.access("s/missing", os.F_OK))
    show("same file", os.path.samefile("s/file", "s/link"), os.path.samefile("s/file", "s"))
    fails("missing", os.stat, "s/missing")
    fails("below a file", os.stat, "s/file/x")


@section
def setting_times():
    os.mkdir("s")
    make("s/file")
    os.symlink("file", "s/link")
    os.utime("s/file", ns=(OLD, NEWER))
    facts = os.stat("s/file")
    show("file", facts.st_atime_ns, facts.st_mtime_ns)
    os.utime("s/link", ns=(NEWER, OLD), follow_symlinks=False)
    facts = os.lstat("s/link")
    show("link", facts.st_atime_ns, facts.st_mtime_ns, os.stat("s/link").st_mtime_ns)
    os.utime("s/link", ns=(NEWER, OLD))
    show("through the link", os.stat("s/file").st_mtime_ns)
    os.utime("s", ns=(0, 1))
    show("directory", os.stat("s").st_atime_ns, os.stat("s").st_mtime_ns)
    with open("s/file", "r+b") as file:
        os.utime(file.fileno(), ns=(5_000_000_000, 6_000_000_001))
    show("by descriptor", os.stat("s/file").st_mtime_ns)
    os.utime("s/file", (1.5, 2.25))
    show("in seconds", os.stat("s/file").st_atime, os.stat("s/file").st_mtime)
    fails("missing", os.utime, "s/missing")
    os.utime("s/file")
    show("now", is_recent("s/file"))


@section
def times_that_change():
    os.mkdir("s")
    make("s/file", "content")
    for path in ("s", "s/file"):
        os.utime(path, ns=(OLD, OLD))
    with open("s/file", "rb") as file:
        file.read()
    show("reading", os.stat("s/file").st_mtime_ns == OLD, os.stat("s").st_mtime_ns == OLD)
    with open("s/file", "ab") as file:
        file.write(b"!")
    show("writing", is_recent("s/file"), os.stat("s").st_mtime_ns == OLD)
    os.utime("s/file", ns=(OLD, OLD))
    os.truncate("s/file", 3)
    show("truncating", is_recent("s/file"))
    os.utime("s/file", ns=(OLD, OLD))
    os.rename("s/file", "s/renamed")
    show("renaming", os.stat("s/renamed").st_mtime_ns == OLD, is_recent("s"))
    for change in (lambda: os.mkdir("s/dir"), lambda: os.rmdir("s/dir"), lambda: os.link("s/renamed", "s/hard"),
                   lambda: os.unlink("s/hard"), lambda: os.symlink("x", "s/x"), lambda: open("s/new", "w").close()):
        os.utime("s", ns=(OLD, OLD))
        change()
        show("entry changed", is_recent("s"))
    show("links do not touch the content", os.stat("s/renamed").st_mtime_ns == OLD)

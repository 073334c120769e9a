"""What a guest may not do, and where WASI departs from a native system by design.

    grants.py WORK OTHER READONLY SKIPPED

WORK and OTHER are writable, READONLY is not; SKIPPED lists sections that do not apply, joined by commas. OTHER holds
`file`, `absolute` (a symbolic link to an absolute path) and a file whose name is not UTF-8; READONLY holds `file`,
`link`, which leads to it, and the directory `dir`.
"""

import errno
import os
import sys

from report import fails, make, name_of, run_sections, section, show

WORK, OTHER, READONLY = sys.argv[1:4]
# Which of these a read-only grant answers, and whether at opening or at the first write, is settled by tests of single
# calls. Here it counts that a real program, through its C library, gets a refusal.
REFUSALS = {errno.EPERM, errno.EROFS, errno.EACCES, errno.ENOTCAPABLE, errno.EBADF, errno.EXDEV}


def refused(label, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except OSError as error:
        print(f"{label}:", "refused" if error.errno in REFUSALS else name_of(error))
    else:
        print(f"{label}: NOT REFUSED")


def code_of(function, *args):
    try:
        function(*args)
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


def write_to(path, flags):
    fd = os.open(path, flags)
    try:
        os.write(fd, b"written")
    finally:
        os.close(fd)


def in_readonly(name):
    return os.path.join(READONLY, name)


@section
def environment():
    """Nothing but what was given on the command line."""
    for name in sorted(os.environ):
        show(name, os.environ[name])


@section
def absolute_links():
    fails("create", os.symlink, "/desk/file", "absolute")
    fails("create to the root", os.symlink, "/", "root")
    show("left", os.listdir())
    fails("open", open, os.path.join(OTHER, "absolute"))
    fails("stat", os.stat, os.path.join(OTHER, "absolute"))
    show("lstat", os.path.islink(os.path.join(OTHER, "absolute")))


@section
def escapes():
    os.mkdir("dir")
    up = "../" * 9
    os.symlink(up + "etc", "outward")
    os.symlink("../../..", "dir/parent")
    show("kept", os.readlink("outward") == up + "etc", os.path.islink("dir/parent"))
    for name in ("outward", "outward/passwd", "dir/parent", "dir/parent/etc/passwd", up + "etc/passwd", "dir/" + up):
        fails(f"stat {name}", os.stat, name)
        fails(f"open {name}", os.open, name, os.O_RDONLY)
    fails("create", open, "dir/parent/new", "w")
    fails("mkdir", os.mkdir, "dir/parent/new")
    fails("list", os.listdir, "dir/parent")
    fails("rename out", os.rename, "dir", up + "dir")
    fails("link out", os.link, "dir/parent", up + "parent")
    fails("utime through a link", os.utime, "outward")
    fails("another grant through dots", os.stat, f"{WORK}/..{OTHER}/file")
    fails("no grant", open, "/etc/passwd")
    show("inside after all", os.path.isdir("dir/../dir"), os.path.relpath(os.path.realpath("dir/..")))


@section
def names():
    fails("not UTF-8", os.open, b"caf\xe9", os.O_CREAT | os.O_WRONLY)
    fails("mkdir, not UTF-8", os.mkdir, b"caf\xe9")
    show("listed", sorted(os.listdir(OTHER)), sorted(entry.name for entry in os.scandir(OTHER)))


@section
def links_that_follow():
    make("file")
    os.symlink("file", "link")
    fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    fails("link", os.link, "link", "new", src_dir_fd=fd, dst_dir_fd=fd, follow_symlinks=True)
    os.close(fd)


@section
def permissions():
    make("file", "content")
    os.chmod("file", 0o000)
    show("chmod has no effect", open("file").read(), os.stat("file").st_mode & 0o777)
    fd = os.open("file", os.O_RDONLY)
    # A native system says EINVAL and ENOTDIR; here the descriptor lacks the right.
    show("a reader cannot truncate", code_of(os.ftruncate, fd, 0) in ("EINVAL", "ENOTCAPABLE"), os.fstat(fd).st_size)
    below = code_of(lambda: os.open("x", os.O_RDONLY, dir_fd=fd)), code_of(lambda: os.mkdir("x", dir_fd=fd))
    show("nothing is below a file", set(below) <= {"ENOTDIR", "ENOTCAPABLE", "EBADF"})
    os.close(fd)


@section
def readonly():
    show("read", open(in_readonly("file")).read(), open(in_readonly("link")).read())
    show("list", sorted(os.listdir(READONLY)), os.readlink(in_readonly("link")))
    show("access", [os.access(in_readonly("file"), mode) for mode in (os.F_OK, os.R_OK)])
    for label, flags in (("write", os.O_WRONLY), ("update", os.O_RDWR), ("append", os.O_WRONLY | os.O_APPEND),
                         ("truncate", os.O_RDONLY | os.O_TRUNC), ("write and truncate", os.O_WRONLY | os.O_TRUNC)):
        refused(label, write_to, in_readonly("file"), flags)
        refused(f"{label} through a link", write_to, in_readonly("link"), flags)
    refused("create", write_to, in_readonly("new"), os.O_WRONLY | os.O_CREAT)
    refused("create, exclusive", write_to, in_readonly("new"), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    refused("mkdir", os.mkdir, in_readonly("new"))
    refused("symlink", os.symlink, "file", in_readonly("new"))
    refused("link inside", os.link, in_readonly("file"), in_readonly("new"))
    refused("rename inside", os.rename, in_readonly("file"), in_readonly("new"))
    refused("unlink", os.unlink, in_readonly("file"))
    refused("rmdir", os.rmdir, in_readonly("dir"))
    refused("truncate by path", os.truncate, in_readonly("file"), 0)
    refused("utime", os.utime, in_readonly("file"))
    refused("utime of the directory", os.utime, READONLY)
    fd = os.open(in_readonly("file"), os.O_RDONLY)
    refused("utime by descriptor", os.utime, fd)
    os.close(fd)
    fd = os.open(READONLY, os.O_RDONLY | os.O_DIRECTORY)
    refused("create below a descriptor", os.open, "new", os.O_WRONLY | os.O_CREAT, dir_fd=fd)
    refused("unlink below a descriptor", os.unlink, "file", dir_fd=fd)
    os.close(fd)
    fd = os.open(in_readonly("dir"), os.O_RDONLY | os.O_DIRECTORY)
    refused("mkdir below a descriptor", os.mkdir, "new", dir_fd=fd)
    os.close(fd)


@section
def between_grants():
    make("mine", "mine")
    refused("rename out of read-only", os.rename, in_readonly("file"), "taken")
    refused("link out of read-only", os.link, in_readonly("file"), "taken")
    refused("rename into read-only", os.rename, "mine", in_readonly("given"))
    refused("link into read-only", os.link, "mine", in_readonly("given"))
    show("left", os.listdir(), sorted(os.listdir(READONLY)))


@section
def between_backends():
    """Asked for only where WORK and OTHER are kept by different backends."""
    make("mine", "mine")
    fails("rename", os.rename, "mine", os.path.join(OTHER, "renamed"))
    fails("link", os.link, "mine", os.path.join(OTHER, "linked"))
    fails("rename back", os.rename, os.path.join(OTHER, "file"), "theirs")
    show("left", os.listdir(), os.path.exists(os.path.join(OTHER, "file")))


run_sections(WORK, sys.argv[4].split(","))

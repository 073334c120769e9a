"""Directories: making, listing, walking, renaming, removing."""

import hashlib
import os

from report import fails, make, section, show


@section
def making_and_removing():
    make("file")
    os.mkdir("one")
    fails("taken", os.mkdir, "one")
    fails("taken by a file", os.mkdir, "file")
    fails("below nothing", os.mkdir, "no/such")
    fails("below a file", os.mkdir, "file/sub")
    fails("dot", os.mkdir, ".")
    os.makedirs("one/two/three/four")
    os.makedirs("one/two/three", exist_ok=True)
    fails("makedirs on a file", os.makedirs, "file", exist_ok=True)
    fails("not empty", os.rmdir, "one/two")
    fails("rmdir of a file", os.rmdir, "file")
    fails("rmdir of nothing", os.rmdir, "missing")
    fails("unlink of a directory", os.unlink, "one")
    fails("unlink of nothing", os.unlink, "missing")
    os.removedirs("one/two/three/four")
    show("parents gone", os.path.exists("one"))
    os.makedirs("a/b/../c/./d//e")
    show("dots in between", sorted(os.listdir("a")), os.listdir("a/c/d"))
    os.removedirs("a/c/d/e")
    os.removedirs("a/b")


@section
def trailing_slashes():
    make("file", "text")
    os.mkdir("made/")
    show("made", os.listdir("made/"), os.path.isdir("made/"))
    fails("open a file", open, "file/")
    fails("create", open, "new/", "w")
    fails("stat of a file", os.stat, "file/")
    fails("unlink of a file", os.unlink, "file/")
    fails("rmdir of a file", os.rmdir, "file/")
    fails("rename of a file", os.rename, "file/", "other")
    fails("rename of a file to a slash", os.rename, "file", "other/")
    fails("link of a file to a slash", os.link, "file", "other/")
    fails("symlink with a slash", os.symlink, "file", "other/")
    os.rename("made", "moved/")
    os.rename("moved/", "again")
    os.rmdir("again/")
    show("left", os.listdir())


@section
def listing():
    make("file")
    os.makedirs("tree/sub/deep")
    for name in ("tree/file", "tree/sub/other", "tree/sub/deep/last", "tree/.hidden"):
        make(name, name)
    os.symlink("file", "tree/link")
    os.symlink("sub", "tree/dirlink")
    os.symlink("nowhere", "tree/dangling")
    show("listdir", sorted(os.listdir("tree")), os.listdir("tree/sub/deep"))
    with os.scandir("tree") as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            own = os.lstat(entry.path)
            show(entry.name, entry.is_dir(), entry.is_file(), entry.is_symlink(), entry.is_dir(follow_symlinks=False),
                 entry.is_file(follow_symlinks=False), entry.inode() == own.st_ino, own.st_ino != 0,
                 entry.stat(follow_symlinks=False).st_ino == own.st_ino)
    for path, folders, files in os.walk("tree"):
        folders.sort()
        show("walk", path, folders, sorted(files))
    show("bottom up", sorted(path for path, _, _ in os.walk("tree", topdown=False)))
    show("following", sorted(path for path, _, _ in os.walk("tree", followlinks=True)))
    fails("a file", os.listdir, "file")
    fails("nothing", os.listdir, "missing")
    fails("a dangling link", os.listdir, "tree/dangling")
    show("through a link", sorted(os.listdir("tree/dirlink")))


@section
def many_entries():
    os.mkdir("many")
    names = [f"entry-{n:04}-{'x' * (n % 90)}" for n in range(1500)]
    for name in names:
        make(os.path.join("many", name))
    found = sorted(os.listdir("many"))
    show("all listed once", found == names, hashlib.sha256("".join(found).encode()).hexdigest())
    inodes = {entry.inode() for entry in os.scandir("many")}
    show("inodes differ", len(inodes))
    for name in names:
        os.unlink(f"many/{name}")
    show("none left", os.listdir("many"))
    os.rmdir("many")


@section
def removing_while_listing():
    os.mkdir("many")
    for n in range(1000):
        make(f"many/entry-{n:04}-{'x' * (n % 90)}")
    with os.scandir("many") as entries:
        for entry in entries:
            os.unlink(entry.path)
    left = os.listdir("many")
    show("left", len(left))
    for name in left:
        os.unlink(f"many/{name}")
    os.rmdir("many")


@section
def renaming():
    make("from", "from")
    make("to", "to")
    os.rename("from", "to")
    show("over a file", os.path.exists("from"), open("to").read())
    os.rename("to", "to")
    show("onto itself", open("to").read())
    os.makedirs("dir/inner")
    os.mkdir("empty-dir")
    os.rename("dir", "empty-dir")
    show("directory over an empty one", os.path.exists("dir"), os.listdir("empty-dir"))
    os.mkdir("full")
    make("full/file")
    fails("directory over a full one", os.rename, "empty-dir", "full")
    fails("file over a directory", os.rename, "to", "full")
    fails("directory over a file", os.rename, "full", "to")
    fails("into itself", os.rename, "full", "full/below")
    fails("missing", os.rename, "missing", "to")
    fails("to a missing directory", os.rename, "to", "no/such")
    fails("through a file", os.rename, "to/x", "y")
    os.rename("full", "moved")
    show("directory", os.listdir("moved"))
    os.replace("to", "moved/file")
    show("replace in another directory", open("moved/file").read())
    os.renames("moved/file", "new/parents/file")
    show("renames", os.path.exists("moved"), open("new/parents/file").read())
    os.chdir("new")
    os.rename("parents/file", "../up")
    os.chdir("..")
    show("with dots", open("up").read(), os.listdir("new/parents"))


@section
def current_directory():
    root = os.getcwd()
    make("file")
    os.makedirs("outer/inner")
    os.chdir("outer/inner")
    make("here")
    show("relative", os.listdir("."), sorted(os.listdir("..")), os.path.relpath(os.getcwd(), root))
    os.chdir("..")
    show("up", os.listdir(), open("inner/here").read())
    os.chdir(root)
    fails("chdir to a file", os.chdir, "file")
    fails("chdir to nothing", os.chdir, "missing")


@section
def directory_descriptors():
    os.makedirs("base/sub")
    fd = os.open("base", os.O_RDONLY | os.O_DIRECTORY)
    os.rename("base", "renamed-base")
    os.mkdir("made", dir_fd=fd)
    os.close(os.open("sub/file", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.symlink("sub/file", "link", dir_fd=fd)
    os.link("sub/file", "hard", src_dir_fd=fd, dst_dir_fd=fd, follow_symlinks=False)
    os.rename("made", "sub/made", src_dir_fd=fd, dst_dir_fd=fd)
    show("nlink", os.stat("hard", dir_fd=fd).st_nlink, os.readlink("link", dir_fd=fd))
    os.unlink("hard", dir_fd=fd)
    os.rmdir("sub/made", dir_fd=fd)
    show("left", sorted(os.listdir("renamed-base")), os.listdir("renamed-base/sub"))
    os.close(fd)


@section
def unusual_bases():
    make("file")
    os.mkdir("dir")
    fd = os.open("dir", os.O_RDONLY | os.O_DIRECTORY)
    fails("stat below a directory", os.stat, "x", dir_fd=fd)
    os.close(fd)
    fails("stat below a closed descriptor", os.stat, "x", dir_fd=fd)
    # A lone "." is not among them: wasi-libc puts the working directory in its place, so that the host sees a name.
    for name in ("dir/.", "dir/.."):
        fails(f"rename of {name}", os.rename, name, "x")
        fails(f"rename to {name}", os.rename, "dir", name)
        fails(f"mkdir {name}", os.mkdir, name)
        fails(f"rmdir {name}", os.rmdir, name)
    show("left", sorted(os.listdir()))

"""Symbolic and hard links."""

import os

from report import fails, make, section, show


@section
def symbolic_links():
    os.makedirs("l/d/e")
    make("l/d/file", "content")
    for target, name in (("d/file", "l/file"), ("d", "l/dir"), ("../file", "l/d/up"), ("nowhere", "l/dangling"),
                         ("loop-b", "l/loop-a"), ("loop-a", "l/loop-b"), ("self", "l/self"), ("d/file/", "l/slash"),
                         ("./d/../d/./file", "l/dots"), ("file", "l/chain"), ("grüße", "l/ünïcode")):
        os.symlink(target, name)
        show(name, os.readlink(name), os.lstat(name).st_size, os.path.islink(name))
    for name in ("l/file", "l/dir", "l/d/up", "l/dangling", "l/loop-a", "l/self", "l/slash", "l/dots", "l/chain"):
        show(name, os.path.exists(name), os.path.lexists(name), os.path.isfile(name), os.path.isdir(name))
    for name in ("l/file", "l/dir/file", "l/dir/up", "l/dots", "l/chain"):
        show("read", name, open(name).read())
    for name in ("l/dangling", "l/loop-a", "l/loop-b/x", "l/self", "l/slash", "l/file/", "l/file/x"):
        fails(f"open {name}", open, name)
        fails(f"stat {name}", os.stat, name)
    show("directory through a slash", sorted(os.listdir("l/dir/")), os.path.isdir("l/dir/."))
    show("realpath", os.path.relpath(os.path.realpath("l/dir/up"), os.path.realpath(".")))


@section
def links_are_not_followed():
    os.makedirs("l/d/e")
    make("l/d/file")
    for target, name in (("d/file", "l/file"), ("d", "l/dir"), ("nowhere", "l/dangling"), ("file", "l/chain")):
        os.symlink(target, name)
    fails("nofollow", os.open, "l/file", os.O_RDONLY | os.O_NOFOLLOW)
    fails("nofollow, dangling", os.open, "l/dangling", os.O_RDONLY | os.O_NOFOLLOW)
    fails("nofollow, in between", lambda: os.close(os.open("l/dir/file", os.O_RDONLY | os.O_NOFOLLOW)))
    fails("exclusive on a dangling link", open, "l/dangling", "x")
    fails("mkdir on a dangling link", os.mkdir, "l/dangling")
    fails("symlink on a link", os.symlink, "x", "l/dangling")
    fails("rmdir of a link", os.rmdir, "l/dir")
    fails("rename a directory over a link", os.rename, "l/d/e", "l/dir")
    fails("readlink of a file", os.readlink, "l/d/file")
    fails("readlink of a directory", os.readlink, "l/d")
    fails("readlink of nothing", os.readlink, "l/missing")
    fails("symlink below nothing", os.symlink, "x", "no/such")
    fails("empty target", os.symlink, "", "l/empty")
    os.rename("l/chain", "l/renamed")
    show("renamed", os.readlink("l/renamed"), os.path.lexists("l/chain"))
    os.unlink("l/renamed")
    show("target stays", os.path.exists("l/file"), os.path.exists("l/d/file"))
    with open("l/dangling", "w") as file:
        file.write("made through a link")
    show("created", open("l/nowhere").read(), os.path.islink("l/dangling"))
    os.replace("l/nowhere", "l/dangling")
    show("link replaced", os.path.islink("l/dangling"), open("l/dangling").read())


@section
def long_chains():
    os.mkdir("chain")
    make("chain/0", "end")
    for n in range(1, 60):
        os.symlink(str(n - 1), f"chain/{n}")
    show("ten", open("chain/10").read())
    show("thirty", open("chain/30").read())
    fails("fifty-nine", open, "chain/59")


@section
def hard_links():
    os.mkdir("h")
    make("h/one", "shared")
    os.link("h/one", "h/two")
    os.mkdir("h/sub")
    os.link("h/two", "h/sub/three")
    stats = [os.stat(name) for name in ("h/one", "h/two", "h/sub/three")]
    show("links", [stat.st_nlink for stat in stats], len({stat.st_ino for stat in stats}))
    show("same", os.path.samefile("h/one", "h/sub/three"))
    with open("h/sub/three", "a") as file:
        file.write(" by all")
    show("content", open("h/one").read())
    os.rename("h/one", "h/two")
    show("rename to another name of itself", sorted(os.listdir("h")), os.stat("h/two").st_nlink)
    os.unlink("h/one")
    show("one less", os.stat("h/two").st_nlink)
    fails("taken", os.link, "h/two", "h/sub/three")
    fails("missing", os.link, "h/missing", "h/x")
    fails("directory", os.link, "h/sub", "h/x")
    fails("below nothing", os.link, "h/two", "no/such")
    os.symlink("two", "h/sym")
    os.link("h/sym", "h/sym2")
    show("link to a link", os.path.islink("h/sym2"), os.lstat("h/sym").st_nlink)
    os.link("h/sub/three", "h/last")
    os.unlink("h/two")
    os.unlink("h/sub/three")
    show("last", os.stat("h/last").st_nlink, open("h/last").read())
    fails("dangling now", open, "h/sym")

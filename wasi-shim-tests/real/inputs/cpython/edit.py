"""Edits, renames and deletes in the tree argv[1], with argv[2] to write other things in, and prints what it finds after.

If there is an argv[3], the tree is a copy of that one at first.
"""

import hashlib
import os
import shutil
import sys

root, scratch, *source = sys.argv[1:]


def at(*names):
    return os.path.join(root, *names)


def show(top):
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            shown = os.path.relpath(path, top)
            if os.path.islink(path):
                print(shown, "->", os.readlink(path))
            elif os.path.isdir(path):
                print(shown + "/")
            else:
                with open(path, "rb") as file:
                    print(shown, os.stat(path).st_nlink, hashlib.sha256(file.read()).hexdigest()[:16])


def edit():
    with open(at("notes.txt"), "a") as notes:
        notes.write("one more line\n")
    with open(at("big.bin"), "r+b") as big:
        big.seek(70_000)
        big.write(b"in the middle")
        big.truncate(150_000)
    os.rename(at("old name"), at("new name"))
    os.rename(at("tree"), at("forest"))
    with open(at("forest", "deep", "leaf"), "w") as leaf:
        leaf.write("written where its directory has moved")
    os.replace(at("winner"), at("loser"))
    os.remove(at("forest", "gone"))
    shutil.rmtree(at("doomed"))
    os.mkdir(at("doomed"))
    with open(at("doomed", "reborn"), "w") as reborn:
        reborn.write("and nothing else is here")
    os.symlink("forest/deep/leaf", at("shortcut"))
    os.link(at("notes.txt"), at("notes again.txt"))
    with open(at("shortcut"), "a") as through:
        through.write(", and through a link")


def exchange():
    """A way out of the tree and back into it."""
    shutil.copy(at("big.bin"), os.path.join(scratch, "big.bin"))
    shutil.move(os.path.join(scratch, "big.bin"), at("forest", "copy.bin"))


def copy(top):
    """Each entry for itself: `root` is there, and nothing that could be made is above it."""
    for entry in os.scandir(top):
        if entry.is_dir(follow_symlinks=False):
            shutil.copytree(entry.path, at(entry.name), symlinks=True)
        else:
            shutil.copy2(entry.path, at(entry.name), follow_symlinks=False)


if source:
    copy(source[0])
show(root)
edit()
exchange()
print("--")
show(root)

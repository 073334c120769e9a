"""One file at a time: opening, reading, writing, seeking, truncating."""

import hashlib
import io
import os

from report import fails, make, section, show


def content(path):
    with open(path, "rb") as file:
        return file.read()


@section
def binary_files():
    with open("binary", "wb") as file:
        show("written", file.write(bytes(range(256)) * 4), file.tell())
    show("read", hashlib.sha256(content("binary")).hexdigest())
    with open("binary", "r+b") as file:
        show("kind", type(file) is io.BufferedRandom)
        show("seek", file.seek(100), file.read(4), file.seek(-4, os.SEEK_END), file.read(10))
        file.seek(10)
        file.write(b"middle")
        show("after a write", file.read(3), file.tell())
        show("back", file.seek(-9, os.SEEK_CUR), file.readinto(bytearray(9)))
        fails("seek before the start", file.seek, -1)
        show("beyond the end", file.seek(2000), file.read())
    with open("binary", "rb", buffering=0) as file:
        show("unbuffered", file.read(5), file.seek(0, os.SEEK_END), file.read(5), file.readall())
        fails("write to a reader", file.write, b"x")


@section
def text_files():
    with open("text", "w", encoding="utf-8", newline="\n") as file:
        file.write("first\nsecond: grüße, 日本\nthird\r\nlast without end")
    with open("text", encoding="utf-8") as file:
        show("lines", list(file))
    with open("text", encoding="utf-8", newline="") as file:
        file.readline()
        mark = file.tell()
        line = file.readline()
        file.seek(mark)
        show("tell and seek", mark, line == file.readline())
    with open("text.utf16", "w", encoding="utf-16-le") as file:
        file.write("grüße\n" * 3)
    show("utf-16", os.path.getsize("text.utf16"), open("text.utf16", encoding="utf-16-le").read())
    fails("wrong encoding", open("text", encoding="ascii").read)


@section
def opening():
    make("taken")
    fails("missing", open, "missing")
    fails("missing, to update", open, "missing", "r+")
    fails("below a missing directory", open, "no/such", "w")
    fails("below a file", open, "taken/below", "w")
    fails("directory for writing", open, ".", "w")
    fails("name too long", open, "n" * 256, "w")
    fails("path too long", open, "d/" * 3000)
    with open("n" * 255, "x"):
        show("longest name", os.path.exists("n" * 255))
    fails("exclusive, taken", open, "taken", "x")
    fails("not a directory", os.open, "taken", os.O_RDONLY | os.O_DIRECTORY)
    for name in ("grüße", "日本語", "with space", "quo'te\"", "back\\slash", "new\nline", "...", "-dash", "a:b*?"):
        with open(name, "x") as file:
            file.write(name)
        show("name", name, open(name).read() == name, name in os.listdir())
        os.unlink(name)
    os.close(os.open("empty", os.O_CREAT | os.O_WRONLY))
    show("created empty", os.path.getsize("empty"))


@section
def descriptors():
    fd = os.open("numbers", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    show("write", os.write(fd, b"0123456789"), os.lseek(fd, 0, os.SEEK_CUR))
    show("pread", os.pread(fd, 4, 3), os.pread(fd, 4, 8), os.pread(fd, 4, 10), os.lseek(fd, 0, os.SEEK_CUR))
    show("pwrite", os.pwrite(fd, b"AB", 4), os.pwrite(fd, b"Z", 14), os.lseek(fd, 0, os.SEEK_CUR))
    show("content", content("numbers"))
    show("seek", os.lseek(fd, -3, os.SEEK_END), os.read(fd, 100))
    fails("seek before the start", os.lseek, fd, -100, os.SEEK_END)
    fails("pread before the start", os.pread, fd, 1, -1)
    os.fsync(fd)
    os.fdatasync(fd)
    show("blocking", os.get_blocking(fd), os.isatty(fd))
    os.close(fd)
    fails("read after close", os.read, fd, 1)
    fails("close twice", os.close, fd)
    fd = os.open("numbers", os.O_RDONLY)
    fails("write to a reader", os.write, fd, b"x")
    os.close(fd)
    fd = os.open("numbers", os.O_WRONLY)
    fails("read from a writer", os.read, fd, 1)
    os.close(fd)
    fails("fstat of a closed descriptor", os.fstat, fd)


@section
def vectors():
    fd = os.open("vectors", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    show("writev", os.writev(fd, [b"one ", b"", b"two ", b"three"]), os.lseek(fd, 0, os.SEEK_CUR))
    show("pwritev", os.pwritev(fd, [b"T", b"WO"], 4), content("vectors"))
    buffers = [bytearray(4), bytearray(3), bytearray(10)]
    show("preadv", os.preadv(fd, buffers, 0), buffers)
    os.lseek(fd, 4, os.SEEK_SET)
    buffers = [bytearray(2), bytearray(4)]
    show("readv", os.readv(fd, buffers), buffers, os.lseek(fd, 0, os.SEEK_CUR))
    os.close(fd)


@section
def truncating():
    with open("cut", "w+b") as file:
        file.write(b"abcdefghij")
        show("shorter", file.truncate(4), file.tell())
        file.flush()
        show("content", content("cut"))
        show("longer", file.truncate(7), os.fstat(file.fileno()).st_size)
        file.write(b"!")
    show("hole is zeros", content("cut"))
    os.truncate("cut", 2)
    show("by path", content("cut"))
    os.truncate("cut", 5)
    show("by path, longer", content("cut"))
    fails("below zero", os.truncate, "cut", -1)
    fails("missing", os.truncate, "missing", 1)
    fails("directory", os.truncate, ".", 1)
    open("cut", "w").close()
    show("opened for writing", content("cut"))


@section
def appending():
    with open("log", "ab", buffering=0) as one, open("log", "ab", buffering=0) as two:
        one.write(b"one\n")
        two.write(b"two\n")
        one.seek(0)
        show("where the third goes", one.write(b"three\n"), one.tell())
        two.write(b"four\n")
    show("interleaved", content("log"))
    with open("log", "a+") as file:
        show("starts at the end", file.tell(), file.read())
        file.seek(4)
        show("reads anywhere", file.readline())
        file.write("five\n")
    show("content", content("log"))
    fd = os.open("log", os.O_WRONLY | os.O_APPEND)
    os.lseek(fd, 0, os.SEEK_SET)
    os.write(fd, b"six\n")
    show("offset after", os.lseek(fd, 0, os.SEEK_CUR))
    os.close(fd)


@section
def removed_but_open():
    with open("gone", "w+b") as file:
        file.write(b"still here")
        file.flush()
        os.unlink("gone")
        show("exists", os.path.exists("gone"), os.fstat(file.fileno()).st_nlink)
        with open("gone", "wb") as other:
            other.write(b"another file of that name")
        file.seek(0)
        show("content", file.read())
        file.write(b", and growing")
        file.flush()
        show("size", os.fstat(file.fileno()).st_size)
    show("other", content("gone"))
    os.unlink("gone")
    with open("before", "w+") as file:
        os.rename("before", "after")
        file.write("written after the rename")
    show("renamed while open", content("after"))

"""Files whose size matters."""

import hashlib
import os

from report import section, show

MIB = 1 << 20


@section
def sparse_file():
    with open("sparse", "w+b") as file:
        file.seek(100 * MIB)
        file.write(b"far away")
        file.flush()
        show("size", os.fstat(file.fileno()).st_size)
        file.seek(50 * MIB)
        show("zeros in the middle", file.read(4096) == bytes(4096))
        file.seek(100 * MIB - 4)
        show("border", file.read(20))
        file.truncate(100 * MIB + 3)
        file.seek(100 * MIB)
        show("cut", file.read())
    os.unlink("sparse")


@section
def offsets_beyond_32_bits():
    with open("far", "wb") as file:
        show("seek", file.seek((1 << 32) + 5), file.tell(), file.seek(1 << 33))
    show("nothing written", os.path.getsize("far"))
    os.unlink("far")


@section
def sixty_four_mib():
    block = b"".join(hashlib.sha256(n.to_bytes(4, "little")).digest() for n in range(MIB // 32))
    digest = hashlib.sha256()
    with open("big", "wb") as file:
        for n in range(64):
            piece = block[n * 1000:] + block[:n * 1000]
            file.write(piece)
            digest.update(piece)
    show("size", os.path.getsize("big"))
    with open("big", "rb") as file:
        show("same when read", hashlib.file_digest(file, "sha256").hexdigest() == digest.hexdigest())
        file.seek(37 * MIB - 7)
        show("piece", file.read(14))
    show("digest", digest.hexdigest())
    with open("big", "rb", buffering=0) as file:
        show("one call", len(file.readall()))
    os.unlink("big")


@section
def many_small_writes():
    with open("small", "wb", buffering=0) as file:
        for n in range(2000):
            file.write(b"%05d\n" % n)
    with open("small", "rb", buffering=0) as file:
        lines = 0
        while file.read(6):
            lines += 1
    show("records", lines, os.path.getsize("small"))
    os.unlink("small")

"""Files with a structure: archives, databases, tables."""

import configparser
import csv
import dbm.dumb
import gzip
import hashlib
import io
import json
import os
import pathlib
import pickle
import random
import tarfile
import zipfile
import zlib

from report import fails, section, show

WHEN = (2020, 2, 29, 12, 30, 58)


@section
def zip_archives():
    os.makedirs("z/nested/deeper")
    pathlib.Path("z/top.txt").write_text("top\n" * 1000)
    pathlib.Path("z/nested/data.bin").write_bytes(random.Random(1).randbytes(50_000))
    pathlib.Path("z/nested/deeper/grüße.txt").write_text("grüße", encoding="utf-8")
    with zipfile.ZipFile("archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(pathlib.Path("z").rglob("*")):
            archive.write(path, path.relative_to("z"))
        archive.writestr(zipfile.ZipInfo("stored", WHEN), b"not compressed")
    with zipfile.ZipFile("archive.zip", "a") as archive:
        archive.writestr(zipfile.ZipInfo("appended", WHEN), "later")
    with zipfile.ZipFile("archive.zip") as archive:
        show("intact", archive.testzip())
        show("entries", [(info.filename, info.file_size, info.CRC) for info in archive.infolist()])
        archive.extractall("unzipped")
        show("one", archive.read("appended"), archive.getinfo("stored").date_time)
    same = [path for path in sorted(pathlib.Path("z").rglob("*")) if path.is_file()
            and path.read_bytes() == pathlib.Path("unzipped", *path.parts[1:]).read_bytes()]
    show("extracted", [str(path) for path in same], sorted(os.listdir("unzipped")))
    fails("not an archive", zipfile.ZipFile, "z/top.txt")


@section
def tar_archives():
    os.makedirs("t/nested/deeper")
    pathlib.Path("t/top.txt").write_text("top\n" * 1000)
    pathlib.Path("t/nested/data.bin").write_bytes(random.Random(2).randbytes(50_000))
    pathlib.Path("t/nested/deeper/grüße.txt").write_text("grüße", encoding="utf-8")
    with tarfile.open("archive.tar", "w") as archive:
        archive.add("t", "root")
        link = tarfile.TarInfo("root/link")
        link.type, link.linkname = tarfile.SYMTYPE, "top.txt"
        archive.addfile(link)
    with tarfile.open("archive.tar") as archive:
        names = archive.getnames()
        for member in archive:
            member.mode = 0o755
            archive.extract(member, "untarred")
    show("members", sorted(names))
    show("extracted", open("untarred/root/link").read() == open("t/top.txt").read(),
         sorted(os.listdir("untarred/root/nested")))


@section
def compression():
    import bz2

    text = b"the same words again and again, " * 20_000
    show("zlib", zlib.decompress(zlib.compress(text)) == text, zlib.crc32(text))
    with gzip.open("text.gz", "wb") as file:
        file.write(text)
    with gzip.open("text.gz", "rb") as file:
        show("gzip", file.read(8), file.seek(100_000), file.read(8))
    with bz2.open("text.bz2", "wt", encoding="utf-8") as file:
        file.write("grüße\n" * 1000)
    with bz2.open("text.bz2", "rt", encoding="utf-8") as file:
        show("bz2", sum(1 for _ in file))


@section
def databases():
    import sqlite3

    connection = sqlite3.connect("table.db")
    connection.execute("create table item (id integer primary key, name text unique, body blob)")
    with connection:
        connection.executemany("insert into item (name, body) values (?, ?)",
                               ((f"name {n}", bytes([n % 256]) * n) for n in range(1500)))
    try:
        with connection:
            connection.execute("delete from item where id > 10")
            show("inside", connection.execute("select count(*) from item").fetchone())
            connection.execute("insert into item (name) values ('name 1')")
    except sqlite3.IntegrityError as error:
        show("rolled back", str(error))
    show("count", connection.execute("select count(*), sum(length(body)) from item").fetchone())
    with connection:
        connection.execute("update item set body = zeroblob(20) where id % 3 = 0")
        connection.execute("delete from item where id % 5 = 0")
    connection.execute("create index by_length on item (length(body))")
    connection.execute("vacuum")
    connection.close()
    show("no journal left", [name for name in os.listdir() if name.startswith("table.db")])
    connection = sqlite3.connect("table.db")
    show("again", connection.execute("select count(*), sum(length(body)) from item").fetchone())
    show("check", connection.execute("pragma integrity_check").fetchone())
    other = sqlite3.connect("copy.db")
    connection.backup(other)
    show("backup", other.execute("select name from item where id = 1234").fetchone())
    other.close()
    connection.close()
    fails("missing directory", sqlite3.connect, "no/such.db")


@section
def key_value_files():
    with dbm.dumb.open("keys", "n") as store:
        for n in range(50):
            store[f"key {n}"] = "v" * n
        del store["key 7"]
        store["key 8"] = "changed"
    with dbm.dumb.open("keys", "r") as store:
        show("keys", len(store), store[b"key 8"], store[b"key 20"], b"key 7" in store)


@section
def data_formats():
    data = {"text": "grüße, 日本", "numbers": [1, 2.5, -1e300, 2**70], "nested": {"null": None, "yes": True}}
    with open("data.json", "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1, sort_keys=True)
    with open("data.json", encoding="utf-8") as file:
        show("json", json.load(file) == data, os.path.getsize("data.json"))
    with open("table.csv", "w", newline="") as file:
        csv.writer(file).writerows([["a", 'quote "x"', "new\nline"], [1, 2.5, None]])
    with open("table.csv", newline="") as file:
        show("csv", list(csv.reader(file)))
    with open("data.pickle", "wb") as file:
        pickle.dump(data, file, protocol=4)
    with open("data.pickle", "rb") as file:
        show("pickle", pickle.load(file) == data)
    settings = configparser.ConfigParser()
    settings["one"] = {"path": "/a b", "flag": "yes"}
    with open("settings.ini", "w") as file:
        settings.write(file)
    again = configparser.ConfigParser()
    show("ini", again.read(["missing.ini", "settings.ini"]), again.getboolean("one", "flag"))


@section
def numbers_and_digests():
    draw = random.Random(20_240_229)
    show("random", draw.random(), draw.randrange(10**12), draw.sample(range(100), 5), draw.gauss(0, 1))
    block = draw.randbytes(100_000)
    for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b"):
        show(name, hashlib.new(name, block).hexdigest()[:40])
    stream = io.BytesIO(block)
    show("file_digest", hashlib.file_digest(stream, "sha256").hexdigest())

"""A little of everything that a program does with WASI: what it prints does not depend on the engine below."""

import collections
import hashlib
import json
import math
import os
import random
import re
import sys
import time
import zlib
from pathlib import Path

print("arguments", sys.argv)
print("environment", sorted((name, value) for name, value in os.environ.items()))
print("input", sys.stdin.read().splitlines())
print("directories", [sorted(os.listdir(name)) for name in ("/desk", "/memory", "/scripts")])

for root in (Path("/desk"), Path("/memory")):
    folder = root / "made" / "deeper"
    folder.mkdir(parents=True)
    lines = [f"{n} {math.sqrt(n):.6f}" for n in range(2000)]
    (folder / "lines.txt").write_text("\n".join(lines))
    (folder / "bytes").write_bytes(bytes(range(256)) * 64)
    (folder / "link").symlink_to("lines.txt")
    (folder / "bytes").rename(root / "moved")
    with open(root / "moved", "r+b") as moved:
        moved.seek(10)
        moved.write(b"changed")
        moved.truncate(9000)
    os.utime(root / "moved", (1_000_000_000, 1_000_000_000))
    text = (folder / "link").read_text()
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    facts = (root / "moved").stat()
    print(root, names, len(text), zlib.crc32(text.encode()), facts.st_size, facts.st_mtime)

try:
    Path("/scripts/new").write_text("x")
except OSError as error:
    print("read-only:", error)
try:
    Path("/desk/../../etc/passwd").read_text()
except OSError as error:
    print("outside:", error)

random.seed(20)
numbers = [random.gauss(0, 1) for _ in range(2000)]
print("numbers", f"{sum(numbers):.9f} {max(numbers):.9f} {sorted(numbers)[1000]:.9f}")
words = re.findall(r"[a-z]{4,}", Path(__file__).read_text())
print("words", collections.Counter(words).most_common(5))
packed = zlib.compress(json.dumps(numbers).encode())
print("packed", len(json.loads(zlib.decompress(packed))), hashlib.sha256(packed).hexdigest())
before = time.monotonic()
time.sleep(0.02)
print("slept", time.monotonic() - before >= 0.02, len(os.urandom(16)))
print("it has come to its end", file=sys.stdout, flush=True)
print("with a word to standard error", file=sys.stderr)
sys.exit(5)

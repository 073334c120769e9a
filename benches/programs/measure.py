"""Starts programs in turn and times them: until the first output, until the end, and on the processor."""

import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from harness import Mismatch
from hosts import ROOM


@dataclass
class Sample:
    """Times in nanoseconds; the most memory that was resident in bytes."""

    first: int
    whole: int
    processor: int
    memory: int


def fresh(parent):
    """An empty folder."""
    return Path(tempfile.mkdtemp(dir=parent))


def once(command):
    """A sample, and what was printed."""
    env = {**os.environ, "XDG_CACHE_HOME": str(ROOM / "cache")}
    with tempfile.TemporaryFile() as errors:
        began = time.monotonic_ns()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=errors, env=env, bufsize=0)
        printed = process.stdout.read(1)
        first = time.monotonic_ns()
        while more := process.stdout.read(1 << 16):
            printed += more
        # Not `wait`, which does not tell what the process used.
        _, status, used = os.wait4(process.pid, 0)
        ended = time.monotonic_ns()
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            raise Mismatch(f"{Path(command[0]).name} ended with {process.returncode}: {said[-500:]}")
    processor = round((used.ru_utime + used.ru_stime) * 1e9)
    return Sample(first - began, ended - began, processor, used.ru_maxrss << 10), printed


def rounds(work, starts, count, scratch):
    """The samples of each host. All take turns, and a first round, which fills caches, does not count."""
    count = max(min(count, 3), count // 2) if work.long else count
    print(f"{work.operation}: {count} rounds of {', '.join(starts)}", flush=True)
    samples = {name: [] for name in starts}
    wanted = None
    for number in range(count + 1):
        for name, start in starts.items():
            folder = fresh(scratch)
            sample, printed = once(start(folder))
            shutil.rmtree(folder)
            wanted = printed if wanted is None else wanted
            if printed != wanted:
                raise Mismatch(f"{name} printed {printed!r}, not {wanted!r}")
            if number:
                samples[name].append(sample)
    return samples

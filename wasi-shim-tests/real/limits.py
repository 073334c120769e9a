"""The documented limits of Python on WASI: the sentences of the standard library's introduction, with CPython."""

import functools
import socket
import threading
import time

import cpython
from harness import Mismatch, Program, expect_code, expect_equal, expect_in, fresh

TRIES = 3
SECONDS = 120


class Client(threading.Thread):
    """The other end of the inherited socket. It connects as soon as there is somebody to accept it."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.guest_has_ended = threading.Event()
        self.received = []
        self.failure = None

    def run(self):
        try:
            with self.connect() as connection:
                connection.sendall(b"question\n")
                self.received.append(everything(connection))
                connection.sendall(b"and a word after the end\n")
            with self.connect() as connection:
                connection.sendall(b"one line\nand another\n")
                self.received.append(everything(connection))
        except OSError as error:
            self.failure = error

    def connect(self):
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), SECONDS)
            except ConnectionRefusedError:
                if self.guest_has_ended.is_set():
                    raise
                time.sleep(0.02)


def everything(connection):
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(runner, variant):
    """The guest's end and what the client has received."""
    folder = fresh("limits", variant)
    scripts, root = cpython.scripts_copy("limits", variant, "scripts"), folder / "root"
    root.mkdir()
    tree = ["--dir", f"{root}::/desk"] if variant == "host" else ["--mem", "/desk"]
    for _ in range(TRIES):
        port = free_port()
        client = Client(port)
        client.start()
        # Directories are numbered first, from 3 on.
        options = [*tree, "--ro-dir", f"{scripts}::/scripts", "--tcplisten", f"127.0.0.1:{port}"]
        done = runner.guest(f"limits/{variant}", cpython.module(), "/scripts/limits.py", "/desk", "5", options=options)
        client.guest_has_ended.set()
        client.join(SECONDS)
        # Somebody else may have taken the port meanwhile.
        if not (done.code == 1 and b"--tcplisten" in done.stderr):
            break
    return done, client


def check(variant, name, runner):
    done, client = runner.once(f"limits {variant}", lambda: start(runner, variant))
    wanted = cpython.split((cpython.SCRIPTS / "limits.expected").read_text())[name]
    cpython.expect_section(done, 0, name, "differs from the expectation", wanted)
    if name == "inherited-sockets":
        if client.failure:
            raise Mismatch(f"the client's end: {client.failure}")
        expect_equal("what the client received", client.received, [b"answer\n" + b"x" * 300_000, b"of a file\n"])


def refused_address(runner):
    """A port that is taken is a message, not a guest without its socket."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = runner.guest("limits/taken", cpython.module(), options=["--tcplisten", f"127.0.0.1:{port}"])
    expect_code(done, 1)
    expect_in("stderr", f"--tcplisten 127.0.0.1:{port}", done.stderr.decode())


def program():
    listed = Program("limits", [cpython.PACKAGE])
    for variant in cpython.VARIANTS:
        for name in cpython.sections("limits"):
            listed.checks[f"{variant}/{name}"] = functools.partial(check, variant, name)
    listed.checks["refused-address"] = refused_address
    return listed

"""What the introduction to the standard library says of WebAssembly platforms, sentence by sentence.

    limits.py WORK SOCKET

WORK is writable; SOCKET is the number of an inherited socket that accepts connections. Whoever connects is a client that
plays its part in the section `inherited_sockets`, see `limits.py` of the runner.
"""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time

from report import fails, make, run_sections, section, show

WORK, LISTENER = sys.argv[1], int(sys.argv[2])


def absent_or_fails(name, *args):
    """For what a build may leave out of `os`, and must not have working."""
    function = getattr(os, name, None)
    if function is None:
        print(f"{name}: absent")
    else:
        fails(name, function, *args)


def absent_or_constant(name, *args):
    function = getattr(os, name, None)
    show(name, function(*args)) if function else print(f"{name}: absent")


@section
def processes():
    """"Process-related APIs are not available or always fail with an error.\""""
    program, arguments = "/bin/true", ["true"]
    absent_or_fails("fork")
    absent_or_fails("forkpty")
    absent_or_fails("execv", program, arguments)
    absent_or_fails("execve", program, arguments, {})
    absent_or_fails("execvp", program, arguments)
    absent_or_fails("spawnv", 0, program, arguments)
    absent_or_fails("posix_spawn", program, arguments, {})
    absent_or_fails("system", "true")
    absent_or_fails("popen", "true")
    absent_or_fails("wait")
    absent_or_fails("waitpid", -1, 0)
    absent_or_fails("kill", os.getpid(), 0)
    absent_or_fails("killpg", 0, 0)
    absent_or_fails("nice", 0)
    fails("signal.raise_signal of a number that is none", signal.raise_signal, 999)


@section
def subprocesses():
    """"The `subprocess` is importable but does not work.\""""
    show("imported", subprocess.__name__)
    fails("run", subprocess.run, ["true"])
    fails("Popen", subprocess.Popen, ["true"])
    fails("check_output", subprocess.check_output, "true", shell=True)
    fails("call", subprocess.call, [sys.executable or "python"])


@section
def threads():
    """"Any module that uses threading is not available or may not work as elsewhere.\""""
    fails("start", threading.Thread(target=print).start)
    show("one thread", threading.active_count())


@section
def sockets_of_ones_own():
    """"WASI snapshot preview 1 only permits sockets from an existing file descriptor.\""""
    show("imported", socket.__name__)
    fails("socket", socket.socket)
    fails("of another family", socket.socket, socket.AF_INET6, socket.SOCK_DGRAM)
    fails("socketpair", socket.socketpair)
    fails("create_connection", socket.create_connection, ("127.0.0.1", 9))
    fails("create_server", socket.create_server, ("127.0.0.1", 0))
    show("methods left out", [name for name in ("bind", "connect", "listen", "sendto") if not hasattr(socket.socket, name)])
    fails("of standard input", socket.socket, fileno=0)
    fails("of what is not open", socket.socket, fileno=99)
    claimed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=0)
    fails("accepting on standard input", claimed.accept)
    fails("receiving from it", claimed.recv, 1)
    claimed.detach()


def until_the_end(connection):
    parts = []
    while part := connection.recv(7):
        parts.append(part)
    return b"".join(parts)


@section
def inherited_sockets():
    # Family and type are given because this build cannot ask: the tree that is linked into it answers for descriptors of
    # any number, and says of this one that it is a directory. On wasmtime 36 it is the same.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=LISTENER)
    show("number", listener.fileno() == LISTENER)
    connection, _ = listener.accept()
    show("another number", connection.fileno() not in (0, 1, 2, LISTENER))
    show("received", connection.recv(100))
    show("sent", connection.send(b"answer\n"))
    connection.sendall(b"x" * 300_000)
    connection.shutdown(socket.SHUT_WR)
    show("received after closing one direction", until_the_end(connection))
    connection.detach()
    connection, _ = listener.accept()
    with connection.makefile("rwb") as stream:
        show("line", stream.readline())
        stream.write(b"of a file\n")
    connection.shutdown(socket.SHUT_RDWR)
    connection.detach()
    listener.detach()


@section
def stubs():
    """"Some functions are stubs that either don't do anything and always return hardcoded values.\""""
    show("getpid", os.getpid())
    show("uname", *os.uname())
    show("cpu_count", os.cpu_count())
    show("sched_yield", os.sched_yield())
    # Their documentation calls each of them a stub here.
    for name in ("getuid", "geteuid", "getgid", "getegid", "getppid", "getpgrp", "getgroups", "getlogin"):
        absent_or_constant(name)
    absent_or_constant("umask", 0o022)
    absent_or_constant("umask", 0o077)
    show("platform", sys.platform, os.name)


@section
def links():
    """"For example, WASI does not permit symlinks with absolute file names.\""""
    make("file", "content")
    fails("absolute", os.symlink, "/desk/links/file", "absolute")
    fails("absolute, of what is not there", os.symlink, "/nowhere", "absolute")
    show("nothing was made", sorted(os.listdir()))
    os.symlink("file", "relative")
    show("relative", os.readlink("relative"), open("relative").read())
    os.link("file", "second")
    show("hard", os.stat("second").st_nlink, os.path.samefile("file", "second"))


@section
def permissions():
    """"Functions related to file permissions and ownership are limited.\""""
    make("file", "content")
    for mode in (0o000, 0o444, 0o7777):
        show("chmod", os.chmod("file", mode), os.stat("file").st_mode & 0o7777, open("file").read())
    facts = os.stat("file")
    show("owner", facts.st_uid, facts.st_gid)
    show("access", [os.access("file", mode) for mode in (os.F_OK, os.R_OK, os.W_OK, os.X_OK)])
    show("mkdir", os.mkdir("dir", 0o000), os.listdir("dir"))
    absent_or_fails("fchmod", 0, 0o600)
    absent_or_fails("lchmod", "file", 0o600)
    absent_or_fails("chown", "file", 1, 1)
    absent_or_fails("lchown", "file", 1, 1)
    absent_or_fails("fchown", 0, 1, 1)
    absent_or_fails("setuid", 0)
    absent_or_fails("chroot", "/")


@section
def descriptors():
    """"Functions related to file descriptors are limited.\""""
    absent_or_fails("dup", 1)
    absent_or_fails("dup2", 1, 9)
    absent_or_fails("pipe")
    absent_or_fails("mkfifo", "fifo")
    absent_or_fails("mknod", "node")
    absent_or_fails("lockf", 0, 0, 0)
    for module in ("fcntl", "pwd", "grp", "resource", "termios", "multiprocessing"):
        fails(f"import {module}", __import__, module)


@section
def sleeping():
    """Nothing is said of `time.sleep` but that it blocks: it returns when the time has passed, and not before."""
    for seconds in (0, 0.000_001, 0.001, 0.02, 0.3, 1.1):
        started = time.monotonic()
        time.sleep(seconds)
        show(f"{seconds} s", time.monotonic() - started >= seconds)
    fails("below zero", time.sleep, -1)


if __name__ == "__main__":
    run_sections(WORK)

"""The hosts in C: CPython under wasm3 with the output that the command line has, a C program under both.

`wasi-shim/capi/hosts/build` says what has to be installed; where wasm2c is not, its checks are skipped. wasm3 knows no
instructions for whole blocks of memory, so the C program is compiled without them.
"""

import functools
import shutil

import cpython
from fetch import Package
from harness import INPUTS, ROOM, ROOT, TARGET, Problem, Program, Skip, expect_code, expect_equal, fresh

ZIG = Package("PyPI", "ziglang", "0.17.1",
              "ziglang-0.17.1-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64.whl",
              "ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54", ("ziglang",))
HOSTS = ROOT / "wasi-shim" / "capi" / "hosts"
SOURCE = INPUTS / "c" / "words.c"
TEXT = "one two two\nthree three three\ngrüße\n" * 500
# What the modules of the standard library print is the same wherever they run, but for numbers of files and times.
SCRIPT = """
import hashlib, json, os, re, sys, zlib
print(sys.argv[1:], os.environ["REAL"], sys.platform)
for name in ("a", "b"):
    with open(f"/desk/{name}", "w") as f:
        f.write(name * 100_000)
os.mkdir("/desk/dir")
os.rename("/desk/b", "/desk/dir/c")
os.symlink("dir/c", "/desk/link")
print(sorted(os.listdir("/desk")), os.readlink("/desk/link"), os.stat("/desk/link").st_size)
print(hashlib.sha256(open("/desk/link", "rb").read()).hexdigest(), zlib.crc32(open("/desk/a", "rb").read()))
print(json.dumps(re.findall(r"[a-z]+", sys.stdin.read())[:4]))
for path in ("/desk/../etc/passwd", "/etc/passwd", "/none"):
    try:
        open(path)
    except OSError as error:
        print(type(error).__name__, error.errno)
sys.exit(sum(range(10)))
"""


def build(runner, *what):
    """The output of the build script, which says why if it fails."""
    done = runner.process("c-hosts/build", [HOSTS / "build", *what])
    if done.code != 0:
        raise Problem("hosts/build failed: " + done.stderr.decode(errors="replace")[-600:])
    return done


def host(runner, engine):
    if engine == "wasm3":
        runner.once("c-hosts wasm3", lambda: build(runner, "wasm3"))
        return TARGET / "capi" / "bin" / "wasm3-host"
    if shutil.which("wasm2c") is None:
        raise Skip("wasm2c is not installed: apt-get install wabt")
    return HOSTS / "wasm2c-run"


def under(runner, engine, log, module, *args, options=(), **rest):
    """The same options, under the command line or a host in C."""
    if engine == "cli":
        return runner.guest(f"c-hosts/{log}-cli", module, *args, options=options, **rest)
    command = [host(runner, engine), *options, module, *args]
    return runner.process(f"c-hosts/{log}-{engine}", command, **rest)


def python(runner, engine):
    folder = fresh("c-hosts", f"python-{engine}")
    options = ["--dir", f"{folder}::/desk", "--env", "REAL=value=1", "--env", "PYTHONUTF8=1", "--argv0", "python3"]
    args = ["-c", SCRIPT, "an argument", "grüße"]
    done = under(runner, engine, "python", cpython.module(), *args, options=options, stdin=TEXT.encode())
    return done, sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def check_python(engine, runner):
    wanted, wanted_tree = runner.once("c-hosts python", lambda: python(runner, "cli"))
    expect_code(wanted, 45)
    done, tree = python(runner, engine)
    expect_code(done, 45)
    expect_equal("stdout", done.stdout.decode(), wanted.stdout.decode())
    expect_equal("stderr", done.stderr.decode(), wanted.stderr.decode())
    expect_equal("files left behind", tree, wanted_tree)


def words(runner):
    """The C program, compiled for the first version of WebAssembly."""
    def make():
        zig = ZIG.folder / "ziglang" / "zig"
        zig.chmod(0o755)
        module = fresh("c-hosts", "words") / "words.wasm"
        command = [zig, "cc", "-target", "wasm32-wasi", "-mcpu=mvp", "-Oz", "-Wall", "-Werror", SOURCE, "-o", module]
        cache = {"ZIG_GLOBAL_CACHE_DIR": str(ROOM / "zig"), "ZIG_LOCAL_CACHE_DIR": str(ROOM / "zig"), "PATH": "/usr/bin:/bin"}
        done = runner.process("c-hosts/zig", command, env=cache)
        expect_code(done, 0)
        return module
    return runner.once("c-hosts words", make)


def counted(runner, engine):
    folder = fresh("c-hosts", f"words-{engine}")
    (folder / "text").write_text(TEXT)
    options = ["--ro-dir", f"{folder}::/in", "--dir", f"{folder}::/out", "--env", "LIMIT=4"]
    return under(runner, engine, "words", words(runner), "/in/text", "/out/counts", options=options), folder / "counts"


def check_words(engine, runner):
    wanted, wanted_file = runner.once("c-hosts counted", lambda: counted(runner, "cli"))
    done, file = counted(runner, engine)
    expect_code(done, wanted.code)
    expect_equal("stdout", done.stdout.decode(), wanted.stdout.decode())
    expect_equal("stdout", done.stdout.decode(), "three 1500\ntwo 1000\none 500\ngrüße 500\n")
    expect_equal("what it wrote", file.read_bytes(), wanted_file.read_bytes())
    expect_code(under(runner, engine, "nothing", words(runner), "/in/text"), 2)


def check_abort(engine, runner):
    """`abort` of C is a trap."""
    expect_code(under(runner, engine, "abort", words(runner), "abort"), 134)


def program():
    listed = Program("c-hosts", [cpython.PACKAGE, ZIG])
    listed.checks["wasm3/cpython"] = functools.partial(check_python, "wasm3")
    for engine in ("wasm3", "wasm2c"):
        listed.checks[f"{engine}/words"] = functools.partial(check_words, engine)
        listed.checks[f"{engine}/abort"] = functools.partial(check_abort, engine)
    return listed

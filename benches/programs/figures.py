"""What samples amount to: medians and ratios, as a table and as the rows of a report."""

import datetime
import os
import platform
import re
import statistics
from pathlib import Path

TIME, PROCESSOR = "whole programs", "whole programs, processor time"
SHIM = "shim"
ORDER = ["shim", "shim-memory", "native", "wasmtime", "node"]


def machine(hosts):
    """What the figures depend on. Nothing that tells whose machine it is."""
    models = re.findall(r"^model name\s*:\s*(.+)$", read("/proc/cpuinfo"), re.MULTILINE)
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "kernel": f"{platform.system()} {platform.release()}",
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "versions": {"wasi-shim" if host.name == SHIM else host.name: host.version for host in hosts},
    }


def read(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def measure(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "samples": len(values)}


def rows(work, samples):
    """One row for the time that a user waits, and one for what the processor was busy."""
    ordered = sorted(samples, key=ORDER.index)
    waited = {name: measure([sample.first if work.first else sample.whole for sample in samples[name]]) for name in ordered}
    busy = {name: measure([sample.processor for sample in samples[name]]) for name in ordered}
    resident = ", ".join(f"{name} {max(s.memory for s in samples[name]) >> 20} MiB" for name in ordered)
    row = {"group": TIME, "operation": work.operation, "unit": "ms", "measures": waited, "note": work.note}
    if work.target and set(work.target["ratio"].values()) & set(waited):
        row["target"] = work.target
    return [row, {"group": PROCESSOR, "operation": work.operation, "unit": "ms", "measures": busy,
                  "note": f"most memory resident: {resident}"}]


def table(report):
    """Medians in milliseconds, each with how many times it the shim took."""
    lines = []
    for group in (TIME, PROCESSOR):
        chosen = [row for row in report["rows"] if row["group"] == group]
        if not chosen:
            continue
        names = [name for name in ORDER if any(name in row["measures"] for row in chosen)]
        width = max(len(row["operation"]) for row in chosen)
        lines += ["", f"{group}: medians in ms (how many times that the shim took)",
                  " " * width + "".join(f"{name:>18}" for name in names)]
        for row in chosen:
            lines.append(row["operation"].ljust(width) + "".join(f"{cell(row['measures'], name):>18}" for name in names))
    return "\n".join(lines[1:])


def cell(measures, name):
    if name not in measures:
        return "-"
    median = measures[name]["median"]
    shown = f"{median / 1e6:,.1f}"
    if name.startswith(SHIM) or SHIM not in measures or not median:
        return shown
    return f"{shown} ({measures[SHIM]['median'] / median:.2f})"

"""Runs a module under pywasm: its own command line has no way to say what the program is called."""

import importlib.metadata
import sys
import traceback

import pywasm


def options(words):
    found = {"name": "guest", "env": {}, "dirs": {}, "module": None, "args": []}
    while words:
        word = words.pop(0)
        if word == "--argv0":
            found["name"] = words.pop(0)
        elif word == "--env":
            name, _, value = words.pop(0).partition("=")
            found["env"][name] = value
        elif word == "--dir":
            host, _, guest = words.pop(0).partition("::")
            found["dirs"][guest] = host
        else:
            found["module"], found["args"] = word, words
            break
    return found


def main():
    if sys.argv[1:] == ["--version"]:
        print("pywasm " + importlib.metadata.version("pywasm"))
        return 0
    found = options(sys.argv[1:])
    runtime = pywasm.core.Runtime()
    wasi = pywasm.wasi.Preview1([found["name"], *found["args"]], found["dirs"], found["env"])
    wasi.bind(runtime)
    instance = runtime.instance_from_file(found["module"])
    try:
        return wasi.main(runtime, instance)
    except Exception:  # it has ended the guest in the middle of something, which is what a trap is
        traceback.print_exc()
        return 134


sys.exit(main())

#!/usr/bin/env python3
"""Writes compile commands that clang's tools can use from those of a g++ build.

    tools/compile_commands.py BUILD_DIR OUT_DIR

g++'s precompiled header is no good to clang: its text is included instead. Flags that only g++
knows are left out.
"""

import json
import pathlib
import re
import shlex
import sys

GNU_ONLY = {"-fpch-preprocess", "-Winvalid-pch", "-fno-fat-lto-objects", "-fcoroutines",
            "-Wno-tsan"}
WRAPPERS = {"ccache", "cmake", "env", "-E"}


def for_clang(arguments: list, pch: str) -> list:
    """The arguments without launcher, g++'s own flags and its precompiled header."""
    while arguments and (pathlib.PurePath(arguments[0]).name in WRAPPERS or
                         re.match(r"[A-Z_]+=", arguments[0])):
        arguments = arguments[1:]
    kept = []
    after_include = False
    for argument in arguments:
        if after_include:
            argument = pch if argument.endswith("cmake_pch.hxx") else argument
        after_include = argument == "-include"
        if argument not in GNU_ONLY:
            kept.append(argument)
    return kept + ["-Wno-unknown-warning-option"]


def main(build_dir: str, out_dir: str) -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    source = pathlib.Path(build_dir) / "compile_commands.json"
    if not source.exists():
        print(f"{source} is missing: configure first (tools/build dev)", file=sys.stderr)
        return 1
    commands = []
    for entry in json.loads(source.read_text()):
        if entry["file"].endswith((".cxx", ".hxx")):
            continue
        arguments = for_clang(shlex.split(entry["command"]), str(root / "cmake" / "pch.hpp"))
        commands.append({"directory": entry["directory"], "file": entry["file"],
                         "arguments": arguments})
    out = pathlib.Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    (out / "compile_commands.json").write_text(json.dumps(commands, indent=1))
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))

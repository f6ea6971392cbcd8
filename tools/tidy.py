#!/usr/bin/env python3
"""Holds the tree to the house's rules; silent and 0 when it does.

    tools/tidy.py [--root DIR]

Each rule is a function from a `tree` to findings. A finding is printed as
`path:line: rule: message`; one that is not a warning makes the exit code 1. The floors are read
from the table in ARCHITECTURE.md, so that the text people read is the rule that holds.
"""

import argparse
import dataclasses
import functools
import pathlib
import re
import sys
from typing import Iterator, NamedTuple

LINES_WARNED = 400
LINES_MAX = 500
COLUMNS_MAX = 100

SKIPPED_FOLDERS = {".git", ".cache", "build", "demo", "node_modules", "__pycache__"}
CODE_SUFFIXES = {".cpp", ".hpp"}
NARROW_SUFFIXES = CODE_SUFFIXES | {".py", ".cmake", ".sh"}
WORN_WORDS = {"manager", "managers", "helper", "helpers", "util", "utils"}

# port folder -> its implementations; each is a folder and the prefix of its types.
BACKENDS = {
    "store": {"sqlite", "postgres"},
    "queue": {"embedded", "redis"},
    "realtime": {"local", "redis"},
}
PORT_NOUNS = ("database", "queue", "bus", "limiter")
WIRING = "app"
# Folders whose files are compiled one by one in every build (cmake/targets.cmake).
GATHERED_NOT = {"api", "app"}

# Assembled, so that this file does not hold what it looks for.
FOREIGN_PATHS = [r"(?<![\w.~-])/" + folder + "/" for folder in ("work", "farm", r"home/\w+")]
FOREIGN_PATHS.append(r"(?<![\w.~-])/tmp/" + "team")
REGISTRY_HOSTS = [
    host.replace("@", r"\.")
    for host in ("registry@npmjs@org", "deb@debian@org", "debian@org/debian", "pypi@org",
                 "pythonhosted@org", "proxy@golang@org", "crates@io", "archive@ubuntu@com")
]


class finding(NamedTuple):
    """One place that breaks a rule; `line` is 1-based, 0 for the whole file."""

    path: str
    line: int
    rule: str
    message: str
    warning: bool = False

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.rule}: {'(warning) ' if self.warning else ''}{self.message}"


@dataclasses.dataclass(frozen=True, eq=False)
class source:
    """A text file: its path relative to the root with forward slashes, and its lines."""

    path: str
    lines: list

    @functools.cached_property
    def code(self) -> list:
        """As `code_lines` tells them; many rules ask."""
        return list(scanned(self.lines))

    @property
    def suffix(self) -> str:
        return pathlib.PurePosixPath(self.path).suffix

    @property
    def parts(self) -> tuple:
        return pathlib.PurePosixPath(self.path).parts


class tree:
    """The files under a root, read once. Not a git checkout on purpose: new files count too."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.files = sorted(self._read(), key=lambda file: file.path)
        self.floors = self._floors()
        self.generated = self._generated()

    def _read(self) -> Iterator[source]:
        stack = [self.root]
        while stack:
            for entry in stack.pop().iterdir():
                if entry.is_symlink():
                    continue
                if entry.is_dir():
                    if entry.name not in SKIPPED_FOLDERS:
                        stack.append(entry)
                    continue
                data = entry.read_bytes()
                if b"\0" in data[:8192]:
                    continue
                lines = data.decode("utf-8", "replace").splitlines()
                yield source(entry.relative_to(self.root).as_posix(), lines)

    def _floors(self) -> dict:
        """{folder: floor} from the rows `| 3 | `queue` · `realtime` | … |` of ARCHITECTURE.md."""
        floors = {}
        for file in self.files:
            if file.path != "ARCHITECTURE.md":
                continue
            for line in file.lines:
                row = re.match(r"\|\s*(\d)\s*\|([^|]*)\|", line)
                if row:
                    for folder in re.findall(r"`(\w+)`", row[2]):
                        floors[folder] = int(row[1])
        return floors

    def _generated(self) -> set:
        """Headers that the build writes: named in a CMake file, absent from the tree."""
        names = set()
        for file in self.files:
            if file.parts[-1] != "CMakeLists.txt" and file.suffix != ".cmake":
                continue
            text = "\n".join(file.lines)
            names.update(re.findall(r"([\w/]+\.hpp)\b", text))
            names.update(f"{name}.hpp" for name in re.findall(
                r"son1k_embed_text\(\s*\S+\s+\S+\s+(\w+)", text))
        return names

    def under(self, *tops: str) -> Iterator[source]:
        return (file for file in self.files
                if file.parts[0] in tops and file.suffix in CODE_SUFFIXES)


def includes(file: source) -> Iterator[tuple]:
    """(line number, opening mark, path) of every #include."""
    for number, line in enumerate(file.lines, 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^">]+)[">]', line)
        if match:
            yield number, match[1], match[2]


def code_lines(file: source) -> list:
    """(line number, text) without comments, and with the insides of literals taken out."""
    return file.code


PLAIN_TEXT = re.compile(r'[^"\'/R]+')
RAW_LITERAL = re.compile(r'R"([^()\\ ]{0,16})\(')
LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|(?<!\w)\'(?:[^\'\\]|\\.)+\'')


def scanned(lines: list) -> Iterator[tuple]:
    inside_comment = False
    raw_end = None
    for number, line in enumerate(lines, 1):
        kept = []
        at = 0
        while at < len(line):
            if raw_end is not None:
                end = line.find(raw_end, at)
                at = len(line) if end < 0 else end + len(raw_end)
                raw_end = raw_end if end < 0 else None
            elif inside_comment:
                end = line.find("*/", at)
                at = len(line) if end < 0 else end + 2
                inside_comment = end < 0
            elif plain := PLAIN_TEXT.match(line, at):
                kept.append(plain[0])
                at = plain.end()
            elif line.startswith("//", at):
                break
            elif line.startswith("/*", at):
                inside_comment = True
                at += 2
            elif raw := RAW_LITERAL.match(line, at):
                raw_end = f'){raw[1]}"'
                at = raw.end()
            elif literal := LITERAL.match(line, at):
                kept.append('""')
                at = literal.end()
            else:
                kept.append(line[at])
                at += 1
        yield number, "".join(kept)


def room_of(file: source) -> tuple:
    """(folder, subfolder or '') of a file under src/."""
    return file.parts[1], file.parts[2] if len(file.parts) > 3 else ""


def rule_floors(house: tree) -> Iterator[finding]:
    """A file includes its own folder and the floors below, by paths that start at src/."""
    if not house.floors:
        yield finding("ARCHITECTURE.md", 0, "floors", "the table of the floors is missing")
        return
    known = {file.path for file in house.files}
    for file in house.under("src"):
        if len(file.parts) < 3 or file.parts[1] not in house.floors:
            yield finding(file.path, 0, "floors", "its folder stands on no floor")
            continue
        folder = file.parts[1]
        for line, mark, path in includes(file):
            target = path.split("/")[0]
            if mark == "<":
                if f"src/{path}" in known:
                    yield finding(file.path, line, "floors", f"<{path}> is ours: use quotes")
                continue
            if f"src/{path}" not in known:
                if path not in house.generated:
                    yield finding(file.path, line, "floors",
                                  f'"{path}" is no path from src/ and nothing the build makes')
                continue
            if target == folder:
                continue
            own, other = house.floors[folder], house.floors.get(target, 99)
            if other == own:
                yield finding(file.path, line, "floors",
                              f"{folder} includes {target}, its neighbour on floor {own}")
            elif other > own:
                yield finding(file.path, line, "floors",
                              f"{folder} (floor {own}) includes {target} above it")


def rule_isolation(house: tree) -> Iterator[finding]:
    """Kinds and backends do not know each other; only the wiring includes them by name."""
    for file in house.under("src"):
        if len(file.parts) < 3:
            continue
        folder, room = room_of(file)
        if folder == WIRING:
            continue
        for line, _, path in includes(file):
            parts = path.split("/")
            if len(parts) < 3 or (parts[0], parts[1]) == (folder, room):
                continue
            if parts[0] == "kinds":
                yield finding(file.path, line, "isolation",
                              f"only {WIRING} and the kind itself may include {path}")
            elif parts[1] in BACKENDS.get(parts[0], ()):
                yield finding(file.path, line, "isolation",
                              f"only {WIRING} and the backend itself may include {path}")


def rule_concrete_names(house: tree) -> Iterator[finding]:
    """`sqlite_database`, `redis_queue`, `probe_kind`… stand in their own folder and in app."""
    backends = "|".join(sorted(set().union(*BACKENDS.values())))
    kinds = sorted({file.parts[2] for file in house.under("src")
                    if file.parts[1] == "kinds" and len(file.parts) > 3})
    pattern = rf"\b(?:({backends})_(?:{'|'.join(PORT_NOUNS)})|({'|'.join(kinds) or '(?!)'})_kind)\b"
    for file in house.under("src"):
        if len(file.parts) < 3:
            continue
        if room_of(file)[0] == WIRING:
            continue
        for line, text in code_lines(file):
            for match in re.finditer(pattern, text):
                if (match[1] or match[2]) not in file.parts[2:-1]:
                    yield finding(file.path, line, "concrete-names",
                                  f"only {WIRING} and its own folder may name {match[0]}")


def rule_sizes(house: tree) -> Iterator[finding]:
    """Files that fit in a head, lines that fit on a screen."""
    for file in house.files:
        if file.suffix in CODE_SUFFIXES and len(file.lines) > LINES_WARNED:
            yield finding(file.path, 0, "size", f"{len(file.lines)} lines; split it at "
                          f"{LINES_WARNED}", warning=len(file.lines) <= LINES_MAX)
        if file.suffix not in NARROW_SUFFIXES:
            continue
        for number, line in enumerate(file.lines, 1):
            if len(line) > COLUMNS_MAX:
                yield finding(file.path, number, "columns", f"{len(line)} > {COLUMNS_MAX}")


def rule_headers(house: tree) -> Iterator[finding]:
    """A header opens with what it is, and is read once."""
    for file in house.files:
        if file.suffix != ".hpp":
            continue
        if not file.lines or not re.match(r"// \S", file.lines[0]):
            yield finding(file.path, 1, "header", "open it with a comment that says what it is")
        if "#pragma once" not in file.lines:
            yield finding(file.path, 1, "header", "#pragma once is missing")


def type_names(file: source) -> Iterator[tuple]:
    """(line number, name) of the types, aliases and concepts that a file defines or declares."""
    declared = re.compile(
        r"^\s*(?:template\s*<.*>\s*)?(?:friend\s+)?"
        r"(?:(?:class|struct|union|enum(?:\s+(?:class|struct))?)\s+(?:\[\[[^\]]*\]\]\s*)?(\w+)"
        r"\s*(?:final\s*)?(?:$|[;{]|:(?!:))"
        r"|(?:using|concept)\s+(\w+)\s*=|typedef\s.*?(\w+)\s*;)")
    for number, text in code_lines(file):
        match = declared.match(text)
        if match:
            yield number, match[1] or match[2] or match[3]


def rule_names(house: tree) -> Iterator[finding]:
    """snake_case files and types, and no word that says nothing."""
    for file in house.files:
        if file.suffix not in CODE_SUFFIXES | {".py"}:
            continue
        stem = pathlib.PurePosixPath(file.path).stem
        if worn := WORN_WORDS.intersection(stem.lower().split("_")):
            yield finding(file.path, 0, "names", f"'{worn.pop()}' says nothing: what is it?")
        if file.suffix not in CODE_SUFFIXES:
            continue
        if re.search(r"[A-Z-]", stem):
            yield finding(file.path, 0, "names", "file names are snake_case")
        for line, name in type_names(file):
            if worn := WORN_WORDS.intersection(name.lower().split("_")):
                yield finding(file.path, line, "names", f"'{worn.pop()}' in {name} says nothing")
            if name[0].isupper():
                yield finding(file.path, line, "names", f"{name}: types are snake_case")


def kept_names(file: source) -> Iterator[tuple]:
    """(line number, name, declaration) of what a file keeps to itself, in `namespace {`. Functions
    count with their parameters' types, as they may be overloaded."""
    inside = False
    lines = list(code_lines(file))
    for at, (number, text) in enumerate(lines):
        if text.startswith("namespace {"):
            inside = True
        elif text.startswith("}") and file.lines[number - 1].rstrip() == "}  // namespace":
            inside = False
        elif inside and (match := re.match(
                r"(?:enum (?:class )?|class |struct |using )(\w+)(?= [={:]|$)", text)):
            yield number, match[1], text.split("{")[0]
        elif inside and re.match(r"[a-z]", text) and not text.startswith(("using", "template",
                                                                       "static_assert")):
            rest = " ".join(line for _, line in lines[at:at + 6])
            while (plain := re.sub(r"<[^<>()]*>", "", rest)) != rest:
                rest = plain
            if match := re.match(r"[\w:&*\s]*?(\w+)\s*(?:\(([^()]*)\)|[{=;\[])", rest):
                if match[2] is None:
                    yield number, match[1], text
                    continue
                types = [re.sub(r"\s*\w*\s*(=.*)?$", "", one).strip()
                         for one in match[2].split(",")]
                yield number, f"{match[1]}({','.join(types)})", ""


def rule_kept_names(house: tree) -> Iterator[finding]:
    """Files of a folder are compiled together in some builds, where one sees what another keeps to
    itself; and two of one name are often one thing written twice."""
    first = {}
    for file in house.under("src"):
        if file.suffix != ".cpp" or file.parts[1] in GATHERED_NOT:
            continue
        for line, name, declared in kept_names(file):
            if declared.startswith("using ") and declared.endswith(";"):
                name = f"{name} = {declared}"  # the same alias may stand in each
                continue
            key = file.parts[:-1] + (name,)
            other = first.setdefault(key, file.path)
            if other != file.path:
                yield finding(file.path, line, "kept-names",
                              f"{name.split('(')[0]} is in {other} too: share it or rename one")


def rule_foreign(house: tree) -> Iterator[finding]:
    """Nothing in the tree depends on one machine or on one registry."""
    pattern = re.compile("|".join(FOREIGN_PATHS + REGISTRY_HOSTS))
    for file in house.files:
        for number, line in enumerate(file.lines, 1):
            match = pattern.search(line)
            if match:
                yield finding(file.path, number, "foreign",
                              f"'{match[0]}' belongs to one machine or registry")


RULES = (rule_floors, rule_isolation, rule_concrete_names, rule_sizes, rule_headers, rule_names,
         rule_kept_names, rule_foreign)


def findings_of(root: pathlib.Path) -> list:
    house = tree(root)
    return [found for rule in RULES for found in rule(house)]


def main(arguments: list) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    root = parser.parse_args(arguments).root
    found = findings_of(root)
    for one in found:
        print(one)
    return 1 if any(not one.warning for one in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

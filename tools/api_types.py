#!/usr/bin/env python3
"""Types of the API for the web page: web/src/api_schema.ts from src/api/openapi/*.json.

    tools/api_types.py [--check]

Writes the file; with --check nothing is written, and the exit code is 1 where it would change. The
descriptions are read as they are written, so no server is needed: tests hold them against the
program's route table.
"""

import argparse
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DESCRIPTIONS = ROOT / "src/api/openapi"
TYPES = ROOT / "web/src/api_schema.ts"
COLUMNS_MAX = 100
HEAD = """\
// Made by tools/api_types.py of src/api/openapi; what the API takes and gives. Do not edit.
"""


def literal(value) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return "'" + text[1:-1].replace("'", "\\'") + "'" if isinstance(value, str) else text


def name(text: str) -> str:
    """A member's name, quoted where it is no identifier."""
    return text if re.fullmatch(r"[A-Za-z_$][\w$]*", text) else literal(text)


def members(schema: dict) -> list:
    """'prompt: string' of each member, with ? where it may be left out."""
    required = set(schema.get("required", []))
    return [f"{name(one)}{'' if one in required else '?'}: {type_of(what)}"
            for one, what in schema.get("properties", {}).items()]


def object_type(schema: dict) -> str:
    own = members(schema)
    if own:
        return "{ " + "; ".join(own) + " }"
    closed = schema.get("additionalProperties") is False
    return "Record<string, never>" if closed else "Record<string, unknown>"


PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean",
         "null": "null"}


def type_of(schema: dict) -> str:
    """The TypeScript type of a JSON Schema, on one line."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "const" in schema:
        return literal(schema["const"])
    if "enum" in schema:
        return " | ".join(literal(one) for one in schema["enum"])
    if "oneOf" in schema:
        return " | ".join(type_of(one) for one in schema["oneOf"])
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return " | ".join(kind_of(one, schema) for one in kinds) or "unknown"


def kind_of(kind: str, schema: dict) -> str:
    if kind == "array":
        inner = type_of(schema.get("items", {}))
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    return object_type(schema) if kind == "object" else PLAIN[kind]


def declared(called: str, schema: dict) -> str:
    if schema.get("type") == "object" and schema.get("properties"):
        lines = "\n".join(f"  {one};" for one in members(schema))
        return f"export interface {called} {{\n{lines}\n}}"
    return f"export type {called} = {type_of(schema)};"


def parameters_of(operation: dict, shared: dict, place: str) -> str:
    found = [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
             for one in operation.get("parameters", [])]
    return "; ".join(f"{name(one['name'])}{'' if one.get('required') else '?'}: "
                     f"{type_of(one['schema'])}" for one in found if one["in"] == place)


def call_of(key: str, operation: dict, shared: dict) -> str:
    """One row of `Calls`: what the call takes in its path, query and body, and what it gives."""
    parts = []
    path = re.findall(r":(\w+)", key)
    if path:
        parts.append("path: { " + "; ".join(f"{one}: string" for one in path) + " }")
    query = parameters_of(operation, shared, "query")
    if query:
        parts.append(f"query?: {{ {query} }}")
    if "body" in operation:
        may_lack = "?" if operation["body"].get("optional") else ""
        parts.append(f"body{may_lack}: {type_of(operation['body']['schema'])}")
    replies = [one for status, one in operation["replies"].items() if status.startswith("2")]
    data = dict.fromkeys(type_of(one["data"]) for one in replies if "data" in one)
    parts.append("data: " + (" | ".join(data) or "unknown"))
    pages = [one["page"] for one in replies if "page" in one]
    if pages:
        parts.append(f"page: {pages[0]}")
    called = literal(re.sub(r":(\w+)", r"{\1}", key))
    line = f"  {called}: {{ {'; '.join(parts)} }};"
    if len(line) <= COLUMNS_MAX:
        return line
    return f"  {called}: {{\n" + "".join(f"    {one};\n" for one in parts) + "  };"


def types_of(folder: pathlib.Path) -> str:
    """The whole file, of the descriptions in a folder."""
    files = {file.stem: json.loads(file.read_text("utf-8"))
             for file in sorted(folder.glob("*.json"))}
    components = files.pop("components")["components"]
    schemas = dict(components["schemas"])
    calls = []
    for file in files.values():
        schemas.update(file.get("schemas", {}))
        calls += [call_of(key, one, components["parameters"])
                  for key, one in file["operations"].items()]
    out = [HEAD] + [declared(called, schema) + "\n" for called, schema in sorted(schemas.items())]
    out.append("// What each call takes and gives.\nexport interface Calls {\n"
               + "\n".join(sorted(calls)) + "\n}\n")
    return "\n".join(out)


def main(arguments: list) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args(arguments).check
    made = types_of(DESCRIPTIONS)
    if check:
        if TYPES.exists() and TYPES.read_text("utf-8") == made:
            return 0
        print("web/src/api_schema.ts is not of these descriptions: run tools/api_types.py")
        return 1
    TYPES.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

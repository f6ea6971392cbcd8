"""The published description of the API as tests need it: its operations, and replies held against
their schemas. Needs jsonschema, which Debian packages (tools/packages.txt).

Schemas of replies are held strictly here, though the document leaves them open for clients of
tomorrow: a member that no schema names is a finding, because nobody has described it.
"""

import copy
import json
import re
from typing import Iterator, NamedTuple, Optional

from support.program import must_run_here

try:
    import jsonschema
except ImportError:
    jsonschema = None

METHODS = ("get", "post", "put", "patch", "delete")
# What HTTP itself may answer to any request (docs/api.md).
HTTP_OWN = {400, 404, 405, 408, 413, 414, 415, 417, 431, 503, 505}


class operation(NamedTuple):
    """One call of the document; `key` is "POST /api/x/{id}"."""

    method: str
    path: str
    about: dict

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def name(self) -> str:
        return self.about["operationId"]


def strict(schema):
    """A copy in which objects that name their members have no others."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: strict(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        out["additionalProperties"] = False
    return out


class description:
    """The document; references are looked up in it. Validators are made once each."""

    def __init__(self, document: dict):
        if jsonschema is None:
            must_run_here("python3-jsonschema is not installed")
        self.document = document
        self._schemas = document["components"]["schemas"]
        self._made: dict = {}
        moved = {name: self._local(one) for name, one in self._schemas.items()}
        self._open, self._strict = moved, strict(copy.deepcopy(moved))

    @staticmethod
    def _local(schema):
        """References into $defs, so that a schema with them is whole."""
        return json.loads(json.dumps(schema).replace('"#/components/schemas/', '"#/$defs/'))

    def resolved(self, what: dict) -> dict:
        """The thing itself where a reference stands for it."""
        while isinstance(what, dict) and "$ref" in what:
            at = self.document
            for part in what["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            what = at
        return what

    def operations(self) -> Iterator[operation]:
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield operation(method.upper(), path, item[method])

    def find(self, key: str) -> operation:
        return next(one for one in self.operations() if one.key == key)

    def parameters(self, of: operation, place: str = "") -> list:
        found = [self.resolved(one) for one in of.about.get("parameters", [])]
        return [one for one in found if place in ("", one["in"])]

    def body(self, of: operation) -> Optional[dict]:
        """The media type of its JSON body: {"schema", "example"?}."""
        return of.about.get("requestBody", {}).get("content", {}).get("application/json")

    def validator(self, schema: dict, closed: bool):
        key = (json.dumps(schema, sort_keys=True), closed)
        if key not in self._made:
            local = self._local(schema)
            whole = {**(strict(local) if closed else local),
                     "$defs": self._strict if closed else self._open}
            self._made[key] = jsonschema.Draft202012Validator(whole)
        return self._made[key]

    def faults(self, schema: dict, value, closed: bool = True) -> list:
        """What is wrong with a value, the deepest causes first, as texts."""
        found = self.validator(schema, closed).iter_errors(value)
        return [f"{'/'.join(map(str, one.absolute_path)) or 'the value'}: {one.message[:300]}"
                for one in found]

    def reply_for(self, of: operation, status: int) -> Optional[dict]:
        responses = of.about["responses"]
        if str(status) in responses:
            return self.resolved(responses[str(status)])
        return self.resolved(responses["default"]) if status in HTTP_OWN else None

    def reply_faults(self, of: operation, status: int, content_type: str, body: bytes) -> list:
        """What keeps a reply from being one that the document names; empty: it is one."""
        about = self.reply_for(of, status)
        if about is None:
            return [f"{of.key}: {status} is no reply of it: {body[:300]!r}"]
        content = about.get("content", {})
        if not content:
            return [] if not body else [f"{of.key}: {status} has no body, here is {body[:99]!r}"]
        media = content_type.partition(";")[0].strip()
        if media not in content:
            return [f"{of.key}: {status} comes as {media!r}, not as one of {sorted(content)}"]
        schema = content[media].get("schema")
        if schema is None or media != "application/json":
            return []
        try:
            value = json.loads(body)
        except ValueError as why:
            return [f"{of.key}: {status} is no JSON: {why}"]
        return [f"{of.key}: {status}: {one}" for one in self.faults(schema, value)]


def structural_faults(document: dict) -> list:
    """What makes a document no OpenAPI 3.1 that clients can use: ids, references, parameters of
    paths, schemas that are none, examples that do not fit."""
    known, out = description(document), []
    if not re.fullmatch(r"3\.1\.\d+", document.get("openapi", "")):
        out.append("openapi: is not 3.1")
    out += [f"info.{name}: is missing" for name in ("title", "version")
            if not document.get("info", {}).get(name)]
    out += list(_broken_references(document, document))
    if out:
        return out
    for name, schema in document["components"]["schemas"].items():
        out += _schema_faults(known, f"components.schemas.{name}", schema)
    tags = {one["name"] for one in document.get("tags", [])}
    ids: dict = {}
    for one in known.operations():
        out += _operation_faults(known, one, tags)
        other = ids.setdefault(one.about.get("operationId"), one.key)
        if other != one.key:
            out.append(f"{one.key}: has the operationId of {other}")
    return out


def _broken_references(part, document: dict) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _broken_references(one, document)
    if not isinstance(part, dict):
        return
    if isinstance(part.get("$ref"), str):
        at = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            at = at.get(name) if isinstance(at, dict) else None
        if at is None or not part["$ref"].startswith("#/"):
            yield f"{part['$ref']}: leads nowhere"
    for name, one in part.items():
        if name not in ("example", "examples", "default", "const", "enum"):
            yield from _broken_references(one, document)


def _schema_faults(known: description, where: str, schema: dict) -> list:
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as why:
        return [f"{where}: {why.message[:200]}"]
    return [f"{where}: an example: {fault}" for example in schema.get("examples", [])
            for fault in known.faults(schema, example)]


def _media_faults(known: description, where: str, media: dict) -> list:
    schema = media.get("schema")
    if schema is None:
        return []
    out = _schema_faults(known, where, schema)
    shown = [media["example"]] if "example" in media else []
    shown += [one["value"] for one in media.get("examples", {}).values()]
    for example in shown if not out else []:
        out += [f"{where}: example: {fault}" for fault in known.faults(schema, example)]
    return out


def _operation_faults(known: description, one: operation, tags: set) -> list:
    out = []
    for name in ("operationId", "summary", "responses", "tags"):
        if not one.about.get(name):
            out.append(f"{one.key}: has no {name}")
    out += [f"{one.key}: the tag {tag} is not listed" for tag in one.about.get("tags", [])
            if tag not in tags]
    given = [(p["in"], p["name"]) for p in known.parameters(one)]
    out += [f"{one.key}: {name} is described twice" for place, name in set(given)
            if given.count((place, name)) > 1]
    in_path = set(re.findall(r"{(\w+)}", one.path))
    if in_path != {name for place, name in given if place == "path"}:
        out.append(f"{one.key}: its path has {sorted(in_path)}, its parameters {given}")
    for parameter in known.parameters(one):
        where = f"{one.key} {parameter['name']}"
        if parameter["in"] == "path" and parameter.get("required") is not True:
            out.append(f"{where}: a part of the path is required")
        out += _media_faults(known, where, parameter)
    for kind, media in one.about.get("requestBody", {}).get("content", {}).items():
        out += _media_faults(known, f"{one.key} body {kind}", media)
    if not any(status.startswith("2") for status in one.about.get("responses", {})):
        out.append(f"{one.key}: says of no success")
    for status, reply in one.about.get("responses", {}).items():
        about = known.resolved(reply)
        if not about.get("description"):
            out.append(f"{one.key} {status}: has no description")
        for kind, media in about.get("content", {}).items():
            out += _media_faults(known, f"{one.key} {status} {kind}", media)
    return out

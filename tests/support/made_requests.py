"""Requests made from the published description: valid ones, and the same with something wrong.

Everything comes from one random.Random, so a seed gives the same requests in the same order. A
request is bytes on the wire: much of what is tried here no HTTP client would send.
"""

import json
import random
import re
import urllib.parse
from typing import NamedTuple, Optional

from support.openapi import description, operation

DEPTH_MAX = 4
LONG = 12_000
TEXTS = ["", " ", "0", "null", "-1", "a" * 129, "ñandú", "ñ" * 2_001, "💿🎺", "\u202eabc",
         "e\u0301", "\x00", "a\x00b", "\ufeff", "\n\r\t", "../../etc/passwd", '"><script>', "%00",
         "'; drop table account; --", "%s%n", "{}", "2026-13-41T99:99:99Z", "9" * 40, "x" * LONG,
         "\ufffe\uffff", "01890000-0000-7000-8000-000000000000", "generation:", "queue:\"",
         "-state:", "@daily", "* * * * *", "0 0 31 2 *", "99 * * * *", "Mars/Phobos"]
NUMBERS = [0, -1, 1, 1.5, -0.0, 1e308, 5e-324, 2**31, -2**31 - 1, 2**53, 2**53 + 1, 2**63 - 1,
           2**63, -2**63 - 1, 2**64, 10**30, 1e-7]
# As JSON texts: what json.dumps() would not write.
RAW = ['"\\ud800"', '"\\u0000"', "1e999", "-", "01", "NaN", "Infinity", '{"a":1,"a":2}', "[1,]",
       "[" * 40 + "]" * 40, "[" * 300 + "]" * 300, '{"a":' * 70 + "1" + "}" * 70, '"\t"', "'a'",
       "[" + "1," * 5_000 + "1]", "{" + ",".join(f'"m{n}":1' for n in range(300)) + "}", "\\"]
SEGMENTS = ["%00", "%2e%2e", "%2F", "%ff", "%zz", "..", ".", "a" * 3_000, "%F0%9F%8E%B5", "a%20b",
            "%0d%0aX:1", "none", "local", "ana@example.org", "0", "-1", "*", "%5C", "a;b", "probe"]
HEADERS = [("Accept-Language", "es"), ("Accept-Language", "xx;q=nan, es;q=1e999"),
           ("Accept-Encoding", "gzip;q=0.1, *;q=0"), ("If-Match", '"1"'), ("If-Match", "W/1"),
           ("If-None-Match", "*"), ("Range", "bytes=0-"), ("Range", "bytes=9-1"),
           ("Range", "bytes=-0"), ("Range", "lines=1-2"), ("Idempotency-Key", "k"),
           ("Idempotency-Key", ""), ("Idempotency-Key", "x" * 300), ("Last-Event-ID", "-1"),
           ("X-Request-Id", "é" * 9), ("X-Request-Id", "x" * 500), ("Cookie", "son1k_access=x"),
           ("Cookie", "=;=;" * 50), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"),
           ("Expect", "100-continue"), ("traceparent", "00-0-0-00"), ("Forwarded", "for=;"),
           ("X-API-Key", "sk_none"), ("Authorization", "Basic x")]
TYPES = ["text/plain", "application/json; charset=latin-1", "application/JSON", "", "application/x",
         "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]


class made(NamedTuple):
    """One request; `json` is its body where that is JSON, for who judges what was accepted."""

    of: operation
    target: str
    headers: list
    body: Optional[bytes]
    json: object = None


class request_maker:
    """`known` values stand for parameters of paths, by name: so that some things are found."""

    def __init__(self, of: description, seed: int, known: dict):
        self.of, self.random, self.known = of, random.Random(seed), known

    # Values that a schema takes.

    def value(self, schema: dict, depth: int = 0):
        rnd, schema = self.random, self.of.resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return rnd.choice(schema["enum"])
        if "oneOf" in schema:
            return self.value(rnd.choice(schema["oneOf"]), depth)
        kind = schema.get("type", "string")
        kind = rnd.choice(kind) if isinstance(kind, list) else kind
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            most = min(schema.get("maxItems", 3), 3) if depth < DEPTH_MAX else 0
            count = max(rnd.randint(0, most), min(schema.get("minItems", 0), 3))
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(count)]
        if kind == "integer":
            low = schema.get("minimum", 0)
            high = schema.get("maximum", low + 1_000)
            return rnd.choice([low, high, rnd.randint(low, min(high, low + 1_000))])
        if kind == "number":
            return rnd.uniform(schema.get("minimum", 0), schema.get("maximum", 1))
        if kind == "boolean":
            return rnd.random() < 0.5
        return None if kind == "null" else self._text(schema)

    def _object(self, schema: dict, depth: int) -> dict:
        out = {}
        for name, one in schema.get("properties", {}).items():
            must = name in schema.get("required", [])
            if must or (depth < DEPTH_MAX and self.random.random() < 0.35):
                out[name] = self.value(one, depth + 1)
        return out

    def _text(self, schema: dict) -> str:
        rnd = self.random
        if "0-9a-f]{8}" in schema.get("pattern", ""):
            return str(rnd.choice(self.known.get("id", ["01890000-0000-7000-8000-000000000000"])))
        if "pattern" in schema:
            return rnd.choice(["1", "22", "303"])
        words = ["a waltz", "probe", "ana@example.org", "*/5 * * * *", "state:failed", "UTC",
                 "mañana", "2027-01-31T00:00:00Z", "x"]
        text = rnd.choice(words)
        low, high = schema.get("minLength", 0), schema.get("maxLength", 40)
        return (text if len(text) >= low else text + "y" * low)[:high]

    # Whole requests.

    def valid(self, of: operation) -> made:
        rnd, media = self.random, self.of.body(of)
        body = None
        if media is not None and (of.about["requestBody"].get("required") or rnd.random() < 0.7):
            use = "example" in media and rnd.random() < 0.5
            body = media["example"] if use else self.value(media["schema"])
        path = re.sub(r"{(\w+)}", lambda part: self._segment(of, part[1]), of.path)
        query = [(p["name"], self.value(p["schema"])) for p in self.of.parameters(of, "query")
                 if p.get("required") or rnd.random() < 0.3]
        headers = [(p["name"], str(self.value(p["schema"])))
                   for p in self.of.parameters(of, "header") if rnd.random() < 0.3]
        target = path + ("?" + urllib.parse.urlencode(query) if query else "")
        return self._sent(of, target, headers, body)

    def _segment(self, of: operation, name: str) -> str:
        about = next(p for p in self.of.parameters(of, "path") if p["name"] == name)
        found = list(self.known.get(name, [])) + [about.get("example", "none")]
        return urllib.parse.quote(str(self.random.choice(found)), safe="")

    def _sent(self, of: operation, target: str, headers: list, body) -> made:
        raw = None if body is None else json.dumps(body).encode()
        if raw is not None:
            headers = headers + [("Content-Type", "application/json")]
        return made(of, target, headers, raw, body)

    def wrong(self, of: operation) -> made:
        """A valid request in which one to three things are changed, not always for the worse."""
        out = self.valid(of)
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            out = self.random.choice([self._other_body, self._other_body, self._other_body,
                                      self._raw_body, self._other_path, self._other_query,
                                      self._other_header, self._other_type])(out)
        return out

    def _other_body(self, one: made) -> made:
        if self.of.body(one.of) is None and self.random.random() < 0.8:
            return self._other_query(one)
        body = self._changed(json.loads(json.dumps(one.json)))
        try:
            text = json.dumps(body, ensure_ascii=self.random.random() < 0.5)
            raw = text.encode()
        except UnicodeEncodeError:
            raw = json.dumps(body).encode()
        headers = [h for h in one.headers if h[0] != "Content-Type"]
        return one._replace(body=raw, json=body,
                            headers=headers + [("Content-Type", "application/json")])

    def _changed(self, value):
        """The value with one place in it changed; the place is anywhere."""
        rnd = self.random
        if isinstance(value, dict) and value and rnd.random() < 0.8:
            name = rnd.choice(list(value))
            if rnd.random() < 0.15:
                del value[name]
            elif rnd.random() < 0.12:
                value[rnd.choice(["surprise", "tier", "is_admin", "", "\x00", "__proto__"])] = 1
            else:
                value[name] = self._changed(value[name])
            return value
        if isinstance(value, list) and value and rnd.random() < 0.7:
            at = rnd.randrange(len(value))
            value[at] = self._changed(value[at])
            return value * rnd.choice([1, 1, 30]) if rnd.random() < 0.2 else value
        return rnd.choice([None, True, rnd.choice(NUMBERS), rnd.choice(NUMBERS), rnd.choice(TEXTS),
                           rnd.choice(TEXTS), [], {}, [value], {"a": value}])

    def _raw_body(self, one: made) -> made:
        """A body that is no JSON, or none that json.dumps() would write."""
        rnd, raw = self.random, one.body or b"{}"
        pick = rnd.randrange(7)
        if pick == 0:
            raw = raw[:rnd.randrange(len(raw) + 1)]
        elif pick == 1:
            at = rnd.randrange(len(raw))
            raw = raw[:at] + bytes([rnd.randrange(256)]) + raw[at + 1:]
        elif pick == 2:
            raw = rnd.choice([b"", b"\xff\xfe", b"\xef\xbb\xbf" + raw, raw + b"}", raw * 2])
        elif pick == 3:
            raw = rnd.choice(RAW).encode()
        elif pick == 4 and isinstance(one.json, dict) and one.json:
            name = rnd.choice(list(one.json))
            raw = json.dumps({**one.json, name: "@@"}).replace('"@@"', rnd.choice(RAW)).encode()
        else:
            raw = b'{"prompt":"' + b"a" * rnd.choice([100, 70_000, 1_200_000]) + b'"}'
        return one._replace(body=raw, json=None)

    def _other_path(self, one: made) -> made:
        path, mark, query = one.target.partition("?")
        parts = path.split("/")
        at = self.random.randrange(1, len(parts))
        if "{" in one.of.path:
            at = self.random.choice([n for n, part in enumerate(one.of.path.split("/"))
                                     if part.startswith("{")])
        if at < len(parts):
            parts[at] = self.random.choice(SEGMENTS)
        return one._replace(target="/".join(parts) + mark + query)

    def _other_query(self, one: made) -> made:
        rnd = self.random
        names = [p["name"] for p in self.of.parameters(one.of, "query")] + ["surprise", "limit", ""]
        value = rnd.choice([str(rnd.choice(NUMBERS)), rnd.choice(TEXTS)[:3_000]])
        pair = f"{rnd.choice(names)}={urllib.parse.quote(value, safe='')}"
        pair = rnd.choice([pair, pair, pair, "%zz=1", "a=%ff", "&&=&", "limit=1&limit=2", "q=%00"])
        return one._replace(target=one.target + ("&" if "?" in one.target else "?") + pair)

    def _other_header(self, one: made) -> made:
        return one._replace(headers=one.headers + [self.random.choice(HEADERS)])

    def _other_type(self, one: made) -> made:
        headers = [h for h in one.headers if h[0] != "Content-Type"]
        return one._replace(headers=headers + [("Content-Type", self.random.choice(TYPES))])

"""tools/api_types.py: types of schemas, and web/src/api_schema.ts is of today's descriptions."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
import api_types  # noqa: E402


class types(unittest.TestCase):
    def test_a_schema_becomes_its_type(self):
        rows = [({"type": "string"}, "string"), ({"enum": ["a", "b'c"]}, r"'a' | 'b\'c'"),
                ({"const": True}, "true"), ({"type": ["integer", "null"]}, "number | null"),
                ({"$ref": "#/components/schemas/Piece"}, "Piece"), ({}, "unknown"),
                ({"type": "array", "items": {"enum": [1, 2]}}, "(1 | 2)[]"),
                ({"type": "object", "required": ["a"],
                  "properties": {"a": {"type": "number"}, "b-c": {"type": "boolean"}}},
                 "{ a: number; 'b-c'?: boolean }"),
                ({"type": "object", "additionalProperties": False}, "Record<string, never>"),
                ({"type": "object"}, "Record<string, unknown>")]
        for schema, wanted in rows:
            self.assertEqual(api_types.type_of(schema), wanted)

    def test_a_call_says_what_it_takes_and_gives(self):
        row = api_types.call_of("PUT /api/x/:id", {
            "parameters": [{"$ref": "#/components/parameters/cursor"}],
            "body": {"optional": True, "schema": {"$ref": "#/components/schemas/X"}},
            "replies": {"200": {"data": {"type": "string"}, "page": "P"}, "206": {"types": []}},
        }, {"cursor": {"name": "cursor", "in": "query", "schema": {"type": "string"}}})
        for part in ("'PUT /api/x/{id}'", "path: { id: string }", "query?: { cursor?: string }",
                     "body?: X", "data: string", "page: P"):
            self.assertIn(part, row)

    def test_the_file_is_of_todays_descriptions(self):
        self.assertEqual(api_types.main(["--check"]), 0, "run tools/api_types.py")


if __name__ == "__main__":
    unittest.main()

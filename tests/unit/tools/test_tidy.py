"""Every rule of tools/tidy.py, held against a small tree that keeps it and one that breaks it."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
import tidy  # noqa: E402

FLOORS = """| floor | folders | what |
|---|---|---|
| 5 | `app` | wiring |
| 4 | `api` · `kinds` | users, jobs |
| 3 | `queue` · `realtime` | engines |
| 2 | `net` · `store` | ground |
| 1 | `base` | values |
"""
HEADER = "// What it is.\n#pragma once\n"

# A house that keeps every rule; each test changes one file of it.
CLEAN = {
    "ARCHITECTURE.md": FLOORS,
    "src/CMakeLists.txt": "son1k_embed_text(son1k_store son1k::store migrations a.sql)\n",
    "src/base/error.hpp": HEADER,
    "src/net/router.hpp": HEADER + '#include <string>\n\n#include "base/error.hpp"\n',
    "src/store/database.hpp": HEADER,
    "src/store/migrate.cpp": '#include "migrations.hpp"\n',
    "src/store/sqlite/sqlite_database.hpp": HEADER + '#include "store/database.hpp"\n',
    "src/store/sqlite/sqlite_database.cpp": '#include "store/sqlite/sqlite_database.hpp"\n',
    "src/queue/queue.hpp": HEADER + '#include "store/database.hpp"\n',
    "src/queue/embedded/embedded_queue.hpp": HEADER + "class embedded_queue final {};\n",
    "src/kinds/probe/probe.hpp": HEADER + "class probe_kind {};\n",
    "src/kinds/import/import.hpp": HEADER,
    "src/app/main.cpp": '#include "kinds/probe/probe.hpp"\n'
                        '#include "store/sqlite/sqlite_database.hpp"\n'
                        "son1k::embedded_queue the_queue;\n",
}


class tidy_test(unittest.TestCase):
    """Writes CLEAN with changes into a temporary folder and looks at the findings."""

    def findings(self, changes=None):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in {**CLEAN, **(changes or {})}.items():
                if text is None:
                    continue
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            return tidy.findings_of(root)

    def assert_clean(self, changes=None):
        self.assertEqual([], [str(found) for found in self.findings(changes)])

    def assert_one(self, changes, rule, path, line, words):
        found = self.findings(changes)
        self.assertEqual(1, len(found), [str(one) for one in found])
        self.assertEqual((rule, path, line), (found[0].rule, found[0].path, found[0].line))
        self.assertIn(words, found[0].message)
        return found[0]

    def test_a_house_that_keeps_the_rules_has_no_findings(self):
        self.assert_clean()

    def test_the_table_of_the_floors_must_be_there(self):
        self.assert_one({"ARCHITECTURE.md": "no table"}, "floors", "ARCHITECTURE.md", 0, "missing")

    def test_a_floor_above_is_refused(self):
        self.assert_one({"src/base/error.hpp": HEADER + '#include "net/router.hpp"\n'},
                        "floors", "src/base/error.hpp", 3, "above")

    def test_a_neighbour_on_the_same_floor_is_refused(self):
        self.assert_one({"src/net/router.hpp": HEADER + '#include "store/database.hpp"\n'},
                        "floors", "src/net/router.hpp", 3, "neighbour")

    def test_indented_and_spaced_includes_count(self):
        self.assert_one({"src/net/router.hpp": HEADER + ' # include "store/database.hpp"\n'},
                        "floors", "src/net/router.hpp", 3, "neighbour")

    def test_a_folder_on_no_floor_is_refused(self):
        self.assert_one({"src/misc/a.hpp": HEADER}, "floors", "src/misc/a.hpp", 0, "no floor")

    def test_a_file_beside_the_folders_is_refused(self):
        self.assert_one({"src/a.hpp": HEADER}, "floors", "src/a.hpp", 0, "no floor")

    def test_paths_relative_to_the_file_are_refused(self):
        self.assert_one({"src/store/migrate.cpp": '#include "database.hpp"\n'},
                        "floors", "src/store/migrate.cpp", 1, "no path from src/")

    def test_our_headers_in_angle_brackets_are_refused(self):
        self.assert_one({"src/store/migrate.cpp": "#include <store/database.hpp>\n"},
                        "floors", "src/store/migrate.cpp", 1, "use quotes")

    def test_a_header_that_the_build_writes_is_allowed(self):
        self.assert_one({"src/CMakeLists.txt": ""},
                        "floors", "src/store/migrate.cpp", 1, "nothing the build makes")

    def test_a_kind_that_includes_another_is_refused(self):
        self.assert_one(
            {"src/kinds/import/import.hpp": HEADER + '#include "kinds/probe/probe.hpp"\n'},
            "isolation", "src/kinds/import/import.hpp", 3, "the kind itself")

    def test_a_backend_that_includes_another_is_refused(self):
        self.assert_one(
            {"src/store/postgres/a.cpp": '#include "store/sqlite/sqlite_database.hpp"\n'},
            "isolation", "src/store/postgres/a.cpp", 1, "the backend itself")

    def test_an_engine_that_includes_a_backend_below_is_refused(self):
        self.assert_one(
            {"src/queue/queue.hpp": HEADER + '#include "store/sqlite/sqlite_database.hpp"\n'},
            "isolation", "src/queue/queue.hpp", 3, "the backend itself")

    def test_a_port_that_names_its_backend_is_refused(self):
        self.assert_one({"src/queue/queue.hpp": HEADER + "class embedded_queue;\n"},
                        "concrete-names", "src/queue/queue.hpp", 3, "embedded_queue")

    def test_a_kind_named_outside_its_folder_is_refused(self):
        self.assert_one({"src/api/jobs.cpp": "\nauto k = make<probe_kind>();\n"},
                        "concrete-names", "src/api/jobs.cpp", 2, "probe_kind")

    def test_names_in_comments_and_literals_are_prose(self):
        self.assert_clean({"src/queue/queue.hpp": HEADER +
                           '// embedded_queue\n/* redis_queue\n   sqlite_database */\n'
                           'auto a = "local_bus";\nauto b = R"x(\nredis_bus)x";\n'})

    def test_code_after_a_comment_or_literal_still_counts(self):
        line = '/* a */ f("x \\" y", \'"\'); redis_queue q;\n'
        self.assert_one({"src/queue/queue.hpp": HEADER + line},
                        "concrete-names", "src/queue/queue.hpp", 3, "redis_queue")

    def test_a_file_over_the_soft_limit_is_a_warning(self):
        text = HEADER + "int a();\n" * (tidy.LINES_WARNED - 1)
        found = self.assert_one({"src/base/error.hpp": text}, "size", "src/base/error.hpp", 0,
                                "401 lines")
        self.assertTrue(found.warning)

    def test_a_file_over_the_hard_limit_fails(self):
        text = HEADER + "int a();\n" * (tidy.LINES_MAX - 1)
        found = self.assert_one({"src/base/error.hpp": text}, "size", "src/base/error.hpp", 0,
                                "501 lines")
        self.assertFalse(found.warning)

    def test_a_line_is_measured_in_characters(self):
        self.assert_clean({"tests/a.cpp": "// " + "ñ" * (tidy.COLUMNS_MAX - 3) + "\n"})
        self.assert_one({"tests/a.cpp": "// " + "ñ" * (tidy.COLUMNS_MAX - 2) + "\n"},
                        "columns", "tests/a.cpp", 1, "101 > 100")

    def test_a_header_opens_with_a_comment(self):
        self.assert_one({"src/base/error.hpp": "#pragma once\n"},
                        "header", "src/base/error.hpp", 1, "comment")

    def test_a_header_is_read_once(self):
        self.assert_one({"src/base/error.hpp": "// What it is.\n"},
                        "header", "src/base/error.hpp", 1, "pragma")

    def test_worn_words_are_refused_in_file_names(self):
        for name in ("key_manager", "string_utils", "helper"):
            with self.subTest(name):
                self.assert_one({f"src/base/{name}.hpp": HEADER},
                                "names", f"src/base/{name}.hpp", 0, "says nothing")

    def test_worn_words_are_refused_in_type_names(self):
        for text in ("class key_manager {", "struct socket_helper;", "using net_utils = int;",
                     "enum class util {", "template <class T> struct a_helper {"):
            with self.subTest(text):
                self.assert_one({"src/base/error.hpp": HEADER + text + "\n"},
                                "names", "src/base/error.hpp", 3, "says nothing")

    def test_types_are_snake_case(self):
        for text in ("class Job {", "struct Job : base {", "  enum class State : int {",
                     "using Id = int;", "template <class T> class Box final {",
                     "concept Fast = true;", "typedef int Id;", "class [[nodiscard]] Result {"):
            with self.subTest(text):
                self.assert_one({"src/base/error.hpp": HEADER + text + "\n"},
                                "names", "src/base/error.hpp", 3, "types are snake_case")

    def test_template_parameters_may_be_pascal_case(self):
        self.assert_clean({"src/base/error.hpp": HEADER +
                           "template <class Work,\n          class Next>\n"
                           "void run(Work w, Next n);\n"})

    def test_file_names_are_snake_case(self):
        self.assert_one({"src/base/errorCode.hpp": HEADER},
                        "names", "src/base/errorCode.hpp", 0, "snake_case")

    def test_paths_of_one_machine_are_refused(self):
        for folder in ("work", "farm", "home/ana"):
            with self.subTest(folder):
                self.assert_one({"docs/a.md": f"see\n`/{folder}/x`\n"},
                                "foreign", "docs/a.md", 2, "one machine")

    def test_folders_of_the_same_name_inside_paths_are_allowed(self):
        self.assert_clean({"docs/a.md": "see src/%s/x and https://host/%s/x\n" % ("work", "farm")})

    def test_two_files_of_a_folder_keep_no_thing_of_one_name(self):
        def kept(*lines):
            return "\n".join(("namespace son1k::net {", "namespace {", *lines,
                              "}  // namespace", "}  // namespace son1k::net", ""))

        constant = kept("constexpr int most = 4;")
        self.assert_clean({"src/net/a.cpp": constant, "src/store/a.cpp": constant})
        self.assert_clean({"src/net/a.cpp": constant, "src/net/b.cpp": "int most = 5;\n"})
        self.assert_clean({"src/net/a.cpp": kept("bool fits(int n) {", "}"),
                           "src/net/b.cpp": kept("bool fits(char c) {", "}")})
        self.assert_clean({"src/net/a.cpp": kept("using many = std::vector<int>;"),
                           "src/net/b.cpp": kept("using many = std::vector<int>;")})
        for other in (constant, kept("struct most {", "};"), kept("std::array most{1, 2};")):
            self.assert_one({"src/net/a.cpp": constant, "src/net/b.cpp": other}, "kept-names",
                            "src/net/b.cpp", 3, "share it or rename one")
        self.assert_one({"src/net/a.cpp": kept("bool fits(const std::string& a,", "    int b) {"),
                         "src/net/b.cpp": kept("int fits(const std::string& x, int y) {", "}")},
                        "kept-names", "src/net/b.cpp", 3, "fits is in src/net/a.cpp too")

    def test_registry_hosts_are_refused(self):
        self.assert_one({"docs/a.md": "curl https://" + "registry.npmjs" + ".org/x\n"},
                        "foreign", "docs/a.md", 1, "registry")

    def test_what_is_built_or_binary_is_not_read(self):
        self.assert_clean({"build/a.hpp": "class Job {\n", "a.cpp": "\0/" + "work/\n"})

    def test_the_exit_code_is_1_for_findings_and_0_for_warnings(self):
        for text, code, prints in (("int a;\n", 0, False), ("class Job {\n", 1, True),
                                   ("int a();\n" * (tidy.LINES_WARNED + 1), 0, True)):
            with self.subTest(text[:12]), tempfile.TemporaryDirectory() as folder:
                (pathlib.Path(folder) / "ARCHITECTURE.md").write_text(FLOORS, encoding="utf-8")
                (pathlib.Path(folder) / "a.cpp").write_text(text, encoding="utf-8")
                with contextlib.redirect_stdout(io.StringIO()) as printed:
                    self.assertEqual(code, tidy.main(["--root", folder]))
                self.assertEqual(prints, bool(printed.getvalue()))


if __name__ == "__main__":
    unittest.main()

"""What tools/compile_commands.py hands to clang."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
import compile_commands  # noqa: E402


class compile_commands_test(unittest.TestCase):
    def for_clang(self, command: str) -> list:
        return compile_commands.for_clang(command.split(), "pch.hpp")

    def test_the_launcher_is_taken_off(self):
        for launcher in ("ccache", "/usr/bin/ccache",
                         "/usr/bin/cmake -E env CCACHE_SLOPPINESS=a,b /usr/bin/ccache"):
            with self.subTest(launcher):
                command = f"{launcher} /usr/bin/c++ a.cpp"
                self.assertEqual("/usr/bin/c++", self.for_clang(command)[0])

    def test_the_precompiled_header_becomes_its_text(self):
        arguments = self.for_clang("c++ -Winvalid-pch -include x/cmake_pch.hxx a.cpp")
        self.assertEqual(["c++", "-include", "pch.hpp", "a.cpp"], arguments[:4])

    def test_other_includes_stay(self):
        self.assertIn("b.hpp", self.for_clang("c++ -include b.hpp a.cpp"))

    def test_flags_that_only_gcc_knows_are_left_out(self):
        self.assertNotIn("-fpch-preprocess", self.for_clang("c++ -fpch-preprocess a.cpp"))

    def test_definitions_are_not_taken_for_launchers(self):
        self.assertEqual(["c++", "-DA=1", "a.cpp"], self.for_clang("c++ -DA=1 a.cpp")[:3])


if __name__ == "__main__":
    unittest.main()

"""tools/setup on machines made of stand-ins: it installs what is missing, once, and says so."""

import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PLAIN_TOOLS = ("bash", "cat", "chmod", "dirname", "env", "grep", "mkdir", "mktemp", "readlink",
               "rm", "sed", "sort", "tail", "tee", "touch", "tr", "xargs")
PACKAGES = ("# Prose that opens nothing.\n# build\nmaker\n# run\nfont\n# test\ntester\n"
            "# bench\nnpm\nrival\n# dev\nlinter")

# Knows the packages named in the file `installed`; apt-get adds to it unless `broken` exists.
DPKG_QUERY = """while read -r one; do echo "installed $one"; done <"$MACHINE/installed"
echo 'not-installed maker-old'
exit 1"""
APT_GET = """echo "apt-get $*" >>"$MACHINE/calls"
[ ! -e "$MACHINE/usr/sbin/policy-rc.d" ] || cat "$MACHINE/usr/sbin/policy-rc.d" >>"$MACHINE/policy"
[ ! -e "$MACHINE/broken" ] || { echo 'E: no such package'; exit 100; }
case "$*" in *' install '*)
  for word in "$@"; do
    case $word in -*|install|*=*) ;; *) echo "$word" >>"$MACHINE/installed";; esac
  done;;
esac"""


class setup_test(unittest.TestCase):
    def setUp(self):
        self.machine = pathlib.Path(tempfile.mkdtemp(prefix="son1k-setup-"))
        self.addCleanup(shutil.rmtree, self.machine)
        (self.machine / "tools").mkdir()
        shutil.copy(ROOT / "tools" / "setup", self.machine / "tools" / "setup")
        (self.machine / "tools" / "packages.txt").write_text(PACKAGES)
        (self.machine / "bin").mkdir()
        (self.machine / "usr/sbin").mkdir(parents=True)
        for tool in PLAIN_TOOLS:
            (self.machine / "bin" / tool).symlink_to(shutil.which(tool))
        self.program("dpkg-query", DPKG_QUERY)
        self.program("apt-get", APT_GET)
        self.program("id", "echo 0")
        self.installed("")

    def program(self, name, text):
        path = self.machine / "bin" / name
        path.write_text(f"#!{shutil.which('bash')}\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def installed(self, names):
        (self.machine / "installed").write_text("".join(f"{name}\n" for name in names.split()))

    def setup(self, *arguments):
        environment = {"PATH": str(self.machine / "bin"), "MACHINE": str(self.machine),
                       "SON1K_SETUP_SYSTEM": str(self.machine),
                       "TMPDIR": str(self.machine), "HOME": os.environ.get("HOME", "/")}
        return subprocess.run([str(self.machine / "tools" / "setup"), *arguments],
                              env=environment, capture_output=True, text=True, timeout=30)

    def calls(self):
        path = self.machine / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def test_it_does_nothing_where_nothing_is_missing(self):
        self.installed("maker font tester")
        done = self.setup()
        self.assertEqual((0, []), (done.returncode, self.calls()))
        self.assertIn("all 3 packages are there", done.stdout)

    def test_it_installs_only_what_is_missing_and_names_it(self):
        self.installed("font")
        done = self.setup()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("installing 2 packages: maker tester", done.stdout)
        self.assertTrue(self.calls()[0].endswith(" update"))
        self.assertTrue(self.calls()[1].endswith("--no-install-recommends maker tester"))
        self.assertIn("all 3 packages", self.setup().stdout)
        self.assertEqual(2, len(self.calls()))

    def test_a_name_that_begins_like_another_is_not_it(self):
        self.installed("maker-extra font tester")
        self.assertIn("1 packages: maker\n", self.setup().stdout)

    def test_build_only_leaves_the_tests_out(self):
        self.installed("maker font")
        self.assertIn("all 2 packages", self.setup("--build-only").stdout)

    def test_all_adds_the_last_line_even_without_a_newline(self):
        self.installed("maker font tester")
        self.assertIn("1 packages: linter\n", self.setup("--all").stdout)

    def test_only_bench_asks_for_what_is_compared_with(self):
        self.installed("maker font tester")
        self.assertIn("2 packages: npm rival\n", self.setup("--bench").stdout)

    def test_an_npm_from_elsewhere_will_do(self):
        self.installed("maker font tester")
        self.program("npm", "exit 0")
        self.assertIn("1 packages: rival\n", self.setup("--bench").stdout)

    def test_an_unknown_option_is_refused(self):
        done = self.setup("--everything")
        self.assertEqual((1, []), (done.returncode, self.calls()))
        self.assertIn("--everything", done.stderr)

    def test_packages_of_servers_start_none(self):
        self.assertEqual(0, self.setup().returncode)
        self.assertIn("exit 101", (self.machine / "policy").read_text())
        self.assertFalse((self.machine / "usr/sbin/policy-rc.d").exists())

    def test_a_rule_that_is_there_already_stays(self):
        rule = self.machine / "usr/sbin/policy-rc.d"
        rule.write_text("exit 104\n")
        self.assertEqual(0, self.setup().returncode)
        self.assertEqual("exit 104\n", rule.read_text())

    def test_postgresql_makes_no_database_of_its_own(self):
        (self.machine / "tools" / "packages.txt").write_text(PACKAGES + "\n# test\npostgresql-15")
        self.assertEqual(0, self.setup().returncode)
        told = self.machine / "etc/postgresql-common/createcluster.d/son1k.conf"
        self.assertEqual("create_main_cluster = false\n", told.read_text())

    def test_without_root_it_uses_sudo(self):
        self.program("id", "echo 1000")
        self.program("sudo", 'echo sudo >>"$MACHINE/sudo"; exec "$@"')
        self.assertEqual(0, self.setup().returncode)
        # The rule against servers written, made executable and removed; apt-get twice.
        self.assertEqual("sudo\n" * 5, (self.machine / "sudo").read_text())

    def test_without_root_and_sudo_it_says_what_is_missing(self):
        self.program("id", "echo 1000")
        done = self.setup()
        self.assertEqual((1, []), (done.returncode, self.calls()))
        self.assertIn("maker font tester. Run this as root", done.stderr)

    def test_without_dpkg_it_says_that_this_is_not_debian(self):
        (self.machine / "bin" / "dpkg-query").unlink()
        done = self.setup()
        self.assertEqual(1, done.returncode)
        self.assertIn("not a Debian system", done.stderr)

    def test_without_a_network_it_says_so(self):
        (self.machine / "broken").touch()
        done = self.setup()
        self.assertEqual((1, 1), (done.returncode, len(self.calls())))
        self.assertIn("is there a network", done.stderr)

    def test_a_failing_install_is_tried_twice_and_shown(self):
        self.program("apt-get", APT_GET.replace('[ ! -e "$MACHINE/broken" ]',
                                                'case "$*" in *" install "*) false;; esac'))
        done = self.setup()
        self.assertEqual((1, 3), (done.returncode, len(self.calls())))
        self.assertIn("E: no such package", done.stderr)
        self.assertIn("could not install: maker font tester", done.stderr)


if __name__ == "__main__":
    unittest.main()

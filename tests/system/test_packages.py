"""The Debian packages: what is in them; and in a Debian of their own, everything that dpkg does with them."""
import gzip
import pathlib
import platform
import re
import shutil
import tempfile
import unittest

import debian
import harness
from harness import REPOSITORY, SANITIZED, Daemon, SystemTest

NAMES = ["mpsmtpd", "mpsmtpd-dbgsym", "mpsmtpd-dev"]
FIXTURE = REPOSITORY / "tests" / "sdk" / "fixtures" / "release-1.0" / platform.machine() / "fixture.so"
MAIL = b"Subject: Hello\r\n\r\nText\r\n"
# Of the tests' own build: other flags, and no folder for each architecture.
SUPPRESSED = ("hardening-no-bindnow", "hardening-no-fortify-functions", "pkg-config-unavailable-for-cross-compilation")


def project_version():
    return re.search(r"project\(mpsmtpd VERSION ([\d.]+)", (REPOSITORY / "CMakeLists.txt").read_text())[1]


def field(package, name):
    return debian.run("dpkg-deb", "--field", package, name).strip()


@unittest.skipIf(SANITIZED, "a sanitized server is not packed")
class Packed(unittest.TestCase):
    """Without installing anything."""

    @classmethod
    def setUpClass(cls):
        missing = debian.missing_tools("dpkg-deb", "dpkg-shlibdeps", "file", "objcopy", "readelf")
        if missing:
            raise unittest.SkipTest(f"not installed: {', '.join(missing)}")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mpsmtp-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.packages = debian.pack(cls.folder)
        for name, package in cls.packages.items():
            debian.run("dpkg-deb", "--raw-extract", package, cls.folder / name)

    def files(self, name="mpsmtpd"):
        """{path inside: path here}, control files left out."""
        root = self.folder / name
        return {"/" + str(path.relative_to(root)): path for path in root.rglob("*")
                if not path.is_dir() and path.relative_to(root).parts[0] != "DEBIAN"}

    def test_they_are_these_and_say_the_version_of_the_project(self):
        self.assertEqual(sorted(self.packages), NAMES)
        for name, package in self.packages.items():
            with self.subTest(name):
                self.assertEqual(field(package, "Version"), project_version() + "-1")

    def test_the_change_log_is_about_this_version(self):
        first = (REPOSITORY / "packaging" / "debian" / "changelog").read_text().split("\n", 1)[0]
        self.assertIn(f"({project_version()}-1)", first)

    def test_lintian_finds_nothing(self):
        if debian.missing_tools("lintian"):
            self.skipTest("lintian is not installed")
        shown = debian.run("lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags", ",".join(SUPPRESSED),
                           *self.packages.values())
        self.assertEqual([line for line in shown.splitlines() if re.match("[EW]:", line)], [])

    def test_each_file_of_an_administrator_is_a_conffile_and_nothing_else(self):
        listed = (self.folder / "mpsmtpd" / "DEBIAN" / "conffiles").read_text().split()
        self.assertEqual(listed, sorted(path for path in self.files() if path.startswith("/etc/")))
        self.assertIn("/etc/mpsmtp/mpsmtp.ini", listed)

    def test_they_belong_to_root_and_nobody_else_may_write(self):
        for name, package in self.packages.items():
            for line in debian.run("dpkg-deb", "--contents", package).splitlines():
                mode, owner = line.split()[:2]
                with self.subTest(line):
                    self.assertEqual(owner, "root/root")
                    self.assertRegex(mode, "^(drwxr-xr-x|-rw-r--r--|lrwxrwxrwx|-rwxr-xr-x)$")
                    if mode == "-rwxr-xr-x":
                        self.assertIn("/usr/bin/", line)

    def test_what_a_user_looks_for_is_there(self):
        pages = ["man8/mpsmtpd.8", "man5/mpsmtp.ini.5", "man7/mpsmtp-plugin.7"]
        if shutil.which("lowdown"):
            pages += [f"man7/mpsmtp-{path.stem}.7" for path in (REPOSITORY / "docs" / "handlers").glob("*.md")]
        for name, paths in {
                "mpsmtpd": ["/usr/bin/mpsmtpd", "/etc/mpsmtp/mpsmtp.ini",
                            "/usr/lib/sysusers.d/mpsmtpd.conf", "/usr/share/doc/mpsmtpd/mpsmtp.ini",
                            "/usr/share/bash-completion/completions/mpsmtpd",
                            *(f"/usr/share/man/{page}.gz" for page in pages)],
                "mpsmtpd-dev": ["/usr/include/mpsmtp/Plugin.h", "/usr/share/mpsmtp/template/CMakeLists.txt",
                                "/usr/share/mpsmtp/examples/ratelimit/RateLimit.cpp", "/usr/share/mpsmtp/plugin.map"]}.items():
            for path in paths:
                with self.subTest(path):
                    self.assertIn(path, self.files(name))
        for leaf in ("/_mpsmtpd", "/lib/systemd/system/mpsmtpd.service"):
            self.assertTrue([path for path in self.files() if path.endswith(leaf)], leaf)
        for leaf in ("mpsmtp.pc", "mpsmtpConfig.cmake"):
            with self.subTest(leaf):
                self.assertTrue([path for path in self.files("mpsmtpd-dev") if path.endswith("/" + leaf)])
        plugins = sorted(path.rpartition("/")[2] for path in self.files() if "/mpsmtp/plugins/" in path)
        self.assertEqual(plugins, sorted(path.name for path in (harness.BUILD / "plugins").glob("*.so")))

    def test_each_page_that_a_file_names_is_there(self):
        found = {}
        for name in NAMES:
            for inside, path in self.files(name).items():
                if re.search(r"^/etc/|\.service$|/man/|/doc/.*\.(ini|json|yml)$", inside):
                    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
                    for page in re.findall(r"(?:docs|doc/mpsmtpd)/([a-z/-]+\.md)", text):
                        found.setdefault(page, inside)
        self.assertIn("service.md", found)
        for page, inside in found.items():
            with self.subTest(page, named_by=inside):
                self.assertIn(f"/usr/share/doc/mpsmtpd/{page}", self.files())

    def test_no_library_is_needed_that_is_not_depended_on(self):
        depends = re.findall(r"(?:^|, |\| )([a-z0-9.+-]+)", field(self.packages["mpsmtpd"], "Depends"))
        for inside, path in self.files().items():
            if inside.startswith("/usr/bin/") or inside.endswith(".so"):
                for library in re.findall(r"NEEDED\s+(\S+)", debian.run("objdump", "-p", path)):
                    owners = {line.partition(":")[0] for line in debian.run("dpkg", "--search", f"*/{library}").splitlines()}
                    with self.subTest(inside, library=library):
                        self.assertTrue(owners & set(depends), f"{owners} and {depends}")

    def test_the_maintainer_scripts_are_posix_shell_that_stops_at_a_failure(self):
        for name in ("postinst", "prerm", "postrm"):
            with self.subTest(name):
                script = self.folder / "mpsmtpd" / "DEBIAN" / name
                debian.run("sh", "-n", script)
                self.assertTrue(script.read_text().startswith("#!/bin/sh\n"))
                self.assertIn("\nset -e\n", script.read_text())
                self.assertIsNone(re.search(r"\b(systemctl|deb-systemd-\w+) (--\S+ )*(start|enable)\b(?! \$unit)", script.read_text()))

    def test_unpacked_anywhere_it_finds_its_plugins_and_takes_its_configuration(self):
        program = self.folder / "mpsmtpd" / "usr" / "bin" / "mpsmtpd"
        listed = debian.run(program, "--list-plugins")
        self.assertNotIn("broken", listed)
        self.assertIn(str(self.folder), listed)
        settings = self.folder / "mpsmtpd" / "etc" / "mpsmtp" / "mpsmtp.ini"
        self.assertIn(": ok\n", debian.run(program, "--check-config", "--config", settings))

    def test_the_symbols_fit_the_programs(self):
        symbols = {path.parent.name + path.stem for path in (self.folder / "mpsmtpd-dbgsym").rglob("*.debug")}
        for inside, path in self.files().items():
            if inside.startswith("/usr/bin/") or inside.endswith(".so"):
                with self.subTest(inside):
                    self.assertIn(re.search(r"Build ID: (\w+)", debian.run("readelf", "-n", path))[1], symbols)
                    self.assertNotIn(".symtab", debian.run("readelf", "-SW", path))


@unittest.skipIf(SANITIZED or debian.why_no_folder(), debian.why_no_folder() or "a sanitized server is not packed")
class Installed(SystemTest):
    """What an administrator does, in a Debian without systemd; systemctl is a script that notes how it is called."""

    @classmethod
    def setUpClass(cls):
        cls.old, cls.new = cls.packed("0.9.0"), cls.packed()

    @classmethod
    def packed(cls, version=None):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="mpsmtp-test-"))
        cls.addClassCleanup(shutil.rmtree, folder)
        return debian.pack(folder, version)

    def setUp(self):
        super().setUp()
        self.debian = debian.Folder()
        self.addCleanup(self.debian.close)

    def serve(self, *arguments, config="/etc/mpsmtp/mpsmtp.ini"):
        """As the unit would: in the foreground, as its user."""
        daemon = Daemon(["--config", config, "--set", "listener:main.address=127.0.0.1:0", *arguments], cwd=self.folder,
                        wrapper=self.debian.wrapper("mpsmtpd", cwd="/var/lib/mpsmtpd"), program="/usr/bin/mpsmtpd")
        self.addCleanup(self._finish, daemon)
        return daemon

    def send(self, daemon, recipient="b@b.test"):
        with daemon.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(MAIL, recipients=[recipient]), 250)

    def stored(self, user="b"):
        return list(self.debian.path(f"var/lib/mpsmtpd/mail/b.test/{user}/new").glob("*"))

    def user(self):
        return self.debian.run("getent", "passwd", "mpsmtpd", check=False)

    def test_from_the_first_install_to_purge(self):
        with self.subTest("installed"):
            self.debian.install(self.old["mpsmtpd"])
            self.assertIn("mpsmtpd", self.user())
            self.assertEqual(self.debian.processes(), [], "something was started")
            self.assertEqual(self.debian.run("stat", "-c", "%U:%G %a", "/var/lib/mpsmtpd"), "mpsmtpd:mpsmtpd 750\n")
        with self.subTest("mail comes in"):
            daemon = self.serve()
            self.send(daemon)
            daemon.stop()
            self.assertEqual(len(self.stored()), 1)
        settings = self.debian.path("etc/mpsmtp/mpsmtp.ini")
        with self.subTest("upgraded: what was changed is kept, mail and user too"):
            settings.write_text(settings.read_text() + "; changed by hand\n")
            user = self.user()
            self.debian.install(self.new["mpsmtpd"])
            self.assertIn("changed by hand", settings.read_text())
            self.assertIn(project_version(), self.debian.run("mpsmtpd", "--version"))
            self.assertEqual(self.user(), user)
            daemon = self.serve()
            self.send(daemon)
            daemon.stop()
            self.assertEqual(len(self.stored()), 2)
        with self.subTest("installed once more"):
            self.debian.install(self.new["mpsmtpd"])
        with self.subTest("removed: the settings and the mail stay"):
            self.debian.run("dpkg", "--remove", "mpsmtpd")
            self.assertFalse(self.debian.path("usr/bin/mpsmtpd").exists())
            self.assertIn("changed by hand", settings.read_text())
            self.assertEqual(len(self.stored()), 2)
        with self.subTest("purged: settings and logs go, the mail stays, and that is said"):
            logs = self.debian.path("var/log/mpsmtpd")
            logs.mkdir(exist_ok=True)
            (logs / "mpsmtpd.log").write_text("x\n")
            self.assertIn("mail is left in /var/lib/mpsmtpd", self.debian.run("dpkg", "--purge", "mpsmtpd"))
            self.assertEqual(len(self.stored()), 2)
            self.assertEqual(self.user(), user)
            for gone in ("etc/mpsmtp", "var/log/mpsmtpd", "usr/share/doc/mpsmtpd", "usr/share/mpsmtp"):
                self.assertFalse(self.debian.path(gone).exists(), gone)
            self.assertFalse(list(self.debian.path("usr/lib").rglob("mpsmtp")))
        with self.subTest("installed again: the mail is found"):
            self.debian.install(self.new["mpsmtpd"])
            self.assertEqual(len(self.stored()), 2)
        with self.subTest("purged without any mail: nothing is left"):
            shutil.rmtree(self.debian.path("var/lib/mpsmtpd/mail"))
            for leftover in self.debian.path("var/lib/mpsmtpd").iterdir():
                shutil.rmtree(leftover)
            self.assertNotIn("mail is left", self.debian.run("dpkg", "--purge", "mpsmtpd"))
            self.assertFalse(self.debian.path("var/lib/mpsmtpd").exists())

    def test_plugins_are_built_with_the_sdk_and_old_ones_load(self):
        self.debian.install(self.new["mpsmtpd"], self.new["mpsmtpd-dev"])
        with self.subTest("an example, by CMake"):
            self.debian.run("sh", "-ec", "cp -r /usr/share/mpsmtp/examples/ratelimit /tmp/r && cd /tmp/r && "
                                         "cmake -G Ninja -B build . && cmake --build build")
        with self.subTest("the template, with its test"):
            self.debian.run("sh", "-ec", "mpsmtpd --new-plugin tag /tmp/t && cd /tmp/t && cmake -G Ninja -B build . && "
                                         "cmake --build build && ctest --test-dir build")
        with self.subTest("the template, by pkg-config"):
            self.debian.run("sh", "-ec", "cd /tmp/t && g++ -std=c++17 -shared Tag.cpp $(pkg-config --cflags --libs mpsmtp) -o /tmp/p.so")
        with self.subTest("both filter, and a plugin of release 1.0 stores"):
            self.debian.put(FIXTURE, "tmp/fixture.so")
            (self.debian.path("tmp/all.ini")).write_text(harness.ini({
                "listener:main": {"address": "127.0.0.1:0"},
                "handler:limit": {"plugin": "/tmp/r/build/ratelimit.so"},
                "handler:tag": {"plugin": "/tmp/p.so"},
                "handler:old": {"plugin": "/tmp/fixture.so", "record": "/var/lib/mpsmtpd/fixture.mail", "header": "X-Old"},
                "filters": {"chain": "limit, tag"}}))
            daemon = self.serve(config="/tmp/all.ini")
            self.send(daemon)
            daemon.stop()
            self.assertIn("Subject:", self.debian.path("var/lib/mpsmtpd/fixture.mail").read_text())

    def test_with_systemd_running_only_what_runs_is_touched(self):
        """What the scripts ask of systemctl, at each step."""
        calls = self.debian.path("calls")
        systemctl = self.debian.path("usr/bin/systemctl")
        systemctl.write_text('#!/bin/sh\necho "$*" >>/calls\n[ "$1" != is-active ] || exit 0\n')
        systemctl.chmod(0o755)
        self.debian.path("run/systemd/system").mkdir(parents=True)

        def asked(*words):
            calls.write_text("")
            self.debian.run(*words)
            return [line for line in calls.read_text().splitlines() if not line.startswith(("--quiet is-", "is-", "show"))]

        self.debian.install(self.old["mpsmtpd"])
        first = calls.read_text()
        self.assertNotRegex(first, r"\b(start|restart|enable)\b")
        new = self.debian.put(self.new["mpsmtpd"], "new.deb")
        self.assertRegex("\n".join(asked("dpkg", "--install", new)), r"try-restart mpsmtpd\.service")
        self.assertRegex("\n".join(asked("dpkg", "--remove", "mpsmtpd")), r"stop mpsmtpd\.socket mpsmtpd\.service")
        self.assertNotRegex("\n".join(asked("dpkg", "--purge", "mpsmtpd")), r"\b(start|restart|stop)\b")


@unittest.skipIf(SANITIZED or not harness.FULL, "builds everything twice: runs with MPSMTP_FULL=1, and once")
class Reproducible(unittest.TestCase):
    def test_two_builds_make_the_same_octets_and_lintian_finds_nothing(self):
        packages, said = debian.build("--twice")
        self.assertIn("the same octets", said)
        if debian.missing_tools("lintian"):
            self.skipTest("lintian is not installed")
        self.assertEqual(debian.run("lintian", "--allow-root", "--fail-on", "error,warning", *packages.values()), "")


if __name__ == "__main__":
    unittest.main()

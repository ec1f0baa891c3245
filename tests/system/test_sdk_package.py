"""The installed SDK from an author's side: its CMake package, pkg-config, the template. All is built out of tree."""
import os
import pathlib
import shutil
import subprocess
import unittest

import harness
from harness import BUILD, DEADLINE, REPOSITORY, STAGE, SystemTest

TAG = REPOSITORY / "tests" / "structure" / "Tag.cpp"
MAIL = b"Subject: Hello\r\n\r\nText\r\n"


def package(prefix=STAGE):
    """The folder of mpsmtpConfig.cmake in an install prefix."""
    return next(prefix.glob("lib*/**/cmake/mpsmtp"))


def compilers():
    return [name for name in ("g++", "clang++") if shutil.which(name)]


def exported(plugin):
    listed = subprocess.run(["nm", "-D", "--defined-only", str(plugin)], capture_output=True, text=True, check=True)
    return [line.split()[2] for line in listed.stdout.splitlines()]


class PackageTest(SystemTest):
    def command(self, *words, cwd=None, environment=None, status=0):
        """Both outputs of a command that ends as expected."""
        done = subprocess.run([str(word) for word in words], cwd=cwd or self.folder, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE, check=False,
                              env={**harness.clean_environment(), **(environment or {})})
        self.assertEqual(done.returncode == 0, status == 0, f"{words}:\n{done.stdout}")
        return done.stdout

    def configure(self, project, *options, status=0):
        return self.command("cmake", "-G", "Ninja", "-S", project, "-B", project / "build", *options, status=status)

    def build_and_test(self, project):
        self.command("cmake", "--build", project / "build")
        self.assertIn("100% tests passed", self.command("ctest", "--test-dir", project / "build"))

    def template(self):
        """A copy of the installed one."""
        return pathlib.Path(shutil.copytree(STAGE / "share" / "mpsmtp" / "template", self.folder / "project"))

    def project(self, name, *lines):
        """A project that needs no compiler to be configured."""
        folder = self.folder / name
        folder.mkdir()
        (folder / "CMakeLists.txt").write_text("\n".join(
            ["cmake_minimum_required(VERSION 3.18)", f"project({name} LANGUAGES NONE)", *lines, ""]))
        return folder

    def assert_marks_the_subject(self, folder, configuration):
        """The project's own configuration serves its plugin: a mail comes out with a mark."""
        server = self.run_daemon(["--config", configuration, "--set", "listener:main.address=127.0.0.1:0"], cwd=folder)
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(MAIL), 250)
        self.assertTrue(server.stdout.wait_for(r"^Subject: \[test\] Hello"))
        server.stop()


class Template(PackageTest):
    def test_it_builds_tests_and_runs_with_the_installed_package(self):
        project = self.template()
        self.configure(project, f"-DCMAKE_PREFIX_PATH={STAGE}")
        self.build_and_test(project)
        self.assertEqual(exported(project / "build" / "my-handler.so"), ["mpsmtp_plugin_descriptor"])
        self.assert_marks_the_subject(project, "my-handler.ini")
        with self.subTest("installed, it lies among the bundled plugins"):
            self.command("cmake", "--install", project / "build", "--prefix", "/p",
                         environment={"DESTDIR": str(self.folder / "root")})
            installed = next((self.folder / "root").rglob("my-handler.so"))
            bundled = next(STAGE.glob("lib*/**/mpsmtp/plugins"))
            self.assertEqual(installed.parent.relative_to(self.folder / "root" / "p"), bundled.relative_to(STAGE))

    def test_the_tests_can_be_left_out(self):
        project = self.template()
        self.configure(project, f"-Dmpsmtp_DIR={package()}", "-DBUILD_TESTING=OFF")
        self.command("cmake", "--build", project / "build")
        self.assertFalse((project / "build" / "my-handler_test").exists())


class NewPlugin(PackageTest):
    def new(self, name, folder):
        return self.run_to_end(["--new-plugin", name, folder])

    def test_it_builds_tests_and_runs_with_the_commands_that_are_shown(self):
        shown = self.new("spam-mark", "my project")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        commands = [line.strip() for line in shown.stdout.splitlines() if line.startswith("  ")]
        self.assertEqual(len(commands), 5, shown.stdout)
        self.assertEqual(commands[-1].split()[0], str(harness.MPSMTPD))
        self.command("sh", "-ec", "\n".join(commands[:-1]), environment={"CMAKE_GENERATOR": "Ninja"})
        project = self.folder / "my project"
        self.assert_marks_the_subject(project, commands[-1].split()[-1])
        files = [path for path in project.iterdir() if path.is_file()]
        self.assertIn("SpamMark.cpp", [path.name for path in files])
        for path in files:
            self.assertNotRegex(path.name + path.read_text(), "(?i)my-?handler")

    def test_it_writes_into_no_folder_that_holds_something(self):
        (self.folder / "empty").mkdir()
        self.assertEqual(self.new("tag", self.folder / "empty").returncode, 0)
        for why, folder, expected in (("written already", "empty", "Directory not empty"),
                                      ("a file", "empty/tag.ini", "File exists"),
                                      ("below a file", "empty/tag.ini/x", "Not a directory")):
            with self.subTest(why):
                before = sorted((self.folder / "empty").rglob("*"))
                done = self.new("other", folder)
                self.assertEqual(done.returncode, 73)
                self.assertIn(f"{folder}: {expected}", done.stderr)
                self.assertEqual(sorted((self.folder / "empty").rglob("*")), before)

    def test_a_name_that_is_taken_is_refused(self):
        for why, name, expected in (("a bundled plugin", "maildir", "there is a plugin of this name: "),
                                    ("a target of CMake", "test", "CMake keeps it for itself")):
            with self.subTest(why):
                done = self.new(name, "project")
                self.assertEqual(done.returncode, 64)
                self.assertIn(expected, done.stderr)
                self.assertFalse((self.folder / "project").exists())


class CMakePackage(PackageTest):
    def test_the_build_tree_is_one_too(self):
        project = self.template()
        self.configure(project, f"-Dmpsmtp_DIR={BUILD / 'cmake'}")
        self.assertTrue((BUILD / "template" / "CMakeLists.txt").is_file())

    def test_it_can_be_moved(self):
        moved = self.folder / "moved to"
        for part in ("include", "share", package().relative_to(STAGE), next(STAGE.glob("lib*/**/mpsmtp/plugins")).relative_to(STAGE)):
            shutil.copytree(STAGE / part, moved / part)
        for file in package(moved).iterdir():
            self.assertNotIn(str(STAGE), file.read_text(), file.name)
        project = self.folder / "tag"
        project.mkdir()
        shutil.copy(TAG, project)
        (project / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.18)\nproject(tag CXX)\nfind_package(mpsmtp 1 REQUIRED)\n"
            "mpsmtp_add_plugin(tag Tag.cpp)\n")
        self.configure(project, f"-Dmpsmtp_DIR={package(moved)}")
        self.command("cmake", "--build", project / "build")
        self.assertEqual(exported(project / "build" / "tag.so"), ["mpsmtp_plugin_descriptor"])

    def test_mistakes_are_told(self):
        for why, lines, expected in (
                ("an interface of the future", ["find_package(mpsmtp 2 REQUIRED)"], 'compatible with requested version "2"'),
                ("no source", ["find_package(mpsmtp 1 REQUIRED)", "mpsmtp_add_plugin(tag)"], "tag): no source file is given"),
                ("TEST without sources", ["find_package(mpsmtp 1 REQUIRED)", "mpsmtp_add_plugin(tag Tag.cpp TEST)"],
                 "nothing stands behind TEST")):
            with self.subTest(why):
                project = self.project(why.split()[-1], *lines)
                shown = self.configure(project, f"-Dmpsmtp_DIR={package()}", status=1)
                self.assertIn(expected, " ".join(shown.split()))


class PkgConfig(PackageTest):
    """The example of the documents, built with one command."""

    def build_tag(self, compiler, source=TAG, status=0):
        plugin = self.folder / f"tag-{compiler}.so"
        command = f"{compiler} -std=c++17 -shared '{source}' $(pkg-config --cflags --libs mpsmtp) -o '{plugin}'"
        path = next(STAGE.glob("lib*/**/pkgconfig"))
        shown = self.command("sh", "-c", command, environment={"PKG_CONFIG_PATH": str(path)}, status=status)
        return shown if status else plugin

    def test_one_line_builds_a_plugin_that_runs_as_a_filter(self):
        for compiler in compilers():
            with self.subTest(compiler):
                plugin = self.build_tag(compiler)
                self.assertEqual(exported(plugin), ["mpsmtp_plugin_descriptor"])
                server = self.start(self.settings({"tree": self.store("maildir", path=self.folder / "maildir" / "%{rcpt}"),
                                                   "tag": {"plugin": plugin, "header": "X-Client"}},
                                                  filters={"chain": "tag"}))
                with server.connect() as wire:
                    wire.hello()
                    self.assert_reply(wire.deliver(MAIL), 250)
                server.stop()
                stored = self.stored_files()
                self.assertEqual(len(stored), 1)
                self.assertIn(b"\nX-Client: 127.0.0.1\n", stored[0].read_bytes())
                stored[0].unlink()

    def test_what_is_missing_is_told_when_it_is_linked(self):
        source = self.folder / "Missing.cpp"
        source.write_text(TAG.read_text().replace("class Tag", "void missing();\nclass Tag").replace(
            "message.edits()", "missing();\n        message.edits()"))
        self.assertIn("missing()", self.build_tag("g++", source, status=1))

    def test_it_tells_where_plugins_and_the_template_are(self):
        path = next(STAGE.glob("lib*/**/pkgconfig"))
        for variable, expected in (("plugindir", "maildir.so"), ("templatedir", "CMakeLists.txt")):
            with self.subTest(variable):
                shown = self.command("pkg-config", f"--variable={variable}", "mpsmtp", environment={"PKG_CONFIG_PATH": str(path)})
                self.assertTrue(os.path.exists(os.path.join(shown.strip(), expected)), shown)


if __name__ == "__main__":
    unittest.main()

"""The public headers: the ABI is C, each header stands alone, the examples of the documents compile, plugins export one symbol."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import sources

INCLUDE = sources.ROOT / "sdk" / "include"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", f"-I{INCLUDE}"]


def cxx_compilers():
    return [name for name in ("g++", "clang++") if shutil.which(name)]


def compile_errors(compiler, language, standard, source, *options):
    """What the compiler says of `source`; "" if it is content."""
    done = subprocess.run([compiler, "-x", language, f"-std={standard}", *WARNINGS, *options, "-"], input=source, text=True,
                          capture_output=True, check=False)
    return done.stderr if done.returncode else ""


class Abi(unittest.TestCase):
    def test_it_is_c(self):
        for compiler in filter(shutil.which, ("gcc", "clang")):
            for standard in ("c99", "c11"):
                with self.subTest(compiler, standard=standard):
                    self.assertEqual(compile_errors(compiler, "c", standard, "#include <mpsmtp/abi.h>\nint main(void) { return 0; }\n",
                                                    "-fsyntax-only"), "")


class Headers(unittest.TestCase):
    def test_each_compiles_alone(self):
        headers = [path for path in sources.files(".h") if path.parts[:3] == ("sdk", "include", "mpsmtp")]
        self.assertGreater(len(headers), 5)
        compiler = cxx_compilers()[0]  # what a header includes does not depend on the compiler
        for header in headers:
            with self.subTest(compiler, header=header.name):
                source = f"#include <{header.relative_to('sdk/include')}>\nint main() {{}}\n"
                self.assertEqual(compile_errors(compiler, "c++", "c++17", source, "-fsyntax-only"), "")

    def test_all_together_in_later_standards(self):
        for compiler in cxx_compilers():
            with self.subTest(compiler):
                source = "#include <mpsmtp/Plugin.h>\n#include <mpsmtp/testing/Conformance.h>\nint main() {}\n"
                self.assertEqual(compile_errors(compiler, "c++", "c++20", source, "-fsyntax-only"), "")


def documented_plugins():
    """The ```cpp blocks of the documents that are a whole plugin, and the example that the tests keep."""
    found = {"Tag.cpp": sources.text("tests/structure/Tag.cpp")}
    for path in sources.files(".md"):
        for number, block in enumerate(re.findall(r"^```cpp\n(.*?)^```$", sources.text(path), re.MULTILINE | re.DOTALL)):
            if "MPSMTP_PLUGIN(" in block and "#include" in block:
                found[f"{path} block {number}"] = block
    return found


class Examples(unittest.TestCase):
    def test_each_becomes_a_plugin_with_one_symbol(self):
        for compiler in cxx_compilers():
            for name, source in documented_plugins().items():
                with self.subTest(compiler, example=name), tempfile.NamedTemporaryFile(suffix=".so") as plugin:
                    # Without the version script of the bundled plugins: an author needs no more than this command.
                    options = ["-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-z,defs", "-o", plugin.name]
                    self.assertEqual(compile_errors(compiler, "c++", "c++17", source, *options), "")
                    self.assertIn("mpsmtp_plugin_descriptor", exported(plugin.name))


class AuthorsPage(unittest.TestCase):
    """sdk/README.md: its excerpts are the template's, and no hook and no type of option is left out."""

    page = sources.text("sdk/README.md")

    def test_its_excerpts_are_what_new_plugin_writes(self):
        written = sources.text("sdk/template/MyHandler.cpp").replace("MyHandler", "SubjectMark").replace("my-handler", "subject-mark")
        blocks = re.findall(r"^```cpp\n(.*?)^```$", self.page, re.MULTILINE | re.DOTALL)
        excerpts = [block for block in blocks if "#include" not in block]
        self.assertEqual(len(excerpts), 3)
        for excerpt in excerpts:
            with self.subTest(excerpt.splitlines()[0]):
                self.assertIn(excerpt, written)

    def test_its_tables_are_complete(self):
        handler, option = sources.text("sdk/include/mpsmtp/Handler.h"), sources.text("sdk/include/mpsmtp/Option.h")
        hooks = set(re.findall(r"\b(on[A-Z]\w+|stage|deliver|start|stop)\(.*(?:Session|Envelope|\{)", handler))
        self.assertGreater(len(hooks), 12)
        types = re.findall(r"^        (\w+) = MPSMTP_OPTION_", option, re.MULTILINE)
        self.assertEqual(len(types), 12)
        for name in sorted(hooks) + types:
            with self.subTest(name):
                self.assertRegex(self.page, rf"(?m)^\| `{name}(\(\))?` \|")

    def test_the_manual_page_names_all_hooks(self):
        manual = sources.text("docs/man/mpsmtp-plugin.7")
        listed = " , ".join(re.findall(r"^\.It Ic (.*)$", manual, re.MULTILINE)).split(" , ")
        hooks = set(re.findall(r"virtual \w+\s+(\w+)\(", sources.text("sdk/include/mpsmtp/Handler.h"))) - {"persist", "commit", "abort"}
        self.assertEqual(set(listed), hooks)
        self.assertIn("extern const mpsmtp_plugin mpsmtp_plugin_descriptor;", manual)


class TestingPage(unittest.TestCase):
    """docs/testing-plugins.md: what it shows as Tag.cpp and TagTest.cpp is built and run."""

    def test_its_test_passes(self):
        blocks = re.findall(r"`(\w+\.cpp)`:\n\n```cpp\n(.*?)^```$", sources.text("docs/testing-plugins.md"), re.MULTILINE | re.DOTALL)
        self.assertEqual([name for name, _ in blocks], ["Tag.cpp", "TagTest.cpp"])
        for compiler in cxx_compilers():
            with self.subTest(compiler), tempfile.TemporaryDirectory() as folder:
                for name, text in blocks:
                    (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")
                program = pathlib.Path(folder) / "TagTest"
                self.assertEqual(compile_errors(compiler, "c++", "c++17", blocks[1][1], f"-I{folder}", "-pthread", "-o", str(program)), "")
                done = subprocess.run([program], capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, "FAILED" in done.stdout), (0, False), done.stdout)


def exported(path):
    listed = subprocess.run(["nm", "-D", "--defined-only", str(path)], capture_output=True, text=True, check=True)
    return [line.split()[2] for line in listed.stdout.splitlines()]


class BundledPlugins(unittest.TestCase):
    def test_each_exports_its_descriptor_and_nothing_else(self):
        plugins = sorted((sources.BUILD / "plugins").glob("*.so"))
        expected = sorted(path.parts[1] for path in sources.files(".cpp")
                          if path.parts[0] == "plugins" and path.name == "Plugin.cpp")
        self.assertEqual([plugin.stem for plugin in plugins], expected)
        for plugin in plugins:
            with self.subTest(plugin.name):
                self.assertEqual([name for name in exported(plugin) if not name.startswith("_")], ["mpsmtp_plugin_descriptor"])


if __name__ == "__main__":
    unittest.main()

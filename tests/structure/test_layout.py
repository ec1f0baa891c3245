"""What the repository holds, and what it does not."""
import re
import unittest

import sources

ROOT_NAMES = {"CMakeLists.txt", "README.md", "LICENSE", "server", "plugins", "sdk", "tests", "etc", "docs", "scripts", "packaging", "Containerfile"}
# Paths of one machine. Written in two parts, or this file would be its own finding.
MACHINE_PATH = re.compile("/" + r"(work|root)/")
THREAD_SAFETY = re.compile(r"Thread(\s|/)+safety:")  # a comment may break the line between the two
COMMENT = re.compile(r'(#!.*\n)?(//|/\*|#|"""|<!--|\.\\"|;)')


def own_text_files():
    """All but sample mail, which is others' and stays as it is, and what is fuzzed with, which is octets."""
    samples = [("tests", "data"), ("tests", "fuzz", "seeds"), ("tests", "fuzz", "regressions")]
    return [path for path in sources.files() if not any(path.parts[:len(folder)] == folder for folder in samples)
            and b"\0" not in (sources.ROOT / path).read_bytes()[:4096]]


class Layout(unittest.TestCase):
    def test_the_root_holds_the_rooms_and_nothing_else(self):
        names = {path.parts[0] for path in sources.files()}
        self.assertEqual({name for name in names - ROOT_NAMES if not name.startswith(".")}, set())

    def test_no_file_names_a_path_of_one_machine(self):
        for path in own_text_files():
            with self.subTest(str(path)):
                self.assertIsNone(MACHINE_PATH.search(sources.text(path)), "names a path of one machine")

    def test_no_text_ends_in_blanks_or_without_a_line_end(self):
        for path in own_text_files():
            with self.subTest(str(path)):
                text = sources.text(path)
                self.assertTrue(text.endswith("\n") or not text, "no line end at the end")
                if path.suffix not in (".dialog", ".md"):
                    self.assertIsNone(re.search(r"[ \t]$", text, re.MULTILINE), "blanks at a line's end")

    def test_every_source_begins_with_what_it_is(self):
        for path in own_text_files():
            if path.suffix in (".h", ".cpp", ".py", ".sh", ".mjs", ".cmake") or path.parts[0] in ("scripts", ".ci"):
                with self.subTest(str(path)):
                    self.assertTrue(COMMENT.match(sources.text(path)), "begins without a comment")

    def test_scripts_can_be_run(self):
        for path in sources.files():
            if sources.text(path).startswith("#!"):
                with self.subTest(str(path)):
                    self.assertTrue((sources.ROOT / path).stat().st_mode & 0o100)


class Headers(unittest.TestCase):
    def test_every_header_is_included_once(self):
        for path in sources.files(".h"):
            with self.subTest(str(path)):
                # abi.h is C, where #pragma once is no part of the language.
                guard = r"#ifndef (\w+)\n#define \1\n" if path.name == "abi.h" else r"^#pragma once$"
                self.assertTrue(re.search(guard, sources.text(path), re.MULTILINE), "no include guard")

    def test_every_class_of_ours_says_who_may_call_it(self):
        for path in sources.files(".h"):
            if path.parts[0] not in ("server", "plugins") or not re.search(r"^class \w+[^;]*$", sources.text(path), re.MULTILINE):
                continue
            with self.subTest(str(path)):
                self.assertTrue(THREAD_SAFETY.search(sources.text(path)), "says no Thread safety:")

    def test_no_header_uses_a_namespace(self):
        for path in sources.files(".h"):
            with self.subTest(str(path)):
                self.assertFalse(re.search(r"(?m)^using namespace", sources.text(path)))


if __name__ == "__main__":
    unittest.main()

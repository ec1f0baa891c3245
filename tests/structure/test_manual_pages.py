"""The manual pages: well-formed, found by their names, and with every option of the program and of the handlers."""
import pathlib
import re
import shutil
import subprocess
import unittest

import sources
from test_handler_pages import handlers, options_of_plugins

WRITTEN = sources.ROOT / "docs" / "man"
MADE = sources.BUILD / "docs" / "man"


def pages():
    return sorted([*WRITTEN.glob("*.[1-9]"), *MADE.glob("*.[1-9]")])


def run(*words):
    """What it prints, and what it complains of."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MANPAGER": "cat"})
    return done.stdout, done.stderr


def shown(*words):
    return run(*words)[0]


def words_of(page):
    """As a reader sees it, without what a terminal prints twice."""
    return re.sub(".\b", "", shown("mandoc", "-Tutf8", "-O", "width=200", page))


def options_of_program():
    """The table that the program itself parses by: [(name, letter)]."""
    rows = re.findall(r'\{OptionId::\w+,\s*"(--[\w-]+)",\s*\'(\\0|\w)\'', sources.text("server/app/CommandWords.cpp"))
    return [(name, letter.replace("\\0", "")) for name, letter in rows]


def commands_of_program():
    return re.findall(r'\{Command::\w+,\s*"(\w+)"', sources.text("server/app/CommandWords.cpp"))


def needs(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    return unittest.skipIf(missing, f"not installed: {', '.join(missing)}")


class Pages(unittest.TestCase):
    def test_there_is_one_for_each_program_file_and_handler(self):
        if not shutil.which("lowdown"):
            self.skipTest("lowdown, which makes the handlers' pages, is not installed")
        expected = {"mpsmtpd.8", "mpsmtp.ini.5", "mpsmtp-plugin.7", *(f"mpsmtp-{name}.7" for name in handlers())}
        self.assertEqual({page.name for page in pages()}, expected)

    @needs("mandoc")
    def test_mandoc_has_nothing_to_warn_of(self):
        for page in pages():
            with self.subTest(page.name):
                self.assertEqual(run("mandoc", "-Tlint", "-Wwarning", page), ("", ""))

    @needs("man")
    def test_man_has_nothing_to_warn_of(self):
        for page in pages():
            with self.subTest(page.name):
                self.assertEqual(run("man", "--warnings", "-l", page)[1], "")

    @needs("lexgrog")
    def test_apropos_finds_their_names(self):
        for page in pages():
            with self.subTest(page.name):
                self.assertRegex(shown("lexgrog", page), rf'"{re.escape(page.stem)} - \w.*\w"')

    @needs("mandoc")
    def test_every_reference_leads_to_a_page(self):
        if not shutil.which("lowdown"):
            self.skipTest("lowdown, which makes the handlers' pages, is not installed")
        ours = {page.name for page in pages()}
        for page in pages():
            for name, section in re.findall(r"\b(mpsmtp[\w.-]*)\((\d)\)", words_of(page)):
                with self.subTest(page.name, name=name):
                    self.assertIn(f"{name}.{section}", ours)


@needs("mandoc")
class Contents(unittest.TestCase):
    def test_every_option_and_command_of_the_program_is_in_its_page_and_in_its_help(self):
        texts = {"mpsmtpd(8)": words_of(WRITTEN / "mpsmtpd.8"), "--help": shown(sources.BUILD / "bin" / "mpsmtpd", "--help")}
        options, commands = options_of_program(), commands_of_program()
        self.assertGreater(len(options), 10)
        self.assertGreater(len(commands), 3)
        for where, text in texts.items():
            for name, letter in options:
                if (where, name) == ("--help", "--verbose"): # its short form stands there
                    name = "-v"
                with self.subTest(name, where=where):
                    self.assertRegex(text, rf"(?<![\w-]){name}(?![\w-])")
                    if letter:
                        self.assertRegex(text, rf"(?<![\w-])-{letter}(?![\w-])")
            for name in commands:
                with self.subTest(name, where=where):
                    self.assertRegex(text, rf"mpsmtpd {name}\b")

    def test_every_key_of_a_handler_is_in_its_page_and_the_page_in_that_of_the_file(self):
        of_file = words_of(WRITTEN / "mpsmtp.ini.5")
        for name, options in options_of_plugins().items():
            page = MADE / f"mpsmtp-{name}.7"
            self.assertIn(f"mpsmtp-{name}(7)", of_file)
            if not page.exists():
                continue
            text = words_of(page)
            for key, _, _ in options:
                with self.subTest(name, key=key):
                    # rule1 … rule20 stand there as a range.
                    self.assertRegex(text, rf"(?<!\w){re.sub(r'^rule[0-9]+$', 'rule20', key)}(?!\w)")


if __name__ == "__main__":
    unittest.main()

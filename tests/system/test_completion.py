"""Completion of the command line: in bash and zsh as they are, on a terminal, with the key that people press."""
import os
import pty
import re
import select
import shutil
import subprocess
import time
import unittest

import harness
from harness import DEADLINE, SANITIZED, STAGE, SystemTest

CONFIGURATION = """[listener:main]
address = localhost:8025
[listener:inside]
address = localhost:8026
[handler:tree]
type = maildir
path = mail/%{rcpt}
[handler:screen]
type = console
"""

# What is typed before the key is pressed, and the words that the command gets.
TYPED = [
    ("an option", "--check", ["--check-config"]),
    ("a command", "maild", ["maildir"]),
    ("an option behind a command", "debug --se", ["debug", "--set"]),
    ("a key: its value comes next, so there is no blank", "--set limits.line", ["--set", "limits.line_size="]),
    ("a value", "--set logging.format=j", ["--set", "logging.format=json"]),
    ("a section with a colon", "-c office.ini --set listener:inside.strict", ["-c", "office.ini", "--set", "listener:inside.strict_addresses="]),
    ("its value", "-c office.ini --set listener:main.bare_newline=no", ["-c", "office.ini", "--set", "listener:main.bare_newline=normalize"]),
    ("the key of a handler's plugin", "-c office.ini --set handler:tree.line", ["-c", "office.ini", "--set", "handler:tree.line_ending="]),
    ("its value", "-c office.ini --set handler:tree.line_ending=c", ["-c", "office.ini", "--set", "handler:tree.line_ending=crlf"]),
    ("the plugins that are installed", "-c office.ini --set handler:tree.type=mb", ["-c", "office.ini", "--set", "handler:tree.type=mbox"]),
    ("a handler of the file", "-c office.ini --test-handler scr", ["-c", "office.ini", "--test-handler", "screen"]),
    ("a listener of the file", "--config=office.ini --explain a@b --listener in", ["--config=office.ini", "--explain", "a@b", "--listener", "inside"]),
    ("the handler of a command", "mh store --set handler:store.deliv", ["mh", "store", "--set", "handler:store.delivered_to="]),
    ("a file", "-c off", ["-c", "office.ini"]),
    ("a file behind =", "--config=off", ["--config=office.ini"]),
    ("a file with a blank in its name", "-c my", ["-c", "my own.ini"]),
    ("a folder, and no file; zsh takes its slash away again", "mh sto", ["mh", "store"]),
    ("nothing that would fit", "--xyz", ["--xyz"]),
]

# Asked to complete, it is the program; else it shows what it was called with.
STAND_IN = 'mpsmtpd() { if [ "$1" = --complete ]; then command mpsmtpd "$@"; else printf "<%s>" "$@"; echo "<end>"; fi; }'


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, words, folder, environment):
        self._output = ""
        master, slave = pty.openpty()
        self._process = subprocess.Popen(words, cwd=folder, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                         env={**harness.clean_environment(), "TERM": "dumb", "HOME": str(folder), **environment})
        os.close(slave)
        self._master = master

    def type(self, text):
        os.write(self._master, text.encode())

    def wait_for(self, pattern):
        end = time.monotonic() + DEADLINE
        while not (found := re.search(pattern, self._output)):
            if not select.select([self._master], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"never written: {pattern}\n{self._output}")
            self._output += os.read(self._master, 65536).decode("utf-8", "replace")
        self._output = self._output[found.end():]
        return found

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@unittest.skipIf(SANITIZED, "a shell waits for a sanitized program as for any other")
class Completion(SystemTest):
    def setUp(self):
        super().setUp()
        for name in ("office.ini", "my own.ini"):
            (self.folder / name).write_text(CONFIGURATION)
        (self.folder / "store").mkdir()
        (self.folder / "stocks").write_text("a file")
        self.environment = {"PATH": f"{STAGE / 'bin'}:{os.environ['PATH']}", "PS1": "", "PS2": ""}

    def check(self, terminal):
        self.addCleanup(terminal.close)
        terminal.type(STAND_IN + "\necho 'rea''dy'\n")
        terminal.wait_for("\nready")
        for why, typed, expected in TYPED:
            with self.subTest(why, typed=typed):
                terminal.type(f"mpsmtpd {typed}\t\n")
                words = terminal.wait_for(r"\n((?:<[^\n]*?>)+)<end>")[1]
                self.assertEqual(words.replace("/>", ">"), "".join(f"<{word}>" for word in expected))

    def test_bash(self):
        library = "/usr/share/bash-completion/bash_completion"
        if not os.path.exists(library):
            self.skipTest("bash-completion is not installed")
        start = self.folder / "start"
        start.write_text(f"PS1=; bind 'set enable-bracketed-paste off'; . {library}; . {STAGE}/share/bash-completion/completions/mpsmtpd\n")
        self.check(Terminal(["bash", "--noprofile", "--rcfile", str(start), "-i"], self.folder, self.environment))

    def test_zsh(self):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")
        (self.folder / ".zshrc").write_text(
            f"PS1=; unsetopt prompt_cr prompt_sp; fpath=({STAGE}/share/zsh/site-functions $fpath); autoload -U compinit; compinit -u -D\n")
        self.check(Terminal(["zsh", "--no-globalrcs", "-i"], self.folder, {**self.environment, "ZDOTDIR": str(self.folder)}))


if __name__ == "__main__":
    unittest.main()

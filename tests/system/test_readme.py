"""The examples of README.md, run as they stand there, and their output compared.

A fenced block marked `console` is an example: lines that begin with `$ ` are typed, the lines below each are its output.
The blocks run in order, in one shell, in a folder that looks like a clone (etc/ and tests/, mpsmtpd in build/bin and on
the PATH), so a file that one makes is there for the next. Conventions, also in docs/contributing.md:

- `scripts/run` stands for the command that it ends with; what it builds is built already.
- A command that starts the server goes on running. Its output must appear before the next command is typed; what a
  later client makes it print is shown in a block of its own that begins with the same command. `^C` as the last line of
  output stops it with SIGINT, as the next start of a server does.
- A block marked `text` that begins with `$ telnet localhost PORT` is a session typed by hand: what begins with three digits is the
  server's, all else the client's. The host's name there is that of HOST.
- A block of another kind whose first line is a comment with a file's name alone is that file.
- What differs from run to run may differ: dates, times, ids, process numbers, milliseconds, and everything in a line
  of output from `…` to its end. A line that is only `…` stands for any number of lines.
"""
import os
import re
import signal
import socket
import subprocess
import unittest

import harness
from test_command_line import require_free

README = harness.REPOSITORY / "README.md"
SERVER = re.compile(r"^(LOG_LEVEL=\w+ )?(scripts/run|(build/bin/)?mpsmtpd)\b(?!.*--(help|version|check-config|list-plugins|explain|test-handler))")
HOST = "mx.example.com"
TYPED = re.compile(r"^```text\n\$ telnet localhost (\d+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^```\w+\n([;#] (\S+\.\w+)\n.*?)^```$", re.MULTILINE | re.DOTALL)
VARIABLE = [
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| ?[+-]\d\d:?\d\d)?", "DATE"),
    (r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(\d{1,2} )?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[ \d:+-]*(\([A-Z]+\))?", "DATE"),
    (r"\b\d\d:\d\d:\d\d(\.\d+)?\b", "TIME"),
    (r"\b\d+(\.\d+)? ?ms\b", "MS"),
    (r"\b(?=[0-9A-Za-z]*[0-9])(?=[0-9A-Za-z]*[A-Za-z])[0-9A-Za-z]{10,}\b", "ID"),
    (r"(127\.0\.0\.1|\[::1\]):\d{5}", "PEER"),
    (r"\bpid \d+", "PID"),
]


def masked(line):
    for pattern, word in VARIABLE:
        line = re.sub(pattern, word, line)
    return line.rstrip()


def line_pattern(line):
    shown, ellipsis, _ = line.partition("…")
    return re.escape(masked(shown)) + (".*" if ellipsis else r"\s*")


def matches(expected, actual):
    """Whether the actual lines are the expected ones; `…` alone stands for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "…" else line_pattern(line) + r"\n" for line in expected)
    return re.fullmatch(pattern, "".join(masked(line) + "\n" for line in actual)) is not None


def examples(text):
    """[(line number, command, expected lines)] of all console blocks."""
    found, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*```", line):
            inside = not inside and line.strip() == "```console"
        elif inside and line.strip().startswith("$ "):
            found.append((number, line.strip()[2:], []))
        elif inside and found:
            found[-1][2].append(line.rstrip())
    return found


class Readme(harness.SystemTest):
    def setUp(self):
        super().setUp()
        if not README.exists():
            self.skipTest("there is no README.md yet")
        require_free(self, 8025, 8081)
        for name in ("etc", "tests", "sdk", "LICENSE", "README.md"):
            os.symlink(harness.REPOSITORY / name, self.folder / name)
        (self.folder / "build").mkdir()
        os.symlink(harness.STAGE / "bin", self.folder / "build" / "bin")
        self.environment = {**harness.clean_environment(), "PATH": f"{harness.STAGE / 'bin'}:{os.environ['PATH']}"}
        for text, name in FILE.findall(README.read_text(encoding="utf-8")):
            (self.folder / name).write_text(text, encoding="utf-8")
        self.server = None
        self.addCleanup(self._stop)

    def test_every_example_prints_what_it_says(self):
        found = examples(README.read_text(encoding="utf-8"))
        self.assertGreater(len(found), 0, "README.md has no console block")
        for number, command, expected in found:
            with self.subTest(f"README.md:{number}: {command}"):
                self._run(command, expected)

    def test_the_session_typed_by_hand_goes_as_it_says(self):
        found = TYPED.findall(README.read_text(encoding="utf-8"))
        self.assertGreater(len(found), 0, "README.md has no typed session")
        for port, dialog in found:
            self._serve(f"mpsmtpd --config etc/mpsmtp.ini --set server.hostname={HOST}", ["…"])
            self.assertTrue(self.output.wait_for(f"listening on 127.0.0.1:{port}"))
            with socket.create_connection(("127.0.0.1", int(port)), harness.DEADLINE) as client:
                self._type(client, dialog.splitlines())

    def _type(self, client, lines):
        with client.makefile("rb") as replies:
            for line in lines:
                if re.match(r"\d{3}[ -]", line):
                    said = replies.readline().decode().rstrip("\r\n")
                    self.assertTrue(matches([line], [said]), f"README: {line}; the server: {said}")
                else:
                    client.sendall(line.encode() + b"\r\n")

    def _run(self, command, expected):
        if SERVER.match(command):
            self._serve(command, expected)
        elif not re.match(r"(git clone|cd|scripts/(run|test|setup))\b", command):  # those that bring the reader here
            done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, text=True, check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=harness.DEADLINE)
            self.assertTrue(matches(expected, done.stdout.splitlines()), f"it prints:\n{done.stdout}")

    def _serve(self, command, expected):
        typed = re.sub(r"scripts/run\b", "build/bin/mpsmtpd --config etc/mpsmtp.ini", command)
        if self.server is None or self.server.args[-1] != "exec " + typed:
            self._stop()
            self.server = subprocess.Popen(["bash", "-c", "exec " + typed], cwd=self.folder, env=self.environment,
                                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.output = harness.Output(self.server.stdout)
        lines = [line for line in expected if line != "^C"]
        harness.wait_until(lambda: matches(lines, self.output.text().splitlines()),
                           f"{lines}; printed: {self.output.text()}", deadline=20)
        if "^C" in expected:
            self.assertEqual(self._stop(), 0)

    def _stop(self):
        if self.server is None:
            return None
        self.server.send_signal(signal.SIGINT)
        code = self.server.wait(harness.DEADLINE)
        self.output.join()
        self.server = None
        return code


class Comparison(unittest.TestCase):
    """The comparison itself: lenient where runs differ, strict elsewhere."""

    def test_what_differs_from_run_to_run_may_differ(self):
        for expected, actual in (("at 2024-05-01 10:11:12", "at 2025-11-22 01:02:03"), ("took 3 ms", "took 12.5 ms"),
                                 ("250 2.0.0 3kTMd82fQa1 kept", "250 2.0.0 9zzMd82fQb7 kept"), ("log: …", "log: what ever")):
            with self.subTest(expected):
                self.assertTrue(matches([expected], [actual]))

    def test_what_matters_may_not(self):
        for expected, actual in (("250 OK", "451 OK"), ("to b@a.com", "to c@a.com"), ("one", "one more")):
            with self.subTest(expected):
                self.assertFalse(matches([expected], [actual]))

    def test_an_ellipsis_line_stands_for_any_lines(self):
        self.assertTrue(matches(["a", "…", "z"], ["a", "b", "c", "z"]))
        self.assertTrue(matches(["a", "…", "z"], ["a", "z"]))
        self.assertFalse(matches(["a", "…", "z"], ["a", "b"]))

    def test_blocks_are_found(self):
        text = "x\n```console\n$ one\nout\n$ two\n```\n```sh\n$ not this\n```\n"
        self.assertEqual(examples(text), [(3, "one", ["out"]), (5, "two", [])])


if __name__ == "__main__":
    unittest.main()

"""Starts the installed server, talks to it octet by octet, and reads its stores back.

Nothing here waits for a time to pass: every wait is for a condition, with a deadline that only a failure reaches.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import mailboxes
from wire import Wire

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MPSMTP_BUILD", REPOSITORY / "build"))
STAGE = pathlib.Path(os.environ.get("MPSMTP_STAGE", BUILD / "stage"))
TOOLS = REPOSITORY / "build" / "tools"
SANITIZERS = os.environ.get("MPSMTP_SANITIZE", "")
SANITIZED = bool(SANITIZERS)
FULL = bool(os.environ.get("MPSMTP_FULL"))
DEADLINE = 120 if SANITIZED else 60  # seconds; a failure, not a measure

# How a store may be told to make mail durable ([spool] durability): what holds at a kill holds for each of them.
DURABILITIES = ("fsync", "journal")

MPSMTPD = STAGE / "bin" / "mpsmtpd"


def wait_until(condition, what, deadline=DEADLINE):
    """Returns condition()'s first true value."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {what}")
        time.sleep(0.01)


def open_files(pid):
    """What the descriptors of a process lead to, without those that it closes meanwhile."""
    found = []
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(os.readlink(descriptor))
        except FileNotFoundError:
            pass
    return found


class Output:
    """Collects the lines of a pipe in a thread, so that a child that writes much is never blocked by its test."""

    def __init__(self, pipe):
        self._pipe = pipe
        self._lines = []
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self):
        for line in self._pipe:
            with self._changed:
                self._lines.append(line.rstrip(b"\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._pipe.close()

    def bytes(self, since=0):
        with self._changed:
            return b"".join(line + b"\n" for line in self._lines[since:])

    def text(self, since=0):
        """:param since: a count() of before: only the lines behind it"""
        return self.bytes(since).decode("utf-8", "replace")

    def count(self):
        """The number of lines so far."""
        with self._changed:
            return len(self._lines)

    def join(self):
        self._thread.join(DEADLINE)

    def wait_for(self, pattern, count=1):
        """Waits for `count` matches in all that was written; returns the last one. None if the writer ended first."""
        expression = re.compile(pattern, re.MULTILINE)
        end = time.monotonic() + DEADLINE
        with self._changed:
            while True:
                matches = list(expression.finditer(b"\n".join(self._lines).decode("utf-8", "replace")))
                if len(matches) >= count:
                    return matches[count - 1]
                if self._ended:
                    return None
                if not self._changed.wait(max(0, end - time.monotonic())):
                    raise AssertionError(f"never written: {pattern}")


class Daemon:
    """One run of mpsmtpd."""

    LISTENING = r"listening on (\S+)"

    def __init__(self, arguments, cwd, environment=None, listeners=1, wrapper=(), pass_fds=(), program=None):
        self.cwd = pathlib.Path(cwd)
        self.process = subprocess.Popen(
            [*wrapper, str(program or MPSMTPD), *map(str, arguments)], cwd=cwd, env={**clean_environment(), **(environment or {})},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=pass_fds)
        self.stdout = Output(self.process.stdout)
        self.stderr = Output(self.process.stderr)
        self.ended = False
        if listeners and not self.stderr.wait_for(self.LISTENING, listeners):
            self.process.wait()
            raise AssertionError(f"mpsmtpd did not start, exit code {self.process.returncode}:\n{self.stderr.text()}")
        self.addresses = re.findall(self.LISTENING, self.stderr.text())

    @property
    def pid(self):
        return self.process.pid

    @property
    def host(self):
        return self.addresses[0].rpartition(":")[0].strip("[]")

    @property
    def port(self):
        return int(self.addresses[0].rpartition(":")[2].rstrip(".,"))

    def log(self):
        return self.stderr.text()

    def send_signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """Waits for the end and returns the exit code (negative: a signal's number)."""
        try:
            code = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.ended = True
            raise AssertionError("mpsmtpd does not end:\n" + self.log()) from None
        self.stdout.join()
        self.stderr.join()
        self.ended = True
        if re.search(r"Sanitizer|runtime error:", self.log()):
            raise AssertionError(self.log())
        return code

    def stop(self, number=signal.SIGTERM):
        """Ends it politely; anything but exit code 0 is a failure."""
        if self.ended:
            return
        self.send_signal(number)
        code = self.wait()
        if code != 0:
            raise AssertionError(f"mpsmtpd ended with {code}:\n{self.log()}")

    def stop_traced(self):
        """As stop(), below strace: the signal is for the server, its only child."""
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)
        if self.wait() != 0:
            raise AssertionError(f"mpsmtpd did not end with 0:\n{self.log()}")

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self.stdout.join()
        self.stderr.join()
        self.ended = True

    def connect(self, **options):
        return Wire(self.host, self.port, **{"timeout": DEADLINE, **options})


def clean_environment():
    """The tests' own, without what would configure the server from outside or make answers depend on a locale."""
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(("MPSMTP_", "LC_")) and key not in ("LOG_LEVEL", "LANG", "LANGUAGE")}
    return {**kept, "LC_ALL": "C.UTF-8"}


def spool_of(durability):
    """Keys of [spool]: always said, whatever the default is."""
    return {"durability": durability}


def ini(sections):
    """Text of an ini file from {section: {key: value}}."""
    return "".join(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) + "\n"
                   for name, keys in sections.items())


class SystemTest(unittest.TestCase):
    """A temp folder for each test, and servers that have ended, cleanly, when the test does."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mpsmtp-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def settings(self, handlers=None, **sections):
        """Sections of an ini file: a maildir unless other handlers are given; `sections` are added or merged."""
        result = {
            "server": {"hostname": "mx.test"},
            "listener:main": {"address": "127.0.0.1:0"},
            "spool": {"directory": self.folder / "spool"},
        }
        for name, keys in sections.items():
            result.setdefault(name, {}).update(keys)
        for name, keys in (handlers or {"tree": self.store("maildir")}).items():
            result["handler:" + name] = keys
        return result

    def store(self, type_, **keys):
        leaf = "%{rcpt.user}.mbox" if type_ == "mbox" else "%{rcpt.user}"
        return {"type": type_, "path": self.folder / type_ / "%{rcpt.domain}" / leaf, **keys}

    def start(self, sections=None, name="mpsmtp.ini", **options):
        """Writes an ini file and runs the server with it."""
        path = self.folder / name
        path.write_text(ini(sections or self.settings()))
        return self.run_daemon(["--config", path], **options)

    def run_daemon(self, arguments, **options):
        options.setdefault("cwd", self.folder)
        daemon = Daemon(arguments, **options)
        self.addCleanup(self._finish, daemon)
        return daemon

    def _finish(self, daemon):
        if daemon.ended:
            return
        try:
            daemon.stop()
        finally:
            if daemon.process.poll() is None:
                daemon.kill()

    def run_to_end(self, arguments, environment=None, cwd=None):
        """For commands that end by themselves: a completed process with text output."""
        return subprocess.run([str(MPSMTPD), *map(str, arguments)], cwd=cwd or self.folder, text=True,
                              env={**clean_environment(), **(environment or {})}, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=DEADLINE, check=False)

    def stored_files(self):
        """Every message file below the folder's stores, whatever their type."""
        return sorted(path for type_ in ("maildir", "mh", "mbox") for path in (self.folder / type_).rglob("*")
                      if path.is_file() and not path.name.startswith("."))

    def messages(self, type_="maildir", mailbox="b@b.test"):
        """The octets of the messages of one mailbox, in order of arrival where the format has one."""
        return mailboxes.read_mailbox(self.folder, type_, mailbox)

    def assert_reply(self, reply, code, enhanced=None):
        self.assertIsNotNone(reply, f"closed instead of {code}")
        self.assertEqual(reply.code, code, repr(reply))
        if enhanced is not None:
            self.assertEqual(reply.enhanced, enhanced, repr(reply))

    def assert_alive(self, daemon):
        """It still takes a mail."""
        with daemon.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(b"Subject: alive\r\n\r\nalive\r\n", recipients=["alive@b.test"]), 250)


class ServedTest(SystemTest):
    """With one server for all that a test does; `sections` configures it."""

    sections = {}

    def setUp(self):
        super().setUp()
        self.server = self.start(self.settings(**self.sections))

    def connect(self, **options):
        """A client that is closed with the test at the latest."""
        wire = self.server.connect(**options)
        self.addCleanup(wire.close)
        return wire

    def hello(self):
        wire = self.connect()
        wire.hello()
        return wire

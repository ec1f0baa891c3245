"""Starts the installed server, talks to it octet by octet, and reads its stores back.

Nothing here waits for a time to pass: every wait is for a condition, with a deadline that only a failure reaches.
"""
import mailbox
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MPSMTP_BUILD", REPOSITORY / "build"))
STAGE = pathlib.Path(os.environ.get("MPSMTP_STAGE", BUILD / "stage"))
TOOLS = REPOSITORY / "build" / "tools"
SANITIZED = bool(os.environ.get("MPSMTP_SANITIZE"))
FULL = bool(os.environ.get("MPSMTP_FULL"))
DEADLINE = 120 if SANITIZED else 60  # seconds; a failure, not a measure

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

    def bytes(self):
        with self._changed:
            return b"".join(line + b"\n" for line in self._lines)

    def text(self):
        return self.bytes().decode("utf-8", "replace")

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

    def __init__(self, arguments, cwd, environment=None, listeners=1, wrapper=()):
        self.cwd = pathlib.Path(cwd)
        self.process = subprocess.Popen(
            [*wrapper, str(MPSMTPD), *map(str, arguments)], cwd=cwd, env={**clean_environment(), **(environment or {})},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
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

    def signal(self, number):
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
        self.signal(number)
        code = self.wait()
        if code != 0:
            raise AssertionError(f"mpsmtpd ended with {code}:\n{self.log()}")

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self.stdout.join()
        self.stderr.join()
        self.ended = True

    def connect(self, **options):
        return Wire(self.host, self.port, **options)


def clean_environment():
    """The tests' own, without what would configure the server from outside or make answers depend on a locale."""
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(("MPSMTP_", "LC_")) and key not in ("LOG_LEVEL", "LANG", "LANGUAGE")}
    return {**kept, "LC_ALL": "C.UTF-8"}


class Reply:
    """One SMTP reply: `code`, and its lines without code and line end."""

    def __init__(self, lines):
        self.raw = b"".join(lines)
        self.code = int(lines[0][:3])
        self.lines = [line[4:].rstrip(b"\r\n").decode("utf-8", "replace") for line in lines]

    @property
    def text(self):
        return "\n".join(self.lines)

    @property
    def enhanced(self):
        match = re.match(r"([245]\.\d{1,3}\.\d{1,3}) ", self.lines[-1] + " ")
        return match[1] if match else ""

    def __repr__(self):
        return self.raw.decode("utf-8", "backslashreplace")


class Wire:
    """A client that sends exactly what it is told to."""

    def __init__(self, host, port, timeout=DEADLINE, greeting=True, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.socket.settimeout(timeout)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect((host, port))
        self.file = self.socket.makefile("rb")
        self.greeting = self.reply() if greeting else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, octets):
        self.socket.sendall(octets if isinstance(octets, bytes) else octets.encode())

    def reply(self):
        """The next reply; None at the end of the connection."""
        lines = []
        while True:
            try:
                line = self.file.readline()
            except ConnectionResetError:
                line = b""
            if not line:
                return None
            if not re.match(rb"\d{3}[ -][^\r\n]*\r\n\Z", line):
                raise AssertionError(f"not a reply line: {line!r}")
            lines.append(line)
            if line[3:4] == b" ":
                return Reply(lines)

    def replies(self, count):
        return [self.reply() for _ in range(count)]

    def command(self, line):
        self.send(line if isinstance(line, bytes) else line.encode())
        self.send(b"\r\n")
        return self.reply()

    def expect(self, line, code):
        reply = self.command(line)
        if reply is None or reply.code != code:
            raise AssertionError(f"{line!r} got {reply!r}, not {code}")
        return reply

    def hello(self):
        return self.expect("EHLO client.test", 250)

    def envelope(self, sender="a@a.test", recipients=("b@b.test",), parameters=""):
        self.expect(f"MAIL FROM:<{sender}>{parameters}", 250)
        for recipient in recipients:
            self.expect(f"RCPT TO:<{recipient}>", 250)

    def data(self, message):
        """DATA with dot stuffing; `message` has CRLF line ends and ends with one. Returns the final reply."""
        self.expect("DATA", 354)
        self.send(stuff(message) + b".\r\n")
        return self.reply()

    def deliver(self, message, **envelope):
        self.envelope(**envelope)
        return self.data(message)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def rest(self):
        """All that still comes, to the end of the connection."""
        try:
            return self.file.read()
        except ConnectionResetError:
            return b""


def stuff(message):
    """RFC 5321 4.5.2."""
    return re.sub(rb"(?:\A|(?<=\r\n))\.", b"..", message)


def lf(octets):
    return octets.replace(b"\r\n", b"\n")


def crlf(octets):
    """Every line end as CRLF, and one at the end."""
    octets = re.sub(rb"\r\n|\n", b"\r\n", octets)
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"


TRACE_FIELDS = (b"return-path:", b"delivered-to:", b"received:")


def without_trace(stored):
    """The message below what the server put on top: Return-Path, Delivered-To and one Received, each with its folds."""
    rest = stored
    for field in TRACE_FIELDS:
        if not rest.lower().startswith(field):
            raise AssertionError(f"no {field.decode()} where expected: {rest[:200]!r}")
        rest = re.sub(rb"\A[^\n]*\n(?:[ \t][^\n]*\n)*", b"", rest)
    return rest


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
        return read_mailbox(self.folder, type_, mailbox)

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


def read_mailbox(folder, type_, address):
    """Reads with Python's mailbox module: a reader that nobody here wrote."""
    user, _, domain = address.rpartition("@")
    path = pathlib.Path(folder) / type_ / domain / (user + ".mbox" if type_ == "mbox" else user)
    if not path.exists():
        return []
    kinds = {"maildir": mailbox.Maildir, "mh": mailbox.MH, "mbox": mailbox.mbox}
    box = kinds[type_](str(path), create=False)
    try:
        messages = [box.get_bytes(key) for key in sorted(box.keys())]
    finally:
        box.close()
    return [unquote_mboxrd(message) for message in messages] if type_ == "mbox" else messages


def unquote_mboxrd(message):
    """Python's mailbox leaves the quoting of lines that begin with "From " to its user."""
    return re.sub(rb"(?m)^>(>*From )", rb"\1", message)

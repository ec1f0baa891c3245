"""The log as an admin has it: rotated under load, in the journal, as JSON, limited, and when nothing takes it."""
import gzip
import json
import os
import re
import signal
import socket
import subprocess
import threading
import unittest

import harness
import journald

CLIENTS = 8
ROTATIONS = 20 if harness.FULL else 6
MAILS_BETWEEN = 40
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (CRITICAL|ERROR|WARNING|NOTICE|INFO|DEBUG) [a-z.]+: .*")
# Nothing that a client can send may make a line that a parser refuses, or two.
UGLY = [b"NOOP \xff\xfe\x80 not UTF-8", b"NOOP \xe2\x80\xae\xc2\x9b[2J", b"NOOP \"\\\x08\x1b[2J\x00", b"HELO \xf0\x9f\x98\x80",
        b"MAIL FROM:<\"a\\\"\\\\b\"@b.test>", b"RCPT TO:<\xff@b.test>", b"\xed\xa0\x80 surrogate", b"RSET"]


class LogTest(harness.SystemTest):
    def start_with(self, handlers=None, cls=None, **logging):
        return self.start(self.settings(handlers or {"void": {"type": "discard"}}, logging=logging, **(cls or {})))

    def start_elsewhere(self, log, handlers=None, **sections):
        """A server whose log is not on standard error; `log` returns its text."""
        file = self.folder / "mpsmtp.ini"
        file.write_text(harness.ini(self.settings(handlers or {"void": {"type": "discard"}}, **sections)))
        server = self.run_daemon(["--config", file], listeners=0)
        server.addresses = harness.wait_until(lambda: re.findall(harness.Daemon.LISTENING, log()), "an address")
        return server

    def send(self, server, count=1, **options):
        """Delivers mails in one session and returns their ids."""
        with server.connect() as wire:
            wire.hello()
            return [self.id_of(wire.deliver(b"Subject: x\r\n\r\nx\r\n", **options)) for _ in range(count)]

    def id_of(self, reply):
        self.assert_reply(reply, 250)
        return reply.text.split()[-1]


class Rotation(LogTest):
    """logrotate from Debian, with the example that is installed."""

    def setUp(self):
        super().setUp()
        self.log = self.folder / "logs" / "mpsmtpd.log"
        self.log.parent.mkdir(mode=0o750)
        self.program = harness.TOOLS / "usr" / "sbin" / "logrotate"
        self.assertTrue(self.program.exists(), "logrotate is missing: run scripts/setup --tests")

    def start_with_file(self):
        return self.start_elsewhere(lambda: self.log.exists() and self.log.read_text() or "", logging={"target": self.log})

    def rotate(self, server):
        text = (harness.STAGE / "etc" / "logrotate.d" / "mpsmtpd").read_text()
        script = re.compile(r"(postrotate\n).*?(\n    endscript)", re.DOTALL)
        self.assertTrue(script.search(text))
        text = script.sub(rf"\g<1>        kill -USR1 {server.pid}\g<2>", text)
        file = self.folder / "logrotate.conf"
        self.assertIn("rotate 14\n", text)  # here nothing shall be thrown away
        file.write_text(text.replace("rotate 14\n", "rotate 100\n").replace("/var/log/mpsmtpd", str(self.log.parent)))
        file.chmod(0o644)
        libraries = harness.TOOLS.glob("usr/lib/*-linux-gnu*")
        subprocess.run([str(self.program), "--force", "--state", str(self.folder / "state"), str(file)], check=True,
                       env={**harness.clean_environment(), "LD_LIBRARY_PATH": ":".join(map(str, libraries))})

    def lines(self):
        """Of all files, the oldest first."""
        files = sorted(self.log.parent.iterdir(), key=lambda path: -int((path.name.split(".") + ["0"])[2].replace("gz", "0")))
        return [line for path in files
                for line in (gzip.open(path, "rt") if path.suffix == ".gz" else open(path)).read().splitlines(keepends=True)]

    def test_no_line_is_lost_or_torn_under_load(self):
        server = self.start_with_file()
        load = Load(self, server)
        for number in range(1, ROTATIONS + 1):
            load.wait_for(number * MAILS_BETWEEN)
            self.rotate(server)
            harness.wait_until(lambda: self.log.exists() and "the log is open anew" in self.log.read_text(), "a new file")
        sent = load.stop()
        server.stop()
        lines = self.lines()
        self.assertEqual(len(list(self.log.parent.iterdir())), ROTATIONS + 1)
        self.assertEqual([line for line in lines if not (LINE.fullmatch(line.rstrip("\n")) and line.endswith("\n"))], [])
        logged = re.findall(r" transaction: id=(\w+) ", "".join(lines))
        self.assertEqual(sorted(logged), sorted(sent))
        self.assertEqual(self.log.stat().st_mode & 0o777, 0o640)

    def test_a_folder_that_is_gone_stops_nothing_and_comes_back(self):
        server = self.start_with_file()
        self.log.parent.rename(self.folder / "gone")
        server.send_signal(signal.SIGUSR1)
        self.assertTrue(server.stderr.wait_for("cannot open the log file .*; the old file stays in use"))
        first, = self.send(server)
        self.log.parent.mkdir()
        harness.wait_until(lambda: self.log.exists() and "open anew, after all" in self.log.read_text(), "another attempt")
        second, = self.send(server)
        server.stop()
        self.assertIn(first, (self.folder / "gone" / "mpsmtpd.log").read_text())
        self.assertIn(second, self.log.read_text())


class Load:
    """Clients that send until they are told to stop."""

    def __init__(self, test, server):
        self._test, self._server = test, server
        self._changed = threading.Condition()
        self._sent, self._errors, self._is_over = [], [], False
        self._threads = [threading.Thread(target=self._client, daemon=True) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _client(self):
        try:
            while not self._is_over:
                ids = self._test.send(self._server, 3)
                with self._changed:
                    self._sent += ids
                    self._changed.notify_all()
        except Exception as error:
            with self._changed:
                self._errors.append(error)
                self._changed.notify_all()

    def wait_for(self, count):
        with self._changed:
            if not self._changed.wait_for(lambda: self._errors or len(self._sent) >= count, harness.DEADLINE):
                raise AssertionError("the load stands still")

    def stop(self):
        self._is_over = True
        for thread in self._threads:
            thread.join(harness.DEADLINE)
        if self._errors:
            raise self._errors[0]
        return self._sent


class InTheJournal(LogTest):
    def setUp(self):
        super().setUp()
        self.socket = self.folder / "journal"

    def listen(self):
        journal = journald.Journal(self.socket)
        self.addCleanup(journal.close)
        return journal

    def test_a_transaction_has_its_fields(self):
        journal = self.listen()
        server = self.start_elsewhere(journal.text, logging={"target": "journal", "journal_socket": self.socket})
        id_, = self.send(server, sender="a@a.test", recipients=["b@b.test", "\"c d\"@b.test"])
        entry = journal.wait_for(rf"^transaction: id={id_} ")
        self.assertEqual({name: [value.decode() for value in values] for name, values in entry.items()
                          if name not in ("MESSAGE", "SYSLOG_PID", "MPSMTP_MILLISECONDS", "MPSMTP_SESSION")},
                         {"PRIORITY": ["6"], "SYSLOG_IDENTIFIER": ["mpsmtpd"], "SYSLOG_FACILITY": ["2"],
                          "MPSMTP_SOURCE": ["transaction"], "MPSMTP_CLIENT": ["127.0.0.1"], "MPSMTP_LISTENER": ["main"],
                          "MPSMTP_TRANSACTION": [id_], "MPSMTP_SENDER": ["a@a.test"],
                          "MPSMTP_RECIPIENT": ["b@b.test", "\"c d\"@b.test"], "MPSMTP_RECIPIENTS": ["2"],
                          "MPSMTP_SIZE": ["17"], "MPSMTP_REPLY": [f"250 2.0.0 Ok: {id_}"], "MPSMTP_CODE": ["250"],
                          "MPSMTP_OUTCOME": ["void:ok"]})
        self.assertEqual(entry["SYSLOG_PID"], [str(server.pid).encode()])

    def test_standard_error_that_is_the_journal(self):
        """What systemd does: a stream socket, and its numbers in the environment."""
        journal = self.listen()
        reader, writer = socket.socketpair()
        with reader, writer:
            status = os.fstat(writer.fileno())
            file = self.folder / "mpsmtp.ini"
            file.write_text(harness.ini(self.settings({"void": {"type": "discard"}}, logging={"journal_socket": self.socket})))
            process = subprocess.Popen([str(harness.MPSMTPD), "--config", str(file)], stderr=writer, cwd=self.folder,
                                       env={**harness.clean_environment(),
                                            "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
            try:
                journal.wait_for("listening on")
            finally:
                process.terminate()
                self.assertEqual(process.wait(harness.DEADLINE), 0)
            reader.setblocking(False)
            with self.assertRaises(BlockingIOError):
                reader.recv(1)

    def test_without_journald_the_log_is_on_standard_error(self):
        server = self.start_with(target="journal", journal_socket=self.socket)
        self.assertIn(f"the journal takes nothing at {self.socket}: No such file or directory; until it does", server.log())
        first, = self.send(server)
        self.assertTrue(server.stderr.wait_for(f"INFO transaction: id={first}"))
        journal = self.listen()
        second, = self.send(server)
        journal.wait_for(f"id={second}")
        journal.wait_for("the journal takes entries again")
        server.stop()
        self.assertNotIn(second, server.log())

    def test_mistakes_of_the_configuration_have_a_priority(self):
        reader, writer = socket.socketpair()
        with reader, writer:
            status = os.fstat(writer.fileno())
            result = subprocess.run([str(harness.MPSMTPD), "--config", "none.ini"], stderr=writer, cwd=self.folder, check=False,
                                    env={**harness.clean_environment(),
                                         "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}, timeout=harness.DEADLINE)
            self.assertEqual(result.returncode, 78)
            writer.close()
            lines = reader.makefile().read().splitlines()
        self.assertTrue(lines)
        self.assertEqual([line for line in lines if not line.startswith("<2>")], [])


class WhenNothingTakesIt(LogTest):
    def test_a_pipe_that_nobody_reads_stops_no_mail(self):
        reader, writer = os.pipe()
        file = self.folder / "mpsmtp.ini"
        path = self.folder / "smtp.sock"
        file.write_text(harness.ini(self.settings({"void": {"type": "discard"}},
                                                  **{"listener:main": {"address": f"unix:{path}"}})))
        process = subprocess.Popen([str(harness.MPSMTPD), "--config", str(file)], stderr=writer, cwd=self.folder,
                                   env=harness.clean_environment())
        os.close(writer)
        try:
            harness.wait_until(path.exists, "a socket")
            with UnixWire(path) as wire:
                wire.hello()
                for _ in range(2000):  # of some 150 octets each, into a pipe of 64 KiB
                    wire.mail()
                with open(reader, "rb", buffering=0) as output:
                    os.set_blocking(reader, False)
                    while output.read(65536):
                        pass
                    wire.mail()
                    text = output.read(65536).decode()
            self.assertRegex(text, r"WARNING server: [0-9]+ lines of the log were lost: nobody reads it\n")
            self.assertRegex(text, r"INFO transaction: id=\w+ .*\n\Z")
        finally:
            process.terminate()
            self.assertEqual(process.wait(harness.DEADLINE), 0)

    def test_a_full_disk_is_told_and_stops_no_mail(self):
        server = self.start_on_full_disk()
        with UnixWire(self.folder / "smtp.sock") as wire:
            wire.hello()
            for _ in range(5):
                wire.mail()
        self.assertTrue(server.stderr.wait_for("cannot write the log /dev/full: No space left on device"))
        server.stop()
        self.assertEqual(server.log().count("cannot write the log"), 1)

    def test_closed_streams_become_no_other_file(self):
        """What is opened next would get the number of standard error: a store's journal, and log lines in it."""
        file = self.folder / "mpsmtp.ini"
        file.write_text(harness.ini(self.settings(logging={"level": "debug"},
                                                  **{"listener:main": {"address": f"unix:{self.folder / 'smtp.sock'}"}})))
        server = self.run_daemon(["--config", file], listeners=0, wrapper=("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"))
        harness.wait_until((self.folder / "smtp.sock").exists, "a socket")
        with UnixWire(self.folder / "smtp.sock") as wire:
            wire.hello()
            wire.mail()
        self.assertEqual([os.readlink(f"/proc/{server.pid}/fd/{number}") for number in range(3)], ["/dev/null"] * 3)
        server.stop()
        self.assertEqual(len(self.messages()), 1)

    def start_on_full_disk(self):
        file = self.folder / "mpsmtp.ini"
        path = self.folder / "smtp.sock"
        file.write_text(harness.ini(self.settings({"void": {"type": "discard"}}, logging={"target": "/dev/full"},
                                                  **{"listener:main": {"address": f"unix:{path}"}})))
        server = self.run_daemon(["--config", file], listeners=0)
        harness.wait_until(path.exists, "a socket")
        return server


class UnixWire:
    """For servers whose log does not tell a port."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(harness.DEADLINE)
        harness.wait_until(lambda: self._connects(path), "a listening socket")
        self._file = self._socket.makefile("rb")
        self._expect(b"220")

    def _connects(self, path):
        try:
            self._socket.connect(str(path))
            return True
        except ConnectionRefusedError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        self._socket.close()

    def _expect(self, code):
        line = self._file.readline()
        if not line.startswith(code):
            raise AssertionError(f"{line!r} instead of {code}")

    def hello(self):
        self._socket.sendall(b"HELO x\r\n")
        self._expect(b"250")

    def mail(self):
        self._socket.sendall(b"MAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\n")
        for code in (b"250", b"250", b"354"):
            self._expect(code)
        self._socket.sendall(b"x\r\n.\r\n")
        self._expect(b"250")


class AsJson(LogTest):
    def documented(self):
        """{JSON name: (journal name, kind)}"""
        text = (harness.REPOSITORY / "docs" / "logging.md").read_text()
        return {name: (journal, kind) for name, journal, kind in
                re.findall(r"^\| `(\w+)` \| `(MPSMTP_\w+)` \| (text|number|list) \|", text, re.MULTILINE)}

    def speak(self, server):
        server.addresses = [address.rstrip('"}') for address in server.addresses]
        with server.connect() as wire:
            for line in UGLY:
                wire.command(line)
            wire.command("HELO x")
            wire.expect("MAIL FROM:<a@a.test>", 250)
            wire.expect("RCPT TO:<no@where.test>", 550)
            wire.expect("RSET", 250)
            wire.deliver(b"x\r\n", sender="a@a.test", recipients=["b@b.test"])
            wire.expect("QUIT", 221)

    def test_every_line_is_an_object_of_documented_members(self):
        server = self.start_with(self.handlers(), cls=self.routes(), format="json", level="debug", transcript="127.0.0.1")
        self.speak(server)
        server.stop()
        fields = self.documented()
        seen = set()
        for line in server.stderr.bytes().splitlines():
            entry = json.loads(line.decode("utf-8"), object_pairs_hook=self.without_doubles, parse_constant=self.fail)
            for name in ("time", "level", "source", "text"):
                self.assertIsInstance(entry.pop(name), str)
            for name, value in entry.items():
                self.assertIn(name, fields)
                self.assertIsInstance(value, {"text": str, "number": int, "list": list}[fields[name][1]], line)
            seen |= set(entry)
        self.assertGreaterEqual(seen, {"session", "client", "listener", "transaction", "recipient", "size", "direction", "route"})

    @staticmethod
    def handlers():
        return {"void": {"type": "discard"}}

    @staticmethod
    def routes():
        return {"route:one": {"to": "*@b.test", "deliver": "void"},
                "route:none": {"to": "*", "reject": "550 5.1.1 No such user"}}

    def without_doubles(self, pairs):
        self.assertEqual(len(pairs), len({name for name, _ in pairs}), pairs)
        return dict(pairs)

    def test_the_journal_has_the_same_fields(self):
        """The same sessions by two servers: one writes JSON, the other to a journal."""
        fields = self.documented()
        server = self.start_with(self.handlers(), cls=self.routes(), format="json", transcript="127.0.0.1")
        self.speak(server)
        server.stop()
        journal = journald.Journal(self.folder / "journal")
        try:
            other = self.start_elsewhere(
                journal.text, self.handlers(), **self.routes(),
                logging={"target": "journal", "journal_socket": self.folder / "journal", "transcript": "127.0.0.1"})
            self.speak(other)
            other.stop()
            journal.wait_for("^server: stopped")
        finally:
            journal.close()
        in_json = [sorted(fields[name][0] for name in entry if name in fields)
                   for entry in map(json.loads, server.stderr.bytes().splitlines()) if entry["source"] != "server"]
        in_journal = [sorted(name for name in entry if name.startswith("MPSMTP_"))
                      for entry in journal.entries if entry["MPSMTP_SOURCE"] != [b"server"]]
        self.assertEqual(in_json, in_journal)
        self.assertGreater(len(in_json), 20)


class Chosen(LogTest):
    """Levels, limits and transcripts, by configuration and by reload."""

    def reload(self, server, generation, **logging):
        (self.folder / "mpsmtp.ini").write_text(harness.ini(self.settings({"void": {"type": "discard"}}, logging=logging)))
        server.send_signal(signal.SIGHUP)
        self.assertTrue(server.stderr.wait_for(f"configuration {generation} is in use"), server.log())

    def test_a_level_of_one_channel_changes_by_reload(self):
        server = self.start_with(level_transaction="warning")
        first, = self.send(server)
        self.reload(server, 2, level_net="debug")
        second, = self.send(server)
        self.assertTrue(server.stderr.wait_for("DEBUG net: session 2 of 127.0.0.1 has ended"))
        server.stop()
        self.assertNotIn(first, server.log())
        self.assertIn(second, server.log())
        self.assertNotIn("session 1 of", server.log())

    def test_a_channel_that_does_not_exist_is_a_mistake(self):
        file = self.folder / "x.ini"
        file.write_text(harness.ini(self.settings(logging={"level_nett": "debug"})))
        result = self.run_to_end(["--check-config", "--config", file])
        self.assertEqual(result.returncode, 78)
        self.assertIn('unknown key "level_nett" (did you mean "level_net"?)', result.stderr)

    def test_a_network_with_a_slip_is_a_mistake(self):
        file = self.folder / "x.ini"
        file.write_text(harness.ini(self.settings(logging={"transcript": "127.0.0.1, 10.0.0.1/8"})))
        result = self.run_to_end(["--check-config", "--config", file])
        self.assertEqual(result.returncode, 78)
        self.assertIn("transcript: 10.0.0.1/8 has bits behind its prefix", result.stderr)

    def test_a_transcript_is_for_sessions_that_begin_after_the_reload(self):
        server = self.start_with()
        with server.connect() as old:
            self.reload(server, 2, transcript="127.0.0.0/8")
            with server.connect() as new:
                new.command("NOOP new")
                old.command("NOOP old")
                for line in ("AUTH PLAIN AHNlY3JldABzZWNyZXQ=", "AUTH LOGIN", "c2VjcmV0", "c2VjcmV0", "PASS c2VjcmV0"):
                    new.command(line)
                new.hello()
                new.deliver(b"c2VjcmV0\r\n")
                new.expect("QUIT", 221)
        self.assertTrue(server.stderr.wait_for(r"session 2 ends"))
        self.assertRegex(server.log(), r"transcript: session 2 C: NOOP new\n.*transcript: session 2 S: 250 ")
        for text in ("NOOP old", "c2VjcmV0", "AHNlY3JldA"):
            self.assertNotIn(text, server.log())
        self.assertIn("session 2 C: AUTH PLAIN (masked)\n", server.log())
        self.assertIn("session 2 C: (10 octets of mail data)\n", server.log())
        self.reload(server, 3)
        self.send(server)
        server.stop()
        self.assertNotIn("transcript: session 3", server.log())

    def test_repeats_are_summed_up(self):
        server = self.start_with(cls={"route:none": {"to": "*", "reject": "550 5.1.1 No such user"}},
                                 repeats=5, repeat_interval="1s")
        with server.connect() as wire:
            wire.hello()
            wire.expect("MAIL FROM:<a@a.test>", 250)
            for number in range(200):
                wire.expect(f"RCPT TO:<user{number}@b.test>", 550)
        server.stderr.wait_for(r"refused it with … \(said [0-9]+ more times? in 1s\)")
        server.stop()
        lines = re.findall(r"^.* INFO delivery: (.*)$", server.log(), re.MULTILINE)
        single = [line for line in lines if "said" not in line]
        summed = [int(count.replace(",", "")) for count in re.findall(r"said ([0-9,]+) more", "\n".join(lines))]
        self.assertEqual(len(single) + sum(summed), 200)
        self.assertEqual(server.log().count(" transaction: "), 1)


if __name__ == "__main__":
    unittest.main()

"""Every command of the command line table, as one would type it, and the exit codes of what cannot run."""
import re
import signal
import socket
import unittest

import harness

CONFIGURATION_ERROR = 78  # EX_CONFIG
UNAVAILABLE = 69          # EX_UNAVAILABLE
USAGE = 64                # EX_USAGE
MAIL = b"Subject: by hand\r\n\r\nhey there!\r\n"


def require_free(test, *ports):
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                test.skipTest(f"port {port}: {error.strerror}")


class CommandsWithoutAFile(harness.SystemTest):
    def _send(self, daemon, sender="a@a.com", recipient="b@a.com"):
        with daemon.connect() as wire:
            wire.expect("HELO localhost", 250)
            wire.expect(f"MAIL FROM:{sender}", 250)
            wire.expect(f"RCPT TO:{recipient}", 250)
            self.assert_reply(wire.data(MAIL), 250)
            wire.expect("QUIT", 221)

    def test_bare_command_prints_a_summary_on_8081(self):
        require_free(self, 8081)
        daemon = self.run_daemon([])
        self.assertEqual(daemon.port, 8081)
        self._send(daemon)
        line = daemon.stdout.wait_for(r".*b@a\.com.*")
        self.assertIn("a@a.com", line[0])
        self.assertNotIn("hey there!", daemon.stdout.text())

    def test_debug_prints_the_message_in_the_seeds_frame(self):
        daemon = self.run_daemon(["debug", "127.0.0.1", "0"])
        self._send(daemon)
        self.assertTrue(daemon.stdout.wait_for("END MESSAGE"))
        text = daemon.stdout.text()
        self.assertRegex(text, r"(?m)^---------- MESSAGE FOLLOWS ----------$")
        self.assertRegex(text, r"(?m)^------------ END MESSAGE ------------$")
        self.assertRegex(text, r"Subject: by hand\nX-Peer: 127\.0\.0\.1\n\nhey there!\n")

    def test_debug_listens_on_localhost_8081_by_default(self):
        require_free(self, 8081)
        self.assertEqual(self.run_daemon(["debug"]).port, 8081)

    def test_mh_stores_as_the_test_mail_server_did(self):
        daemon = self.run_daemon(["mh", "mail_dir", "--listen", "127.0.0.1:0"])
        self._send(daemon, recipient="ben@example.com")
        self._send(daemon, recipient="ben@example.com")
        self._send(daemon, recipient="dale@example.net")
        folder = self.folder / "mail_dir"
        found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                       if path.is_file() and not path.name.startswith("."))
        self.assertEqual(found, ["example.com/ben/1", "example.com/ben/2", "example.net/dale/1"])

    def test_mh_listens_on_localhost_8025_by_default(self):
        require_free(self, 8025)
        self.assertEqual(self.run_daemon(["mh", "mail_dir"]).port, 8025)

    def test_maildir(self):
        daemon = self.run_daemon(["maildir", "box", "--listen", "127.0.0.1:0"])
        self._send(daemon)
        found = [path for path in (self.folder / "box").rglob("*") if path.is_file() and path.parent.name == "new"]
        self.assertEqual(len(found), 1)
        self.assertTrue(found[0].read_bytes().endswith(b"Subject: by hand\n\nhey there!\n"))

    def test_mbox(self):
        daemon = self.run_daemon(["mbox", "all.mbox", "--listen", "127.0.0.1:0"])
        self._send(daemon)
        self._send(daemon, recipient="other@a.com")
        octets = (self.folder / "all.mbox").read_bytes()
        self.assertTrue(octets.startswith(b"From a@a.com "))
        self.assertEqual(octets.count(b"hey there!\n"), 2)

    def test_nothing_but_loopback_by_default(self):
        daemon = self.run_daemon(["mh", "mail_dir", "--listen", "localhost:0"], listeners=1)
        for address in daemon.addresses:
            self.assertRegex(address, r"^(127\.|\[::1\])")


class ConfiguredRun(harness.SystemTest):
    def test_set_overrides_the_file_and_the_environment_lies_between(self):
        path = self.folder / "mpsmtp.ini"
        path.write_text(harness.ini(self.settings()))
        for what, arguments, environment, name in (
                ("file", [], {}, "mx.test"),
                ("environment", [], {"MPSMTP_SERVER_HOSTNAME": "env.test"}, "env.test"),
                ("--set", ["--set", "server.hostname=set.test"], {"MPSMTP_SERVER_HOSTNAME": "env.test"}, "set.test")):
            with self.subTest(what):
                daemon = self.run_daemon(["--config", path, *arguments], environment=environment)
                with daemon.connect() as wire:
                    self.assertTrue(wire.greeting.text.startswith(name), wire.greeting)
                daemon.stop()

    def test_log_level_of_the_environment(self):
        for level, shown in (("DEBUG", True), ("debug", True), ("ERROR", False), ("CRITICAL", False)):
            with self.subTest(level):
                path = self.folder / "mpsmtp.ini"
                socket_path = self.folder / f"{level}.sock"
                path.write_text(harness.ini(self.settings(**{"listener:main": {"address": f"unix:{socket_path}"}})))
                daemon = self.run_daemon(["--config", path], environment={"LOG_LEVEL": level}, listeners=0)
                harness.wait_until(lambda path=socket_path: connects(path), "the server")
                daemon.stop()
                self.assertEqual("listening on" in daemon.log(), shown, daemon.log())

    def test_a_wrong_log_level_is_a_sentence_and_not_a_crash(self):
        path = self.folder / "mpsmtp.ini"
        path.write_text(harness.ini(self.settings()))
        ended = self.run_to_end(["--config", path], environment={"LOG_LEVEL": "LOUD"})
        self.assertEqual(ended.returncode, CONFIGURATION_ERROR)
        self.assertIn("LOUD", ended.stderr)

    def test_a_transaction_is_one_log_line(self):
        daemon = self.start()
        with daemon.connect() as wire:
            wire.hello()
            reply = wire.deliver(b"Subject: x\r\n\r\nx\r\n")
            wire.expect("QUIT", 221)
        line = daemon.stderr.wait_for(r".*a@a\.test.*b@b\.test.*")[0]
        for part in ("127.0.0.1", "250", "tree", " ms"):
            self.assertIn(part, line)
        daemon.stop()
        identity = re.search(r"[\w.-]{6,}", reply.text.partition(" ")[2])
        self.assertEqual(len(re.findall(r"a@a\.test", daemon.log())), 1, daemon.log())
        self.assertTrue(any(word in line for word in re.findall(r"[\w.-]{6,}", reply.text)), (identity, line))


def connects(path):
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
            return True
    except OSError:
        return False


class CheckConfig(harness.SystemTest):
    def _check(self, sections, *arguments):
        path = self.folder / "mpsmtp.ini"
        path.write_text(sections if isinstance(sections, str) else harness.ini(sections))
        return self.run_to_end(["--config", path, "--check-config", *arguments])

    def test_a_good_file(self):
        ended = self._check(self.settings())
        self.assertEqual(ended.returncode, 0, ended.stderr)

    def test_the_shipped_file(self):
        ended = self.run_to_end(["--config", harness.REPOSITORY / "etc" / "mpsmtp.ini", "--check-config"])
        self.assertEqual(ended.returncode, 0, ended.stderr)

    def test_writes_nothing(self):
        before = {"mpsmtp.ini"}
        self._check(self.settings())
        self.assertEqual({path.name for path in self.folder.iterdir()}, before)

    def test_all_errors_at_once_with_line_and_suggestion(self):
        ended = self._check("[server]\nhostnam = x\n\n[limits]\nmessage_size = many\n\n[listner:a]\naddress = x\n"
                            "[handler:box]\ntype = maildir\npth = /tmp/x\n")
        self.assertEqual(ended.returncode, CONFIGURATION_ERROR)
        for pattern in (r"mpsmtp\.ini:2: .*hostnam.*\n?.*hostname", r"mpsmtp\.ini:5: .*many", r"mpsmtp\.ini:7: .*listner.*listener"):
            self.assertRegex(ended.stderr, pattern)
        self.assertRegex(ended.stderr, r'mpsmtp\.ini:11: .*"pth".*"path"')

    def test_a_missing_file(self):
        ended = self.run_to_end(["--config", "nowhere.ini", "--check-config"])
        self.assertEqual(ended.returncode, CONFIGURATION_ERROR)
        self.assertIn("nowhere.ini", ended.stderr)


class OtherCommands(harness.SystemTest):
    def test_version(self):
        ended = self.run_to_end(["--version"])
        self.assertEqual(ended.returncode, 0)
        self.assertRegex(ended.stdout, r"^mpsmtpd \d+\.\d+\.\d+")

    def test_help_names_every_command(self):
        ended = self.run_to_end(["--help"])
        self.assertEqual(ended.returncode, 0)
        for word in ("--config", "debug", "mh", "maildir", "mbox", "--listen", "--check-config", "--list-plugins",
                     "--version", "--help", "--set", "LOG_LEVEL"):
            self.assertIn(word, ended.stdout)

    def test_list_plugins_shows_each_with_its_options(self):
        ended = self.run_to_end(["--list-plugins", "-v"])
        self.assertEqual(ended.returncode, 0, ended.stderr)
        for word in ("console", "discard", "exec", "headers", "maildir", "mbox", "mh", "recipients", "path", "format", ".so"):
            self.assertIn(word, ended.stdout)

    def test_usage_errors(self):
        for arguments in (["--no-such-option"], ["nonsense"], ["mh"], ["maildir", "a", "b"], ["--config"],
                          ["debug", "localhost", "not-a-port"]):
            with self.subTest(arguments):
                ended = self.run_to_end(arguments)
                self.assertEqual(ended.returncode, USAGE, ended.stderr)
                self.assertTrue(ended.stderr.strip())
                self.assertNotIn("terminate called", ended.stderr)


class WhatCannotRun(harness.SystemTest):
    """Row: broken ini, missing plugin, no delivering handler, port in use."""

    def _refused(self, sections, code, *patterns):
        path = self.folder / "mpsmtp.ini"
        path.write_text(sections if isinstance(sections, str) else harness.ini(sections))
        ended = self.run_to_end(["--config", path])
        self.assertEqual(ended.returncode, code, ended.stderr)
        for pattern in patterns:
            self.assertRegex(ended.stderr, pattern)

    def test_broken_ini(self):
        self._refused("[server\nhostname = x\n", CONFIGURATION_ERROR, r"mpsmtp\.ini:1: ")

    def test_missing_plugin(self):
        self._refused(self.settings({"x": {"type": "nosuch"}}), CONFIGURATION_ERROR, r"mpsmtp\.ini:\d+: .*nosuch")
        self._refused(self.settings({"x": {"plugin": self.folder / "gone.so"}}), CONFIGURATION_ERROR, r"gone\.so")

    def test_a_file_that_is_no_plugin(self):
        (self.folder / "text.so").write_text("not a shared object\n")
        self._refused(self.settings({"x": {"plugin": self.folder / "text.so"}}), CONFIGURATION_ERROR, r"text\.so")

    def test_no_delivering_handler(self):
        sections = self.settings()
        del sections["handler:tree"]
        self._refused(sections, CONFIGURATION_ERROR, r"(?i)handler")

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self._refused(self.settings(**{"listener:main": {"address": f"127.0.0.1:{port}"}}), UNAVAILABLE,
                          rf"127\.0\.0\.1:{port}")

    def test_a_second_server_on_the_same_port(self):
        port = self.start().port
        second = self.settings(**{"listener:main": {"address": f"127.0.0.1:{port}"},
                                  "spool": {"directory": self.folder / "spool2"}})
        self._refused(second, UNAVAILABLE, rf"127\.0\.0\.1:{port}")


class Ending(harness.SystemTest):
    """SIGINT and SIGTERM: no new clients, transactions in progress end, exit code 0."""

    def test_both_signals_end_an_idle_server_with_0(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                self.start().stop(number)

    def test_idle_clients_are_told(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                daemon = self.start()
                with daemon.connect() as greeted, daemon.connect() as hello:
                    hello.hello()
                    daemon.send_signal(number)
                    for wire in (greeted, hello):
                        self.assert_reply(wire.reply(), 421, "4.3.2")
                        self.assertEqual(wire.rest(), b"")
                self.assertEqual(daemon.wait(), 0)

    def test_a_transaction_in_progress_ends_and_its_mail_is_there(self):
        daemon = self.start()
        with daemon.connect() as busy, daemon.connect() as idle:
            busy.hello()
            busy.envelope()
            busy.expect("DATA", 354)
            busy.send(b"Subject: late\r\n\r\nfirst half\r\n")
            daemon.send_signal(signal.SIGTERM)
            self.assert_reply(idle.reply(), 421)  # the shutdown has begun
            busy.send(b"second half\r\n.\r\n")
            self.assert_reply(busy.reply(), 250)
            self.assert_reply(busy.reply(), 421)
        self.assertEqual(daemon.wait(), 0)
        self.assertTrue(self.messages()[0].endswith(b"first half\nsecond half\n"))

    def test_nobody_new_is_served(self):
        daemon = self.start()
        with daemon.connect() as busy, daemon.connect() as idle:
            busy.hello()
            busy.envelope()
            daemon.send_signal(signal.SIGTERM)
            self.assert_reply(idle.reply(), 421)
            with self.assertRaises(OSError):
                harness.wait_until(lambda: self._greeted(daemon) is None, "a closed port")
                raise ConnectionRefusedError
            busy.command("RSET")

    def _greeted(self, daemon):
        with daemon.connect() as wire:
            return wire.greeting if wire.greeting and wire.greeting.code == 220 else None

    def test_shutdown_grace_is_the_limit(self):
        daemon = self.start(self.settings(server={"shutdown_grace": "1s"}))
        with daemon.connect() as busy:
            busy.hello()
            busy.envelope()
            busy.expect("DATA", 354)
            daemon.send_signal(signal.SIGTERM)
            self.assertEqual(daemon.wait(), 0)
        self.assertEqual(self.stored_files(), [])
        self.assertIn("1 connections were cut after the shutdown grace", daemon.log())


if __name__ == "__main__":
    unittest.main()

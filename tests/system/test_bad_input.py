"""Bad input and what it gets: one class for each kind, one method for each row."""
import os
import re
import select
import socket
import struct
import unittest

import harness
import messages

MAIL = b"Subject: x\r\n\r\nx\r\n"


class BadInput(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.server = self.start(self.settings(**self.sections))

    sections = {}

    def connect(self, **options):
        wire = self.server.connect(**options)
        self.addCleanup(wire.close)
        return wire

    def hello(self):
        wire = self.connect()
        wire.hello()
        return wire

    def memory(self):
        """Resident KiB of the server."""
        status = harness.pathlib.Path(f"/proc/{self.server.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def open_files(self):
        return sorted(os.readlink(f"/proc/{self.server.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{self.server.pid}/fd"))


class Commands(BadInput):
    sections = {"limits": {"errors": 10, "message_size": 100_000}}

    def test_unknown_verb_is_500_and_the_session_goes_on(self):
        wire = self.hello()
        self.assert_reply(wire.command("XYZZY please"), 500, "5.5.1")
        self.assert_reply(wire.command(""), 500)
        self.assert_reply(wire.deliver(MAIL), 250)

    def test_wrong_order_is_503(self):
        wire = self.connect()
        for line in ("MAIL FROM:<a@a.test>", "RCPT TO:<b@b.test>", "DATA"):
            self.assert_reply(wire.command(line), 503, "5.5.1")
        wire.hello()
        for line in ("RCPT TO:<b@b.test>", "DATA", "BDAT 0 LAST"):
            self.assert_reply(wire.command(line), 503, "5.5.1")
        wire.expect("MAIL FROM:<a@a.test>", 250)
        self.assert_reply(wire.command("MAIL FROM:<a@a.test>"), 503, "5.5.1")
        self.assert_reply(wire.command("DATA"), 503, "5.5.1")

    def test_syntax_error_is_501(self):
        for line in ("MAIL", "MAIL FROM", "MAIL TO:<a@a.test>", "MAIL FROM:<a@a.test", "EHLO", "HELO", "RSET now", "VRFY"):
            with self.subTest(line):
                wire = self.hello()
                self.assert_reply(wire.command(line), 501)
                self.assert_reply(wire.command("NOOP"), 250)

    def test_unknown_parameter_is_555(self):
        wire = self.hello()
        self.assert_reply(wire.command("MAIL FROM:<a@a.test> COLOUR=BLUE"), 555, "5.5.4")
        wire.expect("MAIL FROM:<a@a.test>", 250)
        self.assert_reply(wire.command("RCPT TO:<b@b.test> COLOUR=BLUE"), 555, "5.5.4")
        wire.expect("RCPT TO:<b@b.test>", 250)
        self.assert_reply(wire.data(MAIL), 250)

    def test_too_many_errors_is_421(self):
        wire = self.hello()
        codes = [reply.code for reply in (wire.command("XYZZY") for _ in range(10))]
        last = codes[-1]
        if last == 500:
            last = wire.command("XYZZY").code
        self.assertEqual((set(codes[:-1]), last), ({500}, 421))
        self.assertEqual(wire.rest(), b"")

    def test_a_line_too_long_is_500_5_5_2_and_the_session_goes_on(self):
        wire = self.hello()
        self.assert_reply(wire.command("NOOP " + "x" * 10_000), 500, "5.5.2")
        self.assert_reply(wire.deliver(MAIL), 250)

    def test_no_newline_for_megabytes_takes_no_memory_and_ends_with_421(self):
        wire = self.hello()
        before = self.memory()
        try:
            for _ in range(64):
                wire.send(b"x" * (1 << 20))
        except OSError:
            pass  # closed while we were sending
        answers = wire.rest()
        self.assertLess(self.memory() - before, 16 * 1024)
        self.assertIn(b"421", answers or b"421")  # a reset may have eaten what was sent before it
        self.assert_alive(self.server)

    def test_message_over_the_limit_declared(self):
        self.assert_reply(self.hello().command("MAIL FROM:<a@a.test> SIZE=100001"), 552, "5.3.4")

    def test_message_over_the_limit_real(self):
        wire = self.hello()
        self.assert_reply(wire.deliver(b"line\r\n" * 20_000), 552, "5.3.4")
        self.assertEqual(self.stored_files(), [])
        self.assert_reply(wire.deliver(MAIL), 250)


class Clients(BadInput):
    sections = {"spool": {"memory": "4K"}}

    def test_client_vanishes_before_the_final_dot(self):
        for reset in (False, True):
            with self.subTest("reset" if reset else "close"):
                wire = self.hello()
                wire.envelope()
                wire.expect("DATA", 354)
                wire.send(b"Subject: half\r\n\r\n" + b"x" * 100_000 + b"\r\n.\r")
                if reset:
                    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                wire.close()
                harness.wait_until(lambda: not [name for name in self.open_files() if "spool" in name or "deleted" in name],
                                   "the spooled half to be gone")
        self.assert_alive(self.server)
        self.assertEqual(len(self.stored_files()), 1)
        self.assertEqual([path for path in (self.folder / "spool").rglob("*") if path.is_file()], [])

    def test_client_vanishes_in_the_middle_of_a_chunk(self):
        wire = self.hello()
        wire.envelope()
        wire.send(b"BDAT 100 LAST\r\nonly this")
        wire.half_close()
        wire.rest()
        self.assertEqual(self.stored_files(), [])

    def test_ten_thousand_pipelined_noops(self):
        wire = self.hello()
        wire.send(b"NOOP\r\n" * 10_000)
        self.assertEqual({reply.code for reply in wire.replies(10_000)}, {250})

    def test_clients_that_send_and_never_read_do_not_hold_the_others(self):
        mute = [self.connect(receive_buffer=4096) for _ in range(10)]
        for wire in mute:
            wire.socket.setblocking(False)
        before = self.memory()
        blocked = set()
        while len(blocked) < len(mute):  # until the server reads no more from any of them
            writable = select.select([], [wire.socket for wire in mute], [], 1)[1]
            if not writable:
                break
            for peer in writable:
                try:
                    peer.send(b"NOOP\r\n" * 1000)
                except BlockingIOError:
                    blocked.add(peer)
                except OSError:
                    blocked.add(peer)
        self.assert_alive(self.server)
        self.assertLess(self.memory() - before, 64 * 1024)

    def test_an_http_request_is_closed_at_once(self):
        for request in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\nHELO x\r\nMAIL FROM:<a@a.test>\r\n"
                        b"RCPT TO:<b@b.test>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n"):
            with self.subTest(request[:4]):
                wire = self.connect()
                wire.send(request)
                self.assertNotIn(b"250", wire.rest())
        self.assertEqual(self.stored_files(), [])

    def test_a_tls_hello_is_closed_at_once(self):
        wire = self.connect()
        wire.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\nHELO x\r\n")
        self.assertNotIn(b"250", wire.rest())


class Crowds(BadInput):
    sections = {"limits": {"connections": 50}}

    def test_eight_hundred_connects_at_once_are_served_or_told(self):
        sockets = []
        for _ in range(800):
            wire = self.connect(greeting=False)
            wire.socket.setblocking(True)
            sockets.append(wire)
        codes = [wire.reply().code for wire in sockets]
        self.assertEqual(set(codes), {220, 421})
        self.assertEqual(codes.count(220), 50)
        first = sockets[codes.index(220)]
        first.hello()
        self.assert_reply(first.deliver(MAIL), 250)
        refused = sockets[codes.index(421)]
        self.assertEqual(refused.rest(), b"")
        for wire in sockets:
            wire.close()
        harness.wait_until(self._served, "a free place")

    def _served(self):
        with self.server.connect() as wire:
            return wire.greeting.code == 220

    def test_limit_per_client(self):
        server = self.start(self.settings(limits={"connections_per_client": 2}), name="second.ini")
        with server.connect() as first, server.connect() as second, server.connect() as third:
            self.assertEqual([wire.greeting.code for wire in (first, second, third)], [220, 220, 421])
            self.assertEqual(third.greeting.enhanced[:4], "4.3.")


class Deadlines(BadInput):
    sections = {"limits": {"command_timeout": "1s", "data_timeout": "1s"}}

    def test_a_silent_client_gets_421(self):
        wire = self.connect()
        self.assert_reply(wire.reply(), 421, "4.4.2")
        self.assertEqual(wire.rest(), b"")

    def test_a_client_that_drips_does_not_prolong_a_command(self):
        wire = self.connect()
        wire.socket.settimeout(0.1)
        answer = b""
        for _ in range(10 * harness.DEADLINE):
            try:
                wire.send(b"x")
                answer = wire.socket.recv(1000)
                break
            except TimeoutError:
                continue
            except OSError:
                break
        self.assertIn(b"421", answer or b"421")
        self.assert_alive(self.server)

    def test_silence_in_the_data_gets_421_and_nothing_is_stored(self):
        wire = self.hello()
        wire.envelope()
        wire.expect("DATA", 354)
        wire.send(b"Subject: x\r\n\r\nhalf")
        self.assert_reply(wire.reply(), 421, "4.4.2")
        self.assertEqual(self.stored_files(), [])


class HostileAddresses(BadInput):
    """Refused, or stored inside the base folder; never outside, never in another's mailbox."""

    LOCAL_PARTS = ("../../x", "..", ".", "a/b", "/etc/passwd", "a\\b", "-rf", "~root", "%2e%2e", "%{rcpt.domain}", "$(id)",
                   "new", "cur", "tmp", "x" * 64, "x" * 65, "x" * 300, "con", "a b", '"', " ", "a\tb", "a:2,S", "A", "a")

    def test_local_parts_stay_inside_and_apart(self):
        accepted = []
        for number, local in enumerate(self.LOCAL_PARTS):
            quoted = local.replace("\\", "\\\\").replace('"', '\\"')
            for address in (f"{local}@b.test", f'"{quoted}"@b.test'):
                wire = self.hello()
                wire.expect("MAIL FROM:<a@a.test>", 250)
                reply = wire.command(f"RCPT TO:<{address}>")
                if reply.code != 250:
                    self.assertIn(reply.code, (501, 550, 553), f"{address}: {reply}")
                    continue
                self.assert_reply(wire.data(b"Subject: %d\r\n\r\n" % number + local.encode() + b"\r\n"), 250)
                accepted.append(local)
        mails = [path for path in self.stored_files() if path.parent.name == "new"]
        self.assertEqual(len(mails), len(accepted))
        self._assert_nothing_outside()
        boxes = {}
        for path in mails:
            boxes.setdefault(path.parent.parent, set()).add(path.read_bytes().partition(b"\n\n")[2])
        for box, bodies in boxes.items():
            self.assertEqual(len(bodies), 1, f"{box} is shared by {bodies}")
        self.assertEqual(len(boxes), len(set(accepted)))

    def test_domains_stay_inside(self):
        for domain in ("..", "../..", ".", "a/b", "/etc", "[127.0.0.1]", "[IPv6:::1]", "[../../x]", "x" * 300, "a..b", "-"):
            wire = self.hello()
            wire.expect("MAIL FROM:<a@a.test>", 250)
            if wire.command(f"RCPT TO:<user@{domain}>").code == 250:
                self.assert_reply(wire.data(MAIL), 250)
        self._assert_nothing_outside()

    def test_control_octets_and_nul_are_refused_and_never_echoed(self):
        for octet in (0, 1, 7, 8, 13, 27, 127):
            for line in (b"HELO a%cb", b"EHLO a%cb", b"MAIL FROM:<a%cb@a.test>", b"MAIL FROM:<a@a.test> X%c=1", b"XYZ%cZY"):
                with self.subTest(octet=octet, line=line):
                    self._assert_refused(line % octet, [])
            with self.subTest(octet=octet, line="RCPT"):
                self._assert_refused(b"RCPT TO:<b%cb@b.test>" % octet, [b"EHLO x", b"MAIL FROM:<a@a.test>"])
        self.assertNotRegex(self.server.log(), r"[\x00-\x08\x0b-\x1f\x7f]")
        self.assertEqual(self.stored_files(), [])

    def _assert_refused(self, line, before):
        wire = self.connect()
        for command in before or ([] if line[:4] in (b"HELO", b"EHLO") else [b"EHLO x"]):
            wire.expect(command, 250)
        wire.send(line + b"\r\n")
        reply = wire.reply()
        self.assertIn(reply.code, (500, 501, 550, 553, 421), repr(reply))
        self.assertNotRegex(reply.raw, rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]")
        wire.close()

    def _assert_nothing_outside(self):
        inside = {"maildir", "mh", "mbox", "spool", "mpsmtp.ini"}
        self.assertLessEqual({path.name for path in self.folder.iterdir()}, inside)
        self.assertLessEqual({path.name for path in (self.folder / "maildir").iterdir()} & {"..", "x", "etc"}, set())

    def test_slash_and_underscore_are_two_mailboxes(self):
        wire = self.hello()
        self.assert_reply(wire.deliver(MAIL, recipients=["a/b@d.test", "a_b@d.test"]), 250)
        boxes = {path.parent.parent for path in self.stored_files() if path.parent.name == "new"}
        self.assertEqual(len(boxes), 2)

    def test_domains_ignore_case(self):
        wire = self.hello()
        self.assert_reply(wire.deliver(MAIL, recipients=["Ben@EXAMPLE.com"]), 250)
        self.assert_reply(wire.deliver(MAIL, recipients=["Ben@example.com"]), 250)
        self.assertEqual(len(self.messages("maildir", "Ben@example.com")), 2)

    def test_local_parts_keep_their_case(self):
        wire = self.hello()
        self.assert_reply(wire.deliver(MAIL, recipients=["Ben@b.test", "ben@b.test"]), 250)
        boxes = {path.parent.parent for path in self.stored_files() if path.parent.name == "new"}
        self.assertEqual(len(boxes), 2)

    def test_lowercase_in_the_template_joins_them(self):
        path = self.folder / "maildir" / "%{rcpt.domain}" / "%{rcpt.user:lowercase}"
        server = self.start(self.settings({"tree": {"type": "maildir", "path": path}}), name="second.ini")
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(MAIL, recipients=["Ben@b.test"]), 250)
            self.assert_reply(wire.deliver(MAIL, recipients=["ben@b.test"]), 250)
        self.assertEqual(len(self.messages("maildir", "ben@b.test")), 2)


class OddContent(BadInput):
    """NUL, bare CR and LF, 8-bit without 8BITMIME, no headers, empty message: kept as sent (see also test_stores)."""

    def _deliver(self, mode, octets):
        server = self.start(self.settings(**{"listener:main": {"bare_newline": mode}}), name=f"{mode}.ini")
        with server.connect() as wire:
            wire.hello()
            reply = wire.deliver(octets, recipients=[f"{mode}@b.test"])
            self.assert_reply(wire.command("NOOP"), 250)
        return reply, [harness.without_trace(message) for message in self.messages("maildir", f"{mode}@b.test")]

    BARE = b"Subject: x\r\n\r\none\ntwo\rthree\r\n"

    def test_bare_newlines_are_kept(self):
        reply, stored = self._deliver("keep", self.BARE)
        self.assert_reply(reply, 250)
        self.assertEqual(stored, [b"Subject: x\n\none\ntwo\rthree\n"])

    def test_bare_newlines_become_crlf(self):
        reply, stored = self._deliver("normalize", self.BARE)
        self.assert_reply(reply, 250)
        self.assertEqual(stored, [b"Subject: x\n\none\ntwo\nthree\n"])

    def test_bare_newlines_are_refused(self):
        reply, stored = self._deliver("reject", self.BARE)
        self.assert_reply(reply, 554, "5.6.0")
        self.assertEqual(stored, [])

    def test_smuggled_ends_of_data_do_not_end_the_data(self):
        """CVE-2023-51764, -51765, -51766: no other sequence than CRLF dot CRLF."""
        for mode in ("keep", "normalize", "reject"):
            server = self.start(self.settings(**{"listener:main": {"bare_newline": mode}}), name=f"{mode}.ini")
            for number, end in enumerate((b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r", b"\r\n\0.\r\n")):
                with self.subTest(mode, end=end):
                    inside = b"x" + end + b"MAIL FROM:<evil@a.test>\r\nRCPT TO:<evil@b.test>\r\nDATA\r\nevil\r\n"
                    with server.connect() as wire:
                        wire.hello()
                        wire.envelope(recipients=[f"{mode}{number}@b.test"])
                        wire.expect("DATA", 354)
                        wire.send(b"Subject: x\r\n\r\n" + inside + b".\r\nNOOP\r\n")
                        self.assertEqual(wire.reply().code, 554 if mode == "reject" and number != 7 else 250)
                        self.assert_reply(wire.reply(), 250)
                    self.assertEqual(self.messages("maildir", "evil@b.test"), [])

    def test_odd_messages_are_kept(self):
        wire = self.hello()
        for number, what in enumerate(("NUL", "bare CR", "bare LF", "no header", "empty", "Latin-1 in the header")):
            with self.subTest(what):
                mailbox = f"odd{number}@b.test"
                self.assert_reply(wire.deliver(messages.ODD[what], recipients=[mailbox]), 250)
                stored, = self.messages("maildir", mailbox)
                self.assertEqual(harness.without_trace(stored), harness.lf(messages.ODD[what]))


if __name__ == "__main__":
    unittest.main()

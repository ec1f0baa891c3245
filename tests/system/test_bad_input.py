"""Bad input and what it gets: one class for each kind, one method for each row."""
import pathlib
import re
import select
import socket
import struct
import unittest

import harness

MAIL = b"Subject: x\r\n\r\nx\r\n"


class BadInput(harness.ServedTest):
    def memory(self):
        """Resident KiB of the server."""
        status = pathlib.Path(f"/proc/{self.server.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def open_files(self):
        return sorted(harness.open_files(self.server.pid))


class Commands(BadInput):
    sections = {"limits": {"errors": 10, "message_size": 100_000}}

    def test_unknown_verb_is_500_and_the_session_goes_on(self):
        wire = self.hello()
        self.assert_reply(wire.command("XYZZY please"), 500, "5.5.2")
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
            self.assertEqual(third.greeting.text[:6], "4.7.0 ")


class CommandDeadline(BadInput):
    sections = {"limits": {"command_timeout": "3s"}}  # and yet enough for a client of ours on a busy machine

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


class DataDeadline(BadInput):
    sections = {"limits": {"data_timeout": "1s"}}

    def test_silence_in_the_data_gets_421_and_nothing_is_stored(self):
        wire = self.hello()
        wire.envelope()
        wire.expect("DATA", 354)
        wire.send(b"Subject: x\r\n\r\nhalf")
        self.assert_reply(wire.reply(), 421, "4.4.2")
        self.assertEqual(self.stored_files(), [])


if __name__ == "__main__":
    unittest.main()

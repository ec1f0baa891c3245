"""Addresses and content that are out for harm: refused, or kept where and as they belong."""
import unittest

import harness
import mailboxes
import messages

MAIL = b"Subject: x\r\n\r\nx\r\n"


class HostileAddresses(harness.ServedTest):
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


class OddContent(harness.ServedTest):
    """NUL, bare CR and LF, 8-bit without 8BITMIME, no headers, empty message: kept as sent (see also test_stores)."""

    def _deliver(self, mode, octets):
        server = self.start(self.settings(**{"listener:main": {"bare_newline": mode}}), name=f"{mode}.ini")
        with server.connect() as wire:
            wire.hello()
            reply = wire.deliver(octets, recipients=[f"{mode}@b.test"])
            self.assert_reply(wire.command("NOOP"), 250)
        return reply, [mailboxes.without_trace(message) for message in self.messages("maildir", f"{mode}@b.test")]

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
                self.assertEqual(mailboxes.without_trace(stored), mailboxes.lf(messages.ODD[what]))


if __name__ == "__main__":
    unittest.main()

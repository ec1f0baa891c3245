"""Every sample, through every store, read back with Python's mailbox and compared octet by octet."""
import mailbox
import unittest

import harness
import mailboxes
import messages


class EveryStore(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.server = self.start(self.settings({name: self.store(name) for name in ("maildir", "mh", "mbox")}))

    def test_keeps_every_message_as_it_was_sent(self):
        samples = messages.everything()
        with self.server.connect() as wire:
            wire.hello()
            for number, (what, octets) in enumerate(samples.items()):
                with self.subTest(what):
                    self.assert_reply(wire.deliver(octets, recipients=[f"sample{number}@b.test"]), 250)
        for number, (what, octets) in enumerate(samples.items()):
            for type_ in ("maildir", "mh", "mbox"):
                with self.subTest(what, store=type_):
                    self._compare(type_, f"sample{number}@b.test", octets)

    def _compare(self, type_, address, octets):
        found = self.messages(type_, address)
        self.assertEqual(len(found), 1)
        # assertEqual would print megabytes.
        self.assertTrue(mailboxes.without_trace(found[0]) == messages.stored(octets), "stored octets differ")

    def test_many_messages_in_one_mailbox_stay_apart_and_in_order(self):
        samples = list(messages.corpus().values()) + [messages.ODD["From lines"], messages.ODD["trailing empty lines"]]
        with self.server.connect() as wire:
            wire.hello()
            for octets in samples:
                self.assert_reply(wire.deliver(octets), 250)
        for type_ in ("maildir", "mh", "mbox"):
            with self.subTest(type_):
                found = [mailboxes.without_trace(message) for message in self.messages(type_)]
                expected = [messages.stored(octets) for octets in samples]
                self.assertTrue((sorted if type_ == "maildir" else list)(found) ==
                                (sorted if type_ == "maildir" else list)(expected), "stored octets differ")

    def test_every_recipient_gets_a_copy_that_names_them(self):
        with self.server.connect() as wire:
            wire.hello()
            wire.deliver(b"Subject: x\r\n\r\nx\r\n", sender="me@a.test", recipients=["b@b.test", "c@b.test", "b@d.test"])
        for type_ in ("maildir", "mh", "mbox"):
            for address in ("b@b.test", "c@b.test", "b@d.test"):
                with self.subTest(type_, address=address):
                    found, = self.messages(type_, address)
                    self.assertIn(b"Return-Path: <me@a.test>\n", found)
                    self.assertIn(f"Delivered-To: {address}\n".encode(), found)

    def test_trace_fields_are_valid_mail_headers(self):
        with self.server.connect() as wire:
            wire.hello()
            wire.deliver(b"Subject: x\r\n\r\nx\r\n", sender="")
        box = mailbox.Maildir(str(self.folder / "maildir" / "b.test" / "b"), create=False)
        message, = list(box)
        self.assertEqual(message["Return-Path"], "<>")
        received = message["Received"]
        self.assertIn("by mx.test", received)
        self.assertIn("127.0.0.1", received)
        self.assertRegex(received, r"with ESMTP\b")
        date = received.rpartition(";")[2].strip()
        self.assertRegex(date, r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")

    def test_line_ending_crlf_keeps_the_octets(self):
        self.server.stop()
        server = self.start(self.settings({"tree": self.store("maildir", line_ending="crlf")}))
        octets = messages.ODD["bare LF"] + messages.ODD["bare CR"]
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(octets, recipients=["crlf@b.test"]), 250)
        file, = [path for path in self.stored_files() if "/new/" in str(path)]
        self.assertTrue(file.read_bytes().endswith(octets))

    def test_who_has_no_mailbox_is_refused_at_rcpt(self):
        self.server.stop()
        for type_ in ("maildir", "mh", "mbox"):
            with self.subTest(type_):
                server = self.start(self.settings({"tree": self.store(type_)}))
                with server.connect() as wire:
                    wire.hello()
                    self.assert_reply(wire.deliver(b"Subject: x\r\n\r\nx\r\n", recipients=["known@b.test"]), 250)
                server.stop()
                server = self.start(self.settings({"tree": self.store(type_, create="no")}))
                with server.connect() as wire:
                    wire.hello()
                    wire.expect("MAIL FROM:<a@a.test>", 250)
                    wire.expect("RCPT TO:<known@b.test>", 250)
                    self.assert_reply(wire.command("RCPT TO:<unknown@b.test>"), 550, "5.1.1")
                    wire.expect("RCPT TO:<known@b.test>", 250)
                server.stop()
                self.assertFalse(list((self.folder / type_).rglob("unknown*")))


if __name__ == "__main__":
    unittest.main()

"""The handlers that judge, edit and hand on mail, as the installed server runs them."""
import unittest

import harness


class Recipients(harness.SystemTest):
    """Known users and aliases at RCPT."""

    def setUp(self):
        super().setUp()
        self.known = self.folder / "known"
        self.known.write_text("ben@b.test\nsales@b.test: ben@b.test, eve@e.test\ngone@b.test: !550 5.1.6 Moved away\n")

    def with_filter(self):
        handlers = {"known": {"type": "recipients", "file": self.known}, "tree": self.store("maildir")}
        return self.settings(handlers, filters={"chain": "known"}, limits={"errors": 0})

    def rcpt(self, wire, address):
        return wire.command(f"RCPT TO:<{address}>")

    def test_who_is_not_known_is_refused_at_rcpt(self):
        with self.start(self.with_filter()).connect() as wire:
            wire.hello()
            wire.command("MAIL FROM:<a@a.test>")
            self.assert_reply(self.rcpt(wire, "nobody@b.test"), 550, "5.1.1")
            self.assert_reply(self.rcpt(wire, "gone@b.test"), 550, "5.1.6")
            self.assert_reply(self.rcpt(wire, "ben+lists@b.test"), 250)

    def test_an_alias_is_delivered_to_its_ends(self):
        with self.start(self.with_filter()).connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(b"Subject: x\r\n\r\nx\r\n", recipients=["sales@b.test"]), 250)
        self.assertEqual([len(self.messages("maildir", address)) for address in ("ben@b.test", "eve@e.test", "sales@b.test")],
                         [1, 1, 0])

    def test_a_changed_file_is_read_without_a_restart(self):
        server = self.start(self.with_filter())
        new = self.folder / "new"
        new.write_text("late@b.test\n")
        new.rename(self.known)
        with server.connect() as wire:
            wire.hello()
            wire.command("MAIL FROM:<a@a.test>")
            harness.wait_until(lambda: self.rcpt(wire, "late@b.test").code == 250, "the new file is read")

    def test_the_mistakes_of_the_file_are_told_by_line(self):
        self.known.write_text("ben@b.test\ntwo words\nx@b.test: y\n")
        path = self.folder / "bad.ini"
        path.write_text(harness.ini(self.with_filter()))
        ended = self.run_to_end(["--check-config", "--config", path])
        self.assertEqual(ended.returncode, 78)
        for line in (2, 3):
            self.assertIn(f"{self.known}:{line}: ", ended.stderr)


class Headers(harness.SystemTest):
    """Rules for header fields, before the mail is stored."""

    def test_the_stored_mail_has_the_edited_header(self):
        rules = self.folder / "rules"
        rules.write_text("remove X-Spam-*\nset Subject: %{rcpt}\nadd X-Id: %{id}\n")
        handlers = {"fields": {"type": "headers", "file": rules, "add": "X-Client: %{client}"}, "tree": self.store("maildir")}
        server = self.start(self.settings(handlers, filters={"chain": "fields"}))
        with server.connect() as wire:
            wire.hello()
            reply = wire.deliver(b"Subject: a\r\nX-Spam-Score: 9\r\nTo: b\r\n\r\nSubject: body\r\n")
            self.assert_reply(reply, 250)
        identifier = reply.text.split()[-1]
        message, = self.messages()
        self.assertTrue(message.endswith(
            f"X-Id: {identifier}\nX-Client: 127.0.0.1\nSubject: b@b.test\nTo: b\n\nSubject: body\n".encode()), message)

    def test_what_a_client_says_stays_in_its_field(self):
        handlers = {"fields": {"type": "headers", "add": "X-Path: %{sender} %{rcpt}"}, "tree": self.store("maildir")}
        server = self.start(self.settings(handlers, filters={"chain": "fields"}))
        recipients = [f"somebody{number}@b.test" for number in range(100)]
        with server.connect() as wire:
            wire.hello()
            reply = wire.deliver(b"To: b\r\n\r\nx\r\n", sender='"%{id}: , \\" x"@a.test', recipients=recipients)
            self.assert_reply(reply, 250)
        message, = self.messages("maildir", recipients[0])
        header, _, body = message.partition(b"\n\n")
        self.assertEqual(body, b"x\n")
        field = header[header.index(b"X-Path:"):header.index(b"\nTo: b")]
        self.assertLessEqual(max(map(len, field.split(b"\n"))), 78)
        self.assertEqual(b" ".join(field.split()).decode(), 'X-Path: "%{id}: , \\" x"@a.test ' + ", ".join(recipients))


if __name__ == "__main__":
    unittest.main()

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


class Exec(harness.SystemTest):
    """A program for each message."""

    def serve(self, script, **keys):
        path = self.folder / "script"
        path.write_text(script)
        handlers = {"script": {"type": "exec", "command": f"/bin/sh {path}", "directory": self.folder, **keys}}
        return self.start(self.settings(handlers))

    def answer(self, server, message=b"Subject: x\r\n\r\nx\r\n", **envelope):
        with server.connect() as wire:
            wire.hello()
            return wire.deliver(message, **envelope)

    def test_the_program_gets_the_mail_and_where_it_came_from(self):
        server = self.serve('cat > mail; echo "$SENDER $RECIPIENT $CLIENT_ADDRESS $SIZE $LISTENER $TRANSACTION_ID" > about\n')
        reply = self.answer(server)
        self.assert_reply(reply, 250)
        mail = (self.folder / "mail").read_bytes()
        self.assertTrue(mail.startswith(b"Return-Path: <a@a.test>\nDelivered-To: b@b.test\nReceived: from "), mail)
        self.assertTrue(mail.endswith(b"\nSubject: x\n\nx\n"), mail)
        self.assertEqual((self.folder / "about").read_text().split(),
                         ["a@a.test", "b@b.test", "127.0.0.1", "17", "main", reply.text.split()[-1]])

    def test_its_end_is_the_reply_and_the_log_has_its_words(self):
        server = self.serve('read line; echo "5.2.2 $RECIPIENT is full"; echo why >&2; exit 67\n', trace="no")
        reply = self.answer(server)
        self.assert_reply(reply, 550, "5.2.2")
        self.assertIn("b@b.test is full", reply.text)
        self.assertTrue(server.stderr.wait_for(r"exit status 67 \(EX_NOUSER\); standard error: why"))

    def test_the_time_limit_ends_it_and_all_that_it_started(self):
        server = self.serve("trap '' TERM; sleep 300 & echo $! > child; wait; sleep 300\n", timeout="2s")
        self.assert_reply(self.answer(server), 451, "4.3.0")
        child = int((self.folder / "child").read_text())
        harness.wait_until(lambda: not self.is_running(child), "the program's own child is killed")

    @staticmethod
    def is_running(process):
        try:
            with open(f"/proc/{process}/stat", encoding="utf-8") as file:
                return ") Z " not in file.read()
        except (FileNotFoundError, ProcessLookupError):
            return False

    def test_it_inherits_neither_sockets_nor_signal_masks(self):
        server = self.serve("ls /proc/self/fd > fds; grep -E '^SigBlk' /proc/self/status > signals\n", input="none")
        self.assert_reply(self.answer(server), 250)
        self.assertEqual((self.folder / "fds").read_text().split(), ["0", "1", "2", "3"])  # 3 is ls's own
        self.assertEqual((self.folder / "signals").read_text().split(), ["SigBlk:", "0" * 16])


if __name__ == "__main__":
    unittest.main()

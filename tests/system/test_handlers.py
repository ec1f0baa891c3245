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


if __name__ == "__main__":
    unittest.main()

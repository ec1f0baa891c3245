"""Faults of the two servers that mpsmtpd grew from, which must not come back."""
import os
import re
import shutil
import unittest

import harness
import mailboxes
import messages

MAIL = b"Subject: x\r\n\r\nx\r\n"


class SeedFaults(harness.SystemTest):
    def _mh(self):
        return self.start(self.settings({"tree": self.store("mh")}))

    def test_a_recipient_without_an_at_sign_is_delivered_to_the_servers_own_name(self):
        with self._mh().connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(MAIL, recipients=["postmaster"]), 250)
        self.assertEqual(len(self.messages("mh", "postmaster@mx.test")), 1)

    def test_one_failing_recipient_leaves_nothing_half_delivered_and_the_session_usable(self):
        server = self._mh()
        blocked = self.folder / "mh" / "b.test"
        blocked.mkdir(parents=True)
        (blocked / "blocked").write_text("a file where the mailbox should be\n")
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(MAIL, recipients=["fine@b.test", "blocked@b.test", "too@b.test"]), 451)
            for mailbox in ("fine@b.test", "too@b.test"):
                self.assertEqual(self.messages("mh", mailbox), [])
            self.assert_reply(wire.deliver(MAIL, recipients=["fine@b.test", "too@b.test"]), 250)
        for mailbox in ("fine@b.test", "too@b.test"):
            self.assertEqual(len(self.messages("mh", mailbox)), 1)

    def test_an_address_does_not_walk_out_of_the_mail_folder(self):
        with self._mh().connect() as wire:
            wire.hello()
            for address in ("../../escaped@b.test", '"../../escaped"@b.test', "user@../../escaped", "user@.."):
                wire.expect("MAIL FROM:<a@a.test>", 250)
                if wire.command(f"RCPT TO:<{address}>").code == 250:
                    self.assert_reply(wire.data(MAIL), 250)
                else:
                    wire.expect("RSET", 250)
        self.assertEqual({path.name for path in self.folder.iterdir()} - {"mh", "spool", "mpsmtp.ini"}, set())
        self.assertEqual([path for path in self.folder.parent.glob("escaped*")], [])

    def test_octets_that_are_not_utf8_are_not_replaced(self):
        octets = b"Subject: \xe9\xff\r\n\r\n" + messages.EIGHT_BIT + b"\r\n"
        with self._mh().connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(octets), 250)
        self.assertEqual(mailboxes.without_trace(self.messages("mh")[0]), mailboxes.lf(octets))


class BigFolder(harness.SystemTest):
    """A full MH folder takes mail as fast as an empty one: it must not be read for each mail."""

    MAILS = 20

    def test_adding_to_a_folder_of_5000_takes_no_more_system_calls(self):
        strace = shutil.which("strace")
        if not strace or harness.SANITIZED:
            self.skipTest("strace is missing" if not strace else "a sanitizer's own calls would be counted")
        for number in range(1, 5001):
            path = self.folder / "mh" / "b.test" / "full" / str(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x\n")
        trace = self.folder / "trace"
        server = self.start(self.settings({"tree": self.store("mh")}), wrapper=[strace, "-f", "-o", str(trace)])
        with server.connect() as wire:
            wire.hello()
            for mailbox in ("full@b.test", "empty@b.test"):  # each folder's first mail may look for its last number
                self.assert_reply(wire.deliver(MAIL, recipients=[mailbox]), 250)
            for mailbox in ("full@b.test", "empty@b.test"):
                wire.expect(f"NOOP begin {mailbox}", 250)
                for _ in range(self.MAILS):
                    self.assert_reply(wire.deliver(MAIL, recipients=[mailbox]), 250)
                wire.expect(f"NOOP end {mailbox}", 250)
        server.stop_traced()
        calls = trace.read_text(errors="replace")
        full, empty = (self._calls(calls, mailbox) for mailbox in ("full@b.test", "empty@b.test"))
        self.assertGreater(len(empty), self.MAILS)
        self.assertLess(len(full), 1.5 * len(empty))
        self.assertEqual([line for line in full if "getdents" in line], [])
        self.assertEqual(sorted(int(name) for name in os.listdir(self.folder / "mh" / "b.test" / "full") if name.isdigit()),
                         list(range(1, 5001 + 1 + self.MAILS)))

    def _calls(self, trace, mailbox):
        between = re.search(f"NOOP begin {mailbox}(.*?)NOOP end {mailbox}", trace, re.DOTALL)[1]
        # What waiting for a client costs depends on the scheduler.
        return [line for line in between.splitlines() if not re.search(r"sched_yield|recv|futex|poll|resumed", line)]


if __name__ == "__main__":
    unittest.main()

"""The time of day jumps, back and forth, while the server runs: names stay unique, dates tell what the clock says, and no
deadline knows of it. The clock is wrong for the server only (faults/system.c)."""
import datetime
import email.utils
import random
import re
import time
import unittest

import harness
import mailboxes
from injected import STORES, InjectedTest
from test_kill import make_message

DAY = 86400
JUMPS = (0, -1, 1, -3600, 3600, -DAY, DAY, -400 * DAY, 400 * DAY)  # seconds; each is left for the next one at once
MAILS = 3
TOLERANCE = 120  # seconds between our look at the clock and the server's; a busy machine is no failure


class Clock(InjectedTest):
    def setUp(self):
        super().setUp()
        self.server = self.start_injected(STORES, limits={"command_timeout": "2s", "reply_timeout": "30s"})

    def test_every_mail_is_kept_and_dated_by_the_clock(self):
        wire = self.server.connect()
        self.addCleanup(wire.close)
        sent = {}
        for jump in JUMPS:
            self.faults.set_clock(jump)
            with self.server.connect() as wire:
                wire.hello()
                for number in range(MAILS):
                    identity = f"jump{jump}.{number}"
                    self.assert_reply(wire.deliver(make_message(identity, random.Random(identity))), 250)
                    sent[identity] = time.time() + jump
        for store in STORES:
            with self.subTest(store):
                found = mailboxes.read_mailbox(self.stores, store, "b@b.test")
                self.assertEqual(len(found), len(sent))
                for message in found:
                    identity = re.search(rb"^Subject: (\S+)$", message, re.MULTILINE)[1].decode()
                    self.assertAlmostEqual(self._date(message), sent.pop(identity) if store == STORES[-1] else sent[identity],
                                           delta=TOLERANCE, msg=identity)
        self.assertEqual(sent, {})

    @staticmethod
    def _date(stored):
        received = re.search(rb"^Received: [^;]*;\s+([^\n]*)\n", stored, re.MULTILINE)[1]
        return email.utils.parsedate_to_datetime(received.decode()).astimezone(datetime.timezone.utc).timestamp()

    def test_a_clock_that_goes_back_holds_no_deadline_up(self):
        wire = self.server.connect()
        self.addCleanup(wire.close)
        self.faults.set_clock(-DAY)
        self.assert_reply(wire.reply(), 421, "4.4.2")

    def test_a_clock_that_goes_ahead_ends_nobody_early(self):
        begin = time.monotonic()
        wire = self.server.connect()
        self.addCleanup(wire.close)
        self.faults.set_clock(DAY)
        wire.hello()
        self.assert_reply(wire.reply(), 421, "4.4.2")
        self.assertGreater(time.monotonic() - begin, 1.5, "told before its 2 s were over")

    def test_it_stops_whatever_the_clock_says(self):
        for jump in (-DAY, DAY):
            self.faults.set_clock(jump)
            server = self.start_injected(["maildir"])
            self.assert_alive(server)
            self.faults.set_clock(-jump)
            self.assert_alive(server)
            server.stop()


if __name__ == "__main__":
    unittest.main()

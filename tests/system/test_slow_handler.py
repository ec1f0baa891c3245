"""A slow handler with `concurrency = 4` is slow for its own mail only: the mail of another route goes by as if it were alone.

The slow one is an exec handler whose script waits until the test lets it go, so nothing here depends on how long that is.
"""
import threading
import time
import unittest

import harness

MAIL = b"Subject: x\r\n\r\nbody\r\n"
CLIENTS = 20
CONCURRENCY = 4
MAILS = 40
# Of the time that a mail takes while nothing else runs; a pool that is taken by the slow one would make it infinite.
FACTOR = 50
LEAST = 0.5  # seconds; a busy machine is no failure


class SlowHandler(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.gate = self.folder / "open"
        self.entered = self.folder / "entered"
        self.entered.touch()
        script = self.folder / "slow.sh"
        script.write_text(f"#!/bin/sh\ncat > /dev/null\necho x >> {self.entered}\n"
                          f"while [ ! -e {self.gate} ]; do sleep 0.05; done\n")
        script.chmod(0o755)
        self.addCleanup(self.gate.touch)

    def sections(self, slot_timeout):
        slow = {"type": "exec", "command": self.folder / "slow.sh", "concurrency": CONCURRENCY, "slot_timeout": slot_timeout}
        return self.settings({"slow": slow, "tree": self.store("maildir")},
                             **{"route:slow": {"to": "slow@b.test", "deliver": "slow"},
                                "route:rest": {"to": "*", "deliver": "tree"},
                                "server": {"threads": CLIENTS + 2}})

    def send_to_the_slow_one(self):
        """Twenty clients at once. Returns their threads and where their replies will be."""
        replies = []

        def client():
            with self.server.connect() as wire:
                wire.hello()
                replies.append(wire.deliver(MAIL, recipients=["slow@b.test"]))
        threads = [threading.Thread(target=client, daemon=True) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads, replies

    def inside(self):
        return len(self.entered.read_text().split())

    def seconds_for_the_others(self):
        """The longest of a number of mails on the other route."""
        longest = 0.0
        with self.server.connect() as wire:
            wire.hello()
            for _ in range(MAILS):
                begin = time.monotonic()
                self.assert_reply(wire.deliver(MAIL), 250)
                longest = max(longest, time.monotonic() - begin)
        return longest

    def finish(self, threads):
        self.gate.touch()
        for thread in threads:
            thread.join(harness.DEADLINE)
        self.assertFalse([thread for thread in threads if thread.is_alive()])

    def test_the_other_route_is_not_slowed_down(self):
        self.server = self.start(self.sections(slot_timeout="10m"))
        alone = self.seconds_for_the_others()
        threads, replies = self.send_to_the_slow_one()
        harness.wait_until(lambda: self.inside() == CONCURRENCY, "four slow mails")
        beside = self.seconds_for_the_others()
        self.assertEqual(self.inside(), CONCURRENCY, "more than its concurrency")
        self.assertEqual(replies, [])
        self.finish(threads)
        self.assertEqual([reply.code for reply in replies], [250] * CLIENTS)
        self.assertLess(beside, max(LEAST, FACTOR * alone))

    def test_who_finds_no_place_in_time_is_told_to_come_again(self):
        self.server = self.start(self.sections(slot_timeout="100ms"))
        threads, replies = self.send_to_the_slow_one()
        harness.wait_until(lambda: len(replies) == CLIENTS - CONCURRENCY, "refusals")
        for reply in replies:
            self.assert_reply(reply, 451, "4.3.2")
        self.assertEqual(self.inside(), CONCURRENCY)
        self.finish(threads)
        for reply in replies[CLIENTS - CONCURRENCY:]:
            self.assert_reply(reply, 250)
        self.assert_reply(self.one_more(), 250)

    def one_more(self):
        with self.server.connect() as wire:
            wire.hello()
            return wire.deliver(MAIL, recipients=["slow@b.test"])


if __name__ == "__main__":
    unittest.main()

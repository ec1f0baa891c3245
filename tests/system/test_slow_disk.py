"""A disk on which each write and sync takes its time (faults/files.c): its mail is slow, everybody else is served, and what
was promised about time-outs and shutting down still holds."""
import signal
import threading
import time
import unittest

import harness
from injected import STORES, InjectedTest

MAIL = b"Subject: x\r\n\r\nbody\r\n"
SLOW = 1000  # milliseconds that each call takes longer
SLOW_CLIENTS = 4
QUICK_MAILS = 20


class SlowDisk(InjectedTest):
    def _start(self, store, **sections):
        handlers = {"slow": self.store(store), "quick": harness.SystemTest.store(self, "maildir")}
        return self.start(self.settings(handlers, **{"route:slow": {"to": "slow@b.test", "deliver": "slow"},
                                                     "route:rest": {"to": "*", "deliver": "quick"}, **sections}),
                          environment=self.faults.environment)

    def _deliver(self, server, replies):
        with server.connect() as wire:
            wire.hello()
            replies.append(wire.deliver(MAIL, recipients=["slow@b.test"]))

    def _slow_clients(self, server, count=SLOW_CLIENTS):
        """Threads that each have a mail in the slow store, and where their replies will be."""
        replies = []
        self.faults.slow_down(SLOW)
        threads = [threading.Thread(target=self._deliver, args=(server, replies), daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        harness.wait_until(self.faults.slow_calls, "a mail is in the slow store")
        return threads, replies

    def _join(self, threads):
        for thread in threads:
            thread.join(harness.DEADLINE)
            self.assertFalse(thread.is_alive(), "left without an answer")

    def test_the_others_do_not_wait(self):
        for store in STORES:
            with self.subTest(store):
                server = self._start(store)
                threads, replies = self._slow_clients(server)
                calls = self.faults.slow_calls()
                with server.connect() as wire:
                    wire.hello()
                    for _ in range(QUICK_MAILS):
                        self.assert_reply(wire.deliver(MAIL), 250)
                # Behind the slow ones these would have taken a call of theirs each.
                self.assertLess(self.faults.slow_calls() - calls, QUICK_MAILS * SLOW_CLIENTS)
                self.faults.slow_down(0)
                self._join(threads)
                self.assertEqual([reply.code for reply in replies], [250] * SLOW_CLIENTS)
                self.assertEqual(len(self.read(store, "slow@b.test")), SLOW_CLIENTS)
                server.stop()

    def test_a_step_behind_the_reply_timeout_is_451_and_stores_nothing(self):
        """The first step that begins too late; a commit is always ended (docs/architecture.md)."""
        for store in ("maildir", "mh"):  # an mbox has all of its writing in the commit
            with self.subTest(store):
                server = self._start(store, limits={"reply_timeout": "1s"})
                threads, replies = self._slow_clients(server, 1)
                self._join(threads)
                self.faults.slow_down(0)
                self.assert_reply(replies[0], 451)
                self.assertEqual(self.read(store, "slow@b.test"), [])
                self.assert_no_leftovers()
                server.stop()

    def test_a_mail_that_is_being_stored_is_waited_for_at_the_end(self):
        for store in STORES:
            with self.subTest(store):
                server = self._start(store, server={"shutdown_grace": "60s"})
                threads, replies = self._slow_clients(server, 1)
                server.send_signal(signal.SIGTERM)
                self._join(threads)
                self.assertEqual(server.wait(), 0)
                self.faults.slow_down(0)
                self.assert_reply(replies[0], 250)
                self.assertEqual(len(self.read(store, "slow@b.test")), 1)

    def test_the_grace_is_not_exceeded_without_end(self):
        """A hook cannot be interrupted, so the end comes at the latest with its last call."""
        server = self._start("maildir", server={"shutdown_grace": "1s"})
        threads, replies = self._slow_clients(server, 1)
        begin = time.monotonic()
        server.send_signal(signal.SIGTERM)
        server.wait()
        self.assertLess(time.monotonic() - begin, harness.DEADLINE / 2)
        self.faults.slow_down(0)
        self._join(threads)
        stored = len(self.read("maildir", "slow@b.test"))
        acknowledged = sum(reply is not None and reply.code == 250 for reply in replies)
        self.assertIn((acknowledged, stored), [(0, 0), (0, 1), (1, 1)])


if __name__ == "__main__":
    unittest.main()

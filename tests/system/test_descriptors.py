"""File descriptors that run out under a load of connections: each client is told or closed, none waits, and as soon as there
are descriptors again, mail is taken. (A full table of the whole system, ENFILE, is in test_injection.py only.)"""
import os
import resource
import threading
import unittest

import harness

CLIENTS = 40
MAIL = b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" * 3000
STORES = ("maildir", "mh", "mbox")


# Whether an object's type is what it should be, UBSan asks of the kernel through a pipe; without one every exception is a report.
@unittest.skipIf("undefined" in harness.SANITIZERS, "a sanitizer needs descriptors of its own")
class Descriptors(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.server = self.start(self.settings({store: self.store(store) for store in STORES}, spool={"memory": "4K"}))
        self.limits = resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE)
        self.lock = threading.Lock()

    def _open(self):
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def _limit(self, spare):
        resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, (self._open() + spare, self.limits[1]))

    def _raise(self):
        resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, self.limits)

    def _client(self, outcomes):
        try:
            with self.server.connect(timeout=harness.DEADLINE / 2, greeting=False) as wire:
                outcome = self._deliver(wire)
        except ConnectionError:
            outcome = "closed"
        except TimeoutError:
            outcome = "forgotten"
        with self.lock:
            outcomes.append(outcome)

    @staticmethod
    def _deliver(wire):
        """The code of the reply at which it ends."""
        reply = wire.reply()
        for line in ("EHLO client.test", "MAIL FROM:<a@a.test>", "RCPT TO:<b@b.test>", "RCPT TO:<c@c.test>", "DATA"):
            if reply is None or reply.code >= 400:
                break
            reply = wire.command(line)
        if reply is not None and reply.code == 354:
            wire.send(MAIL + b".\r\n")
            reply = wire.reply()
        return reply.code if reply is not None else "closed"

    def _load(self):
        outcomes = []
        clients = [threading.Thread(target=self._client, args=(outcomes,)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        return outcomes

    def test_nobody_hangs_and_the_server_recovers(self):
        acknowledged = 0
        refused = 0
        for spare in (0, 1, 2, 4, 8, 16, 32):
            with self.subTest(spare=spare):
                self._limit(spare)
                outcomes = self._load()
                self._raise()
                self.assertLessEqual(set(outcomes), {250, 421, 451, "closed"})
                acknowledged += outcomes.count(250)
                refused += CLIENTS - outcomes.count(250)
                self.assert_alive(self.server)
        self.assertGreater(refused, 0, "the limit was never met")
        for store in STORES:
            self.assertEqual([len(self.messages(store, address)) >= acknowledged for address in ("b@b.test", "c@c.test")],
                             [True, True], store)
        harness.wait_until(lambda: self.server.log().count("no file descriptors left"), "the log says why")

    def test_what_was_opened_is_closed_again(self):
        self._load()
        before = self._settled()
        self._limit(6)
        self._load()
        self._raise()
        self._load()
        harness.wait_until(lambda: self._open() <= before, f"{before} descriptors, as before")

    def _settled(self):
        """The clients' sockets are closed in the server's own time."""
        def is_quiet():
            return sum(name.startswith("socket:") for name in harness.open_files(self.server.pid)) <= 1
        harness.wait_until(is_quiet, "all clients' sockets are closed")
        return self._open()


if __name__ == "__main__":
    unittest.main()

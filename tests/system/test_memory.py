"""Address space that runs out under load: mails are deferred, connections refused, nobody waits, and the server lives."""
import resource
import threading
import unittest

import harness

CONNECTIONS = 40
MAIL = b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" * 5000
STORES = ("maildir", "mh", "mbox")


@unittest.skipIf(harness.SANITIZED, "a sanitizer ends the process when memory ends")
class Memory(harness.SystemTest):
    def test_the_server_outlives_a_lack_of_memory(self):
        server = self.start(self.settings({store: self.store(store) for store in STORES}))
        self.forgotten = 0
        for spare in (64, 128, 256, 512, 1024, 2048, 4096):  # KiB; where it runs out is a matter of chance
            self._limit(server, self._address_space(server) + spare * 1024)
            self._load(server)
            self._limit(server, resource.RLIM_INFINITY)
            self.assertEqual(self.forgotten, 0, f"left without an answer with {spare} KiB to spare")
            self.assertIsNone(server.process.poll(), f"died with {spare} KiB to spare:\n{server.log()[-1000:]}")
        harness.wait_until(lambda: self._takes_mail(server), "mail is taken again")

    @staticmethod
    def _address_space(server):
        with open(f"/proc/{server.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()

    @staticmethod
    def _limit(server, octets):
        resource.prlimit(server.pid, resource.RLIMIT_AS, (octets, resource.RLIM_INFINITY))

    def _load(self, server):
        clients = [threading.Thread(target=self._takes_mail, args=(server,)) for _ in range(CONNECTIONS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

    def _takes_mail(self, server):
        try:
            with server.connect(timeout=harness.DEADLINE / 3) as wire:
                wire.hello()
                return wire.deliver(MAIL, recipients=["b@b.test", "c@b.test"]).code == 250
        except TimeoutError:
            self.forgotten += 1
            return False
        except (OSError, AttributeError, AssertionError):
            return False  # refused, or closed without a word


if __name__ == "__main__":
    unittest.main()

"""SIGHUP a hundred times under load: no session is dropped or refused, nothing is lost or doubled in any store, and
nothing is left of the configurations that were in use before.

The configurations differ in the server's name, a limit and an added listener. Most clients connect anew for a few
mails; some keep their connection through all reloads, and with it the handlers that they began with.
"""
import collections
import os
import random
import re
import signal
import threading
import unittest

import harness
import mailboxes
from test_kill import identity_of, make_message

CONNECTIONS = 20
LASTING = 3  # of them
RELOADS = 100
MAILS_BETWEEN = 2 if harness.SANITIZED else 8
MAILBOXES = [f"box{number}@b.test" for number in range(4)]
STORES = ("maildir", "mh", "mbox")
NAMES = ("one.test", "two.test")
SPARE_THREADS = 25  # that POCO's pool may start beside those that serve; they end after a minute or two


class Load:
    """Clients that send until they are told to stop."""

    def __init__(self, server, name, connections=CONNECTIONS):
        self._server = server
        self._name = name
        self._changed = threading.Condition()
        self._is_over = False
        self.acknowledged = {}  # identity: mailbox
        self.greetings = collections.Counter()
        self.unexpected = []
        self._threads = [threading.Thread(target=self._client, args=(number,), daemon=True)
                         for number in range(connections)]
        for thread in self._threads:
            thread.start()

    def _client(self, number):
        randomness = random.Random(f"{self._name}.{number}")
        try:
            count = 0
            while not self._is_over:
                count = self._session(f"{self._name}.{number}", count, number < LASTING, randomness)
        except Exception as error:  # a refused connection, a 4xx, a session cut off: all are failures
            with self._changed:
                self.unexpected.append(f"client {number}: {error!r}")
                self._changed.notify_all()

    def _session(self, name, count, is_lasting, randomness):
        with self._server.connect() as wire:
            if wire.greeting is None or wire.greeting.code != 220:
                raise AssertionError(f"greeted with {wire.greeting!r}")
            greeted_by = wire.greeting.text.split()[0]
            last = count + randomness.choice((1, 2, 5))
            wire.hello()
            while not self._is_over and (is_lasting or count < last):
                self._send(wire, f"{name}.{count}", randomness)
                count += 1
            goodbye = wire.expect("QUIT", 221)
            if greeted_by not in goodbye.text:
                raise AssertionError(f"{greeted_by} says {goodbye!r}")
        with self._changed:
            self.greetings[greeted_by] += 1
        return count

    def _send(self, wire, identity, randomness):
        mailbox = randomness.choice(MAILBOXES)
        reply = wire.deliver(make_message(identity, randomness), recipients=[mailbox])
        if reply is None or reply.code != 250:
            raise AssertionError(f"{identity} got {reply!r}")
        with self._changed:
            self.acknowledged[identity] = mailbox
            self._changed.notify_all()

    def wait_for(self, more):
        """Until so many more mails have been acknowledged."""
        with self._changed:
            count = len(self.acknowledged) + more
            if not self._changed.wait_for(lambda: self.unexpected or len(self.acknowledged) >= count, harness.DEADLINE):
                raise AssertionError(f"no {count} acknowledgements")

    def stop(self):
        self._is_over = True
        for thread in self._threads:
            thread.join(harness.DEADLINE)
        if any(thread.is_alive() for thread in self._threads):
            raise AssertionError("a client hangs")
        if self.unexpected:
            raise AssertionError("\n".join(self.unexpected[:10]))


class UnderLoad(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.files = []
        for number, name in enumerate(NAMES):
            sections = self.settings({type_: self.store(type_) for type_ in STORES},
                                     server={"hostname": name}, limits={"recipients": 100 + number})
            if number == 1:
                sections["listener:more"] = {"address": "127.0.0.1:0"}
            self.files.append(harness.ini(sections))
        self.file = self.folder / "mpsmtp.ini"
        self.file.write_text(self.files[0])
        self.server = self.run_daemon(["--config", self.file])

    def test_a_hundred_reloads(self):
        warm = self._warm_up("warm")
        descriptors = self._steady(self._descriptors)
        load = Load(self.server, "load")
        load.wait_for(CONNECTIONS)
        for number in range(1, RELOADS + 1):
            if number % 10 == 0:
                self._reload_broken(number // 10)
            self._reload(self.files[number % 2], number + 1)
            load.wait_for(MAILS_BETWEEN)
        load.stop()
        self._assert_old_handlers_end()
        late = self._warm_up("late")  # the last handlers have opened every folder, too
        harness.wait_until(lambda: self._descriptors() == descriptors,
                           f"{descriptors} descriptors again, {self._descriptors()} at first")
        self._assert_threads()
        for name in NAMES:
            self.assertGreater(load.greetings[name], 0, "no session by both configurations")
        self.server.stop()
        self._compare({**warm, **load.acknowledged, **late})

    def _reload(self, text, generation):
        self.file.write_text(text)
        self.server.send_signal(signal.SIGHUP)
        self.assertTrue(self.server.stderr.wait_for(rf"configuration {generation} is in use"), self.server.log())

    def _reload_broken(self, count):
        self.file.write_text(self.files[1] + "colour = red\n")
        self.server.send_signal(signal.SIGHUP)
        self.assertTrue(self.server.stderr.wait_for("1 mistake in the configuration; it stays as it was", count))
        line = self.file.read_text().count("\n")
        self.assertIn(f"{self.file}:{line}: ", self.server.log())

    def _warm_up(self, name):
        """A mail for each mailbox."""
        sent = {}
        with self.server.connect() as wire:
            wire.hello()
            for mailbox in MAILBOXES:
                identity = f"{name}.{mailbox}"
                self.assert_reply(wire.deliver(make_message(identity, random.Random(name)), recipients=[mailbox]), 250)
                sent[identity] = mailbox
            wire.expect("QUIT", 221)
        return sent

    def _assert_old_handlers_end(self):
        def ended():
            return sorted(map(int, re.findall(r"the handlers of configuration (\d+) have stopped", self.server.log())))
        harness.wait_until(lambda: len(ended()) >= RELOADS, "the end of all handlers but the last")
        self.assertEqual(ended(), list(range(1, RELOADS + 1)))

    def _assert_threads(self):
        self.assertLessEqual(self._threads(), CONNECTIONS + SPARE_THREADS)

    def _descriptors(self):
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def _threads(self):
        return len(os.listdir(f"/proc/{self.server.pid}/task"))

    def _steady(self, count):
        """The least of what is counted: a connection's end may still be under way."""
        seen = [count()]

        def is_steady():
            seen.append(count())
            return len(seen) > 50 and len(set(seen[-50:])) == 1
        harness.wait_until(is_steady, "a steady count")
        return seen[-1]

    def _compare(self, acknowledged):
        """Each acknowledged mail once in each store, in its mailbox, whole, and no other."""
        for type_ in STORES:
            found = collections.Counter((identity_of(message), address) for address in MAILBOXES
                                        for message in mailboxes.read_mailbox(self.folder, type_, address))
            expected = collections.Counter(acknowledged.items())
            with self.subTest(type_):
                self.assertEqual(list((expected - found).elements())[:10], [], "lost")
                self.assertEqual(list((found - expected).elements())[:10], [], "doubled")


if __name__ == "__main__":
    unittest.main()

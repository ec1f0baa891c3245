"""kill -9 during a load of 50 connections: what was acknowledged is found once and whole, in every store.

The load runs until the server is killed, which happens after a number of acknowledgements that differs from round to
round, so that the kill meets every phase of a delivery. Then the server starts again on the same stores (an mbox is
repaired at its next use), and the stores are read with Python's mailbox.
"""
import hashlib
import random
import re
import socket
import threading
import unittest

import harness
import mailboxes
from wire import stuff

ROUNDS = 200 if harness.FULL and not harness.SANITIZED else 5 if harness.SANITIZED else 20
ROUNDS_ON_ONE_STORE = 5  # then a fresh one: reading it back grows with each round
CONNECTIONS = 50
MAILBOXES = [f"box{number}@b.test" for number in range(4)]
STORES = ("maildir", "mh", "mbox")


def make_message(identity, randomness, lines=None):
    """A message that proves its own wholeness: the last line is a checksum of what stands above."""
    count = lines or randomness.choice((1, 10, 200))  # up to 14 KB: in memory and in a spool file
    lines = [b"Subject: " + identity.encode(), b"", identity.encode()]
    for _ in range(count):
        lines.append(randomness.choice((b"From here ", b".", b"")) + randomness.randbytes(30).hex().encode())
    body = b"\r\n".join(lines) + b"\r\n"
    return body + b"checksum " + hashlib.sha256(mailboxes.lf(body)).hexdigest().encode() + b"\r\n"


def identity_of(stored):
    """The identity of a stored message, after checking that it is whole."""
    message = mailboxes.without_trace(stored)
    body, _, checksum = message.rpartition(b"checksum ")
    if checksum != hashlib.sha256(body).hexdigest().encode() + b"\n":
        raise AssertionError(f"torn message: {stored[:300]!r} … {stored[-200:]!r}")
    return re.search(rb"^Subject: (\S+)$", message, re.MULTILINE)[1].decode()


class Load:
    """Fifty clients that send, one mail after the other, until their connection breaks."""

    def __init__(self, server, name):
        self._server = server
        self._name = name
        self._changed = threading.Condition()
        self.sent = {}      # identity: mailbox
        self.acknowledged = {}
        self.unexpected = []
        self._threads = [threading.Thread(target=self._client, args=(number,), daemon=True)
                         for number in range(CONNECTIONS)]
        for thread in self._threads:
            thread.start()

    def _client(self, number):
        randomness = random.Random(f"{self._name}.{number}")
        try:
            with self._server.connect() as wire:
                wire.hello()
                for count in range(1_000_000):
                    self._send_one(wire, f"{self._name}.{number}.{count}", randomness)
        except (OSError, AttributeError):
            pass  # the kill: a reset, or None for a reply
        except Exception as error:  # pylint: disable=broad-except
            self.unexpected.append(error)

    def _send_one(self, wire, identity, randomness):
        mailbox = randomness.choice(MAILBOXES)
        message = make_message(identity, randomness)
        with self._changed:
            self.sent[identity] = mailbox
        wire.send(f"MAIL FROM:<a@a.test>\r\nRCPT TO:<{mailbox}>\r\nDATA\r\n")
        codes = [reply.code for reply in wire.replies(3)]
        if codes != [250, 250, 354]:
            raise AssertionError(f"{identity}: {codes}")
        wire.send(stuff(message) + b".\r\n")
        if wire.reply().code == 250:
            with self._changed:
                self.acknowledged[identity] = mailbox
                self._changed.notify_all()

    def wait_for(self, acknowledgements):
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.acknowledged) >= acknowledgements, harness.DEADLINE):
                raise AssertionError(f"{len(self.acknowledged)} acknowledged, not {acknowledgements}; {self.unexpected}")

    def join(self):
        for thread in self._threads:
            thread.join(harness.DEADLINE)


class Kill(harness.SystemTest):
    def _settings(self, store_folder):
        handlers = {}
        for name in STORES:
            keys = self.store(name)
            handlers[name] = {**keys, "path": str(keys["path"]).replace(str(self.folder), str(store_folder))}
        return self.settings(handlers, spool={"memory": "4K"})

    def test_acknowledged_mail_is_found_once_and_whole(self):
        randomness = random.Random(20)
        for round_number in range(ROUNDS):
            if round_number % ROUNDS_ON_ONE_STORE == 0:
                folder = self.folder / f"stores{round_number}"
                sent, acknowledged = {}, {}
            with self.subTest(round=round_number):
                self._kill_under_load(folder, f"r{round_number}", randomness.randrange(1, 300), sent, acknowledged)
                self._restart(folder, round_number, sent, acknowledged)
                for store in STORES:
                    with self.subTest(store=store):
                        self._check(folder, store, sent, acknowledged)
        self._no_leftovers(folder)

    def _kill_under_load(self, folder, name, acknowledgements, sent, acknowledged):
        server = self.start(self._settings(folder))
        load = Load(server, name)
        load.wait_for(acknowledgements)
        server.kill()
        load.join()
        self.assertEqual(load.unexpected, [])
        sent.update(load.sent)
        acknowledged.update(load.acknowledged)

    def _restart(self, folder, round_number, sent, acknowledged):
        """Starts again and sends one more mail to each mailbox."""
        server = self.start(self._settings(folder))
        randomness = random.Random(round_number)
        with server.connect() as wire:
            wire.hello()
            for mailbox in MAILBOXES:
                identity = f"after.{round_number}.{mailbox.partition('@')[0]}"
                self.assert_reply(wire.deliver(make_message(identity, randomness), recipients=[mailbox]), 250)
                sent[identity] = acknowledged[identity] = mailbox
        server.stop()

    def _check(self, folder, store, sent, acknowledged):
        found = [(identity_of(message), mailbox) for mailbox in MAILBOXES
                 for message in mailboxes.read_mailbox(folder, store, mailbox)]
        identities = [identity for identity, _ in found]
        self.assertEqual(len(identities), len(set(identities)), f"{store}: stored twice")
        lost = sorted(set(acknowledged) - set(identities))
        self.assertEqual(lost[:5], [], f"{store}: {len(lost)} of {len(acknowledged)} acknowledged are lost, "
                                       f"{len(identities)} are there")
        self.assertEqual([pair for pair in found if sent.get(pair[0]) != pair[1]], [], f"{store}: in the wrong mailbox")

    def _no_leftovers(self, folder):
        """What the killed runs had staged was swept at the start of the next."""
        staged = [path for path in (folder / "maildir").rglob("tmp/*") if path.is_file()]
        self.assertEqual(staged, [])
        odd = [path for path in (folder / "mh").rglob("*") if path.is_file() and not path.name.isdigit()
               and path.name != ".mh_sequences"]
        self.assertEqual(odd, [])


class KilledPeers(harness.SystemTest):
    def test_a_client_that_dies_takes_nobody_along(self):
        server = self.start()
        for _ in range(50):
            wire = server.connect(greeting=False)
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            wire.close()
        self.assert_alive(server)


if __name__ == "__main__":
    unittest.main()

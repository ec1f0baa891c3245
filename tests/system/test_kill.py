"""kill -9 during a load of 50 connections: what was acknowledged is found once and whole, in every store.

The load is mixed: small and large mails, to one mailbox, to several, to an alias, with a reload in between. It runs until
the server is killed, which happens after a number of acknowledgements that differs from round to round, so that the kill
meets every phase of a delivery. Meanwhile a mail reader looks at whatever is in sight. Then the server starts again on the same stores (an mbox is
repaired at its next use), and the stores are read with Python's mailbox.
"""
import fcntl
import hashlib
import mailbox
import random
import re
import signal
import socket
import threading
import time
import unittest

import harness
import mailboxes
from wire import stuff

ROUNDS = 200 if harness.FULL and not harness.SANITIZED else 5 if harness.SANITIZED else 20
ROUNDS_ON_ONE_STORE = 5  # then a fresh one: reading it back grows with each round
CONNECTIONS = 50
MAILBOXES = [f"box{number}@b.test" for number in range(4)]
STORES = ("maildir", "mh", "mbox")
ALIAS = "team@b.test"
TARGETS = [*([each] for each in MAILBOXES), [MAILBOXES[0], MAILBOXES[2]], MAILBOXES, [ALIAS]]
LARGEST = 1500  # lines, 100 KB; one mail in twenty
START_SECONDS = 10  # from the start on stores of a killed server to its greeting


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
        self.sent = {}      # identity: mailboxes
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
        recipients = randomness.choice(TARGETS)
        boxes = MAILBOXES[:3] if recipients == [ALIAS] else recipients
        message = make_message(identity, randomness, LARGEST if randomness.random() < 0.05 else None)
        with self._changed:
            self.sent[identity] = boxes
        wire.send("MAIL FROM:<a@a.test>\r\n" + "".join(f"RCPT TO:<{each}>\r\n" for each in recipients) + "DATA\r\n")
        codes = [reply.code for reply in wire.replies(2 + len(recipients))]
        if codes != [250] * (1 + len(recipients)) + [354]:
            raise AssertionError(f"{identity}: {codes}")
        wire.send(stuff(message) + b".\r\n")
        if wire.reply().code == 250:
            with self._changed:
                self.acknowledged[identity] = boxes
                self._changed.notify_all()

    def wait_for(self, acknowledgements):
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.acknowledged) >= acknowledgements, harness.DEADLINE):
                raise AssertionError(f"{len(self.acknowledged)} acknowledged, not {acknowledgements}; {self.unexpected}")

    def join(self):
        for thread in self._threads:
            thread.join(harness.DEADLINE)


class Reader:
    """A mail program that reads what is new, again and again: by name what a folder shows, and an mbox under its lock. What
    it sees in an mbox when its server is dead already does not count: the next one takes that back (docs/stores.md)."""

    def __init__(self, folder, scratch):
        self._folder = folder
        self._scratch = scratch
        self._seen = set()
        self._sizes = {}
        self._stopped = threading.Event()
        self.found = 0
        self.mistakes = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        """To be called before the server is killed."""
        self._stopped.set()

    def join(self):
        self._thread.join(harness.DEADLINE)

    def _run(self):
        first = True  # what an earlier round has left is skipped
        while not self._stopped.is_set():
            for address in MAILBOXES:
                user, _, domain = address.partition("@")
                for store, part in (("maildir", f"{user}/new"), ("mh", user)):
                    self._look_at(self._folder / store / domain / part, first)
                self._look_into(self._folder / "mbox" / domain / f"{user}.mbox", first)
            first = False

    def _look_at(self, folder, only_names):
        for path in folder.iterdir() if folder.exists() else ():
            if path in self._seen or path.name.startswith("."):
                continue
            self._seen.add(path)
            if not only_names:
                self._judge(path, [path.read_bytes()])

    def _look_into(self, path, only_size):
        if not path.exists():
            return
        with open(path, "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            file.seek(self._sizes.get(path, 0))
            new = file.read()
            is_valid = not self._stopped.is_set()
            self._sizes[path] = file.tell()
        if not only_size and is_valid:
            self._scratch.write_bytes(new)
            box = mailbox.mbox(self._scratch, create=False)
            self._judge(path, [mailboxes.unquote_mboxrd(box.get_bytes(key)) for key in box.keys()])
            box.close()

    def _judge(self, path, messages):
        for message in messages:
            self.found += 1
            try:
                identity_of(message)
            except AssertionError as error:
                self.mistakes.append(f"{path}: {error}")


def with_alias(folder, handlers):
    """Sections for a server that knows the mailboxes, and the alias of three of them."""
    known = folder / "known"
    known.write_text("".join(f"{each}\n" for each in MAILBOXES) + f"{ALIAS}: {', '.join(MAILBOXES[:3])}\n")
    return {"handlers": {**handlers, "known": {"type": "recipients", "file": known}}, "filters": {"chain": "known"}}


class Kill(harness.SystemTest):
    def _settings(self, store_folder):
        handlers = {}
        for name in STORES:
            keys = self.store(name)
            handlers[name] = {**keys, "path": str(keys["path"]).replace(str(self.folder), str(store_folder))}
        return self.settings(**with_alias(self.folder, handlers), spool={"memory": "4K", **harness.spool_of(self.durability)})

    def test_acknowledged_mail_is_found_once_and_whole(self):
        randomness = random.Random(20)
        self.seconds = []  # from start to greeting behind each kill
        self.read = 0
        for round_number in range(ROUNDS):
            if round_number % ROUNDS_ON_ONE_STORE == 0:
                self.durability = harness.DURABILITIES[round_number // ROUNDS_ON_ONE_STORE % len(harness.DURABILITIES)]
                folder = self.folder / f"stores{round_number}"
                sent, acknowledged = {}, {}
            with self.subTest(round=round_number, durability=self.durability):
                self._kill_under_load(folder, f"r{round_number}", randomness.randrange(1, 160), sent, acknowledged)
                self._restart(folder, round_number, sent, acknowledged)
                for store in STORES:
                    with self.subTest(store=store):
                        self._check(folder, store, sent, acknowledged)
        self._no_leftovers(folder)
        self.assertGreater(self.read, 0, "the reader has seen nothing")
        print(f"{self.read} mails read during the load; start to greeting: {max(self.seconds):.2f} s at most", flush=True)

    def _kill_under_load(self, folder, name, acknowledgements, sent, acknowledged):
        server = self.start(self._settings(folder))
        reader = Reader(folder, self.folder / "seen")
        load = Load(server, name)
        load.wait_for(acknowledgements // 2)
        server.send_signal(signal.SIGHUP)
        load.wait_for(acknowledgements)
        reader.stop()
        server.kill()
        load.join()
        reader.join()
        self.read += reader.found
        self.assertEqual(reader.mistakes, [])
        self.assertEqual(load.unexpected, [])
        sent.update(load.sent)
        acknowledged.update(load.acknowledged)

    def _restart(self, folder, round_number, sent, acknowledged):
        """Starts again and sends one more mail to each mailbox."""
        begin = time.monotonic()
        server = self.start(self._settings(folder))
        randomness = random.Random(round_number)
        with server.connect() as wire:
            self.seconds.append(time.monotonic() - begin)
            self.assertLess(self.seconds[-1], START_SECONDS, "slow to start")
            wire.hello()
            for address in MAILBOXES:
                identity = f"after.{round_number}.{address.partition('@')[0]}"
                self.assert_reply(wire.deliver(make_message(identity, randomness), recipients=[address]), 250)
                sent[identity] = acknowledged[identity] = [address]
        server.stop()

    def _check(self, folder, store, sent, acknowledged):
        found = [(identity_of(message), address) for address in MAILBOXES
                 for message in mailboxes.read_mailbox(folder, store, address)]
        self.assertEqual(len(found), len(set(found)), f"{store}: stored twice")
        expected = {(identity, address) for identity, addresses in acknowledged.items() for address in addresses}
        lost = sorted(expected - set(found))
        self.assertEqual(lost[:5], [], f"{store}: {len(lost)} of {len(expected)} acknowledged are lost, "
                                       f"{len(found)} are there")
        wrong = [(identity, address) for identity, address in found if address not in sent.get(identity, ())]
        self.assertEqual(wrong, [], f"{store}: in the wrong mailbox")

    def _no_leftovers(self, folder):
        """What the killed runs had staged was swept at the start of the next."""
        staged = [path for path in (folder / "maildir").rglob("tmp/*") if path.is_file()]
        self.assertEqual(staged, [])
        odd = [path for path in (folder / "mh").rglob("*") if path.is_file() and not path.name.isdigit()
               and path.name != ".mh_sequences" and not path.name.startswith(".mpsmtp.mh-journal.")]
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

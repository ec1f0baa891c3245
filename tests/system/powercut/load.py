"""The mail that flows while the recorder writes: twelve clients, messages of all sizes, mailboxes and folders made on the way.

Thread safety: Load's own threads, joined by run().
"""
import hashlib
import random
import re
import threading

import mailboxes
from wire import stuff

CONNECTIONS = 12
MESSAGES_FOR_ONE_MAILBOX = 12  # so many are sent before the next mailbox comes into use
LINES = (1, 1, 10, 10, 60, 200, 200, 3000)  # of 62 octets: up to 190 KB, from the spool's memory and from its files


def make_message(identity, randomness):
    """A message that proves its own wholeness: the last line is a checksum of what stands above."""
    lines = [b"Subject: " + identity.encode(), b"", identity.encode()]
    for _ in range(randomness.choice(LINES)):
        lines.append(randomness.choice((b"From here ", b".", b"")) + randomness.randbytes(30).hex().encode())
    body = b"\r\n".join(lines) + b"\r\n"
    return body + b"checksum " + hashlib.sha256(mailboxes.lf(body)).hexdigest().encode() + b"\r\n"


def look_into(stored):
    """(identity, rest) of a stored message: the identity is None if it is not whole, the rest is what follows its last line."""
    try:
        message = mailboxes.without_trace(stored)
    except AssertionError:
        return None, b""
    end = re.search(rb"^checksum ([0-9a-f]{64})\n", message, re.MULTILINE)
    if not end or end[1] != hashlib.sha256(message[:end.start()]).hexdigest().encode():
        return None, b""
    return re.search(rb"^Subject: (\S+)$", message, re.MULTILINE)[1].decode(), message[end.end():]


def address(number):
    """Three domains, and every fourth mailbox is a folder of the one before."""
    user = f"box{number - 1}+lists" if number % 4 == 3 else f"box{number}"
    return f"{user}@d{(number - 1 if number % 4 == 3 else number) % 3}.test"


class Load:
    """Sends `count` messages; knows what was sent to whom, and which reply acknowledged it."""

    def __init__(self, server, count, seed):
        self._server = server
        self._seed = seed
        self._lock = threading.Lock()
        self._count = count
        self._numbers = iter(range(count))
        self._errors = []
        self.sent = {}        # identity: addresses
        self.identities = {}  # transaction's id, as in the reply: identity

    def run(self):
        threads = [threading.Thread(target=self._client) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def run_on(self, count):
        """Sends so many more."""
        self._numbers = iter(range(self._count, self._count + count))
        self._count += count
        self.run()

    def _client(self):
        try:
            with self._server.connect() as wire:
                wire.hello()
                while (number := self._next()) is not None:
                    self._send(wire, number)
        except Exception as error:  # pylint: disable=broad-except
            self._errors.append(error)

    def _next(self):
        with self._lock:
            return next(self._numbers, None)

    def _send(self, wire, number):
        identity = f"mail{number}"
        randomness = random.Random(f"{self._seed}.{number}")
        pool = 2 + number // MESSAGES_FOR_ONE_MAILBOX
        addresses = [address(each) for each in randomness.sample(range(pool), randomness.choice((1, 1, 2)))]
        with self._lock:
            self.sent[identity] = addresses
        message = make_message(identity, randomness)
        recipients = "".join(f"RCPT TO:<{each}>\r\n" for each in addresses)
        wire.send(f"MAIL FROM:<a@a.test>\r\n{recipients}DATA\r\n")
        replies = wire.replies(len(addresses) + 2)
        wire.send(stuff(message) + b".\r\n")
        replies.append(wire.reply())
        codes = [reply and reply.code for reply in replies]
        if codes != [250] * (len(addresses) + 1) + [354, 250]:
            raise AssertionError(f"{identity}: {codes} {replies[-1]!r}")
        with self._lock:
            self.identities[re.search(r"Ok: (\S+)", replies[-1].text)[1]] = identity

"""Mixed load for a long time, with a reload every few seconds: memory, threads and descriptors stay flat, no
acknowledged mail is lost or doubled, and SIGTERM under load ends with 0 in time.

Half an hour with MPSMTP_FULL=1, otherwise 25 seconds; MPSMTP_SOAK=SECONDS takes precedence. What was sampled, once a
second, is left in build/soak: soak.csv, and soak.svg to look at. A soak is the one test that is driven by time.
"""
import collections
import csv
import hashlib
import os
import pathlib
import random
import re
import signal
import socket
import statistics
import threading
import time
import unittest

import harness
import mailboxes
from test_kill import make_message
from wire import stuff

SECONDS = int(os.environ.get("MPSMTP_SOAK") or (25 if not harness.FULL else 120 if harness.SANITIZED else 1800))
CLIENTS = 12
RELOAD_SECONDS = 3
STORED_PER_SECOND = 20  # transactions into stores; the rest is discarded, so that half an hour fits on a disk
GRACE_SECONDS = 10
STORES = ("maildir", "mh", "mbox")
BOXES = [f"box{number}" for number in range(4)]
RESULTS = harness.BUILD / "soak"

# What the median of the last quarter may have above that of the second. RSS: an arena of malloc holds on to what its
# threads have freed, up to M_TRIM_THRESHOLD and a spool buffer each. VmSize: one more arena is reserved with 64 MiB and one
# more thread with its stack. Threads and descriptors: the sessions open at a moment, and the folders of one generation.
MARGINS = {"rss_kib": 8 * 1024, "size_kib": 160 * 1024, "threads": CLIENTS, "descriptors": 2 * CLIENTS}
NOT_WITH_SANITIZERS = ("rss_kib", "size_kib")  # they keep what was freed, to find its use

# Who gets what: {domain: (stores, share of the transactions in percent)}; discard takes the rest.
TARGETS = {"maildir.test": (("maildir",), 4), "mh.test": (("mh",), 4), "mbox.test": (("mbox",), 4),
           "all.test": (STORES, 3), "known.test": (("maildir", "mh"), 3)}
REFUSALS = {"x@refused.test": "550 5.7.1", "nobody@known.test": "550 5.1.1", "stranger@elsewhere.test": "550 5."}


def sections(test, number):
    """The configuration of the reload `number`: name, limits, listeners and log differ from one to the next."""
    handlers = {store: test.store(store) for store in STORES}
    handlers["void"] = {"type": "discard"}
    handlers["known"] = {"type": "recipients", "file": test.folder / "known", "domains": "known.test"}
    handlers["fields"] = {"type": "headers", "add": "X-Soak: yes"}
    handlers["mischief"] = {"type": "faults",
                            "rule1": 'on message header.Subject=refuse* do reply="554 5.7.1 Refused by a rule"'}
    routes = {domain: ", ".join(stores) for domain, (stores, _) in TARGETS.items()}
    result = test.settings(
        handlers, server={"hostname": f"soak{number % 2}.test", "shutdown_grace": f"{GRACE_SECONDS}s"},
        limits={"recipients": 100 + number % 7}, filters={"chain": "known, fields, mischief"},
        logging={"target": test.folder / "soak.log" if number % 2 else "stderr"}, spool={"memory": "4K"})
    if number % 3 == 1:
        result["listener:more"] = {"address": "127.0.0.1:0"}
    for place, (domain, deliver) in enumerate(routes.items()):
        result[f"route:r{place}"] = {"to": f"*@{domain}", "deliver": deliver}
    result["route:void"] = {"to": "*@discard.test", "deliver": "void"}
    result["route:refused"] = {"to": "*@refused.test", "reject": "550 5.7.1 Not here"}
    return result


def known_recipients():
    return "".join(f"{box}@known.test: {box}@maildir.test, {box}@mh.test\n" for box in BOXES)


def identity_of(stored):
    """The identity of a stored message, after checking that it is whole and that the filter's field is there once."""
    field, _, message = mailboxes.without_trace(stored).partition(b"\n")
    if field != b"X-Soak: yes":
        raise AssertionError(f"not the field of the filter: {field!r}")
    body, _, checksum = message.rpartition(b"checksum ")
    if checksum != hashlib.sha256(body).hexdigest().encode() + b"\n":
        raise AssertionError(f"torn message: {stored[:300]!r}")
    return re.search(rb"^Subject: (\S+)$", message, re.MULTILINE)[1].decode()


class Allowance:
    """How many transactions may go into stores by now."""

    def __init__(self, per_second):
        self._began = time.monotonic()
        self._per_second = per_second
        self._lock = threading.Lock()
        self._used = 0

    def take(self):
        with self._lock:
            if self._used > (time.monotonic() - self._began) * self._per_second:
                return False
            self._used += 1
            return True


class Load:
    """Clients of every kind, until the server stops."""

    def __init__(self, server):
        self._server = server
        self._allowance = Allowance(STORED_PER_SECOND)
        self._lock = threading.Lock()
        self.is_stopping = False
        self.acknowledged = {}  # identity: (box, stores)
        self.uncertain = {}     # sent by clients that did not wait for the reply
        self.count = collections.Counter()
        self.unexpected = []
        self._threads = [threading.Thread(target=self._client, args=(number,), daemon=True) for number in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def join(self):
        for thread in self._threads:
            thread.join(harness.DEADLINE)
        if any(thread.is_alive() for thread in self._threads):
            raise AssertionError("a client hangs")

    def _client(self, number):
        randomness = random.Random(number)
        session = 0
        while not self.is_stopping and not self.unexpected:
            session += 1
            try:
                self._session(f"{number}.{session}", randomness)
            except Exception as error:  # pylint: disable=broad-except
                if not self.is_stopping:
                    with self._lock:
                        self.unexpected.append(f"client {number}: {error!r}")

    def _session(self, name, randomness):
        if randomness.random() < 0.05:
            return self._vanish(name, randomness)
        with self._server.connect() as wire:
            wire.hello()
            for turn in range(randomness.choice((1, 3, 20))):
                if self.is_stopping:
                    return None
                self._transaction(wire, f"{name}.{turn}", randomness)
            wire.expect("QUIT", 221)
        return None

    def _transaction(self, wire, identity, randomness):
        lot = randomness.randrange(100)
        if lot < 5:
            return self._refused_recipient(wire, randomness)
        if lot < 8:
            return self._refused_message(wire, identity, randomness)
        for domain, (stores, share) in TARGETS.items():
            if lot >= 100 - share and self._allowance.take():
                return self._store(wire, identity, domain, stores, randomness)
            lot += share
        return self._discard(wire, identity, randomness)

    def _refused_recipient(self, wire, randomness):
        recipient, refusal = randomness.choice(list(REFUSALS.items()))
        wire.expect("MAIL FROM:<a@a.test>", 250)
        reply = wire.command(f"RCPT TO:<{recipient}>")
        if not repr(reply).startswith(refusal):
            raise AssertionError(f"{recipient} got {reply!r}")
        wire.expect("RSET", 250)
        self._note("refused recipients")

    def _refused_message(self, wire, identity, randomness):
        self._expect(wire, make_message("refuse." + identity, randomness), "box0@all.test", 554)
        self._note("refused messages")

    def _discard(self, wire, identity, randomness):
        self._expect(wire, make_message(identity, randomness), "x@discard.test", 250)
        self._note("discarded")

    def _store(self, wire, identity, domain, stores, randomness):
        box = randomness.choice(BOXES)
        self._expect(wire, make_message(identity, randomness), f"{box}@{domain}", 250, (identity, box, stores))
        self._note("stored")

    def _expect(self, wire, message, recipient, code, place=None):
        if place:  # until the reply is there
            self._remember(self.uncertain, place)
        reply = wire.deliver(message, recipients=[recipient])
        if reply is None or reply.code != code:
            raise AssertionError(f"a mail to {recipient} got {reply!r}")
        if place:
            self._remember(self.acknowledged, place)

    def _vanish(self, name, randomness):
        """Resets the connection: at once, in the envelope, in the data, or behind the final dot."""
        wire = self._server.connect(greeting=False)
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        message = stuff(make_message(name, randomness))
        envelope = b"EHLO c\r\nMAIL FROM:<a@a.test>\r\nRCPT TO:<box0@maildir.test>\r\n"
        octets = randomness.choice((b"", envelope, envelope + b"DATA\r\n" + message[:-20],
                                    envelope + b"DATA\r\n" + message + b".\r\n"))
        if octets.endswith(b".\r\n"):
            self._remember(self.uncertain, (name, "box0", ("maildir",)))
        wire.send(octets)
        if randomness.random() < 0.5:
            wire.reply()
        wire.close()
        self._note("vanished")

    def _remember(self, table, place):
        identity, box, stores = place
        with self._lock:
            table[identity] = (box, stores)

    def _note(self, what):
        with self._lock:
            self.count[what] += 1


class Samples:
    """Once a second: memory, threads, descriptors."""

    COLUMNS = ("seconds", "rss_kib", "size_kib", "threads", "descriptors", "transactions")

    def __init__(self):
        self.rows = []

    def take(self, seconds, pid, transactions):
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        values = [int(re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)[1]) for name in ("VmRSS", "VmSize", "Threads")]
        self.rows.append((round(seconds, 1), *values, len(os.listdir(f"/proc/{pid}/fd")), transactions))

    def column(self, name):
        return [row[self.COLUMNS.index(name)] for row in self.rows]

    def quarters(self, name):
        """The medians of the second and of the last quarter."""
        values = self.column(name)
        quarter = len(values) // 4
        return statistics.median(values[quarter:2 * quarter]), statistics.median(values[3 * quarter:])

    def write(self, folder):
        folder.mkdir(exist_ok=True)
        with open(folder / "soak.csv", "w", encoding="ascii", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(self.COLUMNS)
            writer.writerows(self.rows)
        (folder / "soak.svg").write_text(self._plot(), encoding="ascii")

    def _plot(self, width=900, height=130, left=110):
        """A panel for each column, from 0 to its maximum."""
        names = self.COLUMNS[1:]
        end = max(self.column("seconds")) or 1
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height * len(names) + 30}" '
                 'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>']
        for place, name in enumerate(names):
            top, bottom = place * height + 20, (place + 1) * height
            most = max(self.column(name)) or 1
            points = " ".join(
                f"{left + x / end * (width - left - 20):.1f},{bottom - y / most * (bottom - top):.1f}"
                for x, y in zip(self.column("seconds"), self.column(name)))
            parts += [f'<text x="8" y="{top + 12}">{name}</text><text x="8" y="{top + 28}">max {most}</text>',
                      f'<path d="M{left} {top}V{bottom}H{width - 20}" fill="none" stroke="gray"/>',
                      f'<polyline points="{points}" fill="none" stroke="navy"/>']
        parts.append(f'<text x="{left}" y="{height * len(names) + 20}">0 to {end} seconds</text></svg>')
        return "\n".join(parts) + "\n"


class Soak(harness.SystemTest):
    def setUp(self):
        super().setUp()
        (self.folder / "known").write_text(known_recipients())
        self.file = self.folder / "mpsmtp.ini"
        self.samples = Samples()
        self.generation = 1

    def test_nothing_grows_and_nothing_is_lost(self):
        server = self.start(sections(self, 0))
        load = Load(server)
        self._run(server, load)
        load.is_stopping = True
        self._stop_in_time(server)
        load.join()
        self.samples.write(RESULTS)
        self.assertEqual(load.unexpected, [], self._log(server)[-2000:])
        for what in ("discarded", "stored", "refused recipients", "refused messages", "vanished"):
            self.assertGreater(load.count[what], 0, what)
        self._report(load)
        self._assert_stored_once(load)
        self._assert_flat()

    def _run(self, server, load):
        began = time.monotonic()
        pace = threading.Event()  # never set: an even pace is what this test is about
        for second in range(1, SECONDS + 1):
            pace.wait(max(0, began + second - time.monotonic()))
            self.assertIsNone(server.process.poll(), self._log(server)[-2000:])
            if load.unexpected:
                return
            self.samples.take(time.monotonic() - began, server.pid, sum(load.count.values()))
            if second % RELOAD_SECONDS == 0:
                self._reload(server)
            if second % 10 == 5:
                self._rotate_log(server)

    def _reload(self, server):
        self.generation += 1
        since = server.stderr.count()  # half an hour's log, searched anew each time, would leave the clients no time
        self.file.write_text(harness.ini(sections(self, self.generation)))
        server.send_signal(signal.SIGHUP)
        line = f"configuration {self.generation} is in use"
        harness.wait_until(lambda: line in self._log(server, since), line)

    def _rotate_log(self, server):
        """As logrotate does; what is in the old file is over, and the test's folder does not fill up."""
        log = self.folder / "soak.log"
        if log.exists():
            log.replace(self.folder / "soak.log.1")
        server.send_signal(signal.SIGUSR1)

    def _log(self, server, since=0):
        return server.stderr.text(since) + "".join((self.folder / name).read_text() for name in ("soak.log.1", "soak.log")
                                      if (self.folder / name).exists())

    def _stop_in_time(self, server):
        began = time.monotonic()
        server.stop()
        self.stop_seconds = time.monotonic() - began
        self.assertLess(self.stop_seconds, GRACE_SECONDS + 5)

    def _report(self, load):
        print(f"{SECONDS} s, {self.generation - 1} reloads, {dict(load.count)}, {len(load.acknowledged)} acknowledged into "
              f"stores, {len(load.uncertain) - len(load.acknowledged)} whose client did not wait, "
              f"stopped in {self.stop_seconds:.2f} s")
        for name in MARGINS:
            print(f"{name}: median of the second quarter %g, of the last %g, most {max(self.samples.column(name))}"
                  % self.samples.quarters(name))

    def _assert_flat(self):
        for name, margin in MARGINS.items():
            if harness.SANITIZED and name in NOT_WITH_SANITIZERS:
                continue
            with self.subTest(name):
                second, last = self.samples.quarters(name)
                self.assertLessEqual(last, second + margin)

    def _assert_stored_once(self, load):
        for store in STORES:
            found = collections.Counter((identity_of(message), box) for box in BOXES for message in self._stored(store, box))
            sure = {(identity, box) for identity, (box, stores) in load.acknowledged.items() if store in stores}
            possible = {(identity, box) for identity, (box, stores) in load.uncertain.items() if store in stores}
            with self.subTest(store):
                self.assertGreater(len(sure), 0)
                self.assertEqual([place for place, times in found.items() if times > 1][:5], [], "doubled")
                self.assertEqual(sorted(sure - set(found))[:5], [], "lost")
                self.assertEqual(sorted(set(found) - sure - possible)[:5], [], "from nowhere")

    def _stored(self, store, box):
        """A redirected mail is in the mailbox of the address that it was redirected to."""
        for domain in TARGETS:
            yield from mailboxes.read_mailbox(self.folder, store, f"{box}@{domain}")


if __name__ == "__main__":
    unittest.main()

"""Clients out for harm (hostile.py): the others stay served, and when they have gone nothing of them is left.

MPSMTP_FULL=1: 10,000 idle clients, a line of 1 GB, 100,000 commands. Ratios of latency are printed; their bound is
generous, since other tests share the machine: scripts/bench --row beside-… measures them.
"""
import contextlib
import pathlib
import re
import resource
import statistics
import time
import unittest

import harness
import hostile

MANY = 10_000 if harness.FULL else 1000
COMMANDS = 100_000 if harness.FULL else 5000
LINE = (1 << 30) if harness.FULL else (64 << 20)
LIMIT = MANY + 100  # connections of one client
IDLE_KIB = 12  # of RSS a connection
TRIES = 15
SLACK_SECONDS = 0.25  # with other sessions open a wait yields to whatever else runs on the machine
SLACK_KIB = 8 * 1024
RETURN_SECONDS = 150  # until threads that nobody needs have ended


class Footprint:
    """Threads, descriptors and memory of a process."""

    def __init__(self, pid):
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        self.threads = int(re.search(r"Threads:\s+(\d+)", status)[1])
        self.kib = int(re.search(r"VmRSS:\s+(\d+)", status)[1])
        self.descriptors = len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))

    def __repr__(self):
        return f"{self.threads} threads, {self.descriptors} descriptors, {self.kib} KiB"


@unittest.skipIf(harness.SANITIZED, "a sanitizer's memory and time are its own")
class HostileClients(harness.SystemTest):
    def setUp(self):
        super().setUp()
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard < LIMIT + 1000:
            self.skipTest(f"at most {hard} descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.server = self.start(self.settings(
            {"nothing": {"type": "discard"}}, server={"threads": LIMIT + 100},
            limits={"connections": LIMIT + 100, "connections_per_client": LIMIT}))
        self._latency()
        self.before = Footprint(self.server.pid)

    def _latency(self):
        """Median seconds of a session with one mail, of a client that behaves."""
        seconds = []
        for _ in range(TRIES):
            begin = time.monotonic()
            self.assert_alive(self.server)
            seconds.append(time.monotonic() - begin)
        return statistics.median(seconds)

    @contextlib.contextmanager
    def _others_stay_served(self, name, attack):
        quiet = self._latency()
        with attack as sockets:
            yield sockets
            during = self._latency()
            print(f"{name}: {during / quiet:.2f} x the latency of {quiet * 1000:.1f} ms", flush=True)
            self.assertLess(during, 10 * quiet + SLACK_SECONDS)
        harness.wait_until(lambda: Footprint(self.server.pid).descriptors <= self.before.descriptors,
                           f"the descriptors of {name} are closed")

    def _returns(self):
        def has_returned():
            now = Footprint(self.server.pid)
            return now.threads <= self.before.threads + 4 and now.kib <= self.before.kib * 1.05 + SLACK_KIB
        harness.wait_until(has_returned, "threads and memory are given back", RETURN_SECONDS)
        print(f"before: {self.before}, after: {Footprint(self.server.pid)}", flush=True)

    def test_all_of_them_harm_nobody_and_leave_nothing(self):
        """One after the other at one server: threads end seconds after they were needed last, so that is awaited once."""
        for attack in (self._idle_clients_cost_little, self._half_done_sessions, self._clients_that_never_read,
                       self._floods, self._those_above_the_limit_of_a_client):
            attack()
        self._returns()

    def _idle_clients_cost_little(self):
        for name, octets in (("idle", b""), ("idle after EHLO", b"EHLO x\r\n")):
            with self._others_stay_served(name, hostile.clients(self.server, MANY, lambda _: octets)) as sockets:
                if octets:
                    for client in sockets:
                        client.recv(512)
                each = (Footprint(self.server.pid).kib - self.before.kib) / MANY
                print(f"{name}: {each:.2f} KiB a connection", flush=True)
                if not octets:  # behind it the allocator's own caches count too
                    self.assertLessEqual(each, IDLE_KIB)

    def _half_done_sessions(self):
        beginning = lambda number: hostile.BEGINNINGS[number % len(hostile.BEGINNINGS)]
        for name, attack in (
                ("half-open", hostile.clients(self.server, MANY, beginning)),
                ("half-closed", hostile.clients(self.server, MANY, beginning, half_close=True)),
                ("all vanish within DATA",
                 hostile.clients(self.server, MANY, lambda _: hostile.BEGINNINGS[4], part=hostile.reset))):
            with self._others_stay_served(name, attack):
                pass

    def _clients_that_never_read(self):
        with self._others_stay_served("never reading", hostile.clients(self.server, 200, part=hostile.reset)) as sockets:
            hostile.fill(sockets)

    def _floods(self):
        for name, work, *arguments in (
                ("connect and reset", hostile.connect_and_reset, MANY),
                ("a long line", hostile.one_long_line, LINE),
                ("bad commands", hostile.commands, b"XYZZY\r\n", COMMANDS),
                ("RCPT", hostile.commands, b"RCPT TO:<b@b.test>\r\n", COMMANDS),
                ("random octets", hostile.random_octets, MANY // 2)):
            with self._others_stay_served(name, hostile.flood(work, self.server, *arguments)):
                pass
            self.assertLess(Footprint(self.server.pid).kib, self.before.kib + 32 * 1024, name)

    def _those_above_the_limit_of_a_client(self):
        with self._others_stay_served("above the limit", hostile.clients(self.server, LIMIT)):
            with hostile.refused(self.server, 500) as replies:
                self.assertEqual(replies, {b"421"})


class SlowClients(harness.ServedTest):
    """Each has a deadline in every state, however it trickles; the thread and the descriptor are free then."""

    sections = {"limits": {"command_timeout": "2s", "data_timeout": "2s"}}
    STATES = {
        "command": (),
        "argument": (b"MAIL FROM:<",),
        "transaction": (b"MAIL FROM:<a@a.test>\r\n",),
        "data": (b"MAIL FROM:<a@a.test>\r\n", b"RCPT TO:<b@b.test>\r\n", b"DATA\r\n"),
        "chunk": (b"MAIL FROM:<a@a.test>\r\n", b"RCPT TO:<b@b.test>\r\n", b"BDAT 100000\r\n"),
    }

    def test_an_octet_a_second_does_not_prolong_a_session(self):
        loris = {}
        for name, before in self.STATES.items():
            wire = self.hello()
            for line in before:
                wire.send(line)
            loris[name] = wire
        end = time.monotonic() + harness.DEADLINE
        while loris and time.monotonic() < end:
            for name, wire in list(loris.items()):
                if self._has_ended(wire):
                    del loris[name]
        self.assertEqual(loris, {}, "never ended")
        self.assert_alive(self.server)

    @staticmethod
    def _has_ended(wire):
        wire.socket.settimeout(0.2)  # the slowness is the point: no octets in between
        try:
            wire.socket.sendall(b"x")
            return not wire.socket.recv(65536)
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def test_who_never_reads_is_dropped(self):
        quiet = len(list(pathlib.Path(f"/proc/{self.server.pid}/fd").iterdir()))
        sockets = [hostile.connect(self.server) for _ in range(20)]
        self.addCleanup(lambda: [client.close() for client in sockets])
        hostile.fill(sockets)
        harness.wait_until(lambda: len(list(pathlib.Path(f"/proc/{self.server.pid}/fd").iterdir())) <= quiet,
                           "clients that never read are dropped")
        self.assert_alive(self.server)


if __name__ == "__main__":
    unittest.main()

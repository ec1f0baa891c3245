"""HTTP clients that mean no good, in thousands, and scrapes while the server stops or its address moves: mail is not touched,
/livez answers, each answer is whole or there is none, and what they took is given back.
"""
import contextlib
import os
import resource
import signal
import socket
import threading
import time
import unittest

import harness
import test_metrics

CROWD = 10_000
STOPS = 30 if harness.FULL else 6
MOVES = 60 if harness.FULL else 12
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
LONG_LINE = b"GET /" + b"x" * 100_000

# What they say, and whether they close their side behind it.
CROWDS = {"silent": (b"", False), "slow": (REQUEST[:-2], False), "half-closed": (REQUEST[:-2], True),
          "asks and never reads": (REQUEST, False), "asks, half-closed, and never reads": (REQUEST, True),
          "a line without end": (LONG_LINE, False), "pipelined": (REQUEST * 20, False), "TLS": (b"\x16\x03\x01" + b"\0" * 60, False),
          "garbage": (bytes(range(128, 256)) * 20, True)}


def answer_of(address, request=REQUEST):
    """"whole", "refused" if not one octet came, or what came."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    octets = b""
    with socket.socket(family) as client:
        client.settimeout(harness.DEADLINE)
        try:
            client.connect(address)
            client.sendall(request)
            while part := client.recv(65536):
                octets += part
        except (ConnectionError, FileNotFoundError):
            pass
    if not octets:
        return "refused"
    head, _, body = octets.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    return "whole" if int(fields.get(b"content-length", -1)) == len(body) else repr(octets)


class Scrapers:
    """Threads that scrape without end; each outcome is counted."""

    def __init__(self, *addresses, threads=2):
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self.outcomes = {}
        self._threads = [threading.Thread(target=self._scrape, args=(address,), daemon=True)
                         for address in addresses for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _scrape(self, address):
        while not self._is_over.is_set():
            outcome = answer_of(address)
            with self._lock:
                self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def count(self, outcome):
        with self._lock:
            return self.outcomes.get(outcome, 0)

    def stop(self):
        self._is_over.set()
        for thread in self._threads:
            thread.join(harness.DEADLINE)
        return self.outcomes


class HttpClientsTest(test_metrics.MetricsTest):
    def held(self):
        """Sockets and other descriptors, and threads, of the server."""
        descriptors = len(os.listdir(f"/proc/{self.server.pid}/fd"))
        return descriptors, len(os.listdir(f"/proc/{self.server.pid}/task"))

    def at_rest(self):
        """As held(), when the answered are gone: a connection is closed behind its answer, and its client may be faster."""
        looks = []
        for _ in range(10):
            looks.append(self.held())
            time.sleep(0.03)
        return min(looks)

    def address(self):
        host, _, port = self.web.rpartition(":")
        return host, int(port)

    def assert_serves(self):
        self.assertEqual(self.request("/livez")[0], 200)
        self.assertEqual(answer_of(self.address()), "whole")
        self.send(3)


class Crowds(HttpClientsTest):
    def setUp(self):
        super().setUp()
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = CROWD + 1000
        if limits[0] < wanted:
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, limits[1])))
            except (ValueError, PermissionError) as error:
                self.skipTest(f"{wanted} descriptors: {error}")
            self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)

    def crowd(self, octets, closes, count):
        """So many clients at once; each says its word as far as the server takes it."""
        clients = contextlib.ExitStack()
        self.addCleanup(clients.close)
        for _ in range(count):
            client = clients.enter_context(socket.create_connection(self.address(), timeout=harness.DEADLINE))
            client.setblocking(False)
            with contextlib.suppress(OSError):
                client.send(octets)
                if closes:
                    client.shutdown(socket.SHUT_WR)
        return clients

    def test_thousands_of_each_kind_hold_up_nobody_and_leave_nothing(self):
        self.serve()
        self.assert_serves()
        descriptors, threads = self.at_rest()
        for what, (octets, closes) in CROWDS.items():
            with self.subTest(what), self.crowd(octets, closes, CROWD // len(CROWDS)):
                self.assert_serves()
                self.assertLess(self.held()[0], descriptors + 200, "their number is bounded")
            harness.wait_until(lambda: self.held()[0] <= descriptors, f"the descriptors, as before: {what}")
        harness.wait_until(lambda: self.held()[1] <= threads + 4, "the threads, as before")

    def test_ten_thousand_that_say_nothing(self):
        self.serve()
        self.assert_serves()
        descriptors, _ = self.at_rest()
        with self.crowd(b"", False, CROWD):
            for _ in range(20):
                self.assert_serves()
        harness.wait_until(lambda: self.held()[0] <= descriptors, "the descriptors, as before")

    def test_mail_is_taken_while_they_come_and_go(self):
        self.serve()
        is_over = threading.Event()

        def come_and_go():
            while not is_over.is_set():
                self.crowd(REQUEST[:20], False, 100).close()
        crowd = threading.Thread(target=come_and_go, daemon=True)
        crowd.start()
        try:
            for _ in range(10):
                self.assert_serves()
        finally:
            is_over.set()
            crowd.join(harness.DEADLINE)

    @unittest.skipIf("undefined" in harness.SANITIZERS, "a sanitizer needs descriptors of its own")
    def test_probes_are_answered_without_a_descriptor_left(self):
        """Mail has used them all up; and silent clients come on top of it."""
        self.serve()
        self.assert_serves()
        limits = resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE)
        descriptors, _ = self.at_rest()
        resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, (descriptors, limits[1]))
        try:
            for count in (0, 1, 50):
                with self.subTest(count), self.crowd(b"", False, count):
                    for _ in range(20):
                        self.assertEqual(self.request("/livez")[0], 200)
                        self.assertEqual(answer_of(self.address()), "whole")
        finally:
            resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, limits)
        self.assert_serves()
        harness.wait_until(lambda: self.held()[0] <= descriptors, "the descriptors, as before")


    @unittest.skipIf("undefined" in harness.SANITIZERS, "a sanitizer needs descriptors of its own")
    def test_the_figures_of_a_process_without_a_descriptor_left_say_so(self):
        """An alert on open descriptors is for this moment; and a start time of 0 would look like a restart."""
        self.serve()
        before = self.sample()
        limits = resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE)
        descriptors, _ = self.at_rest()
        resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, (descriptors, limits[1]))
        try:
            now = self.sample()
        finally:
            resource.prlimit(self.server.pid, resource.RLIMIT_NOFILE, limits)
        self.assertEqual((now("process_open_fds"), now("process_max_fds")), (descriptors, descriptors))
        self.assertEqual(now("process_start_time_seconds"), before("process_start_time_seconds"))
        for name in ("process_resident_memory_bytes", "process_virtual_memory_bytes", "process_threads"):
            self.assertGreater(now(name), 0, name)


class Ends(HttpClientsTest):
    # A long page: one that is cut would be seen.
    handlers = {f"bin{i}": {"type": "discard", "required": "no"} for i in range(40)}

    def test_at_a_stop_each_answer_is_whole_or_there_is_none(self):
        for stop in range(STOPS):
            self.serve({**self.handlers, "bin": {"type": "discard"}})
            scrapers = Scrapers(self.address(), threads=3)
            harness.wait_until(lambda: scrapers.count("whole") >= 20, "scrapes")
            self.server.stop()
            harness.wait_until(lambda: scrapers.count("refused") >= 4, "refusals")
            self.assertLessEqual(set(scrapers.stop()), {"whole", "refused"}, f"stop {stop}")

    def test_while_an_address_moves_each_answer_is_whole_or_there_is_none(self):
        """And the one that stays does not miss a scrape."""
        with socket.create_server(("127.0.0.2", 0)) as free:
            moving = free.getsockname()
        stays, unix = str(self.folder / "stays.sock"), str(self.folder / "moves.sock")
        everywhere = f"unix:{stays}, 127.0.0.2:{moving[1]}, unix:{unix}"
        self.serve({**self.handlers, "bin": {"type": "discard"}}, http=everywhere)
        path = self.folder / "mpsmtp.ini"
        text = path.read_text()
        # No more than there are threads, or the longest visit might have to make room on a slow machine.
        steady, others = Scrapers(stays, threads=1), Scrapers(moving, unix, threads=1)
        for move in range(MOVES):
            addresses = everywhere if move % 2 else f"unix:{stays}"
            before = others.count("whole" if move % 2 else "refused")
            path.write_text(text.replace(everywhere, addresses))
            self.server.send_signal(signal.SIGHUP)
            self.assertTrue(self.server.stderr.wait_for(rf"configuration {move + 2} is in use"))
            harness.wait_until(lambda: others.count("whole" if move % 2 else "refused") >= before + 10, "scrapes")
        self.assertEqual(set(steady.stop()), {"whole"})
        self.assertLessEqual(set(others.stop()), {"whole", "refused"})
        path.write_text(text.replace(f"[http]\naddress = {everywhere}\n", ""))
        self.server.send_signal(signal.SIGHUP)
        self.assertTrue(self.server.stderr.wait_for("HTTP on .* has been closed", count=2 * (MOVES // 2) + 3))
        self.assertEqual(answer_of(stays), "refused")
        self.send(1)


if __name__ == "__main__":
    unittest.main()

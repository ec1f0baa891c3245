"""/metrics, /livez and /readyz as scrapers, load balancers and bad clients meet them: what is counted is what happened, two
parsers that are not ours take the text, and nothing done here is felt by mail.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import unittest

import harness

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's, whichever Python runs this
try:
    from prometheus_client.openmetrics import parser as openmetrics
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    openmetrics = None

PROMTOOL = harness.TOOLS / "prometheus/usr/bin/promtool"
ALERTS = harness.REPOSITORY / "etc/prometheus/mpsmtpd-alerts.yml"
ALERTS_TEST = pathlib.Path(__file__).with_name("mpsmtpd-alerts.test.yml")
DASHBOARD = harness.REPOSITORY / "etc/grafana/mpsmtpd.json"
PAGE = harness.REPOSITORY / "docs/metrics.md"
SERVED = r"are served on (\S+)"
MAIL = b"Subject: x\r\n\r\nbody\r\n"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
SCRAPES = 10000 if harness.FULL else 1000


class Sample:
    """The samples of one scrape, by name and labels."""

    def __init__(self, text):
        self.values = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name, _, labels, value = re.fullmatch(r"(\w+)(\{(.*)\})? (\S+)", line).groups()
            key = (name, frozenset(re.findall(r'(\w+)="([^"]*)"', labels or "")))
            assert key not in self.values, line
            self.values[key] = float(value)

    def __call__(self, name, **labels):
        return self.values[name, frozenset(labels.items())]

    def total(self, name, **labels):
        return sum(value for (each, have), value in self.values.items()
                   if each == name and frozenset(labels.items()) <= have)


class MetricsTest(harness.SystemTest):
    def serve(self, handlers=None, listeners=1, http="127.0.0.1:0", **sections):
        """Starts a server with an HTTP side, and returns it; self.web is where that is."""
        settings = self.settings(handlers or {"bin": {"type": "discard"}}, http={"address": http}, **sections)
        self.server = self.start(settings, listeners=listeners)
        self.web = self.server.stderr.wait_for(SERVED)[1]
        return self.server

    def request(self, path, method="GET", web=None, body=None, **headers):
        host, _, port = (web or self.web).rpartition(":")
        connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=harness.DEADLINE)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()

    def text(self, **headers):
        status, _, text = self.request("/metrics", **headers)
        self.assertEqual(status, 200)
        return text

    def sample(self):
        return Sample(self.text())

    def until_idle(self):
        """The figures when no session is left: what it counted is written down then."""
        def idle():
            now = self.sample()
            return now if now.total("mpsmtp_connections") == 0 else None
        return harness.wait_until(idle, "the end of all sessions")

    def send(self, count=1, recipients=("b@b.test",), code=250, message=MAIL):
        with self.server.connect() as wire:
            wire.hello()
            for _ in range(count):
                self.assert_reply(wire.deliver(message, recipients=list(recipients)), code)
            wire.expect("QUIT", 221)

    def check_text(self, text):
        """By those who will read it."""
        if PROMTOOL.exists():
            checked = subprocess.run([PROMTOOL, "check", "metrics"], input=text, text=True, capture_output=True, check=False)
            self.assertEqual((checked.returncode, checked.stderr), (0, ""), checked.stdout)
        if openmetrics:
            self.assertGreater(len(list(text_string_to_metric_families(text))), 30)
            open_text = self.text(Accept=OPENMETRICS)
            families = list(openmetrics.text_string_to_metric_families(open_text))
            self.assertGreater(len(families), 30)
            self.assertTrue(open_text.endswith("# EOF\n"))


class Figures(MetricsTest):
    def test_a_known_run_is_counted_exactly(self):
        self.serve({"bin": {"type": "discard"}, "mischief": {"type": "faults",
                    "rule1": "on rcpt to=no@* do reply=\"550 5.1.1 No\"", "rule2": "on message from=bad@* do reply=\"451 4.3.0 Later\""}},
                   filters={"chain": "mischief"}, limits={"message_size": "10K", "recipients": 3})
        fresh = self.sample()
        self.assertEqual(fresh("mpsmtp_transactions_total", code="250"), 0)
        self.send(7)
        with self.server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(MAIL, sender="bad@a.test"), 451)
            wire.expect("MAIL FROM:<a@a.test>", 250)
            wire.expect("RCPT TO:<no@b.test>", 550)
            wire.expect("RCPT TO:<", 501)
            for _ in range(3):
                wire.expect("RCPT TO:<b@b.test>", 250)
            wire.expect("RCPT TO:<b@b.test>", 452)
            wire.expect("RSET", 250)
            wire.expect("MAIL FROM:<a@a.test> SIZE=99999", 552)
            wire.expect("NONSENSE", 500)
            wire.expect("QUIT", 221)
        now = self.until_idle()
        self.assertEqual(now("mpsmtp_transactions_total", code="250"), 7)
        self.assertEqual(now("mpsmtp_transactions_total", code="451"), 1)
        self.assertEqual(now("mpsmtp_transactions_total", code="552"), 1)
        self.assertEqual(now("mpsmtp_transactions_total", code="none"), 1)
        self.assertEqual(now.total("mpsmtp_transactions_total"), 10)
        self.assertEqual(now("mpsmtp_transactions_open"), 0)
        self.assertEqual(now("mpsmtp_recipients_total", outcome="accepted"), 7 + 1 + 3)
        self.assertEqual(now("mpsmtp_recipients_total", outcome="refused"), 3)
        for verb, count in {"EHLO": 2, "MAIL": 10, "RCPT": 14, "DATA": 8, "RSET": 1, "QUIT": 2, "unknown": 1, "NOOP": 0}.items():
            with self.subTest(verb):
                self.assertEqual(now("mpsmtp_commands_total", verb=verb), count)
        self.assertEqual(now("mpsmtp_message_size_bytes_sum"), 7 * len(MAIL))
        self.assertEqual(now("mpsmtp_message_size_bytes_bucket", le="1024.0"), 7)
        self.assertEqual(now("mpsmtp_phase_seconds_count", phase="receive"), 8)
        self.assertEqual(now("mpsmtp_phase_seconds_count", phase="filter"), 8)
        for phase in ("stage", "durable", "commit"):
            self.assertEqual(now("mpsmtp_phase_seconds_count", phase=phase), 7)
        self.assertEqual(now("mpsmtp_handler_calls_total", handler="bin", hook="deliver", outcome="ok"), 7)
        self.assertEqual(now("mpsmtp_handler_calls_total", handler="mischief", hook="message", outcome="ok"), 7)
        self.assertEqual(now("mpsmtp_handler_calls_total", handler="mischief", hook="message", outcome="refused"), 1)
        self.assertEqual(now("mpsmtp_handler_calls_total", handler="mischief", hook="rcpt", outcome="refused"), 1)
        self.assertEqual(now("mpsmtp_sessions_total", listener="main"), 2)
        self.assertEqual(now("mpsmtp_connections_accepted_total", listener="main"), 2)
        self.assertGreater(now("mpsmtp_network_received_bytes_total"), 8 * len(MAIL))
        self.assertEqual(now.total("mpsmtp_handler_in_progress"), 0)
        self.assertEqual(now("mpsmtp_spool_memory_bytes"), 0)

    def test_a_reply_that_is_read_is_counted(self):
        self.serve()
        with self.server.connect() as wire:
            wire.hello()
            for count in range(1, 4):
                self.assert_reply(wire.deliver(MAIL), 250)
                self.assertEqual(self.sample()("mpsmtp_transactions_total", code="250"), count)
            wire.expect("MAIL FROM:<a@a.test>", 250)
            now = self.sample()
            self.assertEqual(now("mpsmtp_transactions_open"), 1)
            self.assertEqual(now("mpsmtp_connections", listener="main", state="served"), 1)
            self.assertEqual(now("mpsmtp_connections", listener="main", state="waiting"), 0)

    def test_a_handler_that_fails_is_told_apart_from_one_that_refuses(self):
        script = self.folder / "fail.sh"
        script.write_text("#!/bin/sh\ncat > /dev/null\nexit $(cat " + str(self.folder / "status") + ")\n")
        script.chmod(0o755)
        self.serve({"script": {"type": "exec", "command": script}})
        for status, code in ((0, 250), (75, 451), (67, 550)):
            (self.folder / "status").write_text(str(status))
            with self.server.connect() as wire:
                wire.hello()
                self.assertEqual(wire.deliver(MAIL).code // 100, code // 100)
                wire.expect("QUIT", 221)
        now = self.until_idle()
        self.assertEqual(now("mpsmtp_handler_calls_total", handler="script", hook="deliver", outcome="ok"), 1)
        self.assertEqual(now.total("mpsmtp_handler_calls_total", handler="script"), 3)
        failed = now("mpsmtp_handler_calls_total", handler="script", hook="deliver", outcome="failed")
        self.assertEqual(now.total("mpsmtp_handler_faults_total", handler="script"), failed)
        self.assertEqual(now("mpsmtp_handler_in_progress", handler="script"), 0)

    def test_a_slow_handler_shows_in_its_phase_and_while_it_works(self):
        gate = self.folder / "open"
        script = self.folder / "slow.sh"
        script.write_text(f"#!/bin/sh\ncat > /dev/null\nwhile [ ! -e {gate} ]; do sleep 0.02; done\nsleep 0.3\n")
        script.chmod(0o755)
        self.addCleanup(gate.touch)
        self.serve({"slow": {"type": "exec", "command": script, "concurrency": 1, "slot_timeout": "100ms"}})
        sender = threading.Thread(target=self.send, daemon=True)
        sender.start()
        harness.wait_until(lambda: self.sample()("mpsmtp_handler_in_progress", handler="slow") == 1, "a slow mail")
        self.assertEqual(self.sample()("mpsmtp_handler_concurrency_limit", handler="slow"), 1)
        self.send(code=451)
        gate.touch()
        sender.join(harness.DEADLINE)
        now = self.until_idle()
        self.assertEqual(now("mpsmtp_handler_faults_total", handler="slow", cause="busy"), 1)
        self.assertGreater(now("mpsmtp_phase_seconds_sum", phase="deliver"), 0.3)
        self.assertGreater(now("mpsmtp_handler_seconds_sum", handler="slow"), 0.3)
        self.assertGreater(now("mpsmtp_transaction_seconds_sum"), 0.3)
        self.assertEqual(now("mpsmtp_handler_in_progress", handler="slow"), 0)

    def test_an_optional_handler_has_a_phase_of_its_own(self):
        self.serve({"tree": self.store("maildir"), "bin": {"type": "discard", "required": "no"}})
        self.send(3)
        now = self.until_idle()
        self.assertEqual(now("mpsmtp_phase_seconds_count", phase="optional"), 3)
        self.assertEqual(now("mpsmtp_handler_calls_total", handler="bin", hook="deliver", outcome="ok"), 3)
        self.assertEqual(now("mpsmtp_handler_calls_total", handler="tree", hook="deliver", outcome="ok"), 3)

    def test_syncs_and_spool_files_are_counted(self):
        self.serve({"tree": self.store("maildir")}, spool={"durability": "fsync", "memory": "1K"})
        large = b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 1000
        self.send(2, message=large)
        now = self.until_idle()
        self.assertEqual(now("mpsmtp_spool_files_total"), 2)
        self.assertEqual(now("mpsmtp_spool_file_bytes_total"), 2 * len(large))
        self.assertGreaterEqual(now("mpsmtp_sync_seconds_count", what="data"), 2)
        self.assertEqual(now("mpsmtp_sync_callers_count", what="data"), now("mpsmtp_sync_seconds_count", what="data"))
        self.assertGreaterEqual(now("mpsmtp_sync_callers_sum", what="folder"), 2)
        self.assertEqual(now.total("mpsmtp_sync_errors_total"), 0)

    def test_refusals_and_timeouts_have_their_reasons(self):
        self.serve(limits={"connections": 2, "connections_per_client": 1, "command_timeout": "200ms"})
        with self.server.connect() as first:
            with self.server.connect() as second:
                self.assert_reply(second.greeting, 421, "4.7.0")
            self.assert_reply(first.reply(), 421, "4.4.2")
        now = self.until_idle()
        self.assertEqual(now("mpsmtp_connections_refused_total", listener="main", reason="client"), 1)
        self.assertEqual(now("mpsmtp_timeouts_total", kind="command"), 1)

    def test_no_client_makes_a_label(self):
        self.serve()
        before = len(self.sample().values)
        with self.server.connect() as wire:
            wire.hello()
            for i in range(15):
                wire.expect(f"VERB{i} \"}}\\", 500)
        self.send(1, recipients=["\"x{}\\\\\"@b.test"])
        self.request("/nothing?x=\"{}")
        self.assertEqual(len(self.until_idle().values), before)

    def test_a_reload_is_counted_and_keeps_what_was_counted(self):
        self.serve()
        self.send(2)
        path = self.folder / "mpsmtp.ini"
        good = path.read_text()
        path.write_text(good + "[handler:more]\ntype = discard\n")
        self.server.send_signal(signal.SIGHUP)
        self.assertTrue(self.server.stderr.wait_for("configuration 2 is in use"))
        self.send(1)
        path.write_text(good + "nonsense = 1\n")
        self.server.send_signal(signal.SIGHUP)
        self.assertTrue(self.server.stderr.wait_for("it stays as it was"))
        harness.wait_until(lambda: self.sample()("mpsmtp_config_last_reload_successful") == 0, "the refused reload")
        now = self.until_idle()
        self.assertEqual(now("mpsmtp_config_reloads_total", outcome="success"), 1)
        self.assertEqual(now("mpsmtp_config_reloads_total", outcome="failure"), 1)
        self.assertEqual(now("mpsmtp_config_generation"), 2)
        self.assertEqual(now("mpsmtp_handler_calls_total", handler="bin", hook="deliver", outcome="ok"), 3)
        self.assertEqual(now("mpsmtp_handler_calls_total", handler="more", hook="deliver", outcome="ok"), 1)
        self.assertEqual(self.request("/readyz")[0], 200, "it serves, by the configuration before")


class Text(MetricsTest):
    def test_those_who_will_read_it_accept_it(self):
        self.serve({"tree": self.store("maildir"), "bin": {"type": "discard", "required": "no"}})
        with self.subTest("fresh"):
            self.check_text(self.text())
        sending = threading.Thread(target=self.send, args=(200,), daemon=True)
        sending.start()
        with self.subTest("under load"):
            while sending.is_alive():
                self.check_text(self.text())
        self.server.send_signal(signal.SIGHUP)
        self.assertTrue(self.server.stderr.wait_for("configuration 2 is in use"))
        with self.subTest("behind a reload"):
            self.check_text(self.text())
        if not openmetrics or not PROMTOOL.exists():
            self.skipTest("promtool or python3-prometheus-client is missing: scripts/setup --tests")

    def test_the_page_of_the_documentation_lists_all_of_it(self):
        """Name, type and labels, as in the table."""
        self.serve({"bin": {"type": "discard"}, "mischief": {"type": "faults", "rule1": "on connect do continue"}},
                   filters={"chain": "mischief"})
        text = self.text()
        types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
        helped = set(re.findall(r"^# HELP (\w+) \S.*\.$", text, re.MULTILINE))
        self.assertEqual(helped, set(types), "each with a sentence")
        labels = {name: set() for name in types}
        for name, have in Sample(text).values:
            base = name if name in types else re.sub(r"_(bucket|sum|count)$", "", name)
            labels[base] |= {label for label, _ in have} - {"le"}
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\| .+ \|$", PAGE.read_text(), re.MULTILINE)
        documented = {name: (type_, set(re.findall(r"`(\w+)`", names))) for name, type_, names in rows}
        self.assertEqual(documented, {name: (types[name], labels[name]) for name in types})

    def test_dashboard_and_alerts_use_what_is_there(self):
        self.serve()
        there = {name for name, _ in Sample(self.text()).values}
        dashboard = json.loads(DASHBOARD.read_text())
        targets = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
        variables = [each["query"]["query"] for each in dashboard["templating"]["list"] if each["type"] == "query"]
        self.assertGreater(len(targets), 40)
        for source, expressions in (("dashboard", targets + variables), ("alerts", [ALERTS.read_text()])):
            used = {name for each in expressions for name in re.findall(r"\b(?:mpsmtp|process)_\w+", each)}
            with self.subTest(source):
                self.assertEqual(used - there, set())
        shown = {re.sub(r"_(bucket|sum|count)$", "", name) for each in targets
                 for name in re.findall(r"\b(?:mpsmtp|process)_\w+", each)}
        types = set(re.findall(r"^# TYPE (\w+) ", self.text(), re.MULTILINE))
        elsewhere = {"process_virtual_memory_bytes", "mpsmtp_config_last_reload_success_timestamp_seconds"}
        self.assertEqual(types - shown, elsewhere, "all but these have a place on the dashboard")

    @unittest.skipUnless(PROMTOOL.exists(), "no promtool: scripts/setup --tests")
    def test_the_alerts_fire_when_they_should(self):
        for file in (ALERTS, ALERTS_TEST):
            shutil.copy(file, self.folder)
        for arguments in (["check", "rules", ALERTS.name], ["test", "rules", ALERTS_TEST.name]):
            done = subprocess.run([PROMTOOL, *arguments], cwd=self.folder, text=True, capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Http(MetricsTest):
    def test_each_request_has_its_answer(self):
        self.serve()
        rows = (("GET", "/metrics", 200), ("GET", "/livez", 200), ("GET", "/readyz", 200), ("HEAD", "/metrics", 200),
                ("GET", "/", 404), ("GET", "/metrics/../livez", 404), ("POST", "/metrics", 405), ("DELETE", "/livez", 405),
                ("OPTIONS", "/readyz", 405))
        for method, path, status in rows:
            with self.subTest(f"{method} {path}"):
                body = b"x" * 100000 if method == "POST" else None
                got, headers, text = self.request(path, method, body=body)
                self.assertEqual(got, status)
                self.assertEqual(bool(text), method != "HEAD")
                self.assertGreater(int(headers["Content-Length"]), 0)
                if status == 405:
                    self.assertEqual(headers["Allow"], "GET, HEAD")
        self.assertIn("version=0.0.4", self.request("/metrics")[1]["Content-Type"])
        self.assertIn("application/openmetrics-text; version=1.0.0", self.request("/metrics", Accept=OPENMETRICS)[1]["Content-Type"])

    @unittest.skipUnless(shutil.which("curl"), "no curl")
    def test_curl_reads_it_also_through_a_unix_socket(self):
        self.serve(http=f"unix:{self.folder}/http.sock")
        done = subprocess.run(["curl", "-fsS", "--unix-socket", self.folder / "http.sock", "http://localhost/livez"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "ok\n"), done.stderr)
        self.server.stop()
        self.assertFalse((self.folder / "http.sock").exists())

    def test_without_the_section_there_is_none(self):
        server = self.start(self.settings({"bin": {"type": "discard"}}))
        self.assertNotIn("/metrics", server.log())

    def test_an_address_that_is_taken_is_told_before_the_start(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            path = self.folder / "mpsmtp.ini"
            path.write_text(harness.ini(self.settings({"bin": {"type": "discard"}}, http={"address": address})))
            done = self.run_to_end(["--config", path])
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertIn(address, done.stderr)
        self.assertNotIn("starts with", done.stderr)
        for value in ("nonsense", "127.0.0.1", "127.0.0.1:99999", ""):
            with self.subTest(value):
                path.write_text(harness.ini(self.settings({"bin": {"type": "discard"}}, http={"address": value})))
                self.assertEqual(self.run_to_end(["--config", path]).returncode, 78)

    def test_a_reload_changes_the_address(self):
        self.serve()
        first = self.web
        path = self.folder / "mpsmtp.ini"
        text = path.read_text()
        path.write_text(text.replace("[http]\naddress = 127.0.0.1:0", f"[http]\naddress = 127.0.0.1:0, unix:{self.folder}/h.sock"))
        self.server.send_signal(signal.SIGHUP)
        self.assertTrue(self.server.stderr.wait_for(r"served on unix:"))
        self.assertEqual(self.request("/livez", web=first)[0], 200, "what stays goes on")
        path.write_text(text.replace("[http]\naddress = 127.0.0.1:0\n", ""))
        self.server.send_signal(signal.SIGHUP)
        self.assertTrue(self.server.stderr.wait_for(r"HTTP on 127.0.0.1:\d+ has been closed"))
        with self.assertRaises(OSError):
            self.request("/livez", web=first)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            path.write_text(text.replace("[http]\naddress = 127.0.0.1:0", f"[http]\naddress = 127.0.0.1:{taken.getsockname()[1]}"))
            self.server.send_signal(signal.SIGHUP)
            self.assertTrue(self.server.stderr.wait_for("the configuration stays as it was"))
        self.send(1)

    def test_many_at_once_are_all_answered(self):
        """No more than threads at a time, or the oldest would make room; but without a pause."""
        self.serve()
        failures = []

        def scraper():
            for _ in range(100):
                try:
                    assert self.request("/metrics")[0] == 200
                except Exception as error:  # noqa: whatever it is, it is told below
                    failures.append(repr(error))
        scrapers = [threading.Thread(target=scraper) for _ in range(2)]
        for each in scrapers:
            each.start()
        for each in scrapers:
            each.join()
        self.assertEqual(failures, [])

    def test_slow_and_hostile_clients_hold_up_neither_probes_nor_mail(self):
        self.serve()
        host, _, port = self.web.rpartition(":")
        lines = (b"", b"G", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ", b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n" * 3)
        held = []
        for i in range(40):
            each = socket.create_connection((host, int(port)), timeout=harness.DEADLINE)
            self.addCleanup(each.close)
            each.sendall(lines[i % len(lines)])
            held.append(each)
        for _ in range(10):
            self.assertEqual(self.request("/livez")[0], 200)
        self.send(5)
        for each in held:  # and each of them comes to an end
            each.settimeout(harness.DEADLINE)
            try:
                while each.recv(65536):
                    pass
            except ConnectionError:
                pass

    def test_what_is_no_http_is_refused_and_forgotten(self):
        self.serve()
        host, _, port = self.web.rpartition(":")
        rows = (b"\0" * 100, b"\xff" * 70000, b"GET / HTTP/9.9\r\n\r\n", b"GET " + b"/x" * 40000 + b" HTTP/1.1\r\n\r\n",
                b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 20000 + b"\r\n\r\n",
                b"EHLO x\r\nMAIL FROM:<>\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"A" * 50 + b" / HTTP/1.1\r\n\r\n",
                b"GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"POST /livez HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        for octets in rows:
            with self.subTest(octets[:30]), socket.create_connection((host, int(port)), timeout=harness.DEADLINE) as client:
                try:
                    client.sendall(octets)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(65536):
                        pass
                except OSError:
                    pass
        self.assertEqual(self.request("/livez")[0], 200)
        self.send(1)

    def test_scraping_leaks_nothing(self):
        self.serve()

        def scrape(count):
            for _ in range(count):
                self.text()
        scrape(200)

        def held():
            return (len(os.listdir(f"/proc/{self.server.pid}/fd")), len(os.listdir(f"/proc/{self.server.pid}/task")))
        before = self.sample()
        descriptors, threads = held()
        scrape(SCRAPES)
        after = self.sample()
        harness.wait_until(lambda: held()[0] <= descriptors, "no more descriptors than before")
        self.assertLessEqual(held()[1], threads + 2)
        if not harness.SANITIZED:
            grown = after("process_resident_memory_bytes") - before("process_resident_memory_bytes")
            self.assertLess(grown, 2 << 20)
        self.assertEqual(len(after.values), len(before.values))

    def test_probes_are_answered_when_the_mail_side_is_full(self):
        self.serve(server={"threads": 2}, limits={"connections": 2})
        first, second = self.server.connect(), self.server.connect()
        self.addCleanup(first.close)
        self.addCleanup(second.close)
        for wire in (first, second):
            self.assert_reply(wire.greeting, 220)
        with self.server.connect() as third:
            self.assert_reply(third.greeting, 421)
        self.assertEqual(self.request("/livez")[0], 200)
        self.assertEqual(self.request("/readyz")[0], 200, "being full is no reason")
        self.assertEqual(self.sample()("mpsmtp_connections_refused_total", listener="main", reason="full"), 1)


class Readiness(MetricsTest):
    def test_it_is_not_ready_while_it_stops_and_is_alive(self):
        self.serve(server={"shutdown_grace": "1m"})
        with self.server.connect() as wire:
            wire.hello()
            wire.expect("MAIL FROM:<a@a.test>", 250)
            self.server.send_signal(signal.SIGTERM)
            harness.wait_until(lambda: self.request("/readyz")[0] == 503, "no readiness")
            self.assertIn("is stopping", self.request("/readyz")[2])
            self.assertEqual(self.request("/livez")[0], 200)
            wire.expect("RSET", 250)
        self.assertEqual(self.server.wait(), 0)

    def test_a_handler_that_does_not_start_ends_it(self):
        """There is nothing to be ready for: exit 78, as without HTTP."""
        path = self.folder / "mpsmtp.ini"
        path.write_text(harness.ini(self.settings(
            {"bin": {"type": "discard"}, "mischief": {"type": "faults", "rule1": "on connect do continue",
                                                      "counters": self.folder / "nowhere" / "counts"}},
            http={"address": "127.0.0.1:0"}, filters={"chain": "mischief"})))
        done = self.run_to_end(["--config", path])
        self.assertEqual(done.returncode, 78, done.stderr)

    def test_a_spool_that_takes_no_message_is_told(self):
        self.serve()
        self.assertEqual(self.request("/readyz")[0], 200)
        spool = self.folder / "spool"
        spool.rename(self.folder / "elsewhere")

        def refused():
            status, _, text = self.request("/readyz")
            return text if status == 503 else None
        self.assertIn(str(spool), harness.wait_until(refused, "the spool that is gone"))
        self.assertEqual(self.request("/livez")[0], 200, "a restart would not mend it")
        (self.folder / "elsewhere").rename(spool)
        harness.wait_until(lambda: self.request("/readyz")[0] == 200, "the spool that is back")

    def test_a_spool_without_room_for_a_message_is_told(self):
        self.serve(limits={"message_size": f"{1 << 40}"})
        status, _, text = self.request("/readyz")
        if status == 200:
            self.skipTest("there is a terabyte free")
        self.assertIn("too little room", text)


if __name__ == "__main__":
    unittest.main()

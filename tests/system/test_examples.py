"""The SDK's examples: built, loaded by the installed server, and as good as their READMEs say."""
import concurrent.futures
import contextlib
import http.server
import json
import re
import shutil
import sqlite3
import subprocess
import threading
import unittest

import harness

EXAMPLES = harness.STAGE / "share" / "mpsmtp" / "examples"  # what an author gets
MAIL = b"Subject: Hello\r\nX-N: 1\r\n\r\ntext\r\n"


class ExampleTest(harness.SystemTest):
    example = None

    def setUp(self):
        super().setUp()
        self.plugin = harness.BUILD / "examples" / f"{self.example}.so"
        if not self.plugin.exists():
            self.skipTest(f"{self.example} was not built: its library is missing")

    def handler(self, **keys):
        return {"plugin": self.plugin, **keys}

    def client(self, server):
        wire = server.connect()
        self.addCleanup(wire.close)
        wire.hello()
        return wire


class RateLimit(ExampleTest):
    example = "ratelimit"

    def limited(self, **keys):
        handlers = {"tree": self.store("maildir"), "limit": self.handler(**keys)}
        return self.start(self.settings(handlers, filters={"chain": "limit"}))

    def codes(self, wire, *senders):
        codes = []
        for sender in senders:
            reply = wire.command(f"MAIL FROM:<{sender}>")
            codes.append(reply.code)
            if reply.code == 250:
                wire.expect("RSET", 250)
        return codes

    def test_the_mail_above_the_limit_is_deferred(self):
        wire = self.client(self.limited(per_sender=2, period="1h"))
        self.assertEqual(self.codes(wire, "a@a.test", "A@a.test", "b@a.test"), [250, 250, 250])
        self.assert_reply(wire.command("MAIL FROM:<a@a.test>"), 450, "4.7.1")
        self.assertEqual(self.codes(wire, "b@a.test", "b@a.test"), [250, 450])

    def test_a_client_has_a_limit_of_its_own_for_bounces_too(self):
        wire = self.client(self.limited(per_sender=1, per_client=3, period="1h"))
        self.assertEqual(self.codes(wire, "", "", "a@a.test", "b@a.test", ""), [250, 250, 250, 450, 450])

    def test_tokens_come_back(self):
        wire = self.client(self.limited(per_sender=1, period="500ms"))
        self.assertEqual(self.codes(wire, "a@a.test"), [250])
        harness.wait_until(lambda: self.codes(wire, "a@a.test") == [250], "a token")

    def test_memory_is_bounded_and_who_was_longest_away_is_forgotten(self):
        wire = self.client(self.limited(per_sender=1, per_client=0, period="1h", remember=2))
        self.assertEqual(self.codes(wire, "a@a.test", "b@a.test", "b@a.test", "a@a.test"), [250, 250, 450, 450])
        self.assertEqual(self.codes(wire, "c@a.test", "a@a.test", "b@a.test"), [250, 450, 250])

    def test_many_clients_at_once_get_no_more_than_the_limit(self):
        server = self.limited(per_sender=20, period="1h")
        wires = [self.client(server) for _ in range(8)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            codes = sum(pool.map(lambda wire: self.codes(wire, *["a@a.test"] * 10), wires), [])
        self.assertEqual((codes.count(250), codes.count(450)), (20, 60))


class Sqlite(ExampleTest):
    example = "sqlite"

    def setUp(self):
        super().setUp()
        self.path = self.folder / "mail.db"

    def storing(self, others=None, before=True, **options):
        """With other stores behind this one, or in front of it."""
        mine = {"database": self.handler(path=self.path, timeout="300ms")}
        handlers = {**mine, **(others or {})} if before else {**(others or {}), **mine}
        return self.start(self.settings(handlers, spool={"memory": "10M"}), **options)

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(self.path)) as database:
            database.text_factory = bytes
            return database.execute(query).fetchall()

    def assert_empty(self):
        for table in ("message", "recipient", "header"):
            self.assertEqual(self.rows(f"SELECT * FROM {table}"), [])

    def test_envelope_header_and_content_are_there_with_the_250(self):
        server = self.storing()
        octets = b"Subject: caf\xe9\r\n folded\r\nEmpty:\r\n\r\n\0 \xff\r\n..\r\n"
        sender = "\"a'); DROP TABLE message; --\"@a.test"
        reply = self.client(server).deliver(octets, sender=sender, recipients=["b@b.test", "c@c.test"])
        self.assert_reply(reply, 250)
        server.kill()
        [(transaction, client, helo, stored_sender, content)] = self.rows(
            "SELECT transaction_id, client, helo, sender, content FROM message")
        self.assertIn(transaction.decode(), reply.text)
        self.assertEqual((client, helo, stored_sender), (b"127.0.0.1", b"client.test", sender.encode()))
        self.assertEqual(content, octets)
        self.assertEqual(self.rows("SELECT address FROM recipient"), [(b"b@b.test",), (b"c@c.test",)])
        self.assertEqual(self.rows("SELECT position, name, value FROM header"),
                         [(0, b"Subject", b" caf\xe9\r\n folded"), (1, b"Empty", b"")])
        self.assertEqual(self.rows("PRAGMA journal_mode"), [(b"wal",)])

    def test_an_empty_sender_and_an_empty_message(self):
        self.assert_reply(self.client(self.storing()).deliver(b"", sender=""), 250)
        self.assertEqual(self.rows("SELECT sender, length(content) FROM message"), [(b"", 0)])

    def test_what_another_store_refuses_leaves_nothing(self):
        (self.folder / "maildir").mkdir()
        (self.folder / "maildir" / "b.test").write_text("a file where the folder should be\n")
        for before in (True, False):
            with self.subTest(before=before):
                server = self.storing({"tree": self.store("maildir")}, before)
                wire = self.client(server)
                self.assert_reply(wire.deliver(MAIL), 451)
                self.assert_empty()
                server.stop()

    def test_many_clients_at_once(self):
        server = self.storing()
        wires = [self.client(server) for _ in range(8)]

        def send(wire):
            replies = [wire.deliver(MAIL) for _ in range(5)]
            return [reply.code for reply in replies]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            codes = sum(pool.map(send, wires), [])
        self.assertLessEqual(set(codes), {250, 451}, "451: the disk is too slow for all of them in 300 ms")
        self.assertGreater(codes.count(250), 0)
        self.assertEqual(self.rows("SELECT count(DISTINCT transaction_id), count(*) FROM message"), [(codes.count(250),) * 2])
        self.assertEqual(self.rows("PRAGMA integrity_check"), [(b"ok",)])

    def test_a_database_that_is_locked_is_451_and_heals(self):
        server = self.storing()
        wire = self.client(server)
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.assert_reply(wire.deliver(MAIL), 451)
            self.assertTrue(server.stderr.wait_for("SQLite: database is locked"))
            other.execute("ROLLBACK")
        self.assert_reply(wire.deliver(MAIL), 250)
        self.assertEqual(self.rows("SELECT count(*) FROM message"), [(1,)])

    def test_a_full_disk_is_451_and_leaves_nothing(self):
        if not shutil.which("prlimit"):
            self.skipTest("prlimit is not installed")
        # A file that must not grow fails as one on a full disk does, once the signal that goes with it is ignored.
        server = self.storing(wrapper=("prlimit", "--fsize=262144"))
        wire = self.client(server)
        self.assert_reply(wire.deliver(b"Subject: big\r\n\r\n" + (b"x" * 70 + b"\r\n") * 8000), 451)
        self.assertTrue(server.stderr.wait_for(r"persist id=\S+ failed: SQLite: disk I/O error"))
        self.assert_reply(wire.deliver(MAIL), 250)
        self.assertEqual(self.rows("SELECT count(*) FROM message"), [(1,)])

    def test_checking_a_configuration_makes_no_file(self):
        (self.folder / "x.ini").write_text(harness.ini(self.settings({"database": self.handler(path=self.path)})))
        self.assertEqual(self.run_to_end(["--check-config", "--config", "x.ini"]).returncode, 0)
        self.assertFalse(self.path.exists())


class Chat(http.server.ThreadingHTTPServer):
    """Collects what is posted; answers `status`, or nothing at all if that is None."""

    daemon_threads = True

    def __init__(self, status=200):
        self.posted = []
        self.ended = threading.Event()
        chat = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                chat.posted.append((self.path, self.headers["Content-Type"], body))
                if status is None:
                    chat.ended.wait(harness.DEADLINE)
                else:
                    self.send_response(status)
                    self.end_headers()

            def log_message(self, *_):
                pass
        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.ended.set()
        self.shutdown()
        self.server_close()


class Webhook(ExampleTest):
    example = "webhook"

    def chat(self, **options):
        chat = Chat(**options)
        self.addCleanup(chat.close)
        return chat

    def telling(self, chat, **keys):
        url = f"http://127.0.0.1:{chat.server_port}/hooks/s3cret"
        handlers = {"tree": self.store("maildir"), "chat": self.handler(url=url, required="no", **keys)}
        return self.start(self.settings(handlers))

    def test_the_chat_is_told_of_each_mail_in_correct_json(self):
        chat = self.chat()
        wire = self.client(self.telling(chat))
        octets = b'Subject: "caf\xe9 \\\x01\x7f\r\n \xf0\x9f\x93\xa7 \xed\xa0\x80\r\n\r\nx\r\n'
        self.assert_reply(wire.deliver(octets, recipients=[f"r{number}@b.test" for number in range(7)]), 250)
        [(path, kind, body)] = harness.wait_until(lambda: chat.posted, "a post")
        self.assertEqual((path, kind), ("/hooks/s3cret", "application/json"))
        self.assertEqual(json.loads(body.decode("utf-8", "strict")), {
            "text": "Mail from a@a.test to r0@b.test, r1@b.test, r2@b.test, r3@b.test, r4@b.test and 2 more, "
                    f"{len(octets)} octets: \"caf\ufffd \\\x01\x7f \U0001f4e7 \ufffd\ufffd\ufffd"})

    def test_no_sender_and_no_subject(self):
        chat = self.chat()
        self.assert_reply(self.client(self.telling(chat)).deliver(b"X: y\r\n\r\n", sender=""), 250)
        [(_, _, body)] = harness.wait_until(lambda: chat.posted, "a post")
        self.assertEqual(json.loads(body)["text"], "Mail from nobody to b@b.test, 8 octets: (no subject)")

    def test_a_chat_that_fails_costs_a_line_in_the_log_and_no_mail(self):
        for why, status, timeout, reason in (("it has a fault", 500, "1m", "webhook: HTTP status 500"),
                                             ("it never answers", None, "300ms", "webhook: Timeout was reached")):
            with self.subTest(why):
                server = self.telling(self.chat(status=status), timeout=timeout)
                wire = self.client(server)
                self.assert_reply(wire.deliver(MAIL), 250)
                self.assertTrue(server.stderr.wait_for(re.escape(reason)))
                self.assert_reply(wire.deliver(MAIL), 250)
                self.assertNotIn("s3cret", server.log())
                wire.close()
                server.stop()
        self.assertEqual(len(self.messages()), 4)

    def test_a_secret_does_not_travel_in_the_clear(self):
        for url, status in (("http://chat.example.com/x", 78), ("ftp://localhost/x", 78), ("x y", 78),
                            ("https://chat.example.com/x", 0), ("http://[::1]:8065/x", 0)):
            with self.subTest(url):
                (self.folder / "x.ini").write_text(harness.ini(self.settings({
                    "tree": self.store("maildir"), "chat": self.handler(url=url)})))
                done = self.run_to_end(["--check-config", "--config", "x.ini"])
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertNotIn(url, done.stderr)


class OutOfTree(harness.SystemTest):
    """As an author builds them: with the installed package and their own CMakeLists.txt."""

    def test_each_builds_and_its_configuration_is_right(self):
        package = next(harness.STAGE.glob("lib*/**/mpsmtpConfig.cmake"), None)
        if package is None:
            self.skipTest("the server's CMake package is not installed")
        examples = sorted(path.parent for path in EXAMPLES.glob("*/CMakeLists.txt"))
        self.assertEqual([example.name for example in examples], ["ratelimit", "sqlite", "webhook"])
        for example in examples:
            with self.subTest(example.name):
                if not (harness.BUILD / "examples" / f"{example.name}.so").exists():
                    continue
                project = shutil.copytree(example, self.folder / example.name)
                for command in (["cmake", "-S", ".", "-B", "build", f"-Dmpsmtp_DIR={package.parent}"],
                                ["cmake", "--build", "build"]):
                    done = subprocess.run(command, cwd=project, text=True, capture_output=True, check=False)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                done = self.run_to_end(["--check-config", "--config", f"{example.name}.ini"], cwd=project)
                self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()

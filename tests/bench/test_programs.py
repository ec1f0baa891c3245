"""mpsmtp_load against mpsmtp_bare: what the one says was acknowledged is what the other has stored, in every manner of sending."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

PROGRAMS = pathlib.Path(os.environ["MPSMTP_BUILD"]) / "tests"
LOAD, BARE = str(PROGRAMS / "mpsmtp_load"), str(PROGRAMS / "mpsmtp_bare")
MANNERS = [  # why, options of mpsmtp_load
    ("a command for each reply", []),
    ("one send for a transaction", ["--pipeline", "transaction"]),
    ("the next transaction behind the final dot", ["--pipeline", "next", "--octets", "70000"]),
    ("a connection for each message, in two threads", ["--per-connection", "1", "--threads", "2"]),
    ("idle connections beside them", ["--idle", "20"]),
]


@contextlib.contextmanager
def bare_server(folder, way, mailboxes):
    """Its port; ends it, and expects exit 0."""
    command = [BARE, "serve", "--port", "0", "--folder", folder, "--way", way, "--mailboxes", str(mailboxes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(30)
    if status != 0:
        raise AssertionError(f"mpsmtp_bare serve ended with {status}")


def load(port, *options):
    """(exit status, what it printed)"""
    done = subprocess.run([LOAD, "--to", f"127.0.0.1:{port}", *options], capture_output=True, text=True, timeout=100, check=False)
    if not done.stdout:
        raise AssertionError(done.stderr)
    return done.returncode, json.loads(done.stdout)


def subjects(texts):
    return sorted(line[9:].strip() for text in texts for line in text.splitlines() if line.startswith("Subject: "))


def maildir(folder, box):
    return [path.read_text() for path in pathlib.Path(folder, f"box{box}", "new").iterdir()]


class Programs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="mpsmtp-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.ids = os.path.join(self.folder, "ids")

    def test_what_was_acknowledged_is_stored_whole_and_once(self):
        for number, (why, options) in enumerate(MANNERS):
            with self.subTest(why):
                folder = os.path.join(self.folder, str(number))
                os.mkdir(folder)
                with bare_server(folder, "maildir", 2) as port:
                    status, said = load(port, "--connections", "3", "--messages", "20", "--mailboxes", "2",
                                        "--acknowledged", self.ids, *options)
                self.assertEqual((status, said["acknowledged"], said["failed_connections"]), (0, 20, 0), said)
                stored = maildir(folder, 0) + maildir(folder, 1)
                acknowledged = sorted(pathlib.Path(self.ids).read_text().split())
                self.assertEqual(len(set(acknowledged)), 20)
                self.assertEqual(subjects(stored), acknowledged)
                for text in stored:
                    self.assertTrue(text.endswith(f"end of {subjects([text])[0]}\n"), text[-60:])

    def test_the_event_loop_answers_every_message(self):
        for why, options in MANNERS:
            with self.subTest(why), bare_server(self.folder, "loop", 1) as port:
                status, said = load(port, "--connections", "3", "--messages", "20", *options)
            self.assertEqual((status, said["acknowledged"], said["failed_connections"]), (0, 20, 0), said)

    def test_each_recipient_gets_a_file(self):
        with bare_server(self.folder, "maildir", 4) as port:
            status, _ = load(port, "--messages", "3", "--recipients", "4", "--pipeline", "transaction")
        self.assertEqual(status, 0)
        self.assertEqual([len(maildir(self.folder, box)) for box in range(4)], [3, 3, 3, 3])

    def test_an_mbox_holds_every_message(self):
        with bare_server(self.folder, "mbox", 1) as port:
            status, said = load(port, "--connections", "4", "--messages", "20")
        self.assertEqual(status, 0)
        mbox = pathlib.Path(self.folder, "box0.mbox").read_text()
        self.assertEqual(sum(line.startswith("From ") for line in mbox.splitlines()), 20)
        self.assertEqual(len(set(subjects([mbox]))), 20)

    def test_a_refusal_is_counted_and_the_run_fails(self):
        with bare_server(self.folder, "maildir", 1) as port:
            status, said = load(port, "--messages", "6", "--mailboxes", "3")
        self.assertEqual((status, said["acknowledged"], said["refused"]), (1, 2, 4))
        self.assertEqual(said["first_refusal"], "550 no such mailbox")

    def test_a_run_against_nobody_ends(self):
        with bare_server(self.folder, "discard", 1) as port:
            pass
        status, said = load(port, "--connections", "2", "--messages", "5")
        self.assertEqual((status, said["acknowledged"], said["unanswered"]), (1, 0, 5))

    def test_the_figures_fit_together(self):
        with bare_server(self.folder, "discard", 1) as port:
            _, said = load(port, "--messages", "50", "--octets", "2000")
        latency = list(said["latency_us"].values())
        self.assertEqual(latency, sorted(latency))
        self.assertEqual(list(said["latency_us"]), ["min", "p50", "p90", "p99", "p999", "max"])
        self.assertEqual(list(said["connect_to_greeting_us"]), ["p50", "p99"])
        self.assertAlmostEqual(said["messages_per_second"] * said["seconds"], 50, delta=0.1)
        self.assertAlmostEqual(said["octets_per_second"] / said["messages_per_second"], 2000, delta=0.1)

    def test_the_ceilings_are_printed(self):
        store = subprocess.run([BARE, "store", "--way", "journal", "--threads", "3", "--messages", "30", "--folders", "2",
                                "--folder", self.folder, "--journal-size", "1048576"], capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(store.stdout)["messages"], 30)
        loopback = subprocess.run([BARE, "loopback", "--connections", "3"], capture_output=True, text=True, check=True)
        self.assertGreater(json.loads(loopback.stdout)["round_trips_per_second"], 0)


if __name__ == "__main__":
    unittest.main()

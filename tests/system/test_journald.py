"""The real journald, in a mount namespace of its own with an empty /run: it takes our entries, journalctl finds them by their
fields as docs/logging.md says, and when it is killed mail goes on, and the log on standard error.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

import harness

JOURNALD = next((path for path in map(pathlib.Path, ("/usr/lib/systemd/systemd-journald", "/lib/systemd/systemd-journald"))
                 if path.exists()), None)
# Ends by its standard input: the process that holds the namespace open.
KEEPER = "mount --make-rprivate / && mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal /run/log/journal && echo ready && cat"
LONG = "x" * 60 + "@" + ".".join(["y" * 60] * 3) + ".test"


def why_not():
    if os.geteuid() != 0:
        return "needs root, to mount a /run of its own"
    if JOURNALD is None or not shutil.which("journalctl"):
        return "there is no journald on this machine"
    if not shutil.which("unshare") or not shutil.which("nsenter"):
        return "there is no unshare"
    if not pathlib.Path("/etc/machine-id").is_file() or not pathlib.Path("/etc/machine-id").read_text().strip():
        return "this machine has no id, without which journald does not start"
    tried = subprocess.run(["unshare", "--mount", "sh", "-c", KEEPER], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return "" if tried.returncode == 0 else "this machine does not let root mount: " + tried.stderr.decode().strip()


REASON = why_not()


@unittest.skipIf(REASON, REASON)
class RealJournald(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.keeper = subprocess.Popen(["unshare", "--mount", "sh", "-c", KEEPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self._end, self.keeper, lambda: self.keeper.stdin.close())
        self.assertEqual(self.keeper.stdout.readline(), b"ready\n")
        self.inside = ("nsenter", f"--mount=/proc/{self.keeper.pid}/ns/mnt", f"--wd={self.folder}")

    def _end(self, process, how):
        how()
        process.wait(harness.DEADLINE)
        if process.stdout:
            process.stdout.close()

    def start_journald(self):
        journald = subprocess.Popen([*self.inside, str(JOURNALD)], stderr=subprocess.DEVNULL)
        self.addCleanup(self._end, journald, journald.terminate)
        return journald

    def journalctl(self, *arguments):
        return subprocess.run([*self.inside, "journalctl", "--no-pager", "--quiet", "-D", "/run/log/journal", *arguments],
                              capture_output=True, text=True, check=False, timeout=harness.DEADLINE).stdout

    def find(self, *match):
        """Waits for entries; journald writes them some time after it has taken them."""
        text = harness.wait_until(lambda: self.journalctl("--output=json", "--all", *match), f"an entry with {match}")
        return [json.loads(line) for line in text.splitlines()]

    def test_entries_are_found_by_their_fields(self):
        journald = self.start_journald()
        file = self.folder / "mpsmtp.ini"
        file.write_text(harness.ini(self.settings({"void": {"type": "discard"}},
                                                  logging={"target": "journal", "transcript": "127.0.0.1"})))
        harness.wait_until(lambda: subprocess.run([*self.inside, "test", "-S", "/run/systemd/journal/socket"],
                                                  check=False).returncode == 0, "journald's socket")
        server = self.run_daemon(["--config", file], listeners=0, wrapper=self.inside)
        self.find_port(server)
        id_ = self.deliver(server, recipients=["b@b.test", "c@b.test"])
        entry, = self.find(f"MPSMTP_TRANSACTION={id_}", "MPSMTP_RECIPIENT=c@b.test")
        self.assertEqual((entry["PRIORITY"], entry["SYSLOG_IDENTIFIER"], entry["MPSMTP_CODE"], entry["MPSMTP_RECIPIENT"]),
                         ("6", "mpsmtpd", "250", ["b@b.test", "c@b.test"]))
        self.assertIn("250", self.journalctl("-F", "MPSMTP_CODE").split())
        shown = self.journalctl("-o", "cat", "MPSMTP_SOURCE=transcript", "MPSMTP_SESSION=1")
        self.assertRegex(shown, r"(?m)^transcript: session 1 C: DATA\ntranscript: session 1 S: 354 ")
        self.too_large_for_a_datagram(server)
        self.killed_and_back(server, journald)

    def find_port(self, server):
        entry = self.find("MPSMTP_SOURCE=server")
        server.addresses = re.findall(harness.Daemon.LISTENING, "\n".join(each["MESSAGE"] for each in entry))
        if not server.addresses:
            server.addresses = harness.wait_until(lambda: re.findall(
                harness.Daemon.LISTENING, self.journalctl("-o", "cat", "MPSMTP_SOURCE=server")), "an address")

    def deliver(self, server, **options):
        with server.connect() as wire:
            wire.hello()
            reply = wire.deliver(b"x\r\n", **options)
            self.assert_reply(reply, 250)
            return reply.text.split()[-1]

    def too_large_for_a_datagram(self, server):
        """A thousand long addresses: a sealed file, and just below the number of fields that journald takes."""
        id_ = self.deliver(server, recipients=[f"{number:03}{LONG}" for number in range(1000)])
        entry, = self.find(f"MPSMTP_TRANSACTION={id_}", "MPSMTP_SOURCE=transaction")
        self.assertEqual(len(entry["MPSMTP_RECIPIENT"]), 900)
        self.assertEqual(entry["MPSMTP_RECIPIENTS"], "1000")

    def killed_and_back(self, server, journald):
        journald.send_signal(signal.SIGKILL)
        journald.wait(harness.DEADLINE)
        lost = self.deliver(server)
        self.assertTrue(server.stderr.wait_for(f"INFO transaction: id={lost} "))
        self.assertIn("the journal takes nothing at /run/systemd/journal/socket: Connection refused", server.log())
        self.start_journald()
        harness.wait_until(lambda: self.deliver(server) and "server: the journal takes entries again" in self.journalctl(
            "-o", "cat", "SYSLOG_IDENTIFIER=mpsmtpd", "PRIORITY=5"), "entries again")


if __name__ == "__main__":
    unittest.main()

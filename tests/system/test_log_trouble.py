"""A log that cannot be written: mail goes on, each mail is in its store, and when there is room again the log says what it missed.

On a small tmpfs where the disk itself is to be full; needs the right to mount one.
"""
import os
import re
import signal
import socket
import threading
import unittest

import harness
import journald
import test_disk_full

MAILS = 30
LOST = re.compile(r"(\d+) lines of the log were lost")


class LogTroubleTest(harness.SystemTest):
    def serve(self, **logging):
        """With maildir: what is acknowledged can be counted. The address is no matter of the log."""
        path = self.folder / "mpsmtp.ini"
        self.socket = self.folder / "smtp.sock"
        path.write_text(harness.ini(self.settings(logging=logging, **{"listener:main": {"address": f"unix:{self.socket}"}})))
        self.server = self.run_daemon(["--config", path], listeners=0)
        harness.wait_until(self.socket.exists, "a socket")
        return self.server

    def send(self, count=MAILS):
        """Returns the ids that were acknowledged, all of which must be."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(harness.DEADLINE)
            harness.wait_until(lambda: client.connect_ex(str(self.socket)) == 0, "a listening socket")
            replies = client.makefile("rb")

            def expect(code):
                line = replies.readline().decode()
                self.assertTrue(line.startswith(code), line)
                return line
            expect("220")
            client.sendall(b"HELO x\r\n")
            expect("250")
            ids = []
            for _ in range(count):
                client.sendall(b"MAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\n")
                for code in ("250", "250", "354"):
                    expect(code)
                client.sendall(b"Subject: x\r\n\r\nx\r\n.\r\n")
                ids.append(expect("250").split()[-1])
            return ids

    def assert_all_accounted_for(self, text, ids):
        """Each mail has its line, or is one of those that the log says it has lost."""
        logged = re.findall(r" transaction: id=(\w+) ", text)
        self.assertEqual(len(logged), len(set(logged)))
        self.assertLessEqual(set(logged), set(ids))
        lost = sum(map(int, LOST.findall(text)))
        self.assertGreaterEqual(lost, len(ids) - len(logged))
        self.assertEqual([line for line in text.splitlines() if not re.match(r"\d{4}-\d\d-\d\d .* [A-Z]+ [a-z.]+: ", line)], [])
        return lost


class FullDisk(LogTroubleTest, test_disk_full.DiskTest):
    store = harness.SystemTest.store  # only the log is on the small disk

    def fill(self):
        filler = self.disk / "filler"
        with open(filler, "ab", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass
        return filler

    def test_what_the_log_of_a_full_disk_misses_is_told_when_there_is_room(self):
        log = self.disk / "mpsmtpd.log"
        self.serve(target=log, repeats=0)
        ids = self.send(3)
        filler = self.fill()
        ids += self.send(200)  # more than what the last page of the file has room for
        self.assertTrue(self.server.stderr.wait_for("No space left on device; the server goes on without"))
        path = self.folder / "mpsmtp.ini"
        path.write_text(path.read_text().replace("repeats = 0", "repeats = 50"))
        self.server.send_signal(signal.SIGHUP)  # what was lost before a reload is not forgotten with it
        self.assertTrue(self.server.stderr.wait_for("the server goes on without", count=2))
        filler.unlink()
        harness.wait_until(lambda: LOST.search(log.read_text()), "the log says what it missed")
        ids += self.send(3)
        self.server.stop()
        self.assertGreater(self.assert_all_accounted_for(log.read_text(), ids), 100)
        self.assertEqual(len(self.messages()), len(ids))

    def test_a_rotation_on_a_full_disk_loses_no_more_than_it_says(self):
        log = self.disk / "mpsmtpd.log"
        self.serve(target=log)
        self.send(1)
        filler = self.fill()
        ids = self.send(150)
        log.rename(self.disk / "mpsmtpd.log.1")
        self.server.send_signal(signal.SIGUSR1)
        harness.wait_until(log.exists, "a new file")
        filler.unlink()
        ids += self.send(3)
        harness.wait_until(lambda: LOST.search(log.read_text()), "the log says what it missed")
        self.server.stop()
        logged = re.findall(r" transaction: id=(\w+) ", (self.disk / "mpsmtpd.log.1").read_text() + log.read_text())
        lost = sum(map(int, LOST.findall(log.read_text())))
        self.assertGreaterEqual(lost + len(logged), len(ids))
        self.assertEqual(len(self.messages()), 1 + len(ids))


class GoneReader(LogTroubleTest):
    def test_a_named_pipe_whose_reader_stops_and_goes_and_comes_again(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.serve(target=pipe)
        ids = self.send(600)  # a pipe of 64 KiB takes some 400 lines
        text = self.drain(reader)
        ids += self.send(1)
        text += self.drain(reader)
        self.assertTrue(LOST.search(text), "it has said so with the first line that was taken")
        os.close(reader)
        ids += self.send(5)
        self.assertTrue(self.server.stderr.wait_for("cannot write the log .*/pipe: Broken pipe"))
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        ids += self.send(1)
        parts = [text]

        def said():
            parts.append(self.drain(reader))
            return "Broken pipe" in "".join(parts)
        harness.wait_until(said, "what was missed")
        self.server.stop()
        parts.append(self.drain(reader))
        self.assert_all_accounted_for("".join(parts), ids)
        self.assertEqual(len(self.messages()), len(ids))

    @staticmethod
    def drain(reader):
        octets = b""
        try:
            while part := os.read(reader, 65536):
                octets += part
        except BlockingIOError:
            pass
        return octets.decode()

    def test_a_journal_that_goes_and_comes_again_under_load(self):
        """Every mail has its entry here or its line on standard error, whatever the daemon's socket does meanwhile."""
        path = self.folder / "journal"
        journal = journald.Journal(path)
        self.serve(target="journal", journal_socket=path)
        ids, text, is_over = [], "", threading.Event()

        def load():
            while not is_over.is_set():
                ids.extend(self.send(10))
        clients = [threading.Thread(target=load, daemon=True) for _ in range(4)]
        for client in clients:
            client.start()
        for turn in range(1, 6):
            journal.wait_for("transaction: id=")
            journal.close()
            text += journal.text()
            self.assertTrue(self.server.stderr.wait_for("the journal takes nothing at", count=turn))
            journal = journald.Journal(path)
            journal.wait_for("the journal takes entries again")
        is_over.set()
        for client in clients:
            client.join(harness.DEADLINE)
        self.server.stop()
        journal.close()
        logged = re.findall(r"transaction: id=(\w+) ", text + journal.text() + self.server.log())
        self.assertEqual(len(self.messages()), len(ids), "what was acknowledged is in the store, and nothing else")
        self.assertEqual(len(logged), len(set(logged)), "no entry is in both")
        self.assertLessEqual(set(logged), set(ids))
        self.assertGreater(len(logged), len(ids) // 2, "what a socket had taken when its daemon went is gone with it")


class GoneFolder(LogTroubleTest):
    def test_a_folder_that_may_not_be_written_to_any_more(self):
        """Rotated by a tool whose user may do what the server's may not: the old file stays in use until it can be made."""
        folder = self.folder / "logs"
        folder.mkdir()
        log = folder / "mpsmtpd.log"
        self.serve(target=log)
        ids = self.send(2)
        log.rename(folder / "mpsmtpd.log.1")
        log.mkdir()  # root may write into any folder, but no line into a folder
        self.server.send_signal(signal.SIGUSR1)
        self.assertTrue(self.server.stderr.wait_for("cannot open the log file .*: Is a directory; the old file stays in use"))
        ids += self.send(2)
        log.rmdir()
        harness.wait_until(lambda: log.is_file() and "open anew, after all" in log.read_text(), "another attempt")
        ids += self.send(2)
        self.server.stop()
        self.assert_all_accounted_for((folder / "mpsmtpd.log.1").read_text() + log.read_text(), ids)
        self.assertEqual(len(self.messages()), len(ids))


if __name__ == "__main__":
    unittest.main()

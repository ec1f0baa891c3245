"""What is on stable storage when the 250 is sent, seen in the system calls of the installed server: no other test would
notice if the stores' wish to sync never reached the kernel.
"""
import re
import shutil
import unittest

import harness

MAIL = b"Subject: durable\r\n\r\nkept\r\n"
LARGE = b"Subject: durable\r\n\r\n" + (b"x" * 70 + b"\r\n") * 3000


class Durability(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.strace = shutil.which("strace")
        if not self.strace or harness.SANITIZED:
            self.skipTest("strace is missing" if not self.strace else "a leak checker cannot work under strace")

    def test_data_then_name_then_folder_then_250(self):
        for type_, folder in (("maildir", r"/b\.test/b/new"), ("mh", r"/b\.test/b")):
            with self.subTest(type_):
                calls = self.calls_of_a_mail({"tree": self.store(type_)}, spool={"durability": "fsync"})
                self.assertRegex(calls, rf"(?s)fdatasync\(\d+<.*linkat\(.*fsync\(\d+<[^>]*{folder}>")

    def test_the_journal_then_name_then_250(self):
        """Nothing of the mail itself is synced."""
        for type_, folder in (("maildir", r"/b\.test/b/new"), ("mh", r"/b\.test/b")):
            with self.subTest(type_):
                calls = self.calls_of_a_mail({"tree": self.store(type_)}, spool={"durability": "journal"})
                self.assertRegex(calls, rf"(?s)fdatasync\(\d+<[^>]*/\.mpsmtp\.{type_}-journal\.0>.*linkat\([^\n]*{folder}>")
                self.assertEqual(calls.count("sync("), 1, calls)

    def test_a_large_mail_is_no_matter_of_the_journal(self):
        for type_, folder in (("maildir", r"/b\.test/b/new"), ("mh", r"/b\.test/b")):
            with self.subTest(type_):
                calls = self.calls_of_a_mail({"tree": self.store(type_)}, LARGE, spool={"durability": "journal"})
                self.assertRegex(calls, rf"(?s)fdatasync\(\d+<.*linkat\(.*fsync\(\d+<[^>]*{folder}>")
                self.assertNotIn("-journal", calls)

    def test_the_data_of_an_mbox(self):
        self.assertRegex(self.calls_of_a_mail({"tree": self.store("mbox")}), r"fdatasync\(\d+<[^>]*/b\.mbox>")

    def test_nothing_if_so_configured(self):
        calls = self.calls_of_a_mail({"tree": self.store("maildir")}, spool={"durability": "none"})
        self.assertIn("linkat(", calls)
        self.assertNotIn("sync(", calls)

    def calls_of_a_mail(self, handlers, mail=MAIL, **sections):
        """Of the second mail in its mailbox, between the replies to DATA and to the final dot."""
        trace = self.folder / "trace"
        server = self.start(self.settings(handlers, **sections), wrapper=[
            self.strace, "-f", "-y", "-s", "64", "-e", "trace=fsync,fdatasync,syncfs,linkat,sendto", "-o", str(trace)])
        with server.connect() as wire:
            wire.hello()
            for _ in range(2):
                self.assert_reply(wire.deliver(mail), 250)
        server.stop_traced()
        second = trace.read_text(errors="replace").split('"354 ')[2]
        return re.split(r'sendto\([^"]*"250 2\.0\.0 Ok: ', second)[0]


if __name__ == "__main__":
    unittest.main()

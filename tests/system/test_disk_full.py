"""A full or read-only file system: 452 or 451, nothing half-stored, and the server takes mail again when there is room.

Needs the right to mount a small tmpfs; where there is none, the whole test is skipped with the reason.
"""
import subprocess
import unittest

import harness
import mailboxes

STORES = ("maildir", "mh", "mbox")
LARGE = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 20_000
SMALL = b"Subject: small\r\n\r\nx\r\n"


class SmallFileSystem(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        self._mount("size=1m")
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(self.disk)], check=False)

    def _mount(self, options):
        ended = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.disk)], capture_output=True,
                               text=True, check=False)
        if ended.returncode != 0:
            self.skipTest(f"cannot mount a tmpfs: {ended.stderr.strip()}")

    def store(self, type_, **keys):
        keys = super().store(type_, **keys)
        return {**keys, "path": str(keys["path"]).replace(str(self.folder), str(self.disk))}

    def _files(self):
        return {str(path.relative_to(self.disk)): path.read_bytes() for path in self.disk.rglob("*") if path.is_file()}

    def _messages(self, store):
        return mailboxes.read_mailbox(self.disk, store, "b@b.test")

    def test_a_full_store_is_452(self):
        for store in STORES:
            with self.subTest(store):
                server = self.start(self.settings({"tree": self.store(store)}))
                with server.connect() as wire:
                    wire.hello()
                    self.assert_reply(wire.deliver(SMALL), 250)
                    before = self._files()
                    self.assert_reply(wire.deliver(LARGE), 452, "4.3.1")
                    self.assertEqual(self._files(), before)
                    self.assert_reply(wire.deliver(SMALL), 250)
                self.assertEqual(len(self._messages(store)), 2)
                self.assertTrue(server.stderr.wait_for("(?i)no space left"))
                server.stop()

    def test_a_full_store_beside_others_leaves_nothing_in_any(self):
        handlers = {"first": super().store("maildir"), "full": self.store("mbox"), "last": super().store("mh")}
        server = self.start(self.settings(handlers))
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(LARGE), 452, "4.3.1")
        self.assertEqual([path for path in self.stored_files() if path.stat().st_size], [])
        self.assertEqual([name for name, octets in self._files().items() if octets], [])

    def test_a_full_spool_is_452(self):
        server = self.start(self.settings({"tree": super().store("maildir")},
                                          spool={"directory": self.disk / "spool", "memory": "4K"}))
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(LARGE), 452, "4.3.1")
            self.assert_reply(wire.deliver(SMALL), 250)
        self.assertEqual(len(self.messages("maildir")), 1)

    def test_no_inodes_left_is_452(self):
        subprocess.run(["mount", "-o", "remount,nr_inodes=12", str(self.disk)], check=True)
        for number in range(20):
            try:
                (self.disk / f"filler{number}").touch()
            except OSError:
                break
        server = self.start(self.settings({"tree": self.store("maildir")}))
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(SMALL), 452, "4.3.1")
            for path in self.disk.glob("filler*"):
                path.unlink()
            self.assert_reply(wire.deliver(SMALL), 250)
        self.assertEqual(len(self._messages("maildir")), 1)

    def test_a_read_only_folder_is_451(self):
        for store in STORES:
            with self.subTest(store):
                subprocess.run(["mount", "-o", "remount,rw", str(self.disk)], check=True)
                server = self.start(self.settings({"tree": self.store(store)}))
                subprocess.run(["mount", "-o", "remount,ro", str(self.disk)], check=True)
                with server.connect() as wire:
                    wire.hello()
                    self.assert_reply(wire.deliver(SMALL), 451)
                    subprocess.run(["mount", "-o", "remount,rw", str(self.disk)], check=True)
                    self.assert_reply(wire.deliver(SMALL), 250)
                self.assertEqual(len(self._messages(store)), 1)
                self.assertTrue(server.stderr.wait_for("Read-only file system"))
                server.stop()


if __name__ == "__main__":
    unittest.main()

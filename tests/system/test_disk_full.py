"""A full or read-only file system: 452 or 451, nothing half-stored, and the server takes mail again when there is room.

On a small tmpfs, and on an ext4 in a file. Needs the right to mount them; where there is none, the test is skipped with the
reason. (What a quota answers, EDQUOT, is in test_injection.py.)
"""
import itertools
import os
import subprocess
import threading
import unittest

import harness
import mailboxes

STORES = ("maildir", "mh", "mbox")
LARGE = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 20_000
SMALL = b"Subject: small\r\n\r\nx\r\n"


class DiskTest(harness.SystemTest):
    """A folder `disk` with a file system of its own."""

    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        self._mount()
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(self.disk)], check=False)

    def _mount(self):
        self._try("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(self.disk))

    def _try(self, *command):
        try:
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            self.skipTest(str(error))
        if ended.returncode != 0:
            self.skipTest(f"{command[0]}: {ended.stderr.strip()}")

    def store(self, type_, **keys):
        keys = super().store(type_, **keys)
        return {**keys, "path": str(keys["path"]).replace(str(self.folder), str(self.disk))}

    def _roomy_store(self, type_):
        return super().store(type_)

    def _files(self):
        return {str(path.relative_to(self.disk)): path.read_bytes() for path in self.disk.rglob("*") if path.is_file()}

    def _messages(self, store):
        return mailboxes.read_mailbox(self.disk, store, "b@b.test")

    def assert_a_full_store_is_452(self):
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


class SmallFileSystem(DiskTest):
    def test_a_full_store_is_452(self):
        self.assert_a_full_store_is_452()

    def test_a_full_store_beside_others_leaves_nothing_in_any(self):
        handlers = {"first": self._roomy_store("maildir"), "full": self.store("mbox"), "last": self._roomy_store("mh")}
        server = self.start(self.settings(handlers))
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(LARGE), 452, "4.3.1")
        self.assertEqual([path for path in self.stored_files() if path.stat().st_size], [])
        self.assertEqual([name for name, octets in self._files().items() if octets], [])

    def test_no_room_for_a_journal_is_no_reason_to_refuse(self):
        for store in ("maildir", "mh"):
            with self.subTest(store):
                server = self.start(self.settings({"tree": self.store(store)}, spool={"durability": "journal"}))
                with server.connect() as wire:
                    wire.hello()
                    self.assert_reply(wire.deliver(SMALL), 250)
                    self.assertTrue(server.stderr.wait_for("(?i)no space left"))
                    self.assert_reply(wire.deliver(LARGE), 452, "4.3.1")
                self.assertEqual(len(self._messages(store)), 1)
                server.stop()
                for path in self.disk.rglob(".mpsmtp.*-journal.*"):
                    path.unlink()

    def test_a_full_spool_is_452(self):
        server = self.start(self.settings({"tree": self._roomy_store("maildir")},
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

    def test_a_remount_while_mail_flows(self):
        """What was acknowledged is there, what was not is answered 451, and nobody waits."""
        for store in STORES:
            with self.subTest(store):
                subprocess.run(["mount", "-o", "remount,rw,size=64m", str(self.disk)], check=True)
                server = self.start(self.settings({"tree": self.store(store)}))
                codes = []
                clients = [threading.Thread(target=self._flow, args=(server, codes)) for _ in range(4)]
                for client in clients:
                    client.start()
                # A file system that is being written to refuses ("busy"): then the next try.
                for mode in itertools.cycle(("ro", "rw")):
                    subprocess.run(["mount", "-o", f"remount,{mode}", str(self.disk)], check=False, capture_output=True)
                    if not any(client.is_alive() for client in clients):
                        break
                subprocess.run(["mount", "-o", "remount,rw", str(self.disk)], check=True)
                self.assertLessEqual(set(codes), {250, 451})
                self.assertEqual(len(codes), 4 * 50)
                self.assertEqual(len(self._messages(store)), codes.count(250))
                with server.connect() as wire:
                    wire.hello()
                    self.assert_reply(wire.deliver(SMALL), 250)
                server.stop()

    @staticmethod
    def _flow(server, codes):
        with server.connect() as wire:
            wire.hello()
            for _ in range(50):
                codes.append(wire.deliver(SMALL).code)


class SmallExt4(DiskTest):
    """Blocks that are found missing when data is written out, and a journal: not so in a tmpfs."""

    def _mount(self):
        image = self.folder / "ext4"
        with open(image, "wb") as file:
            file.truncate(4 << 20)
        self._try("/usr/sbin/mkfs.ext4", "-q", "-m", "0", str(image))
        self._try("mount", "-o", "loop", str(image), str(self.disk))

    def test_a_full_store_is_452(self):
        with open(self.disk / "filler", "wb") as filler:
            filler.truncate()
            while self._free() > 1 << 20:
                filler.write(bytes(64 << 10))
                filler.flush()
        self.assert_a_full_store_is_452()

    def _free(self):
        status = os.statvfs(self.disk)
        return status.f_bavail * status.f_frsize


if __name__ == "__main__":
    unittest.main()

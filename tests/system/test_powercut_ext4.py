"""A power cut by the kernel: an ext4 file system on a loop device is shut down while mail flows, at once and without the
transaction that its journal has not written (EXT4_IOC_SHUTDOWN, NOLOGFLUSH). What is then mounted again is what a cut leaves
of the page cache.

The server is killed, the file system mounted (its journal is replayed), checked by fsck, and the stores are read. Then a server
that believes in a boot takes mail for every mailbox. Needs root, loop devices and ext4; without them it is skipped.
What it cannot show: a disk that loses its own cache, or that writes half a block.
"""
import fcntl
import os
import pathlib
import random
import shutil
import struct
import subprocess
import unittest

import harness
from powercut import stores
from test_kill import Load, MAILBOXES, make_message, with_alias
from test_powercut import DURABILITIES, LIBRARY, after_boot

CUTS = 100 if harness.FULL else 3  # for each way to mount
SHUTDOWN = 0x8004587D              # EXT4_IOC_SHUTDOWN: _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2
MODES = ("data=ordered", "data=writeback")
SIZE = 64 * 1024 * 1024


def tool(name):
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


class Disk:
    """A file with ext4 in it, and where it is mounted."""

    def __init__(self, test, name, mode):
        self._image = test.folder / f"{name}.img"
        self.path = test.folder / name
        self.path.mkdir()
        self._mode = mode
        self._test = test
        with open(self._image, "wb") as file:
            file.truncate(SIZE)
        self._run("mkfs.ext4", "-q", "-F", self._image)
        self.mount()
        test.addCleanup(subprocess.run, [tool("umount"), str(self.path)], check=False, capture_output=True)

    def _run(self, *command):
        """Skips the test if it fails: what is missing is a right or a tool of the machine."""
        ended = subprocess.run([tool(command[0]) or command[0], *map(str, command[1:])], capture_output=True, text=True,
                               check=False)
        if ended.returncode != 0:
            self._test.skipTest(f"{command[0]}: {ended.stderr.strip() or ended.stdout.strip()}")

    def mount(self):
        self._run("mount", "-o", f"loop,{self._mode}", self._image, self.path)

    def cut(self):
        fd = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(fd)

    def unmount(self):
        umount = [tool("umount"), str(self.path)]
        harness.wait_until(lambda: subprocess.run(umount, check=False, capture_output=True).returncode == 0,
                           "the file system is not in use")

    def _leave_device(self):
        """Whoever has made a mount namespace meanwhile (another test, a container) has a copy of the mount, and keeps the file
        system that was shut down alive: mounted again, the same file would be that one."""
        listed = subprocess.run([tool("losetup"), "--associated", str(self._image)], capture_output=True, text=True, check=True)
        if listed.stdout:
            copy = self._image.with_suffix(".again" + self._image.suffix)
            subprocess.run(["cp", "--sparse=always", self._image, copy], check=True)
            os.replace(copy, self._image)

    def replay(self):
        """Mounts it, so that the kernel replays its journal; then it must be without a fault."""
        self.unmount()
        self._leave_device()
        self.mount()
        self.unmount()
        checked = subprocess.run([tool("fsck.ext4"), "-fn", str(self._image)], capture_output=True, text=True, check=False)
        if checked.returncode != 0:
            raise AssertionError(checked.stdout + checked.stderr)
        self.mount()


@unittest.skipIf(harness.SANITIZED, "a sanitizer's library must be the first that is loaded")
class Ext4(harness.SystemTest):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0 or not pathlib.Path("/dev/loop-control").exists() or not tool("mkfs.ext4"):
            self.skipTest("no right to mount, no loop device, or no mkfs.ext4")
        self.stores = [stores.Store(type_) for type_ in stores.PARTS]

    def _start(self, disk, durability, **options):
        handlers = {store.type: store.handler(disk.path) for store in self.stores}
        spool = {"memory": "4K", **harness.spool_of(durability)}
        return self.start(self.settings(**with_alias(self.folder, handlers), spool=spool), **options)

    def _cut_under_load(self, disk, durability, name, acknowledgements, sent, acknowledged, **options):
        server = self._start(disk, durability, **options)
        load = Load(server, name)
        load.wait_for(acknowledgements)
        disk.cut()
        server.kill()
        load.join()
        sent.update(load.sent)
        acknowledged.update(load.acknowledged)
        # Between the cut and the kill the server may refuse, and say so; it may not go on as if nothing was.
        self.assertEqual([error for error in load.unexpected if "451" not in str(error)], [])

    def _serve_again(self, disk, durability, name):
        server = self._start(disk, durability, environment=after_boot(self.folder))
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(make_message(name, random.Random(name)), recipients=MAILBOXES), 250)
        server.stop()

    def _recover(self, disk, randomness):
        """With a journal: a start of the server that is cut off too, sooner or later, and one that comes to its end."""
        log = self.folder / "replay"
        log.write_bytes(b"")
        environment = {**after_boot(self.folder), "RECORDER_LOG": str(log), "RECORDER_FOLDER": f"{disk.path}/",
                       "RECORDER_SYNC_DELAY": "1000"}
        server = self._start(disk, "journal", environment=environment, listeners=0)
        enough = randomness.randrange(1, 1 << 19)
        harness.wait_until(lambda: log.stat().st_size > enough or server.LISTENING.split()[0] in server.log(), "the replay begins")
        self.replays.append(log.stat().st_size)
        disk.cut()
        server.kill()
        disk.replay()
        self._start(disk, "journal", environment=after_boot(self.folder)).kill()

    def _assert_journal_grew(self, disk):
        for store in self.stores:
            if store.type != "mbox":
                self.assertGreater(sum(path.stat().st_size for path in store.journal(disk.path)), 1 << 20)

    def _check(self, disk, sent, acknowledged, later=()):
        for store in self.stores:
            store.check(disk.path, sent, acknowledged, later)

    def _survives(self, mode, durability):
        randomness = random.Random(mode)
        total = 0
        self.replays = []
        for number in range(CUTS):
            # A fresh one each time: what a cut has torn stays in front of what an mbox gets later.
            disk = Disk(self, f"disk-{durability}-{number}", mode)
            sent, acknowledged = {}, {}
            self._cut_under_load(disk, durability, f"r{number}", randomness.randrange(1, 200), sent, acknowledged)
            disk.replay()
            if durability == "journal":
                self._assert_journal_grew(disk)
                self._recover(disk, randomness)
            self._check(disk, sent, acknowledged)
            self._serve_again(disk, durability, "after")
            self._check(disk, {**sent, "after": MAILBOXES}, acknowledged, later=["after"])
            disk.unmount()
            total += len(acknowledged)
        print(f"{mode}, {durability}: {CUTS} cuts, {total} acknowledged mails, each there; octets written by recoveries "
              f"when they were cut: {self.replays}", flush=True)

    def test_data_ordered(self):
        for durability in DURABILITIES:
            self._survives(MODES[0], durability)

    def test_data_writeback(self):
        for durability in DURABILITIES:
            self._survives(MODES[1], durability)

    def test_a_server_that_does_not_sync_is_found(self):
        for durability in DURABILITIES:
            with self.subTest(durability):
                disk = Disk(self, f"disk-{durability}", "data=ordered")
                environment = {"LD_PRELOAD": str(LIBRARY), "RECORDER_LOG": str(self.folder / "log"),
                               "RECORDER_FOLDER": f"{disk.path}/", "RECORDER_DROP_SYNC": "all"}
                sent, acknowledged = {}, {}
                self._cut_under_load(disk, durability, "r", 100, sent, acknowledged, environment=environment)
                disk.replay()
                self._start(disk, durability, environment=after_boot(self.folder)).kill()
                with self.assertRaisesRegex(stores.Wrong, "lost in"):
                    self._check(disk, sent, acknowledged)


if __name__ == "__main__":
    unittest.main()

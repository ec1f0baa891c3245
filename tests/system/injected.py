"""Makes calls of a running server fail, kills it at them, slows them down, or sets its clock wrong: the test's end of the
library in faults/, which is preloaded into the server and shares one page of memory with the test.
"""
import mmap
import os
import pathlib
import shutil
import struct
import tempfile
import unittest

import harness
import mailboxes
from test_kill import identity_of

LIBRARY = harness.BUILD / "tests" / "libmpsmtp_faults.so"
KILL_BEFORE, KILL_WITHIN, FAIL, FAIL_WITHIN, SHORTEN, END = range(1, 7)
STORES = ("maildir", "mh", "mbox")


class Faults:
    """The page that is shared; its layout is `Control` of faults/control.h."""

    HEAD = struct.Struct("@qqqiiiiii32s")
    OFFSET = struct.Struct("@q")
    SLOW = struct.Struct("@ii")
    COUNT = struct.Struct("@i")

    def __init__(self, folder, stores):
        path = folder / "faults"
        path.write_bytes(bytes(mmap.PAGESIZE))
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.environment = {"LD_PRELOAD": str(LIBRARY), "FAULTS_FILE": str(path), "FAULTS_FOLDER": f"{stores}/"}
        self.only_names = False
        self._names = []

    def close(self):
        self._memory.close()

    def names(self):
        """Of all calls that can fail, in the order of their numbers; a server must have run."""
        if not self._names:
            tail = bytes(self._memory[self.HEAD.size:])
            text = tail[tail.index(b"changes\0"):]
            self._names = text[:text.index(b"\0\0")].decode().split("\0")
        return self._names

    def arm(self, at, action=0, error=0, call="changes"):
        """At the `at`-th call of this name from now on; "changes" stands for all that change what lies in the stores."""
        number = self.names().index(call) if call != "changes" else 0
        self.HEAD.pack_into(self._memory, 0, 0, 0, self._offset(), -1, 0, 0, self.only_names, *self._slow(), b"")
        self.HEAD.pack_into(self._memory, 0, at, 0, self._offset(), number, action, error, self.only_names, *self._slow(), b"")

    def disarm(self):
        self.arm(0)

    def hit(self):
        """The name of the call that was the n-th; "" if there were fewer."""
        return self.HEAD.unpack_from(self._memory, 0)[-1].rstrip(b"\0").decode()

    def forget_counts(self):
        self._memory[self.HEAD.size:self._end_of_counts()] = bytes(self._end_of_counts() - self.HEAD.size)

    def counts(self):
        """{name: calls since forget_counts()} of those that there were."""
        counts = struct.unpack_from(f"@{len(self.names())}i", self._memory, self.HEAD.size)
        return {name: count for name, count in zip(self.names(), counts) if count}

    def set_clock(self, seconds):
        """How far the server's time of day is ahead of ours."""
        self.OFFSET.pack_into(self._memory, 16, seconds)

    def slow_down(self, milliseconds):
        """Each write and sync in the stores."""
        self.SLOW.pack_into(self._memory, 40, milliseconds, 0)

    def slow_calls(self):
        return self._slow()[1]

    def _offset(self):
        return self.OFFSET.unpack_from(self._memory, 16)[0]

    def _slow(self):
        return self.SLOW.unpack_from(self._memory, 40)

    def _end_of_counts(self):
        return self.HEAD.size + self.COUNT.size * len(self.names())


@unittest.skipIf(harness.SANITIZED, "a sanitizer's library must be the first that is loaded")
class InjectedTest(harness.SystemTest):
    """Servers with the library in them, and stores in memory."""

    durability = "fsync"

    def setUp(self):
        super().setUp()
        if not LIBRARY.exists():
            self.skipTest("the library to preload was not built")
        # A killed process leaves what the kernel knows, so a file system in memory is as good as a disk, and ten times as fast.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else self.folder
        self.stores = pathlib.Path(tempfile.mkdtemp(prefix="mpsmtp-test-", dir=memory))
        self.addCleanup(shutil.rmtree, self.stores, ignore_errors=True)
        self.faults = Faults(self.folder, self.stores)
        self.addCleanup(self.faults.close)

    def store(self, type_, **keys):
        keys = super().store(type_, **keys)
        return {**keys, "path": str(keys["path"]).replace(str(self.folder), str(self.stores))}

    def start_injected(self, names, **sections):
        handlers = {name: self.store(name) for name in names}
        sections = {"spool": {"memory": "4K", **harness.spool_of(self.durability)}, **sections}
        return self.start(self.settings(handlers, **sections), environment=self.faults.environment)

    def read(self, name, address):
        user, _, domain = address.partition("@")
        box = self.stores / name / domain / user
        if name == "maildir" and box.exists() and not all((box / part).is_dir() for part in ("cur", "new", "tmp")):
            return []  # killed while it was made: no mailbox yet, and Python's reader says so with an exception
        return mailboxes.read_mailbox(self.stores, name, address)

    def copies_of(self, names, identity, address):
        """How often each store has it; every mail in the mailbox is looked at, and torn ones fail the test."""
        return [sum(identity_of(message) == identity for message in self.read(name, address)) for name in names]

    def assert_no_leftovers(self, folder=None):
        """Nothing but mail and what docs/stores.md says lies in the stores."""
        folder = folder or self.stores
        staged = [path for path in folder.rglob("*") if path.is_file() and
                  (path.parent.name == "tmp" or path.name.startswith(".mpsmtp-") or path.suffix == ".lock")]
        notes = [path for path in folder.rglob(".*.mpsmtp") if path.stat().st_size]
        self.assertEqual(staged + notes, [])

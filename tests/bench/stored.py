"""Mail on disk: how much of it there is in a store, and what of it a round has brought.

A mail counts if it is in sight of a reader and whole by its size. Stores take the CR of each line away, which is no tenth of it.
"""
import os
import pathlib
import time


class NotStored(Exception):
    """Acknowledged mail that is not there, or mail that is there twice. No figure of such a run counts."""


def maildir_files(folder):
    return [path for path in folder.glob("**/new/*") if not path.name.startswith(".")]


def mh_files(folder):
    return [path for path in folder.glob("**/*") if path.name.isdigit()]


def mbox_files(folder):
    return [path for path in folder.glob("**/*") if path.is_file() and not path.name.startswith(".")
            and ".lock" not in path.name]


def size_of(path):
    """0 of a file that its server has moved or removed meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


FILES = {"maildir": maildir_files, "mh": mh_files, "mbox": mbox_files}


def separators(path):
    """Mails of an mbox. What the clients send has no line that begins like a separator."""
    count, tail = 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            count += (tail + block).count(b"\nFrom ")
            tail = (tail + block)[-5:]
    return count


class Mails:
    """The mails that a server puts below `folder`, beside those that were there before."""

    def __init__(self, store, folder):
        self._store = store
        self._folder = pathlib.Path(folder)
        self._before = set()

    def _files(self):
        if self._store == "discard" or not self._folder.exists():
            return []
        return [path for path in FILES[self._store](self._folder) if path not in self._before]

    def prefill(self, count):
        """`count` mails in an MH folder, before the server has seen it."""
        self._folder.mkdir(parents=True)
        for number in range(1, count + 1):
            path = self._folder / str(number)
            path.write_bytes(b"Subject: old\n\nold\n")
            self._before.add(path)

    def count(self, octets):
        if self._store == "mbox":
            return sum(map(separators, self._files()))
        return sum(1 for path in self._files() if size_of(path) >= octets * 0.9)

    def verify(self, wanted, octets, patience):
        """Raises unless exactly `wanted` mails are there, at the latest `patience` seconds from now."""
        if self._store == "discard":
            return
        deadline = time.monotonic() + patience
        while (found := self.count(octets)) != wanted:
            if found > wanted or time.monotonic() > deadline:
                raise NotStored(f"{self._folder}: {wanted} mails acknowledged, {found} stored")
            time.sleep(0.1)

    def forget(self):
        """The next round counts from here. Files are not removed: ext4 looks at each inode that was freed in the last half minute
        when it makes a file, so that every contestant behind would pay for it."""
        if self._store == "mbox":
            for path in self._files():
                os.truncate(path, 0)
        else:
            self._before.update(self._files())

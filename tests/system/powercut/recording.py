"""Reads the log of recorder.c: what the server did to one folder, in the order in which it happened."""
import dataclasses
import enum
import pathlib
import struct


class Kind(enum.IntEnum):
    CREATE = 1
    WRITE = 2
    TRUNCATE = 3
    EXTEND = 4
    LINK = 5
    UNLINK = 6
    RENAME = 7
    MKDIR = 8
    SYNC_BEGIN = 9
    SYNC_END = 10
    REPLY = 11
    ROOT = 12


@dataclasses.dataclass(frozen=True)
class Event:
    """Inodes are the file system's numbers; 0 in a sync is the whole of it, 0 as a CREATE's folder a file without a name."""

    kind: Kind
    inode: int = 0
    folder: int = 0
    name: str = ""
    to_folder: int = 0
    to_name: str = ""
    value: int = 0  # offset, size, or the number of a sync
    data: bytes = b""


HEAD = struct.Struct("<IIQQQqII")


def read(path):
    """All events of a log."""
    octets = pathlib.Path(path).read_bytes()
    events = []
    at = 0
    while at < len(octets):
        kind, name, inode, folder, to_folder, value, to_name, data = HEAD.unpack_from(octets, at)
        at += HEAD.size
        parts = []
        for size in (name, to_name, data):
            parts.append(octets[at:at + size])
            at += size
        events.append(Event(Kind(kind), inode, folder, parts[0].decode(), to_folder, parts[1].decode(), value, parts[2]))
    return events


def tree_of(folder):
    """{path: octets, or None for a folder} of what lies below a folder: the form that a disk has in disk.py."""
    folder = pathlib.Path(folder)
    return {str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes() for path in folder.rglob("*")}


def history_of(folder):
    """Events that make what lies below a folder, durably, with the numbers that its files have: what a run found there."""
    folder = pathlib.Path(folder)
    inode = {folder: folder.stat().st_ino}
    events = [Event(Kind.ROOT, inode[folder])]
    for path in sorted(folder.rglob("*")):
        known = path.stat().st_ino in inode.values()
        inode[path] = path.stat().st_ino
        kind = Kind.MKDIR if path.is_dir() else Kind.LINK if known else Kind.CREATE
        events.append(Event(kind, inode[path], inode[path.parent], path.name))
        if kind == Kind.CREATE:
            events.append(Event(Kind.WRITE, inode[path], data=path.read_bytes()))
    return [*events, Event(Kind.SYNC_BEGIN), Event(Kind.SYNC_END)]

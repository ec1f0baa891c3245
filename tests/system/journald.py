"""Journald's end of its native protocol: takes datagrams and sealed files, and reads entries as the protocol says."""
import array
import fcntl
import mmap
import os
import re
import socket
import threading

import harness

F_GET_SEALS, SEALED = 1034, 0x2 | 0x4 | 0x8  # shrink, grow, write


class Journal:
    """Collects the entries that are sent to `path`: dicts of lists of octets."""

    def __init__(self, path):
        self.entries = []
        self.error = None
        self._changed = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._path = path
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self):
        while True:
            octets, ancillary, _, _ = self._socket.recvmsg(1 << 20, socket.CMSG_SPACE(4))
            if octets == b"end":
                return
            try:
                entry = parse(content_of(ancillary) if ancillary else octets)
            except (ValueError, AssertionError) as error:
                self.error = error
                continue
            with self._changed:
                self.entries.append(entry)
                self._changed.notify_all()

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.sendto(b"end", str(self._path))
        self._thread.join()
        self._socket.close()
        os.unlink(self._path)
        if self.error:
            raise AssertionError(f"not journald's protocol: {self.error}")

    def text(self):
        with self._changed:
            return "".join(entry["MESSAGE"][0].decode() + "\n" for entry in self.entries)

    def wait_for(self, pattern):
        """The first entry whose MESSAGE matches."""
        def found():
            for entry in self.entries:
                if re.search(pattern, entry["MESSAGE"][0].decode()):
                    return entry
            return None
        with self._changed:
            if not self._changed.wait_for(found, harness.DEADLINE):
                raise AssertionError(f"no entry: {pattern}")
            return found()


def content_of(ancillary):
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        descriptors.frombytes(data)
    file, = descriptors
    assert fcntl.fcntl(file, F_GET_SEALS) & SEALED == SEALED, "not sealed"
    with mmap.mmap(file, 0, prot=mmap.PROT_READ) as content:
        os.close(file)
        return content[:]


def parse(octets):
    entry = {}
    while octets:
        line, end, octets = octets.partition(b"\n")
        assert end, "no line end"
        name, equals, value = line.partition(b"=")
        assert re.fullmatch(rb"[A-Z][A-Z0-9_]{0,63}", name), name
        if not equals:
            length = int.from_bytes(octets[:8], "little")
            value, octets = octets[8:8 + length], octets[8 + length:]
            assert octets[:1] == b"\n", "no line end behind a value"
            octets = octets[1:]
        entry.setdefault(name.decode(), []).append(value)
    return entry

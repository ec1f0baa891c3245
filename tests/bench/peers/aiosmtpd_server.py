"""aiosmtpd with a handler that stores durably: aiosmtpd_server.py PORT STORE FOLDER.

Its 250 says for STORE maildir that each recipient's mail was written to tmp/, synced, renamed into new/, and that folder
synced; for mbox that it was appended to the mailbox under a lock and synced. Threads do it, so that mails of several
connections wait for the disk together.
"""
import asyncio
import itertools
import os
import pathlib
import sys
import threading
import time

from aiosmtpd.smtp import SMTP

SEPARATOR = b"From bench@example.com Thu Jan  1 00:00:00 2026\n"


def write_durably(path, flags, content):
    descriptor = os.open(path, flags | os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Store:
    def __init__(self, kind, folder):
        self._put = self._to_mbox if kind == "mbox" else self._to_maildir
        self._folder = pathlib.Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    async def handle_DATA(self, server, session, envelope):
        await asyncio.get_running_loop().run_in_executor(None, self._deliver, envelope)
        return "250 2.0.0 Stored"

    def _deliver(self, envelope):
        for recipient in envelope.rcpt_tos:
            self._put(self._folder / recipient.partition("@")[0], envelope.content)

    def _to_maildir(self, path, content):
        for part in ("tmp", "new", "cur"):
            (path / part).mkdir(parents=True, exist_ok=True)
        name = f"{int(time.time())}.P{os.getpid()}Q{next(self._numbers)}.bench"
        write_durably(path / "tmp" / name, os.O_EXCL, content)
        (path / "tmp" / name).rename(path / "new" / name)
        sync_folder(path / "new")

    def _to_mbox(self, path, content):
        with self._lock:
            write_durably(path, os.O_APPEND, SEPARATOR + content + b"\n")


async def serve(port, store):
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(store, hostname="aiosmtpd.example.org", data_size_limit=50_000_000), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Store(sys.argv[2], sys.argv[3])))

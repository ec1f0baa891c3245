"""Puts a disk's tree into a folder, and reads the stores in it with Python's mailbox module.

Mail that is not whole may lie in one place alone: behind all that was acknowledged in an mbox (docs/stores.md). If the file
system lets a file grow before its octets are there (level posix), a hole takes the separator of that torn mail with it, and a
reader shows what is left of it as the end of the mail before: that one must be whole in front of it.
"""
import mailbox
import os
import pathlib
import re

import mailboxes
from powercut.load import look_into

PARTS = {"maildir": ("cur", "new", "tmp"), "mh": (".mh_sequences",), "mbox": ()}


class Wrong(AssertionError):
    """A promise is broken; the text says which."""


def materialize(tree, folder):
    """Writes {path: Content, or None for a folder}. An mbox's note names the file beside it by number, as it would after a
    cut; the files here have other numbers, so the note gets these: nothing but the boot id shall keep it from being believed."""
    folder = pathlib.Path(folder)
    folder.mkdir()
    first = {}  # path of each file
    for path, octets in tree.items():
        if octets is None:
            (folder / path).mkdir()
        elif id(octets) in first:
            os.link(first[id(octets)], folder / path)
        else:
            first[id(octets)] = folder / path
            (folder / path).write_bytes(octets)
    for path, octets in tree.items():
        name = pathlib.Path(path).name
        if octets and name.startswith(".") and name.endswith(".mbox.mpsmtp"):
            _renumber(folder / path, octets)


def inodes_of(tree, folder):
    """Lines `NOW THEN`: the numbers of the files here, and those that they had on the disk that was cut."""
    return "".join(f"{(pathlib.Path(folder) / path).stat().st_ino} {octets.inode}\n" for path, octets in tree.items() if octets is not None)


def _renumber(note, octets):
    box = note.with_name(note.name[1:-len(".mpsmtp")])
    if box.exists():
        status = box.stat()
        note.write_bytes(re.sub(rb"(?m)^file \d+ \d+$", b"file %d %d" % (status.st_dev, status.st_ino), octets))


class Store:
    """One handler's tree below `base`: where each mailbox is, and what it holds."""

    def __init__(self, type_):
        self.type = type_
        self._identities = {}  # of octets that have been looked at, since most are read hundreds of times

    def handler(self, base):
        """Its section of the ini file."""
        leaf = {"maildir": "%{rcpt.mailbox}", "mh": "%{rcpt.user}", "mbox": "%{rcpt.user}.mbox"}[self.type]
        keys = {"type": self.type, "path": f"{base}/stores/{self.type}/%{{rcpt.domain}}/{leaf}"}
        own = {"maildir": {"detail": "folder"}, "mbox": {"lock_timeout": "1s"}}
        return {**keys, **own.get(self.type, {})}

    def journal(self, base):
        """Its files, if it has a journal (maildir and mh, where [spool] durability says so)."""
        return [pathlib.Path(base) / "stores" / self.type / f".mpsmtp.{self.type}-journal.{number}" for number in (0, 1)]

    def path(self, base, address):
        user, _, domain = address.partition("@")
        folder = pathlib.Path(base) / "stores" / self.type / domain
        if self.type == "maildir":
            inbox, _, detail = user.partition("+")
            return folder / inbox / f".{detail}" if detail else folder / inbox
        return folder / (user + ".mbox" if self.type == "mbox" else user)

    def read(self, base, address):
        """The identities in one mailbox, in the order of the file or of the names. None stands for what is not whole, and
        follows a mail in an mbox that has something behind its end."""
        path = self.path(base, address)
        if not path.exists() or self._is_half_made(path):
            return []
        kind = {"maildir": mailbox.Maildir, "mh": mailbox.MH, "mbox": mailbox.mbox}[self.type]
        box = kind(str(path), create=False)
        try:
            keys = sorted(box.keys())
            if keys:
                box.get_message(keys[0])  # what reads more than the message: an MH's sequences
            return [identity for key in keys for identity in self._identities_in(box.get_bytes(key))]
        except OSError as error:
            raise Wrong(f"a reader fails in {address}: {error}") from error
        finally:
            box.close()

    def _is_half_made(self, path):
        """Its making was interrupted: no mailbox yet (docs/stores.md). Acknowledged mail in it would be missed as lost."""
        return not all((path / part).exists() for part in PARTS[self.type])

    def _identities_in(self, octets):
        if octets not in self._identities:
            identity, rest = look_into(mailboxes.unquote_mboxrd(octets) if self.type == "mbox" else octets)
            is_alone = rest.strip(b"\n") == b"" if self.type == "mbox" else rest == b""
            self._identities[octets] = [identity] if is_alone else [identity, None] if self.type == "mbox" else [None]
        return self._identities[octets]

    def check(self, base, sent, acknowledged, later=()):
        """`sent` is {identity: addresses}, `acknowledged` those that must be there, `later` those that came after the cut.
        :raises Wrong: if one is lost, doubled or in a wrong place, or something torn lies where it may not"""
        for address in sorted({each for addresses in sent.values() for each in addresses}):
            self._check_mailbox(address, self.read(base, address), sent, acknowledged, later)

    def _check_mailbox(self, address, found, sent, acknowledged, later):
        whole = [identity for identity in found if identity]
        expected = {identity for identity in acknowledged if address in sent[identity]}
        lost = sorted((expected | set(later)) - set(whole))
        if lost:
            raise Wrong(f"lost in {address}: {lost}; there are {found}")
        if len(whole) != len(set(whole)):
            raise Wrong(f"twice in {address}: {found}")
        strangers = [identity for identity in whole if address not in sent.get(identity, ())]
        if strangers:
            raise Wrong(f"not for {address}: {strangers}")
        self._check_torn(address, found, expected)

    def _check_torn(self, address, found, expected):
        torn = [place for place, identity in enumerate(found) if identity is None]
        if not torn:
            return
        if self.type != "mbox":
            raise Wrong(f"torn in {address}: {found}")
        if expected & set(found[torn[0]:]):
            raise Wrong(f"torn in {address} in front of acknowledged mail: {found}")

"""A power cut by simulation: mail that was acknowledged survives it at any moment, once and whole, in each store.

The recorder (powercut/recorder.c) writes down what a server under load does to its stores. Cuts are made at the
borders of syncs, at acknowledgements and between; for each, powercut/disk.py says which disks the cut may leave. They are made
and read as they are, since no store needs a server to be right; on some a server starts that believes that the machine has
booted, and takes mail for every mailbox: its repairs must spoil nothing.

MPSMTP_SEED repeats a run's load and cuts; threads are never the same twice.
"""
import os
import pathlib
import random
import shutil
import tempfile
import unittest
import uuid

import harness
from powercut import recording, stores
from powercut.disk import Disk, FATES, LEVELS
from powercut.load import Load, make_message
from powercut.recording import Kind

LIBRARY = harness.BUILD / "tests" / "libmpsmtp_recorder.so"
DURABILITIES = harness.DURABILITIES
SEED = int(os.environ.get("MPSMTP_SEED", "4"))
MESSAGES = 300 if harness.FULL else 100
CUTS = 200 if harness.FULL else 20  # of each run, beside those of the first moments; each leaves a dozen disks
SERVED = 200 if harness.FULL else 16  # disks of each run that a server starts on
SYNC_DELAY = 1000  # microseconds: tmpfs syncs at once, and a disk does not


def after_boot(folder):
    """Environment of a server that finds another boot id than all before it."""
    path = folder / "boot_id"
    path.write_text(f"{uuid.uuid4()}\n")
    return {"LD_PRELOAD": str(LIBRARY), "RECORDER_BOOT_ID": str(path)}


def is_locked(tree):
    """A dot-lock that has lost the note it is a link of is nobody's: for five minutes mail is refused (docs/stores.md)."""
    boxes = [path[:-len(".lock")].rpartition("/") for path in tree if path.endswith(".lock")]
    return any(tree.get(f"{folder}/.{name}.mpsmtp") is not tree[f"{folder}/{name}.lock"] for folder, _, name in boxes)


@unittest.skipIf(harness.SANITIZED, "a sanitizer's library must be the first that is loaded")
class PowerCutTest(harness.SystemTest):
    """Records one run and looks at what cuts leave of it."""

    def setUp(self):
        super().setUp()
        if not LIBRARY.exists():
            self.skipTest("the library to preload was not built")
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else self.folder
        self.disks = pathlib.Path(tempfile.mkdtemp(prefix="mpsmtp-test-", dir=memory))
        self.addCleanup(shutil.rmtree, self.disks, ignore_errors=True)
        self.randomness = random.Random(SEED)
        self.made = 0

    def settings_for(self, store, base, durability):
        keys = {} if durability == "fsync" else {"durability": durability}
        return self.settings({"store": store.handler(base)}, spool={"memory": "4K", **keys})

    def record(self, store, durability="fsync", messages=MESSAGES, **recorder):
        """Runs a load and keeps its history."""
        base = pathlib.Path(tempfile.mkdtemp(dir=self.disks))
        log = self.folder / f"log.{base.name}"
        environment = {"LD_PRELOAD": LIBRARY, "RECORDER_LOG": log, "RECORDER_FOLDER": f"{base}/",
                       "RECORDER_SYNC_DELAY": SYNC_DELAY, **recorder}
        server = self.start(self.settings_for(store, base, durability),
                            environment={key: str(value) for key, value in environment.items()})
        self.load = Load(server, messages, SEED)
        self.load.run()
        server.stop()
        self.disk = Disk(recording.read(log))
        self.acknowledgements = self._acknowledgements()
        self.assertEqual(sorted(self.acknowledgements), sorted(self.load.sent), "a reply is not in the log")
        everything = self.disk.tree(len(self.disk.events), "posix", FATES["all kept"])
        self.assertTrue(everything == recording.tree_of(base), "a call of the server is not in the log")
        shutil.rmtree(base)

    def _acknowledgements(self):
        """{identity: index of its 250}."""
        found = {}
        for index, event in enumerate(self.disk.events):
            if event.kind == Kind.REPLY:
                for part in event.data.split(b"250 2.0.0 Ok: ")[1:]:
                    found[self.load.identities[part.split(b"\r\n")[0].decode()]] = index
        return found

    def cuts(self, count):
        """The first moments of the stores, and as many others: behind a 250, a sync's begin or end, and anywhere."""
        events = self.disk.events
        ends = [index + 1 for index, event in enumerate(events) if event.kind == Kind.SYNC_END]
        begins = [index + 1 for index, event in enumerate(events) if event.kind == Kind.SYNC_BEGIN]
        replies = [index + 1 for index, event in enumerate(events) if event.kind == Kind.REPLY]
        anywhere = range(1, len(events) + 1)
        chosen = {*replies[:3], *ends[:3], len(events)}
        for moments in (ends, begins, replies, anywhere):
            chosen.update(self.randomness.sample(moments, min(count // 4, len(moments))))
        return sorted(chosen)

    def disks_of(self, cut):
        """(what, tree) of each disk that is looked at for a cut."""
        for level in LEVELS:
            for name, fate in FATES.items():
                yield f"cut at {cut} of {len(self.disk.events)}, {level}, {name}", self.disk.tree(
                    cut, level, fate, self.randomness)

    def acknowledged(self, cut):
        return [identity for identity, index in self.acknowledgements.items() if index < cut]

    def check_each(self, disks, check):
        """Fails with the first few of those that are wrong."""
        wrong = []
        for what, cut, tree in disks:
            try:
                check(cut, tree)
            except AssertionError as error:
                wrong.append(f"{what}: {error}")
        self.assertFalse(wrong, f"{len(wrong)} of {len(disks)} disks, seed {SEED}:\n" + "\n".join(wrong[:5]))

    def look_at(self, store, cut, tree):
        """Reads one disk. :raises stores.Wrong: as Store.check"""
        self.made += 1
        base = self.disks / f"disk{self.made}"
        stores.materialize(tree, base)
        try:
            store.check(base, self.load.sent, self.acknowledged(cut))
        finally:
            shutil.rmtree(base)

    def serve_again(self, store, durability, cut, tree, has_booted=True):
        """A server on the disk: it takes mail for every mailbox, and what was there stays so."""
        self.made += 1
        base = self.disks / f"disk{self.made}"
        stores.materialize(tree, base)
        server = self.start(self.settings_for(store, base, durability), environment=after_boot(self.folder) if has_booted else {})
        sent = {**self.load.sent, "after": sorted({each for all_ in self.load.sent.values() for each in all_})}
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(make_message("after", self.randomness), recipients=sent["after"]), 250)
        server.kill()
        store.check(base, sent, self.acknowledged(cut), later=["after"])
        self._assert_no_leftovers(base)
        shutil.rmtree(base)

    def _assert_no_leftovers(self, base):
        """Every mailbox has been used, so what the dead server had staged or locked is gone."""
        staged = [path for path in base.rglob("*") if path.is_file() and
                  (path.parent.name == "tmp" or path.name.startswith(".mpsmtp-") or path.suffix == ".lock")]
        notes = [path for path in base.rglob(".*.mpsmtp") if path.stat().st_size]
        self.assertEqual(staged + notes, [])


class Acknowledged(PowerCutTest):
    """The promise."""

    def _survives(self, type_, durability, **recorder):
        store = stores.Store(type_)
        self.record(store, durability, **recorder)
        disks = [(what, cut, tree) for cut in self.cuts(CUTS) for what, tree in self.disks_of(cut)]
        self.check_each(disks, lambda cut, tree: self.look_at(store, cut, tree))
        usable = [disk for disk in disks if not is_locked(disk[2])]
        served = self.randomness.sample(usable, SERVED - SERVED // 4)
        served += self.randomness.sample([disk for disk in usable if disk[0].endswith("come back")], SERVED // 4)
        self.check_each(served, lambda cut, tree: self.serve_again(store, durability, cut, tree))
        print(f"{type_}, {durability}: {len(self.disk.events)} events, {len(disks)} disks read, {len(served)} served, "
              f"seed {SEED}", flush=True)

    def test_maildir(self):
        for durability in DURABILITIES:
            self._survives("maildir", durability)

    def test_maildir_without_unnamed_files(self):
        for durability in DURABILITIES:
            self._survives("maildir", durability, RECORDER_ONLY_NAMES=1)

    def test_mh(self):
        for durability in DURABILITIES:
            self._survives("mh", durability)

    def test_mbox(self):
        for durability in DURABILITIES:
            self._survives("mbox", durability)


class Mistakes(PowerCutTest):
    """The simulation finds them: each is a server that breaks the promise, and for each there is a disk that shows it."""

    def assert_found(self, type_, what, **recorder):
        store = stores.Store(type_)
        self.record(store, messages=40, **recorder)
        with self.assertRaisesRegex(stores.Wrong, what):
            for cut in self.cuts(CUTS):
                for _, tree in self.disks_of(cut):
                    self.look_at(store, cut, tree)

    def test_no_sync_at_all(self):
        for type_ in stores.PARTS:
            with self.subTest(type_):
                self.assert_found(type_, "lost in", RECORDER_DROP_SYNC="all")

    def test_data_that_is_not_synced(self):
        for type_ in stores.PARTS:
            with self.subTest(type_):
                self.assert_found(type_, "torn in|lost in", RECORDER_DROP_SYNC="data")

    def test_names_that_are_not_synced(self):
        for type_ in stores.PARTS:
            with self.subTest(type_):
                self.assert_found(type_, "lost in", RECORDER_DROP_SYNC="folder")

    def test_an_mbox_note_that_is_believed_after_the_boot(self):
        """The note of a batch that was acknowledged may come back, since nobody makes its removal durable."""
        store = stores.Store("mbox")
        self.record(store, messages=40)
        cuts = [index + 1 for index in self.acknowledgements.values()]
        with self.assertRaisesRegex(stores.Wrong, "lost in"):
            for cut in cuts:
                tree = self.disk.tree(cut, "posix", FATES["truncated files come back"])
                self.serve_again(store, "fsync", cut, tree, has_booted=False)


if __name__ == "__main__":
    unittest.main()

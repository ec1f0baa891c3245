"""A power cut by simulation: mail that was acknowledged survives it at any moment, once and whole, in each store.

The recorder (powercut/recorder.c) writes down what a server under load does to its stores. Cuts are made at the
borders of syncs, at acknowledgements and between; for each, powercut/disk.py says which disks the cut may leave. They are made
and read as they are, since no store needs a server to be right; on some a server starts that believes that the machine has
booted, and takes mail for every mailbox: its repairs must spoil nothing.

With a journal maildir and mh do need a start: each disk is recovered by a server, which is recorded in its turn, and cut.

MPSMTP_SEED repeats a run's load and cuts; threads are never the same twice.
"""
import functools
import itertools
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
import uuid

import harness
from powercut import recording, stores
from powercut.disk import Disk, FATES, LEVELS
from powercut.load import Load, look_into, make_message
from powercut.recording import Kind

LIBRARY = harness.BUILD / "tests" / "libmpsmtp_recorder.so"
DURABILITIES = harness.DURABILITIES
SEED = int(os.environ.get("MPSMTP_SEED", "4"))
MESSAGES = 300 if harness.FULL else 100
CUTS = 200 if harness.FULL else 20  # of each run, beside those of the first moments; each leaves a dozen disks
RECOVERED = 2000 if harness.FULL else 60  # disks of each run with a journal: it takes a server to read one
REPLAYS = 20 if harness.FULL else 3  # recoveries of each run that are cut off themselves
CLOCK_SPEED = 50  # a checkpoint each 100 ms instead of 5 s
SERVED = 200 if harness.FULL else 16  # disks of each run that a server starts on
SYNC_DELAY = 1000  # microseconds: tmpfs syncs at once, and a disk does not


def after_boot(folder):
    """Environment of a server that finds another boot id than all before it."""
    path = folder / "boot_id"
    path.write_text(f"{uuid.uuid4()}\n")
    return {"LD_PRELOAD": str(LIBRARY), "RECORDER_BOOT_ID": str(path)}


def has_journal(store, durability):
    return durability == "journal" and store.type != "mbox"


def is_free(segment):
    """Nothing in it is needed any more: its header says so behind the magic word (plugins/common/journal/Format.h)."""
    with open(segment, "rb") as file:
        return file.read(25)[17:] in (b"", bytes(8))


def is_mail(path):
    return path.is_file() and (path.parent.name == "new" or path.name.isdigit())


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
        return self.settings({"store": store.handler(base)}, spool={"memory": "4K", **harness.spool_of(durability)})

    def recorder(self, base, log, **more):
        """Environment of a process whose changes below `base` are written down."""
        environment = {"LD_PRELOAD": LIBRARY, "RECORDER_LOG": log, "RECORDER_FOLDER": f"{base}/",
                       "RECORDER_SYNC_DELAY": SYNC_DELAY, **more}
        return {key: str(value) for key, value in environment.items()}

    def record(self, store, durability="fsync", messages=MESSAGES, reader=None, **recorder):
        """Runs a load and keeps its history: with a journal also a checkpoint in its midst, unless a `reader` comes."""
        base = pathlib.Path(tempfile.mkdtemp(dir=self.disks))
        log = self.folder / f"log.{base.name}"
        is_journaled = has_journal(store, durability)
        if is_journaled and not reader:
            recorder["RECORDER_CLOCK_SPEED"] = CLOCK_SPEED
        server = self.start(self.settings_for(store, base, durability), environment=self.recorder(base, log, **recorder))
        self.load = Load(server, messages, SEED)
        self.load.run()
        self.removed = set()
        if reader:
            reader(store, base, log)
        elif is_journaled:
            harness.wait_until(lambda: all(is_free(path) for path in store.journal(base)), "a checkpoint")
            self.load.run_on(messages // 4)
        server.stop()
        self.disk = Disk(recording.read(log))
        if is_journaled:
            self._assert_journal_is_used(store, base)
        self.acknowledgements = self._acknowledgements()
        self.assertEqual(sorted(self.acknowledgements), sorted(self.load.sent), "a reply is not in the log")
        everything = self.disk.tree(len(self.disk.events), "posix", FATES["all kept"])
        self.assertTrue(everything == recording.tree_of(base), "a call of the server is not in the log")
        shutil.rmtree(base)

    def _assert_journal_is_used(self, store, base):
        """What follows would prove nothing if the server had synced each mail by itself."""
        size = store.journal(base)[0].stat().st_size
        self.assertGreater(size, 1 << 20, "the journal does not grow")
        inodes = {path.stat().st_ino for path in store.journal(base)}
        syncs = [event.inode for event in self.disk.events if event.kind == Kind.SYNC_END]
        self.syncs = {"journal": sum(inode in inodes for inode in syncs), "checkpoints": syncs.count(0), "all": len(syncs)}

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
        """(what, cut, tree) of each disk that is looked at for a cut; tree() makes it, the same each time: together they
        would be more than the memory holds."""
        for level in LEVELS:
            for name, fate in FATES.items():
                seed = self.randomness.random()
                yield f"cut at {cut} of {len(self.disk.events)}, {level}, {name}", cut, functools.partial(
                    lambda *of, seed: self.disk.tree(*of, random.Random(seed)), cut, level, fate, seed=seed)

    def acknowledged(self, cut):
        return [identity for identity, index in self.acknowledgements.items() if index < cut and identity not in self.removed]

    def check_each(self, disks, check):
        """Fails with the first few of those that are wrong."""
        wrong = []
        for what, cut, tree in disks:
            try:
                check(cut, tree())
            except AssertionError as error:
                wrong.append(f"{what}: {error}")
        if wrong:
            self.fail(f"{len(wrong)} of {len(disks)} disks, seed {SEED}:\n" + "\n".join(each[:500] for each in wrong[:5]))

    def make(self, tree):
        """Puts a disk into a folder."""
        self.made += 1
        base = self.disks / f"disk{self.made}"
        stores.materialize(tree, base)
        return base

    def look_at(self, store, cut, tree, durability="fsync"):
        """Reads one disk, behind a start of the server if that is promised. :raises stores.Wrong: as Store.check"""
        base = self.make(tree)
        try:
            if has_journal(store, durability):
                numbers = self.folder / "inodes"
                numbers.write_text(stores.inodes_of(tree, base))
                environment = {**after_boot(self.folder), "RECORDER_INODES": str(numbers)}
                self.start(self.settings_for(store, base, durability), environment=environment).kill()
            store.check(base, self.load.sent, self.acknowledged(cut))
        finally:
            shutil.rmtree(base)

    def cut_replay(self, store, durability, cut, tree):
        """A server that recovers the disk, cut off in its turn; then another one, which comes to its end."""
        base = self.make(tree)
        before = recording.history_of(base)
        log = self.folder / f"log.{base.name}"
        environment = self.recorder(base, log, **after_boot(self.folder))
        self.start(self.settings_for(store, base, durability), environment=environment).kill()
        shutil.rmtree(base)
        again = Disk(before + recording.read(log))
        log.unlink()
        moments = range(len(before), len(again.events) + 1)
        disks = [(f"replay of {len(moments)} events cut at {moment - len(before)}, {level}, {name}", cut,
                  functools.partial(again.tree, moment, level, fate, self.randomness))
                 for moment in self.randomness.sample(moments, min(4, len(moments))) for level in LEVELS
                 for name, fate in self.randomness.sample(sorted(FATES.items()), 3)]
        self.check_each(disks, lambda *disk: self.look_at(store, *disk, durability))
        return len(moments)

    def serve_again(self, store, durability, cut, tree, has_booted=True):
        """A server on the disk: it takes mail for every mailbox, and what was there stays so."""
        base = self.make(tree)
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
        disks = [disk for cut in self.cuts(CUTS) for disk in self.disks_of(cut)]
        if has_journal(store, durability):
            disks = self.randomness.sample(disks, min(RECOVERED, len(disks)))
        self.check_each(disks, lambda cut, tree: self.look_at(store, cut, tree, durability))
        come_back = [disk for disk in disks if disk[0].endswith("come back")]
        served = self._usable(disks, SERVED - SERVED // 4) + self._usable(come_back, SERVED // 4)
        self.check_each(served, lambda cut, tree: self.serve_again(store, durability, cut, tree))
        print(f"{type_}, {durability}: {len(self.disk.events)} events, {len(disks)} disks read, {len(served)} served, "
              f"seed {SEED}", flush=True)
        if has_journal(store, durability):
            self.assertGreaterEqual(self.syncs["checkpoints"], 2)
            self._survives_cut_replays(store, durability, disks)

    def _usable(self, disks, count):
        """As many of them, if there are, on which mail is not refused."""
        shuffled = iter(self.randomness.sample(disks, len(disks)))
        return list(itertools.islice((disk for disk in shuffled if not is_locked(disk[2]())), count))

    def _survives_cut_replays(self, store, durability, disks):
        """Of disks with something to put back."""
        losses = [disk for disk in disks if "all lost" in disk[0] or "without data" in disk[0] or "zeros" in disk[0]]
        replays = self.randomness.sample(losses, min(REPLAYS, len(losses)))
        events = [self.cut_replay(store, durability, cut, tree()) for _, cut, tree in replays]
        print(f"  syncs {self.syncs}; replays of {events} events cut", flush=True)

    def _survives_a_reader(self, type_):
        """What it has moved is there once, what it has deleted may come back, and nothing else is touched."""
        store = stores.Store(type_)
        self.record(store, "journal", reader=self._read)
        events = self.disk.events
        moves = [index + 1 for index, event in enumerate(events) if event.kind in (Kind.RENAME, Kind.UNLINK)]
        moments = [*self.randomness.sample(moves[-60:], 3), moves[-1], len(events) - 1]
        disks = [disk for cut in moments for disk in self.disks_of(cut)]
        disks = self.randomness.sample(disks, min(RECOVERED, len(disks)))
        self.check_each(disks, lambda cut, tree: self.look_at(store, cut, tree, "journal"))
        print(f"{type_}, journal, a reader: {len(moves)} moves, {len(disks)} disks read, seed {SEED}", flush=True)

    def _read(self, store, base, log):
        """Moves each second mail as a reader does that has seen it, and removes some of the others, in a process of its own."""
        steps = []
        pattern = "new/*" if store.type == "maildir" else "*"
        for number, path in enumerate(sorted(path for path in (base / "stores").rglob(pattern) if is_mail(path))):
            identity = look_into(path.read_bytes())[0]
            moved = path.parent.parent / "cur" / (path.name + ":2,S") if store.type == "maildir" else path.with_name(f"{number + 1000}")
            if number % 2:
                steps.append((str(path), str(moved)))
            elif number % 8 == 0 and len(self.load.sent[identity]) == 1:
                steps.append((str(path), ""))
                self.removed.add(identity)
        script = "import json, os, sys\nfor a, b in json.load(sys.stdin): os.rename(a, b) if b else os.unlink(a)\n"
        subprocess.run([sys.executable, "-c", script], input=json.dumps(steps), text=True, check=True,
                       env={**os.environ, **self.recorder(base, log)})

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
        """It has no journal, whatever is configured."""
        self._survives("mbox", "fsync")

    def test_a_reader_of_a_maildir(self):
        self._survives_a_reader("maildir")

    def test_a_reader_of_an_mh(self):
        self._survives_a_reader("mh")


class Mistakes(PowerCutTest):
    """The simulation finds them: each is a server that breaks the promise, and for each there is a disk that shows it."""

    def assert_found(self, type_, what, durability="fsync", **recorder):
        store = stores.Store(type_)
        self.record(store, durability, messages=40, **recorder)
        with self.assertRaisesRegex(stores.Wrong, what):
            for cut in reversed(self.cuts(CUTS)):
                for _, _, tree in self.disks_of(cut):
                    self.look_at(store, cut, tree(), durability)

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

    def test_a_journal_whose_records_are_not_synced(self):
        for type_ in ("maildir", "mh"):
            with self.subTest(type_):
                self.assert_found(type_, "lost in", "journal", RECORDER_DROP_SYNC="data")

    def test_a_journal_without_checkpoints(self):
        """The records go although the files that they stand for are in memory only."""
        for type_ in ("maildir", "mh"):
            with self.subTest(type_):
                self.assert_found(type_, "lost in|torn in", "journal", RECORDER_DROP_SYNC="checkpoint")

    def test_a_journal_on_a_disk_that_syncs_nothing(self):
        self.assert_found("maildir", "lost in", "journal", RECORDER_DROP_SYNC="all")

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

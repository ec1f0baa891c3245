"""What a power cut may leave of a recorded history: the model of a file system that keeps what was synced, and of the rest no
more than it must.

At a cut, what completed syncs cover is there, and anything may have become of the rest. Two levels of what must be:

posix  A file's sync keeps its data and size, a folder's sync its entries, nothing else. Each later write may be there, lost,
       lost with the size grown (zeros), or torn at 512 octets; each later change of an entry may be there or not, in any
       combination, but a rename is one change. A name does not come with its file's sync, nor a file's data with its name.
ext4   Beyond that, as a journal with data=ordered does: the changes of entries are there in their order, up to some point; a
       file's fdatasync keeps the changes of entries up to its making or last change of size (they are in the same transaction or
       an earlier one); appended octets are there from the front, and torn at 4096; the size never runs ahead of them.

Not relied on in either: that ext4 commits every five seconds, that it writes data before a rename or a link (auto_da_alloc), that
a later sync of one file does something for another one's data.

A cut is a number of events: those before it have happened. Thread safety: none needed.
"""
import dataclasses
import random

from powercut.recording import Kind

SECTOR = 512
BLOCK = 4096
LEVELS = ("posix", "ext4")


class Content(bytes):
    """A file's octets: one object for each file, so that two paths with the same one are links of it."""


@dataclasses.dataclass(eq=False)
class File:
    inode: int = 0
    changes: list = dataclasses.field(default_factory=list)  # (index, Event)


@dataclasses.dataclass(eq=False)
class Folder:
    pass


@dataclasses.dataclass(eq=False)
class NameChange:
    """Removes and adds entries, at once."""

    index: int
    removed: list  # of (Folder, name)
    added: list    # of (Folder, name, File or Folder)

    @property
    def folders(self):
        return [entry[0] for entry in self.removed + self.added]


@dataclasses.dataclass
class Sync:
    of: object  # File, Folder, or None: everything
    begin: int
    covers: int  # on ext4: every change of an entry before this index
    end: int = None


@dataclasses.dataclass(frozen=True)
class Fate:
    """What becomes of the changes that no sync covers: `names` "lost", "kept" or "any"; `data` also "zeros", or
    "longer": truncations are lost, so that what was emptied comes back."""

    names: str
    data: str


FATES = {
    "all lost": Fate("lost", "lost"),
    "all kept": Fate("kept", "kept"),
    "names without data": Fate("kept", "lost"),
    "names with zeros": Fate("kept", "zeros"),
    "truncated files come back": Fate("kept", "longer"),
    "data without names": Fate("lost", "kept"),
    "any": Fate("any", "any"),
}


class Disk:
    """The history of one file system, and what is left of it after a cut."""

    def __init__(self, events):
        self.events = events
        self.root = Folder()
        self.names = []
        self.files = []
        self.syncs = []
        self._inodes = {}
        self._size = {}      # File: its size as the history has it
        self._last = {}      # File or Folder: index behind its last change that a sync has to put into the journal
        self._running = {}
        for index, event in enumerate(events):
            getattr(self, "_" + event.kind.name.lower())(index, event)

    # ---- the history

    def _root(self, _, event):
        self._inodes.setdefault(event.inode, self.root)

    def _make(self, index, event, node):
        """An inode's number is used again when its file is gone: from here on it means this one."""
        self._inodes[event.inode] = node
        self._last[node] = index + 1
        if event.folder:
            self._add(index, event)

    def _add(self, index, event):
        self._change(index, [], [(self._inodes[event.folder], event.name, self._inodes[event.inode])])

    def _change(self, index, removed, added):
        change = NameChange(index, removed, added)
        self.names.append(change)
        for folder in change.folders:
            self._last[folder] = index + 1

    def _create(self, index, event):
        file = File(event.inode)
        self.files.append(file)
        self._size[file] = 0
        self._make(index, event, file)

    def _mkdir(self, index, event):
        self._make(index, event, Folder())

    def _link(self, index, event):
        self._add(index, event)

    def _unlink(self, index, event):
        self._change(index, [(self._inodes[event.folder], event.name)], [])

    def _rename(self, index, event):
        self._change(index, [(self._inodes[event.folder], event.name)],
                     [(self._inodes[event.to_folder], event.to_name, self._inodes[event.inode])])

    def _resize(self, index, event, size):
        file = self._inodes[event.inode]
        file.changes.append((index, event))
        if size != self._size[file]:
            self._size[file] = size
            self._last[file] = index + 1

    def _write(self, index, event):
        self._resize(index, event, max(self._size[self._inodes[event.inode]], event.value + len(event.data)))

    def _truncate(self, index, event):
        self._resize(index, event, event.value)

    def _extend(self, index, event):
        self._resize(index, event, event.value)

    def _sync_begin(self, index, event):
        node = self._inodes[event.inode] if event.inode else None
        self._running[event.value] = Sync(node, index, index if node is None else self._last.get(node, 0))

    def _sync_end(self, index, event):
        sync = self._running.pop(event.value)
        sync.end = index
        self.syncs.append(sync)

    def _reply(self, index, event):
        pass

    # ---- a cut

    def tree(self, cut, level, fate, randomness=None):
        """{path: Content, or None for a folder} of one disk that a cut may leave."""
        picker = (Posix if level == "posix" else Ext4)(self, cut, fate, randomness or random.Random(0))
        entries = {}
        for change in self.names:
            if change.index < cut and picker.keeps(change):
                for folder, name in change.removed:
                    entries.setdefault(folder, {}).pop(name, None)
                for folder, name, node in change.added:
                    entries.setdefault(folder, {})[name] = node
        return dict(self._walk(self.root, "", entries, picker, {}))

    def _walk(self, folder, prefix, entries, picker, contents):
        for name, node in entries.get(folder, {}).items():
            path = prefix + name
            if isinstance(node, Folder):
                yield path, None
                yield from self._walk(node, path + "/", entries, picker, contents)
            else:
                if node not in contents:  # the names of one file show the same
                    contents[node] = Content(picker.content(node))
                    contents[node].inode = node.inode
                yield path, contents[node]


class Posix:
    """Decides what is left, at the level of this name."""

    def __init__(self, disk, cut, fate, randomness):
        self.cut = cut
        self.fate = fate
        self.randomness = randomness
        self.done = [sync for sync in disk.syncs if sync.end < cut]
        self.durable = {}
        for sync in self.done:
            self.durable[sync.of] = max(sync.begin, self.durable.get(sync.of, 0))
        self.whole = self.durable.get(None, 0)

    def is_durable(self, node, index):
        return index < max(self.whole, self.durable.get(node, 0))

    def keeps(self, change):
        if all(self.is_durable(folder, change.index) for folder in change.folders):
            return True
        return self.fate.names == "kept" or self.fate.names == "any" and self.randomness.random() < 0.5

    def content(self, file):
        octets = bytearray()
        for index, event in file.changes:
            if index < self.cut:
                self._apply(octets, event, "kept" if self.is_durable(file, index) else self._fate_of_data())
        return bytes(octets)

    def _fate_of_data(self):
        return self.randomness.choice(("kept", "lost", "zeros", "torn")) if self.fate.data == "any" else self.fate.data

    def _apply(self, octets, event, fate):
        if fate == "lost" or fate == "longer" and event.kind == Kind.TRUNCATE:
            return
        if event.kind == Kind.TRUNCATE:
            resize(octets, event.value)
        elif event.kind == Kind.EXTEND or fate == "zeros":
            resize(octets, max(len(octets), event.value + len(event.data)))
        elif fate in ("kept", "longer"):
            put(octets, event.value, event.data)
        else:
            self._tear(octets, event)

    def _tear(self, octets, event):
        """Any of the sectors, and a size that has come some of the way."""
        end = event.value + len(event.data)
        size = max(len(octets), self.randomness.randint(event.value, end))
        for begin in range(event.value - event.value % SECTOR, end, SECTOR):
            if self.randomness.random() < 0.5:
                first = max(begin, event.value)
                put(octets, first, event.data[first - event.value:begin + SECTOR - event.value])
        resize(octets, size)


class Ext4(Posix):
    """Decides what is left, at the level of this name."""

    def __init__(self, disk, cut, fate, randomness):
        super().__init__(disk, cut, fate, randomness)
        guaranteed = max((sync.covers for sync in self.done), default=0)
        self.journal = {"lost": guaranteed, "kept": cut}.get(fate.names)
        if self.journal is None:
            self.journal = randomness.randint(min(guaranteed, cut), cut)

    def keeps(self, change):
        return change.index < self.journal

    def content(self, file):
        octets = bytearray()
        changes = [(index, event) for index, event in file.changes if index < self.cut]
        later = [event for index, event in changes if not self.is_durable(file, index)]
        for _, event in changes[:len(changes) - len(later)]:
            self._apply(octets, event, "kept")
        count = {"kept": len(later), "longer": self._before_truncation(later),
                 "any": self.randomness.randint(0, len(later))}.get(self.fate.data, 0)
        for event in later[:count]:
            self._apply(octets, event, "kept")
        if self.fate.data == "any" and count < len(later) and later[count].kind == Kind.WRITE:
            self._cut_short(octets, later[count])
        return bytes(octets)

    @staticmethod
    def _before_truncation(events):
        """How many there are in front of the last one."""
        places = [place for place, event in enumerate(events) if event.kind == Kind.TRUNCATE]
        return places[-1] if places else len(events)

    def _cut_short(self, octets, event):
        """The blocks of the front: later ones were not yet written, so the size does not count them."""
        end = event.value + self.randomness.randint(0, len(event.data))
        end = max(end - end % BLOCK, event.value)
        put(octets, event.value, event.data[:end - event.value])


def resize(octets, size):
    del octets[size:]
    octets.extend(bytes(size - len(octets)))


def put(octets, offset, data):
    if data:
        resize(octets, max(len(octets), offset))
        octets[offset:offset + len(data)] = data

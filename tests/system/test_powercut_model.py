"""The simulated disk of powercut/disk.py by hand-made histories: it keeps what was synced, loses what may be lost, and finds the
mistakes that programs are known to make.
"""
import random
import unittest

from powercut.disk import BLOCK, Disk, FATES, LEVELS, SECTOR
from powercut.recording import Event, Kind

ROOT = 1


class History:
    """Events with names for inodes."""

    def __init__(self):
        self.events = [Event(Kind.ROOT, ROOT)]
        self._syncs = 0

    def add(self, kind, inode, **rest):
        self.events.append(Event(kind, inode, **rest))
        return self

    def create(self, inode, name, folder=ROOT):
        return self.add(Kind.CREATE, inode, folder=folder, name=name)

    def unnamed(self, inode):
        return self.add(Kind.CREATE, inode)

    def mkdir(self, inode, name, folder=ROOT):
        return self.add(Kind.MKDIR, inode, folder=folder, name=name)

    def link(self, inode, name, folder=ROOT):
        return self.add(Kind.LINK, inode, folder=folder, name=name)

    def unlink(self, inode, name, folder=ROOT):
        return self.add(Kind.UNLINK, inode, folder=folder, name=name)

    def rename(self, inode, name, to_name, folder=ROOT):
        return self.add(Kind.RENAME, inode, folder=folder, name=name, to_folder=folder, to_name=to_name)

    def write(self, inode, data, offset=0):
        return self.add(Kind.WRITE, inode, value=offset, data=data)

    def truncate(self, inode, size):
        return self.add(Kind.TRUNCATE, inode, value=size)

    def begin(self, inode):
        self._syncs += 1
        return self.add(Kind.SYNC_BEGIN, inode, value=self._syncs)

    def end(self, inode, number=None):
        return self.add(Kind.SYNC_END, inode, value=number or self._syncs)

    def sync(self, inode):
        return self.begin(inode).end(inode)

    def trees(self, level, cut=None, samples=200):
        """Every disk that this many tries find."""
        disk = Disk(self.events)
        randomness = random.Random(1)
        cut = len(self.events) if cut is None else cut
        trees = [disk.tree(cut, level, fate, randomness) for fate in FATES.values()]
        return trees + [disk.tree(cut, level, FATES["any"], randomness) for _ in range(samples)]


def written_well(history=None, name="mail", inode=10):
    """As the stores do: data, sync, name, sync of the folder."""
    return (history or History()).unnamed(inode).write(inode, b"whole").sync(inode).link(inode, name).sync(ROOT)


class Promised(unittest.TestCase):
    """What every disk holds after every cut."""

    def assert_always(self, history, tree, levels=LEVELS):
        for level in levels:
            for found in history.trees(level):
                self.assertEqual(found, tree, level)

    def test_what_was_synced_with_its_name_is_there(self):
        self.assert_always(written_well(), {"mail": b"whole"})

    def test_so_is_all_after_a_sync_of_the_file_system(self):
        self.assert_always(History().mkdir(2, "d").create(3, "f", 2).write(3, b"x").begin(0).end(0), {"d": None, "d/f": b"x"})

    def test_a_file_without_a_name_is_gone(self):
        self.assert_always(History().unnamed(2).write(2, b"x").sync(2), {})

    def test_a_synced_removal_lasts(self):
        self.assert_always(written_well().unlink(10, "mail").sync(ROOT), {})

    def test_a_synced_truncation_lasts(self):
        self.assert_always(written_well().truncate(10, 2).sync(10), {"mail": b"wh"})

    def test_the_number_of_a_removed_file_means_the_next_one(self):
        history = written_well().unlink(10, "mail").sync(ROOT)
        self.assert_always(history.create(10, "other").write(10, b"y").sync(10).sync(ROOT), {"other": b"y"})

    def test_a_rename_is_never_half_done(self):
        history = written_well().rename(10, "mail", "moved")
        for level in LEVELS:
            found = {tuple(tree) for tree in history.trees(level)}
            self.assertEqual(found, {("mail",), ("moved",)})

    def test_later_writes_leave_what_was_durable(self):
        history = written_well().write(10, b" and more", 5)
        for level in LEVELS:
            for tree in history.trees(level):
                self.assertEqual(tree["mail"][:5], b"whole")


class NotPromised(unittest.TestCase):
    """The known mistakes. Each has to be seen as a disk without the mail, or with a torn one."""

    def assert_can_be(self, history, tree, levels=LEVELS):
        for level in levels:
            self.assertIn(tree, history.trees(level), level)

    def assert_never(self, history, tree, levels):
        for level in levels:
            self.assertNotIn(tree, history.trees(level), level)

    def test_a_name_without_the_data(self):
        history = History().create(2, "tmp").write(2, b"whole").rename(2, "tmp", "mail").sync(ROOT)
        self.assert_can_be(history, {"mail": b""})

    def test_a_linked_file_whose_data_was_never_synced(self):
        history = History().unnamed(2).write(2, b"whole").link(2, "mail").sync(ROOT)
        self.assert_can_be(history, {"mail": b""})
        self.assert_can_be(history, {"mail": bytes(5)}, ["posix"])
        self.assert_never(history, {"mail": bytes(5)}, ["ext4"])

    def test_data_without_the_name(self):
        self.assert_can_be(History().unnamed(2).write(2, b"whole").sync(2).link(2, "mail"), {})

    def test_a_file_and_its_sync_before_its_folder_has_a_durable_name(self):
        history = History().mkdir(2, "new").create(3, "mail", 2).write(3, b"whole").sync(3).sync(2)
        self.assert_can_be(history, {}, ["posix"])
        self.assert_never(history, {}, ["ext4"])  # one journal for all entries

    def test_an_append_that_was_not_synced(self):
        history = written_well().write(10, b" and more", 5)
        self.assert_can_be(history, {"mail": b"whole"})
        self.assert_can_be(history, {"mail": b"whole" + bytes(9)}, ["posix"])

    def test_what_was_written_while_a_sync_ran(self):
        history = written_well().begin(10).write(10, b" late", 5).end(10)
        self.assert_can_be(history, {"mail": b"whole"})

    def test_what_was_linked_while_the_folder_was_synced(self):
        self.assert_can_be(History().unnamed(2).write(2, b"x").sync(2).begin(ROOT).link(2, "mail").end(ROOT), {})

    def test_a_sync_that_had_not_ended(self):
        self.assert_can_be(History().create(2, "mail").sync(ROOT).write(2, b"x").begin(2), {"mail": b""})

    def test_a_name_that_only_the_file_was_synced_for(self):
        self.assert_can_be(History().create(2, "mail").write(2, b"x").sync(2), {}, ["posix"])

    def test_an_old_name_that_comes_back(self):
        self.assert_can_be(written_well().unlink(10, "mail"), {"mail": b"whole"})

    def test_a_file_that_was_emptied_and_is_not(self):
        self.assert_can_be(written_well().truncate(10, 0), {"mail": b"whole"})

    def test_later_names_without_earlier_ones(self):
        history = History()
        for number in range(3):
            history.unnamed(10 + number).sync(10 + number).link(10 + number, f"mail{number}")
        self.assert_can_be(history, {"mail2": b""}, ["posix"])
        self.assert_never(history, {"mail2": b""}, ["ext4"])

    def test_an_append_is_torn_in_any_sector_or_at_a_block(self):
        data = b"x" * (4 * BLOCK)
        history = History().create(2, "mail").sync(ROOT).write(2, data)
        posix = {tree["mail"] for tree in history.trees("posix")}
        self.assertTrue(any(0 < octets.count(b"x") < len(octets) for octets in posix), "no holes")
        self.assertTrue(any(len(octets) % SECTOR for octets in posix), "no odd sizes")
        ext4 = {len(tree["mail"]) for tree in history.trees("ext4")}
        self.assertEqual(ext4, {0, BLOCK, 2 * BLOCK, 3 * BLOCK, 4 * BLOCK})


class Cuts(unittest.TestCase):
    def test_nothing_behind_the_cut_has_happened(self):
        history = written_well().link(10, "second").sync(ROOT)
        for level in LEVELS:
            for tree in history.trees(level, cut=8):
                self.assertEqual(tree, {"mail": b"whole"})
            for tree in history.trees(level, cut=1):
                self.assertEqual(tree, {})

    def test_a_sync_counts_from_its_end_on(self):
        history = History().create(2, "mail").sync(ROOT)
        self.assertIn({}, history.trees("posix", cut=3))
        self.assertEqual(history.trees("posix", cut=4)[0], {"mail": b""})


if __name__ == "__main__":
    unittest.main()

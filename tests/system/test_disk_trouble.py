"""Folders that cannot be written: a temporary failure, nothing half-stored, the server lives and says why."""
import os
import shutil
import signal
import threading
import unittest

import harness

MAIL = b"Subject: x\r\n\r\nx\r\n"
STORES = ("maildir", "mh", "mbox")


class DiskTrouble(harness.SystemTest):
    def _deliver(self, server, code, enhanced=None, recipients=("b@b.test",)):
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(MAIL, recipients=recipients), code, enhanced)
            self.assert_reply(wire.command("NOOP"), 250)

    def test_a_file_where_a_folder_should_be(self):
        for store in STORES:
            with self.subTest(store):
                (self.folder / store).mkdir()
                (self.folder / store / "b.test").write_text("in the way\n")
                server = self.start(self.settings({"tree": self.store(store)}))
                self._deliver(server, 451)
                self.assertTrue(server.stderr.wait_for("Not a directory"))
                self.assertEqual((self.folder / store / "b.test").read_text(), "in the way\n")
                (self.folder / store / "b.test").unlink()
                self._deliver(server, 250)
                server.stop()
                self.assertEqual(len(self.messages(store)), 1)

    def test_a_folder_that_goes_away_is_made_again(self):
        for store in STORES:
            with self.subTest(store):
                server = self.start(self.settings({"tree": self.store(store)}))
                self._deliver(server, 250)
                shutil.rmtree(self.folder / store)
                self._deliver(server, 250)
                self.assertEqual(len(self.messages(store)), 1)
                server.stop()

    def test_a_permission_that_is_lost_and_given_back(self):
        """Root may write everywhere, so that the server is somebody else where root runs the test."""
        as_nobody = ()
        if os.geteuid() == 0:
            if not shutil.which("setpriv"):
                self.skipTest("setpriv is not installed")
            as_nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all")
            os.chown(self.folder, 65534, 65534)
        for store in STORES:
            with self.subTest(store):
                server = self.start(self.settings({"tree": self.store(store)}), wrapper=as_nobody)
                self._deliver(server, 250)
                box = self.folder / store / "b.test"
                folders = [box, *(path for path in box.rglob("*") if path.is_dir())]
                for folder in reversed(folders):
                    folder.chmod(0o500)
                before = sorted(self.folder.glob(f"{store}/**/*"))
                self._deliver(server, 451)
                self.assertEqual(sorted(self.folder.glob(f"{store}/**/*")), before)
                for folder in folders:
                    folder.chmod(0o700)
                self._deliver(server, 250)
                self.assertEqual(len(self.messages(store)), 2)
                self.assertTrue(server.stderr.wait_for("Permission denied"))
                server.stop()

    def test_folders_that_go_away_while_mail_flows(self):
        """Each mail is answered 250 or 4xx, nobody waits, and the mail behind the last removal is there."""
        for store in STORES:
            with self.subTest(store):
                server = self.start(self.settings({"tree": self.store(store)}))
                codes = []
                clients = [threading.Thread(target=self._flow, args=(server, codes)) for _ in range(4)]
                for client in clients:
                    client.start()
                while any(client.is_alive() for client in clients):
                    shutil.rmtree(self.folder / store / "b.test", ignore_errors=True)
                for client in clients:
                    client.join()
                self.assertEqual(len(codes), 4 * 25)
                self.assertLessEqual(set(codes), {250, 451})
                shutil.rmtree(self.folder / store, ignore_errors=True)
                self._deliver(server, 250)
                self.assertEqual(len(self.messages(store)), 1)
                server.stop()

    @staticmethod
    def _flow(server, codes):
        with server.connect() as wire:
            wire.hello()
            for _ in range(25):
                codes.append(wire.deliver(MAIL).code)

    def test_the_limit_of_file_sizes_fails_a_mail_and_not_the_server(self):
        """RLIMIT_FSIZE (systemd: LimitFSIZE) sends a signal that would end the process."""
        if not shutil.which("prlimit"):
            self.skipTest("prlimit is not installed")
        large = b"Subject: large\r\n\r\n" + (b"x" * 70 + b"\r\n") * 8000
        for store in STORES:
            with self.subTest(store):
                server = self.start(self.settings({"tree": self.store(store)}), wrapper=("prlimit", "--fsize=262144"))
                with server.connect() as wire:
                    wire.hello()
                    reply = wire.deliver(large)
                    self.assertIn(reply.code, (451, 452), reply)
                    self.assert_reply(wire.deliver(MAIL), 250)
                server.stop()
                self.assertEqual(len(self.messages(store)), 1)

    def test_one_failing_handler_leaves_nothing_in_the_others(self):
        """All or nothing: the maildir comes first in the file, the mbox cannot be written."""
        for failing in STORES:
            with self.subTest(failing):
                base = self.folder / failing
                base.mkdir(exist_ok=True)
                (base / "in-the-way.test").write_text("")
                server = self.start(self.settings({store: self.store(store) for store in STORES}))
                self._deliver(server, 451, recipients=["b@in-the-way.test"])
                (base / "in-the-way.test").unlink()
                found = [path for path in self.stored_files() if path.stat().st_size and path.name != "mpsmtp.ini"]
                self.assertEqual(found, [])
                server.stop()
                shutil.rmtree(base)

    def test_a_mailbox_that_can_never_be_locked_doubles_nothing(self):
        """The maildir would get a copy with each try of the client if only the append found out."""
        note = self.folder / "mbox" / "b.test" / ".b.mbox.mpsmtp"
        note.mkdir(parents=True)
        server = self.start(self.settings({store: self.store(store) for store in STORES}))
        self._deliver(server, 451)
        self.assertEqual(self.messages("maildir"), [])
        note.rmdir()
        self._deliver(server, 250)
        self.assertEqual([len(self.messages(store)) for store in STORES], [1, 1, 1])

    def test_an_optional_handler_may_fail(self):
        (self.folder / "mh").write_text("in the way\n")
        server = self.start(self.settings({"tree": self.store("maildir"), "extra": self.store("mh", required="no")}))
        self._deliver(server, 250)
        self.assertEqual(len(self.messages("maildir")), 1)


class JournalTrouble(harness.SystemTest):
    """The journal is never the reason for which a mail fails."""

    STORES = ("maildir", "mh")

    def _settings(self, store, durability="journal", name="tree"):
        return self.settings({name: self.store(store)}, spool=harness.spool_of(durability))

    def _journal(self, store):
        return [self.folder / store / f".mpsmtp.{store}-journal.{number}" for number in (0, 1)]

    def _deliver(self, server, count=1):
        with server.connect() as wire:
            wire.hello()
            for _ in range(count):
                self.assert_reply(wire.deliver(MAIL), 250)

    def _reload(self, server, number, sections):
        (self.folder / "mpsmtp.ini").write_text(harness.ini(sections))
        server.send_signal(signal.SIGHUP)
        self.assertTrue(server.stderr.wait_for(rf"configuration {number + 1} is in use"), server.log())

    def test_files_that_are_removed_are_made_again(self):
        for store in self.STORES:
            with self.subTest(store):
                server = self.start(self._settings(store))
                self._deliver(server)
                for path in self._journal(store):
                    path.unlink()
                self._deliver(server)
                harness.wait_until(lambda: self._deliver(server) or self._journal(store)[0].exists(), "a journal again")
                server.stop()
                self.assertGreaterEqual(len(self.messages(store)), 3)

    def test_a_second_server_syncs_each_mail_and_takes_over_when_the_first_ends(self):
        for store in self.STORES:
            with self.subTest(store):
                first = self.start(self._settings(store))
                self._deliver(first)
                second = self.start(self._settings(store), name="second.ini")
                self._deliver(second)
                self.assertTrue(second.stderr.wait_for("is in use by another process"))
                first.stop()
                harness.wait_until(lambda: self._deliver(second) or self._holds(second, store), "the second has the journal")
                second.stop()
                self.assertGreaterEqual(len(self.messages(store)), 3)

    def _holds(self, server, store):
        return str(self._journal(store)[0]) in harness.open_files(server.pid)

    def test_a_killed_server_that_starts_without_a_journal(self):
        for store in self.STORES:
            with self.subTest(store):
                server = self.start(self._settings(store))
                self._deliver(server, 3)
                server.kill()
                self.assertNotEqual(self._sequence(store), bytes(8))
                server = self.start(self._settings(store, "fsync"))
                self.assertEqual(self._sequence(store), bytes(8), "the records of the killed one were not looked after")
                self._deliver(server)
                server.stop()
                self.assertEqual(len(self.messages(store)), 4)

    def _sequence(self, store):
        return self._journal(store)[0].read_bytes()[17:25]

    def test_reloads_that_change_the_durability_and_the_section_while_mail_flows(self):
        for store in self.STORES:
            with self.subTest(store):
                server = self.start(self._settings(store))
                clients = [threading.Thread(target=self._deliver, args=(server, 50)) for _ in range(4)]
                for client in clients:
                    client.start()
                steps = (("fsync", "tree"), ("journal", "tree"), ("journal", "other"), ("fsync", "other"), ("journal", "tree"))
                for number, (durability, name) in enumerate(steps, 1):
                    self._reload(server, number, self._settings(store, durability, name))
                    self._deliver(server)
                for client in clients:
                    client.join()
                server.stop()
                self.assertEqual(len(self.messages(store)), 4 * 50 + len(steps))


if __name__ == "__main__":
    unittest.main()

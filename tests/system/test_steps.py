"""Each single step of a delivery in each store: the server is killed before, within and behind it, or the step fails.

A library (injected.py) is preloaded and counts the calls that change what lies in the stores. A mail is sent for each of them, n = 1, 2 …
until a mail needs fewer than n, so that no step is left out, whatever the store does. What lies on the disk between two
calls is the same as before the second one, so killing before each, within each write, and behind the last one is all there is.
"""
import errno
import os
import random
import unittest

from injected import FAIL, FAIL_WITHIN, KILL_BEFORE, KILL_WITHIN, InjectedTest
from test_kill import make_message

MOST_STEPS = 200


class StepsTest(InjectedTest):
    def setUp(self):
        super().setUp()
        self.randomness = random.Random(5)

    def begin(self, names, only_names=False):
        """Names the stores of the test, whose first mailbox has a mail in it, and starts the server."""
        self.names = names
        self.faults.only_names = only_names
        self.faults.disarm()
        self.server = self.start_server()
        self.use_another_mailbox(0)

    def use_another_mailbox(self, number):
        """Now and then, since all of it is read after each step."""
        self.old = f"old{number}"
        self.assertEqual(self.send(f"first.{number}", [f"{self.old}@b.test"]), 250)

    def start_server(self):
        return self.start_injected(self.names)

    def send(self, identity, recipients):
        """The code of the reply; None if there was none."""
        try:
            with self.server.connect() as wire:
                wire.hello()
                reply = wire.deliver(make_message(identity, self.randomness), recipients=recipients)
                return reply and reply.code
        except OSError:
            return None

    def recipients(self, number):
        """A mailbox that is there, and one of a folder that has to be made."""
        return [f"{self.old}@b.test", f"fresh@b{number}.test"]

    def copies(self, identity, address):
        return self.copies_of(self.names, identity, address)

    def all_copies(self, identity, number):
        return [copies for address in self.recipients(number) for copies in self.copies(identity, address)]


class Killed(StepsTest):
    """Dead at each step: an acknowledged mail is there once, another one once or not at all, and every one whole."""

    def _at_each_step(self, names, only_names=False):
        self.begin(names, only_names)
        for action in (KILL_BEFORE, KILL_WITHIN):
            for number in range(1, MOST_STEPS):
                call = self._step(number, action)
                if not call:
                    break
            self.assertGreater(number, 5 * len(names), "fewer calls than a delivery needs")
            self.assertLess(number, MOST_STEPS)

    def _step(self, number, action):
        """Kills at step `number`. Returns the call that it was, or "" if the mail needed fewer."""
        identity = f"mail.{action}.{number}"
        if number % 10 == 0:
            self.use_another_mailbox(f"{action}x{number}")
        recipients = self.recipients(f"{action}x{number}")
        self.faults.arm(number, action)
        code = self.send(identity, recipients)
        call = self.faults.hit()
        self.faults.disarm()
        with self.subTest(stores=self.names, action=action, step=number, call=call):
            if not call:
                self.assertEqual(code, 250)
                self.assertEqual(self.all_copies(identity, f"{action}x{number}"), [1] * len(self.names) * 2)
                return call
            self.server.wait()
            self.server = self.start_server()
            self._check(identity, f"{action}x{number}", code)
        return call

    def _check(self, identity, number, code):
        before = self.all_copies(identity, number)
        self.assertIsNone(code, "the reply comes behind the last step")
        self.assertLessEqual(set(before), {0, 1})
        self._assert_shown_in_order(before)
        # The client had no reply, so it sends again: once more where it was shown, and once where it was not.
        self.assertEqual(self.send(identity, self.recipients(number)), 250)
        self.assertEqual(self.all_copies(identity, number), [copies + 1 for copies in before])
        self.assert_no_leftovers()

    def _assert_shown_in_order(self, copies):
        """Nothing is shown before all have persisted, and then one store after the other: copies are where the kill fell
        between the commits, and nowhere else (docs/architecture.md)."""
        by_store = [copies[position::len(self.names)] for position in range(len(self.names))]
        self.assertEqual(sorted(by_store, reverse=True), by_store)
        self.assertLessEqual(sum(len(set(each)) > 1 for each in by_store), 1, "two stores were half done")

    def test_maildir(self):
        self._at_each_step(["maildir"])

    def test_maildir_without_unnamed_files(self):
        self._at_each_step(["maildir"], only_names=True)

    def test_mh(self):
        self._at_each_step(["mh"])

    def test_mh_without_unnamed_files(self):
        self._at_each_step(["mh"], only_names=True)

    def test_maildir_with_a_journal(self):
        self.durability = "journal"
        self._at_each_step(["maildir"])

    def test_mh_with_a_journal(self):
        self.durability = "journal"
        self._at_each_step(["mh"])

    def test_mbox(self):
        self._at_each_step(["mbox"])

    def test_all_stores_together(self):
        self._at_each_step(["maildir", "mbox", "mh"])


class Failing(StepsTest):
    """Each step fails once: the right class of reply, nothing half stored, and the next mail is taken."""

    CODES = {errno.ENOSPC: 452, errno.EACCES: 451, errno.EIO: 451}

    def _each_step(self, name, only_names=False):
        self.begin([name], only_names)
        for error, action in [(error, FAIL) for error in self.CODES] + [(errno.ENOSPC, FAIL_WITHIN)]:
            for number in range(1, MOST_STEPS):
                if not self._step(number, error, action):
                    break
            self.assertGreater(number, 5, "fewer calls than a delivery needs")
            self.assertLess(number, MOST_STEPS)
        self.server.stop()

    def _step(self, number, error, action):
        suffix = f"{action}x{error}x{number}"
        identity = f"mail.{suffix}"
        if number % 10 == 0:
            self.use_another_mailbox(suffix)
        self.faults.arm(number, action, error)
        code = self.send(identity, self.recipients(suffix))
        call = self.faults.hit()
        self.faults.disarm()
        with self.subTest(stores=self.names, error=os.strerror(error), action=action, step=number, call=call):
            copies = self.all_copies(identity, suffix)
            if code == 250:
                self.assertEqual(copies, [1, 1])
            else:
                self.assertEqual(code, self.CODES[error], self.server.log()[-1000:])
                # An mbox is appended to after the one before it (docs/stores.md): that one may have the mail.
                self.assertIn(copies, [[0, 0], [1, 0]] if self.names == ["mbox"] else [[0, 0]])
            again = f"again.{suffix}"
            self.assertEqual(self.send(again, self.recipients(suffix)), 250)
            self.assertEqual(self.all_copies(again, suffix), [1, 1])
            if call == "unlink":
                # What could not be removed is hidden, and goes when the next server uses the mailbox.
                self._sweep(self.recipients(suffix))
            self.assert_no_leftovers()
        return call

    def _sweep(self, recipients):
        self.server.stop()
        self.server = self.start_server()
        self.assertEqual(self.send("sweep", recipients), 250)

    def test_maildir(self):
        self._each_step("maildir")

    def test_maildir_without_unnamed_files(self):
        self._each_step("maildir", only_names=True)

    def test_mh(self):
        self._each_step("mh")

    def test_mh_without_unnamed_files(self):
        self._each_step("mh", only_names=True)

    def test_maildir_with_a_journal(self):
        self.durability = "journal"
        self._each_step("maildir")

    def test_mh_with_a_journal(self):
        self.durability = "journal"
        self._each_step("mh")

    def test_mbox(self):
        self._each_step("mbox")


if __name__ == "__main__":
    unittest.main()

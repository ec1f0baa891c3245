"""A plugin that throws, in each of its hooks and in each way: the right reply, which tells nothing of the exception; a line in
the log with handler, hook and transaction, which tells all; and a server that takes the next mail.

The plugin is tests/sdk/fixtures/thrower.cpp. What `on_error` makes of it is in delivery.PolicyTest.
"""
import re
import unittest

import harness

BUILT = harness.BUILD / "tests" / "fixtures"
MAIL = b"Subject: x\r\n\r\nbody\r\n"
WAYS = ("std", "int", "poco")
LOCAL_ERROR = (451, "4.3.0")
ACCEPTED = (250, "2.0.0")

# {hook: the reply to the step that asked it}
JUDGING = {"onConnect": (421, "4.3.0"), "onHelo": LOCAL_ERROR, "onMail": LOCAL_ERROR, "onRcpt": LOCAL_ERROR,
           "onData": LOCAL_ERROR, "onMessage": LOCAL_ERROR}
DELIVERING = {"stage": LOCAL_ERROR, "persist": LOCAL_ERROR, "commit": LOCAL_ERROR, "deliver": LOCAL_ERROR}
NOTIFIED = ("onAccepted", "onReset", "onDisconnect")
WITHOUT_TRANSACTION = ("onConnect", "onHelo", "onDisconnect")


class ThrowingHooks(harness.SystemTest):
    def sections(self, hook, how):
        plugin = BUILT / ("thrower-deliver.so" if hook == "deliver" else "thrower.so")
        return self.settings({"bad": {"plugin": plugin, "in": hook, "how": how}, "tree": self.store("maildir")},
                             filters={"chain": "bad"})

    def begin(self, hook, how):
        self.server = self.start(self.sections(hook, how))
        self.replies = []

    def first_negative(self):
        """A session up to the first reply that is not positive, or to the end of a mail; the reply, and all are kept."""
        with self.server.connect() as wire:
            self.replies.append(wire.greeting)
            for line in ("EHLO client.test", "MAIL FROM:<a@a.test>", "RCPT TO:<b@b.test>", "DATA"):
                if self.replies[-1].code >= 400:
                    return self.replies[-1]
                self.replies.append(wire.command(line))
            if self.replies[-1].code < 400:
                wire.send(MAIL + b".\r\n")
                self.replies.append(wire.reply())
            return self.replies[-1]

    def expect_log(self, hook, how):
        """One line of the handler at level error, with the hook, the transaction or the client, and the exception's text."""
        where = r"client=127\.0\.0\.1" if hook in WITHOUT_TRANSACTION else r"id=[0-9a-z]+( to=<b@b\.test>)?"
        text = {"std": rf"secret of {hook}", "int": "an exception that is no std::exception", "poco": ""}[how]
        # POCO's what() is the name of its class; the text is in displayText(), which the SDK does not know.
        text = text or r"Not found"
        found = self.server.stderr.wait_for(rf"ERROR handler\.bad: {hook} {where}: failed: {text}; answered")
        self.assertTrue(found, self.server.log())
        return found[0]

    def assert_lives(self):
        self.assert_reply(self.first_negative(), *ACCEPTED)
        self.assertEqual([reply for reply in self.replies if "secret" in repr(reply) or "exception" in repr(reply)], [])
        self.server.stop()

    def test_a_hook_that_judges_or_delivers(self):
        for hook, reply in {**JUDGING, **DELIVERING}.items():
            for how in WAYS:
                with self.subTest(hook, how=how):
                    self.begin(hook, how)
                    self.assert_reply(self.first_negative(), *reply)
                    self.assertEqual(self.messages(), [], "stored though it was refused")
                    self.expect_log(hook, how)
                    self.assert_lives()
                    self.assertEqual(len(self.messages()), 1)
                    self._forget()

    def test_a_hook_that_is_only_told(self):
        for hook in NOTIFIED:
            for how in WAYS:
                with self.subTest(hook, how=how):
                    self.begin(hook, how)
                    with self.server.connect() as wire:
                        wire.hello()
                        if hook == "onReset":
                            wire.expect("MAIL FROM:<a@a.test>", 250)
                            wire.expect("RCPT TO:<b@b.test>", 250)
                            self.replies.append(wire.expect("RSET", 250))
                        self.replies.append(wire.deliver(MAIL))
                        self.assert_reply(self.replies[-1], *ACCEPTED)
                        self.replies.append(wire.expect("QUIT", 221))
                    self.expect_log(hook, how)
                    self.assert_lives()
                    self.assertEqual(len(self.messages()), 2)
                    self._forget()

    def test_the_line_names_the_transaction(self):
        """By the id that stands in the transaction's own line."""
        self.begin("stage", "std")
        self.first_negative()
        line = self.expect_log("stage", "std")
        identity = re.search(r"id=([0-9a-z]+)", line)[1]
        self.assertTrue(self.server.stderr.wait_for(rf"transaction: .*id={identity}\b.*"), self.server.log())
        self.server.stop()

    def test_the_constructor_and_start_keep_the_server_from_starting(self):
        for hook, words in (("constructor", "cannot be made"), ("start", "cannot start")):
            for how in WAYS:
                with self.subTest(hook, how=how):
                    path = self.folder / "mpsmtp.ini"
                    path.write_text(harness.ini(self.sections(hook, how)))
                    ended = self.run_to_end(["--config", path])
                    line = 1 + path.read_text().split("\n").index("[handler:bad]")
                    text = {"std": f"secret of {hook}", "int": "an exception that is no std::exception", "poco": "Not found"}[how]
                    self.assertIn(f"{path}:{line}: [handler:bad] {words}: {text}", ended.stderr)
                    self.assertNotIn("listening", ended.stderr)
                    self.assertEqual(ended.returncode, 78)

    def test_stop_does_not_keep_the_server_from_ending(self):
        for how in WAYS:
            with self.subTest(how):
                self.begin("stop", how)
                self.assert_lives()  # exit code 0
                self.assertRegex(self.server.log(), r"ERROR handler\.bad: stop failed: ")
                self._forget()

    def _forget(self):
        for path in self.stored_files():
            path.unlink()


if __name__ == "__main__":
    unittest.main()

"""`mpsmtpd --test-handler`: one mail through one handler, without listening."""
import shutil
import subprocess
import unittest

import harness
from harness import REPOSITORY, STAGE, SystemTest, ini

TAG = REPOSITORY / "tests" / "structure" / "Tag.cpp"

# Every hook, with answers that depend on the mail.
JUDGE = """
#include <mpsmtp/Plugin.h>
#include <stdexcept>

struct Judge : mpsmtp::Handler
{
    explicit Judge(const mpsmtp::Context& context) : log(context.log) {}
    void start() override { log.information("judge is here"); }
    void stop() override { log.information("judge is gone"); }
    mpsmtp::Verdict onConnect(mpsmtp::Session& session) override
    {
        return session.clientAddress() == "192.0.2.1" ? mpsmtp::Drop : mpsmtp::Continue;
    }
    mpsmtp::Verdict onHelo(mpsmtp::Session& session) override
    {
        return session.helo() == "[192.0.2.2]" ? mpsmtp::Defer() : mpsmtp::Verdict(mpsmtp::Continue);
    }
    mpsmtp::Verdict onMail(mpsmtp::Session&, mpsmtp::Envelope& envelope) override
    {
        return envelope.reversePath().empty() ? mpsmtp::Reject({550, "5.7.1", "No bounces"}) : mpsmtp::Verdict(mpsmtp::Continue);
    }
    mpsmtp::Verdict onRcpt(mpsmtp::Session&, mpsmtp::Envelope&, mpsmtp::NewRecipient& recipient) override
    {
        if (recipient.localPart() == "alias")
            recipient.redirect("b@b.test");
        return recipient.localPart() == "nobody" ? mpsmtp::Reject() : mpsmtp::Verdict(mpsmtp::Accept);
    }
    mpsmtp::Verdict onData(mpsmtp::Session&, mpsmtp::Envelope& envelope) override
    {
        return envelope.reversePath() == "late@a.test" ? mpsmtp::Defer() : mpsmtp::Verdict(mpsmtp::Continue);
    }
    mpsmtp::Verdict onMessage(mpsmtp::Session&, mpsmtp::Envelope& envelope, mpsmtp::Message&) override
    {
        if (envelope.reversePath() == "fault@a.test")
            throw std::runtime_error("a fault");
        return envelope.reversePath() == "discard@a.test" ? mpsmtp::Discard : mpsmtp::Continue;
    }
    mpsmtp::Report deliver(mpsmtp::Envelope&, const mpsmtp::Recipients&, mpsmtp::Message&) override { return {}; }
    void onAccepted(mpsmtp::Session&, mpsmtp::Envelope&) override {}
    void onReset(mpsmtp::Session&, mpsmtp::Envelope&) override {}
    void onDisconnect(mpsmtp::Session&) override {}
    const mpsmtp::Log log;
};

MPSMTP_PLUGIN(Judge, "judge", "1.0", {})
"""


class Trial(SystemTest):
    mail = b"Subject: Hello\r\nFrom: a@a.test\r\n\r\nText\r\n"

    def plugin(self, name, source):
        if not shutil.which("g++"):
            self.skipTest("g++ is not installed")
        built = self.folder / f"{name}.so"
        subprocess.run(["g++", "-std=c++17", "-shared", "-fPIC", "-fvisibility=hidden", f"-I{STAGE}/include", "-xc++", "-",
                        "-o", str(built)], input=source, text=True, check=True)
        return built

    def configure(self, handlers=None, **sections):
        self.configuration = self.folder / "mpsmtp.ini"
        settings = self.settings({"tree": self.store("maildir"), **(handlers or {})}, **sections)
        settings["spool"]["directory"] = "/proc/nowhere"  # the server's own is not needed
        self.configuration.write_text(ini(settings))

    def run_trial(self, handler, *, sender="a@a.test", recipients=("b@b.test",), mail=None, options=()):
        message = self.folder / "mail.eml"
        message.write_bytes(self.mail if mail is None else mail)
        return self.run_to_end(["--config", self.configuration, "--test-handler", handler, "--from", sender,
                                *(word for each in recipients for word in ("--rcpt", each)), "--message", message, *options])

    def assert_trial(self, done, status, *lines):
        """Standard output line by line; `…` at an end stands for any rest."""
        shown = done.stdout.splitlines()
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual(len(shown), len(lines), done.stdout)
        for line, expected in zip(shown, lines):
            if expected.endswith("…"):
                self.assertTrue(line.startswith(expected[:-1]), line)
            else:
                self.assertEqual(line, expected)

    def test_a_filter_shows_what_it_makes_of_the_message(self):
        self.configure({"tag": {"plugin": self.plugin("tag", TAG.read_text()), "header": "X-Client"}},
                       filters={"chain": "tag"})
        done = self.run_trial("tag", options=["--client", "2001:db8::1"])
        self.assert_trial(done, 0, "onMessage: Continue", "  the message is now:", "  | X-Client: 2001:db8::1",
                          "  | Subject: Hello", "  | From: a@a.test", "  | (the body, 8 octets)",
                          "delivery: it has no delivery hook…", "reply to the message: 250 2.0.0 Ok: …")
        self.assertEqual(self.stored_files(), [], "another handler has run")
        self.assertNotIn("tree", done.stderr)

    def test_a_store_stores_it(self):
        self.configure()
        done = self.run_trial("tree", mail=self.mail.replace(b"\r\n", b"\n"))
        self.assert_trial(done, 0, "note: line ends made CRLF, as sendmail does: 4", "onRcpt <b@b.test>: Continue", "stage: ok",
                          "persist: ok", "commit: ok", "reply to the message: 250 2.0.0 Ok: …")
        self.assertEqual(len(self.messages()), 1)
        with self.subTest("a large one, beyond the memory of the spool and the server's limit"):
            done = self.run_trial("tree", mail=b"Subject: x\r\n\r\n" + b"x" * 76 * 9999 + b"\r\n",
                                  options=["--set", "limits.message_size=64K", "--set", "spool.memory=16K"])
            self.assertIn("note: the server would refuse", done.stdout)
            self.assertEqual(len(self.messages()), 2)
        with self.subTest("no mailbox"):
            done = self.run_trial("tree", recipients=["c@c.test"], options=["--set", "handler:tree.create=no"])
            self.assertEqual(done.returncode, 1)
            self.assertIn("550 5.1.1", done.stdout)

    def test_each_hook_shows_its_answer(self):
        self.configure({"judge": {"plugin": self.plugin("judge", JUDGE)}}, filters={"chain": "judge"})
        begin = ["onConnect: Continue", "onHelo: Continue", "onMail: Continue"]
        rcpt = begin + ["onRcpt <b@b.test>: Accept"]
        data = rcpt + ["onData: Continue"]
        end = ["onReset: called", "onDisconnect: called"]
        for why, options, status, lines in (
                ("accepted", {}, 0, data + ["onMessage: Continue", "deliver: ok", "reply to the message: 250 2.0.0 …",
                                            "onAccepted: called", "onDisconnect: called"]),
                ("dropped", {"options": ["--client", "192.0.2.1"]}, 1,
                 ["onConnect: Drop", "reply to the connection: none, the connection is closed", "onDisconnect: called"]),
                ("at EHLO", {"options": ["--client", "192.0.2.2"]}, 1,
                 ["onConnect: Continue", "onHelo: Defer", "reply to the EHLO: 4…", "onDisconnect: called"]),
                ("at MAIL", {"sender": "<>"}, 1,
                 begin[:2] + ["onMail: Reject 550 5.7.1 No bounces", "reply to the MAIL: 550 5.7.1 No bounces"] + end),
                ("all recipients", {"recipients": ["nobody@b.test"]}, 1,
                 begin + ["onRcpt <nobody@b.test>: Reject", "reply to the RCPT: 550 …"] + end),
                ("one of the recipients", {"recipients": ["nobody@b.test", "b@b.test"]}, 1,
                 begin + ["onRcpt <nobody@b.test>: Reject", "reply to the RCPT: 550 …", "onRcpt <b@b.test>: Accept",
                          "onData: Continue", "onMessage: Continue", "deliver: ok", "reply to the message: 250 2.0.0 …",
                          "onAccepted: called", "onDisconnect: called"]),
                ("at DATA", {"sender": "late@a.test"}, 1,
                 rcpt + ["onData: Defer", "reply to the DATA: 4…"] + end),
                ("a fault", {"sender": "fault@a.test"}, 1,
                 data + ["onMessage: failed: a fault", end[0], "reply to the message: 451 4.3.0 …", end[1]]),
                ("discarded", {"sender": "discard@a.test"}, 0,
                 data + ["onMessage: Discard", "reply to the message: 250 2.0.0 …", "onAccepted: called",
                         "onDisconnect: called"])):
            with self.subTest(why):
                done = self.run_trial("judge", **options)
                self.assert_trial(done, status, *lines)
                self.assertIn("judge is here", done.stderr)
                self.assertIn("judge is gone", done.stderr)
        with self.subTest("a redirect"):
            done = self.run_trial("judge", recipients=["alias@b.test"])
            self.assertIn("onRcpt <alias@b.test>: Accept\n  redirected to: <b@b.test>\n", done.stdout)
        with self.subTest("what the server would not ask"):
            done = self.run_trial("judge", options=["--set", "filters.chain="])
            self.assertIn("note: no filter chain names it", done.stdout)

    def test_what_cannot_be_tried_is_told(self):
        self.configure({"broken": {"plugin": "nowhere.so"}})
        for why, handler, options, status, expected in (
                ("no such section", "tre", {}, 64, 'no section [handler:tre]'),
                ("no address", "tree", {"recipients": ["a b"]}, 64, '"a b" is no address'),
                ("no plugin", "broken", {}, 78, "nowhere.so"),
                ("a wrong option", "tree", {"options": ["--set", "handler:tree.pth=x"]}, 78, 'did you mean "path"?'),
                ("it cannot store", "tree", {"options": ["--set", "handler:tree.path=/proc/x/%{rcpt.user}"]}, 1, "/proc/x")):
            with self.subTest(why):
                done = self.run_trial(handler, **options)
                self.assertEqual(done.returncode, status, done.stdout + done.stderr)
                self.assertIn(expected, done.stdout + done.stderr)
        with self.subTest("no message"):
            done = self.run_to_end(["--config", self.configuration, "--test-handler", "tree", "--from", "a@a.test", "--rcpt",
                                    "b@b.test", "--message", "nowhere.eml"])
            self.assertEqual(done.returncode, 66)
            self.assertEqual(done.stderr, "mpsmtpd: cannot read nowhere.eml: No such file or directory\n")
        with self.subTest("another handler's mistake does not matter"):
            self.assertEqual(self.run_trial("tree").returncode, 0)


if __name__ == "__main__":
    unittest.main()

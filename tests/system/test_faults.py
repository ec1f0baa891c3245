"""The handler `faults`: the server misbehaves at each step exactly as its rules say."""
import json
import time

import harness

MAIL = b"Subject: x\r\n\r\nx\r\n"


class FaultsTest(harness.SystemTest):
    def faulty(self, *rules, **keys):
        """A server with a maildir and these rules."""
        numbered = {f"rule{number}": rule for number, rule in enumerate(rules, 1)}
        handlers = {"tree": self.store("maildir"), "mischief": {"type": "faults", **numbered, **keys}}
        return self.start(self.settings(handlers, filters={"chain": "mischief"}))

    def client(self, server, **options):
        wire = server.connect(**options)
        self.addCleanup(wire.close)
        return wire


class Replies(FaultsTest):
    def test_each_verb_gets_its_reply(self):
        steps = {
            "helo": lambda wire: wire.command("EHLO client.test"),
            "mail": lambda wire: wire.command("MAIL FROM:<a@a.test>"),
            "rcpt": lambda wire: wire.command("RCPT TO:<b@b.test>"),
            "data": lambda wire: wire.command("DATA"),
            "message": lambda wire: wire.data(MAIL),
        }
        server = self.faulty(*(f'on {verb} nth=1 do reply="452 4.2.1 Not at {verb}"' for verb in steps))
        wire = self.client(server)
        for verb, step in steps.items():
            with self.subTest(verb):
                if verb == "message":
                    wire.expect("RSET", 250)
                    wire.envelope()
                reply = step(wire)
                self.assert_reply(reply, 452, "4.2.1")
                self.assertIn(f"Not at {verb}", reply.text)
                if verb not in ("data", "message"):
                    self.assertIn(step(wire).code, (250, 354))
        self.assertEqual(self.messages(), [])
        self.assert_reply(wire.deliver(MAIL), 250)
        self.assertEqual(len(self.messages()), 1)

    def test_a_client_can_be_greeted_with_554_and_421(self):
        server = self.faulty('on connect nth=1 do reply="554 5.3.2 No service"', 'on connect nth=1 do reply="421 4.3.2 Busy"')
        first = self.client(server)
        self.assert_reply(first.greeting, 554)
        second = self.client(server)
        self.assert_reply(second.greeting, 421)
        self.assertIsNone(second.reply())
        self.assert_alive(server)

    def test_421_closes_behind_the_reply(self):
        wire = self.client(self.faulty('on rcpt do reply="421 4.3.2 Bye"'))
        wire.hello()
        wire.expect("MAIL FROM:<a@a.test>", 250)
        self.assert_reply(wire.command("RCPT TO:<b@b.test>"), 421, "4.3.2")
        self.assertIsNone(wire.reply())

    def test_nth_is_counted_over_all_connections(self):
        server = self.faulty('on rcpt to=*@B.test nth=3 do reply="450 4.2.0 Third"')
        codes = []
        for _ in range(4):
            with server.connect() as wire:
                wire.hello()
                wire.expect("MAIL FROM:<a@a.test>", 250)
                wire.expect("RCPT TO:<other@c.test>", 250)
                codes.append(wire.command("RCPT TO:<b@b.test>").code)
        self.assertEqual(codes, [250, 250, 450, 250])

    def test_discard_says_250_and_stores_nothing(self):
        wire = self.client(self.faulty('on message header.Subject="*lost*" do discard'))
        wire.hello()
        self.assert_reply(wire.deliver(b"Subject: to be lost\r\n\r\nx\r\n"), 250)
        self.assertEqual(self.messages(), [])
        self.assert_reply(wire.deliver(b"Subject: kept\r\n\r\nx\r\n"), 250)
        self.assertEqual(len(self.messages()), 1)


class Closing(FaultsTest):
    def test_drop_is_the_end_without_a_reply_at_every_verb(self):
        for verb, lines in (("connect", []), ("helo", ["EHLO client.test"]), ("mail", ["HELO c.test", "MAIL FROM:<a@a.test>"]),
                            ("rcpt", ["HELO c.test", "MAIL FROM:<a@a.test>", "RCPT TO:<b@b.test>"]),
                            ("data", ["HELO c.test", "MAIL FROM:<a@a.test>", "RCPT TO:<b@b.test>", "DATA"])):
            with self.subTest(verb):
                server = self.faulty(f"on {verb} do drop")
                wire = self.client(server)
                answers = ([] if wire.greeting is None else [wire.greeting]) + [wire.command(line) for line in lines]
                self.assertEqual([answer.code for answer in answers[:-1]], [220, 250, 250, 250][:len(lines)])
                self.assertIsNone(answers[-1] if lines else wire.greeting)
                server.stop()

    def test_a_dropped_message_is_not_stored(self):
        wire = self.client(self.faulty("on message size>10 do drop"))
        wire.hello()
        self.assertIsNone(wire.deliver(MAIL))
        self.assertEqual(self.messages(), [])


class Slowness(FaultsTest):
    def test_a_delayed_reply_takes_at_least_so_long(self):
        wire = self.client(self.faulty('on mail do delay=300ms reply="451 4.3.0 Late"'))
        wire.hello()
        begin = time.monotonic()
        self.assert_reply(wire.command("MAIL FROM:<a@a.test>"), 451, "4.3.0")
        self.assertGreaterEqual(time.monotonic() - begin, 0.3)

    def test_a_delay_ends_when_a_reply_is_due(self):
        handlers = {"tree": self.store("maildir"), "mischief": {"type": "faults", "rule1": "on message do delay=1h"}}
        server = self.start(self.settings(handlers, filters={"chain": "mischief"}, limits={"reply_timeout": "1s"}))
        wire = self.client(server)
        wire.hello()
        self.assert_reply(wire.deliver(MAIL), 451)
        self.assertEqual(self.messages(), [])

    def test_a_throttled_session_is_slow(self):
        wire = self.client(self.faulty("on data do throttle=2K"))
        wire.hello()
        wire.envelope()
        body = b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 60
        begin = time.monotonic()
        self.assert_reply(wire.data(body), 250)
        self.assertGreater(time.monotonic() - begin, (len(body) / 2048 - 1) * 0.8, "a second's worth may come at once")


class Records(FaultsTest):
    def counters(self):
        return json.loads((self.folder / "counters.json").read_text())["rules"]

    def test_the_counters_are_there_when_the_reply_is(self):
        server = self.faulty('on rcpt every=2 do reply="450 4.2.0 No"', "on data do continue", counters="counters.json")
        self.assertEqual([rule["hits"] for rule in self.counters()], [0, 0])
        wire = self.client(server)
        wire.hello()
        wire.expect("MAIL FROM:<a@a.test>", 250)
        for code, expected in ((250, (0, 0)), (450, (2, 1)), (250, (2, 1)), (450, (4, 2))):
            wire.expect("RCPT TO:<b@b.test>", code)
            rule = self.counters()[0]
            self.assertEqual((rule["matches"], rule["hits"]), expected)
        self.assertEqual([rule["rule"] for rule in self.counters()], ["rule1", "rule2"])
        wire.close()
        server.stop()
        self.assertIn("rule1, hit 2: rcpt to=<b@b.test> client=127.0.0.1 id=", server.log())
        self.assertIn("rule1: 2 hits of 4 matches: on rcpt every=2", server.log())
        self.assertIn("rule2: 0 hits of 0 matches", server.log())

    def test_every_mistake_is_told_at_once(self):
        (self.folder / "rules").write_text("# fine\non helo do discard\n")
        (self.folder / "x.ini").write_text(harness.ini(self.settings({"tree": self.store("maildir"), "mischief": {
            "type": "faults", "rule1": "on rctp do drop", "rule2": "on connect do reply=550", "rules": "rules"}})))
        done = self.run_to_end(["--check-config", "--config", "x.ini"])
        self.assertEqual(done.returncode, 78)
        for part in ("rule1 column 4: unknown verb", "rule2 column 15: \"reply\": a greeting can only be 421 or 554",
                     "rules line 2 column 12: \"discard\" is not known on helo, only on message"):
            self.assertIn(part, done.stderr)


if __name__ == "__main__":
    harness.unittest.main()

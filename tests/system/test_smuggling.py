"""SMTP smuggling against the installed server: every mix of CR, LF and NUL around a dot, octet by octet in packets of its
own, and what the stores hold afterwards as a reader finds it. tests/smtp/SmugglingTest.cpp has the reasons."""
import itertools
import socket
import unittest

import harness
import mailboxes

STORES = ("maildir", "mbox")
POLICIES = ("keep", "normalize", "reject")
LONGEST = 3 if harness.FULL else 2
# Behind the dot: a second transaction, and what an mbox reader would take for the beginning of another mail.
SMUGGLED = (b"MAIL FROM:<evil@a.test>\r\nRCPT TO:<victim@b.test>\r\nDATA\r\n"
            b"From evil@a.test Thu Jan  1 00:00:00 1970\r\nsmuggled\r\n\r\n"
            b"From evil@a.test Thu Jan  1 00:00:00 1970\r\n.\r\n")


def mixes(longest):
    return [bytes(mix) for length in range(longest + 1) for mix in itertools.product(b"\r\n\0", repeat=length)]


def variants():
    """(octets in front of the dot, behind it) that are not the one end of data, CRLF.CRLF."""
    return [(before, after) for before, after in itertools.product(mixes(LONGEST), repeat=2)
            if not (before.endswith(b"\r\n") and after.startswith(b"\r\n"))]


def normalized(data):
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def without_transparency(data):
    return (b"\r\n" + data).replace(b"\r\n.", b"\r\n")[2:]


class Smuggling(harness.SystemTest):
    def setUp(self):
        super().setUp()
        stores = {type_: self.store(type_) for type_ in STORES}
        self.servers = {policy: self.start(self.settings(stores, **{"listener:main": {"bare_newline": policy}}), f"{policy}.ini")
                        for policy in POLICIES}

    def _connect(self, policy):
        wire = self.servers[policy].connect()
        self.addCleanup(wire.close)
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.hello()
        return wire

    def _send(self, wire, sent, cuts):
        """`sent` in packets that end at `cuts`."""
        for begin, end in zip([0, *cuts], [*cuts, len(sent)]):
            wire.send(sent[begin:end])

    def _check(self, policy, replies, sent, mailbox):
        """One message or a refusal. `replies` are all that came for it, and the 250 of a NOOP."""
        refused = policy == "reject" and normalized(sent) != sent
        self.assertEqual([reply.code for reply in replies], [554 if refused else 250, 250], sent)
        expected = normalized(sent) if policy == "normalize" else sent
        for type_ in STORES:
            found = self.messages(type_, mailbox)
            self.assertEqual(len(found), 0 if refused else 1, (type_, sent))
            if found:
                self.assertEqual(mailboxes.without_trace(found[0]), mailboxes.lf(expected), type_)

    def test_a_submission_is_one_message_whatever_stands_around_its_dot(self):
        for policy in POLICIES:
            wire = self._connect(policy)
            for number, (before, after) in enumerate(variants()):
                data = b"body" + before + b"." + after + SMUGGLED
                mailbox = f"{policy}-{number}@b.test"
                wire.envelope(recipients=[mailbox])
                wire.expect("DATA", 354)
                # Each octet around the dot in a packet of its own.
                self._send(wire, data, range(4, 6 + len(before) + len(after)))
                with self.subTest(policy, before=before, after=after):
                    self._check(policy, [wire.reply(), wire.command("NOOP")], without_transparency(data[:-3]), mailbox)
        self._expect_no_victim()

    def test_in_chunks_all_of_it_is_data(self):
        for policy in POLICIES:
            wire = self._connect(policy)
            for number, (before, after) in enumerate(itertools.product(mixes(2), repeat=2)):
                data = b"body" + before + b"." + after + SMUGGLED
                mailbox = f"{policy}-{number}@b.test"
                wire.envelope(recipients=[mailbox])
                self._send(wire, b"BDAT %d LAST\r\n%s" % (len(data), data), [10, 20, 20 + len(before)])
                with self.subTest(policy, before=before, after=after):
                    self._check(policy, [wire.reply(), wire.command("NOOP")], data, mailbox)
        self._expect_no_victim()

    def _expect_no_victim(self):
        for type_ in STORES:
            self.assertEqual(self.messages(type_, "victim@b.test"), [])


if __name__ == "__main__":
    unittest.main()

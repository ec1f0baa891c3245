"""Every extension that EHLO advertises is honoured, octet by octet."""
import email
import email.utils
import unittest

import harness
import mailboxes
import messages

MAIL = b"Subject: x\r\n\r\nx\r\n"


class ExtensionTest(harness.ServedTest):
    LIMIT = 100_000
    sections = {"limits": {"message_size": LIMIT}}

    def setUp(self):
        super().setUp()
        self.wire = self.connect()
        self.extensions = self.wire.hello().lines[1:]

    def stored(self, mailbox="b@b.test"):
        return [mailboxes.without_trace(message) for message in self.messages("maildir", mailbox)]


class Advertised(ExtensionTest):
    def test_ehlo_lists_each_once_and_nothing_else(self):
        self.assertEqual(sorted(self.extensions), sorted([
            f"SIZE {self.LIMIT}", "8BITMIME", "PIPELINING", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "DSN",
            *(line for line in self.extensions if line.split()[0] in ("HELP", "VRFY", "EXPN", "LIMITS"))]))

    def test_helo_lists_none(self):
        self.assertEqual(len(self.wire.expect("HELO client.test", 250).lines), 1)


class Size(ExtensionTest):
    def test_declared_over_the_limit_is_refused_at_mail(self):
        self.assert_reply(self.wire.command(f"MAIL FROM:<a@a.test> SIZE={self.LIMIT + 1}"), 552, "5.3.4")
        self.assert_reply(self.wire.deliver(MAIL), 250)

    def test_declared_within_the_limit(self):
        self.assert_reply(self.wire.deliver(MAIL, parameters=f" SIZE={self.LIMIT}"), 250)

    def test_real_size_over_the_limit_is_552_and_the_session_goes_on(self):
        self.assert_reply(self.wire.deliver(b"x" * 998 * 200 + b"\r\n"), 552, "5.3.4")
        self.assertEqual(self.stored_files(), [])
        self.assert_reply(self.wire.deliver(MAIL), 250)
        self.assertEqual(len(self.stored_files()), 1)

    def test_a_number_that_is_none(self):
        for value in ("x", "-1", "", "1" * 30):
            with self.subTest(value):
                self.assertIn(self.wire.command(f"MAIL FROM:<a@a.test> SIZE={value}").code, (501, 552))

    def test_exactly_the_limit_is_accepted_and_one_more_is_not(self):
        message = MAIL + b"y" * (self.LIMIT - len(MAIL) - 2) + b"\r\n"
        self.assert_reply(self.wire.deliver(message), 250)
        self.assert_reply(self.wire.deliver(b"y" + message), 552, "5.3.4")


class EightBitMime(ExtensionTest):
    def test_octets_are_kept_with_and_without_the_parameter(self):
        octets = b"Subject: x\r\n\r\n" + messages.EIGHT_BIT + b"\r\n"
        for number, parameter in enumerate(("", " BODY=8BITMIME", " body=7bit")):
            with self.subTest(parameter):
                mailbox = f"b{number}@b.test"
                self.assert_reply(self.wire.deliver(octets, parameters=parameter, recipients=[mailbox]), 250)
                self.assertEqual(self.stored(mailbox), [mailboxes.lf(octets)])

    def test_unknown_body(self):
        self.assert_reply(self.wire.command("MAIL FROM:<a@a.test> BODY=9BIT"), 501)


class Pipelining(ExtensionTest):
    def test_a_whole_session_in_one_segment(self):
        self.wire.send(b"MAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\n" + MAIL + b".\r\n"
                       b"MAIL FROM:<a@a.test>\r\nRCPT TO:<c@b.test>\r\nDATA\r\n" + MAIL + b".\r\nQUIT\r\n")
        self.assertEqual([reply.code for reply in self.wire.replies(9)],
                         [250, 250, 354, 250, 250, 250, 354, 250, 221])
        self.assertEqual(self.wire.rest(), b"")
        self.assertEqual(len(self.stored_files()), 2)

    def test_one_octet_at_a_time(self):
        for octet in b"MAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\n" + MAIL + b".\r\n":
            self.wire.send(bytes([octet]))
        self.assertEqual([reply.code for reply in self.wire.replies(4)], [250, 250, 354, 250])

    def test_data_after_only_refused_recipients(self):
        self.wire.send(b"MAIL FROM:<a@a.test>\r\nRCPT TO:<bad address>\r\nDATA\r\nRSET\r\n")
        codes = [reply.code for reply in self.wire.replies(4)]
        self.assertEqual((codes[0], codes[2], codes[3]), (250, 554, 250))
        self.assertIn(codes[1], (501, 553))

    def test_replies_of_a_group_come_in_order(self):
        self.wire.send(b"NOOP\r\nVRFY x\r\nEXPN x\r\nHELP\r\nXYZZY\r\nRSET\r\n")
        self.assertEqual([reply.code for reply in self.wire.replies(6)], [250, 252, 502, 214, 500, 250])


class SmtpUtf8(ExtensionTest):
    def test_addresses(self):
        self.assert_reply(self.wire.deliver(MAIL, sender="jürgen@bücher.test", recipients=["用户@b.test"],
                                            parameters=" SMTPUTF8"), 250)
        self.assertIn("Delivered-To: 用户@b.test\n".encode(), self.messages("maildir", "用户@b.test")[0])

    def test_without_the_parameter_a_utf8_address_is_refused(self):
        self.assertIn(self.wire.command("MAIL FROM:<jürgen@a.test>").code, (501, 550, 553))
        self.wire.expect("MAIL FROM:<a@a.test>", 250)
        self.assertIn(self.wire.command("RCPT TO:<用户@b.test>").code, (501, 553))

    def test_octets_that_are_not_utf8_are_refused(self):
        self.assertIn(self.wire.command(b"MAIL FROM:<j\xfcrgen@a.test> SMTPUTF8").code, (501, 553))

    def test_it_takes_no_value(self):
        self.assert_reply(self.wire.command("MAIL FROM:<a@a.test> SMTPUTF8=yes"), 501)


class EnhancedStatusCodes(ExtensionTest):
    def test_every_reply_that_may_have_one_has_one(self):
        for line, code in (("NOOP", 250), ("MAIL FROM:<a@a.test>", 250), ("RCPT TO:<b@b.test>", 250), ("RSET", 250),
                           ("VRFY b", 252), ("EXPN b", 502), ("HELP", 214), ("XYZZY", 500), ("DATA", 503), ("MAIL", 501),
                           ("RCPT TO:<b@b.test>", 503), ("MAIL FROM:<a@a.test> X=Y", 555), ("QUIT", 221)):
            with self.subTest(line):
                reply = self.wire.expect(line, code)
                self.assertEqual(reply.enhanced[:1], str(code)[0], repr(reply))

    def test_the_exceptions_have_none(self):
        with self.server.connect() as wire:
            self.assertEqual(wire.greeting.enhanced, "")
            self.assertEqual(wire.expect("HELO x", 250).enhanced, "")
            wire.envelope()
            self.assertEqual(wire.expect("DATA", 354).enhanced, "")


class Chunking(ExtensionTest):
    BINARY = b"Subject: binary\r\n\r\n\0\r\n.\r\n.\rx\ny" + bytes(range(256))

    def test_chunks_make_one_message(self):
        self.wire.envelope()
        for chunk in (MAIL[:7], b"", MAIL[7:]):
            self.wire.send(b"BDAT %d\r\n" % len(chunk) + chunk)
            self.assert_reply(self.wire.reply(), 250)
        self.assert_reply(self.wire.command("BDAT 0 LAST"), 250)
        self.assertEqual(self.stored(), [mailboxes.lf(MAIL)])

    def test_pipelined_with_the_next_command_in_the_same_segment(self):
        self.wire.send(b"MAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test>\r\nBDAT %d LAST\r\n" % len(MAIL) + MAIL + b"NOOP\r\n")
        self.assertEqual([reply.code for reply in self.wire.replies(4)], [250] * 4)
        self.assertEqual(self.stored(), [mailboxes.lf(MAIL)])

    def test_binary_octets_and_dots_are_not_touched(self):
        self.wire.envelope(parameters=" BODY=BINARYMIME")
        self.wire.send(b"BDAT %d LAST\r\n" % len(self.BINARY) + self.BINARY)
        self.assert_reply(self.wire.reply(), 250)
        self.assertEqual(self.stored(), [self.BINARY])  # no lines, so no line ends to turn into LF

    def test_binarymime_may_not_use_data(self):
        self.wire.envelope(parameters=" BODY=BINARYMIME")
        self.assert_reply(self.wire.command("DATA"), 503)

    def test_data_after_bdat_is_out_of_order(self):
        self.wire.envelope()
        self.wire.send(b"BDAT 3\r\nabc")
        self.assert_reply(self.wire.reply(), 250)
        self.assert_reply(self.wire.command("DATA"), 503)

    def test_a_chunk_over_the_limit_is_read_and_refused(self):
        self.wire.envelope()
        big = b"x" * (self.LIMIT + 1)
        self.wire.send(b"BDAT %d LAST\r\n" % len(big) + big)
        self.assert_reply(self.wire.reply(), 552, "5.3.4")
        self.assertEqual(self.stored_files(), [])
        self.assert_reply(self.wire.deliver(MAIL), 250)

    def test_a_chunk_without_recipients_is_read_and_refused(self):
        self.wire.send(b"BDAT 6 LAST\r\nNOOP\r\nNOOP\r\n")
        self.assertEqual([reply.code for reply in self.wire.replies(2)], [503, 250])

    def test_rset_drops_the_chunks(self):
        self.wire.envelope()
        self.wire.send(b"BDAT 3\r\nabc")
        self.assert_reply(self.wire.reply(), 250)
        self.wire.expect("RSET", 250)
        self.assert_reply(self.wire.deliver(MAIL), 250)
        self.assertEqual(self.stored(), [mailboxes.lf(MAIL)])


class Dsn(ExtensionTest):
    def test_parameters_are_accepted(self):
        self.wire.expect("MAIL FROM:<a@a.test> RET=HDRS ENVID=QQ314159", 250)
        self.wire.expect("RCPT TO:<b@b.test> NOTIFY=SUCCESS,DELAY,FAILURE ORCPT=rfc822;Bob+2B@b.test", 250)
        self.wire.expect("RCPT TO:<c@b.test> NOTIFY=NEVER", 250)
        self.assert_reply(self.wire.data(MAIL), 250)

    def test_wrong_values_are_refused(self):
        self.assert_reply(self.wire.command("MAIL FROM:<a@a.test> RET=SOME"), 501)
        self.assert_reply(self.wire.command("MAIL FROM:<a@a.test> ENVID=a+zz"), 501)
        self.wire.expect("MAIL FROM:<a@a.test>", 250)
        for parameter in ("NOTIFY=NEVER,SUCCESS", "NOTIFY=", "NOTIFY=SOMETIMES", "ORCPT=nosemicolon"):
            with self.subTest(parameter):
                self.assert_reply(self.wire.command(f"RCPT TO:<b@b.test> {parameter}"), 501)


class TraceFields(ExtensionTest):
    def test_received_is_a_valid_field_with_a_valid_date(self):
        self.wire.deliver(MAIL)
        parsed = email.message_from_bytes(self.messages()[0])
        date = parsed["Received"].rpartition(";")[2]
        self.assertIsNotNone(email.utils.parsedate_to_datetime(date.strip()))
        self.assertIn("client.test", parsed["Received"])


if __name__ == "__main__":
    unittest.main()

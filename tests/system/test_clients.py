"""Mail clients that nobody here wrote send mail, and it arrives as they meant it."""
import email
import email.policy
import os
import shutil
import smtplib
import subprocess
import unittest
from email.message import EmailMessage

import harness
import mailboxes
import messages
from wire import Wire


class ClientTest(harness.SystemTest):
    def setUp(self):
        super().setUp()
        handlers = {name: self.store(name) for name in ("maildir", "mh", "mbox")}
        self.server = self.start(self.settings(handlers))
        self.at = f"127.0.0.1:{self.server.port}"

    def client(self, *command, stdin=b"", environment=None):
        """Runs a client to its end and checks that it was content."""
        name = str(command[0])
        self.assertTrue(shutil.which(name), f"{name} is missing: run scripts/setup --tests")
        ended = subprocess.run([str(word) for word in command], input=stdin, capture_output=True, check=False,
                               timeout=harness.DEADLINE, cwd=self.folder,
                               env={**harness.clean_environment(), "HOME": str(self.folder), **(environment or {})})
        self.assertEqual(ended.returncode, 0, (ended.stdout + ended.stderr).decode("utf-8", "replace"))
        return ended.stdout.decode("utf-8", "replace")

    def arrived(self, mailbox="b@b.test"):
        """The message, which must be the only one and the same in each store, below its trace fields."""
        copies = [mailboxes.without_trace(*self.messages(type_, mailbox)) for type_ in ("maildir", "mh", "mbox")]
        self.assertEqual(copies[0], copies[1])
        self.assertEqual(copies[0], copies[2])
        return copies[0]


class CommandLineClients(ClientTest):
    def test_swaks(self):
        self.client("swaks", "--server", self.at, "--from", "a@a.test", "--to", "b@b.test,c@b.test", "--silent", "2",
                    "--h-Subject", "swaks", "--body", "first\n.dot\nlast")
        for mailbox in ("b@b.test", "c@b.test"):
            message = self.arrived(mailbox)
            self.assertIn(b"Subject: swaks\n", message)
            self.assertIn(b"\n\nfirst\n.dot\nlast\n", message)

    def test_swaks_pipelined_with_an_attachment(self):
        attachment = self.folder / "octets.bin"
        attachment.write_bytes(messages.EIGHT_BIT * 1000)
        self.client("swaks", "--server", self.at, "--to", "b@b.test", "--from", "<>", "--silent", "2", "--pipeline",
                    "--attach", f"@{attachment}")
        parsed = email.message_from_bytes(self.arrived())
        contents = [part.get_payload(decode=True) for part in parsed.walk() if not part.is_multipart()]
        self.assertIn(attachment.read_bytes(), contents)

    def test_s_nail(self):
        self.client("s-nail", "-n", "-S", "v15-compat", "-S", f"mta=smtp://{self.at}", "-S", "smtp-auth=none", "-S",
                    "from=a@a.test", "-S", "hostname=client.test", "-s", "Grüße", "b@b.test", stdin="Zeile ★\n".encode())
        parsed = email.message_from_bytes(self.arrived(), policy=email.policy.default)
        self.assertEqual(parsed["Subject"], "Grüße")
        self.assertEqual(parsed.get_content().rstrip("\n"), "Zeile ★")

    def test_msmtp(self):
        octets = messages.corpus()["mailpit/mixed-attachment.eml"]
        self.client("msmtp", "--host=127.0.0.1", f"--port={self.server.port}", "--from=a@a.test", "b@b.test",
                    stdin=mailboxes.lf(octets))
        self.assertTrue(self.arrived().endswith(mailboxes.lf(octets)))

    def test_curl(self):
        octets = messages.corpus()["inbucket/utf8-subject.raw"]
        (self.folder / "mail.eml").write_bytes(octets)
        self.client("curl", "--silent", "--show-error", f"smtp://{self.at}/client.test", "--mail-from", "a@a.test",
                    "--mail-rcpt", "b@b.test", "--upload-file", "mail.eml")
        self.assertEqual(self.arrived(), mailboxes.lf(octets))

    def test_nodemailer(self):
        modules = harness.TOOLS / "npm" / "node_modules"
        self.assertTrue(modules.is_dir(), "nodemailer is missing: run scripts/setup --tests")
        script = harness.REPOSITORY / "tests" / "system" / "nodemailer.mjs"
        reply = self.client("node", script, modules.parent, "127.0.0.1", self.server.port)
        self.assertRegex(reply, r"^250 2\.\d\.\d ")
        for mailbox in ("b@b.test", "jörg@b.test"):
            parsed = email.message_from_bytes(self.arrived(mailbox), policy=email.policy.default)
            self.assertEqual(parsed["Subject"], "Grüße")
            text, attachment = parsed.get_body(("plain",)), next(parsed.iter_attachments())
            self.assertEqual(text.get_content().rstrip("\n"), ".starts with a dot\nétoile ★\n..two")
            self.assertEqual(attachment.get_payload(decode=True), bytes(range(256)))

    def test_smtp_source(self):
        """Postfix's load generator: 20 sessions at once, 400 messages, every one of them there in the end."""
        program = harness.TOOLS / "usr" / "sbin" / "smtp-source"
        self.assertTrue(program.exists(), "smtp-source is missing: run scripts/setup --tests")
        libraries = [harness.TOOLS / "usr/lib/postfix", *harness.TOOLS.glob("usr/lib/*-linux-gnu*")]
        self.client(program, "-s", "20", "-m", "400", "-l", "4000", "-d", "-f", "a@a.test", "-t", "b@b.test",
                    f"inet:127.0.0.1:{self.server.port}",
                    environment={"LD_LIBRARY_PATH": ":".join(map(str, libraries))})
        for type_ in ("maildir", "mh", "mbox"):
            found = self.messages(type_)
            self.assertEqual(len(found), 400, type_)
            self.assertEqual(len({mailboxes.without_trace(message).partition(b"\n\n")[2] for message in found}), 1, type_)


class TypedSessions(ClientTest):
    def test_telnet_piped_session_of_the_mail_sender(self):
        script = harness.REPOSITORY / "tests" / "mail_sender.sh"
        # telnet's exit code says only that the other side closed.
        subprocess.run([str(script), "127.0.0.1", str(self.server.port)], capture_output=True, check=False,
                       timeout=harness.DEADLINE)
        harness.wait_until(lambda: self.messages("mbox", "b@a.com"), "the piped mail")
        self.assertEqual(self.arrived("b@a.com"), b"\nGood morning from a script.\n")

    def test_netcat_with_bare_line_feeds_in_commands(self):
        session = (b"HELO localhost\nMAIL FROM:a@a.com\nRCPT TO:b@b.test\nDATA\n"
                   b"Subject: typed\r\n\r\nhey there!\r\n.\r\nQUIT\n")
        out = self.client("nc.openbsd", "-N", "127.0.0.1", self.server.port, stdin=session)
        self.assertEqual([line[:3] for line in out.splitlines()], ["220", "250", "250", "250", "354", "250", "221"])
        self.assertEqual(self.arrived(), b"Subject: typed\n\nhey there!\n")

    def test_netcat_half_closes_after_the_final_dot(self):
        session = b"helo x\nmail from: a@a.com\nrcpt to: b@b.test\ndata\nhalf\r\n.\r\n"
        out = self.client("nc.openbsd", "-N", "127.0.0.1", self.server.port, stdin=session)
        self.assertEqual([line[:3] for line in out.splitlines()][:6], ["220", "250", "250", "250", "354", "250"])
        self.assertEqual(self.arrived(), b"half\n")


class PythonSmtplib(ClientTest):
    def _message(self, **headers):
        message = EmailMessage()
        for name, value in {"Subject": "smtplib", "From": "a@a.test", "To": "b@b.test", **headers}.items():
            message[name] = value
        message.set_content("first\n.dot\n..dots\nlast\n")
        return message

    def test_send_message(self):
        with smtplib.SMTP("127.0.0.1", self.server.port) as client:
            self.assertEqual(client.send_message(self._message()), {})
        parsed = email.message_from_bytes(self.arrived(), policy=email.policy.default)
        self.assertEqual(parsed.get_content(), "first\n.dot\n..dots\nlast\n")

    def test_8bit(self):
        octets = b"Subject: 8bit\r\n\r\n" + messages.EIGHT_BIT + b"\r\n"
        with smtplib.SMTP("127.0.0.1", self.server.port) as client:
            client.ehlo()
            client.sendmail("a@a.test", ["b@b.test"], octets, mail_options=["BODY=8BITMIME"])
        self.assertEqual(self.arrived(), mailboxes.lf(octets))

    def test_smtputf8(self):
        with smtplib.SMTP("127.0.0.1", self.server.port) as client:
            client.send_message(self._message(From="jürgen@a.test", To="用户@例子.test"))
        self.assertIn("用户@例子.test".encode(), self.arrived("用户@例子.test"))

    def test_a_hundred_recipients(self):
        recipients = [f"user{number}@b.test" for number in range(100)]
        with smtplib.SMTP("127.0.0.1", self.server.port) as client:
            self.assertEqual(client.sendmail("a@a.test", recipients, b"Subject: all\r\n\r\nof you\r\n"), {})
        for recipient in recipients:
            self.assertEqual(self.arrived(recipient), b"Subject: all\n\nof you\n")

    def test_one_session_many_mails(self):
        with smtplib.SMTP("127.0.0.1", self.server.port) as client:
            for number in range(50):
                client.sendmail("a@a.test", ["b@b.test"], f"Subject: {number}\r\n\r\nx\r\n")
            self.assertEqual(client.verify("b@b.test")[0], 252)
            self.assertEqual(client.expn("list")[0], 502)
            self.assertEqual(client.noop()[0], 250)
            self.assertEqual(client.docmd("HELP")[0], 214)
        self.assertEqual(len(self.messages("mh")), 50)


class OtherAddressFamilies(harness.SystemTest):
    def test_ipv6(self):
        if not os.path.exists("/proc/net/if_inet6"):
            self.skipTest("no IPv6 on this machine")
        server = self.start(self.settings(**{"listener:main": {"address": "[::1]:0"}}))
        self.assert_alive(server)

    def test_unix_socket(self):
        path = self.folder / "smtp.sock"
        self.start(self.settings(**{"listener:main": {"address": f"unix:{path}"}}))
        subprocess.run(["swaks", "--socket", str(path), "--to", "b@b.test", "--silent", "2"], check=True,
                       timeout=harness.DEADLINE)
        self.assertEqual(len(self.messages()), 1)

    def test_several_listeners(self):
        server = self.start(self.settings(**{"listener:main": {"address": "127.0.0.1:0, 127.0.0.1:0"},
                                             "listener:second": {"address": "127.0.0.1:0"}}), listeners=3)
        ports = [int(address.rpartition(":")[2]) for address in server.addresses]
        self.assertEqual(len(set(ports)), 3)
        for port in ports:
            with Wire("127.0.0.1", port) as wire:
                self.assert_reply(wire.greeting, 220)


if __name__ == "__main__":
    unittest.main()

"""The dialogs of tests/smtp/dialogs again, this time with sockets. Their README.md says what each line means."""
import re
import unittest

import harness
import mailboxes

DIALOGS = harness.REPOSITORY / "tests" / "smtp" / "dialogs"
LISTENER_KEYS = ("bare_newline", "strict_addresses")
ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))")
PLAIN_ESCAPES = {b"r": b"\r", b"n": b"\n", b"0": b"\0", b"\\": b"\\"}


def unescape(text):
    return ESCAPE.sub(lambda match: bytes([int(match[1], 16)]) if match[1] else PLAIN_ESCAPES[match[2]], text)


def argument(line):
    """What stands behind `C: `, `M<RAW>: ` and the like."""
    text = line.partition(b":")[2]
    return text[1:] if text.startswith(b" ") else text


class Dialog:
    """One file, read."""

    def __init__(self, path):
        self.options = {}
        self.steps = []  # ("send", octets), ("line" or "reply", prefix), ("half-close",), ("closed",)
        self.accepted = 0
        self.mail = None
        for line in path.read_bytes().splitlines():
            self._read(line)

    def _read(self, line):
        if not line or line.startswith(b"#"):
            return
        if line.startswith(b"option "):
            key, _, value = line[len("option "):].decode().partition("=")
            self.options[key.strip()] = value.strip()
        elif line.startswith(b"accepted "):
            self.accepted = int(line.split()[1])
        elif line.startswith(b"M"):
            raw = line.startswith(b"M<RAW>:")
            self.mail = (self.mail or b"") + (unescape(argument(line)) if raw else argument(line) + b"\r\n")
        else:
            self._read_step(line)

    def _read_step(self, line):
        kind = line.partition(b":")[0].strip()
        if kind in (b"C", b"C<LF>", b"C<RAW>"):
            octets = unescape(argument(line)) if kind == b"C<RAW>" else argument(line) + (b"\n" if kind == b"C<LF>" else b"\r\n")
            if self.steps and self.steps[-1][0] == "send":
                octets = self.steps.pop()[1] + octets
            self.steps.append(("send", octets))
        elif kind == b"C<END>":
            self.steps.append(("half-close",))
        elif kind == b"S<END>":
            self.steps.append(("closed",))
        elif kind in (b"S", b"S*"):
            self.steps.append(("line" if kind == b"S" else "reply", argument(line)))
        else:
            raise AssertionError(f"not a line of a dialog: {line!r}")


class Dialogs(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.servers = {}

    def _server(self, options):
        """One server for all dialogs with the same options."""
        key = tuple(sorted(options.items()))
        if key not in self.servers:
            limits = {"errors": 0, **{name: value for name, value in options.items() if name not in LISTENER_KEYS}}
            listener = {name: value for name, value in options.items() if name in LISTENER_KEYS}
            folder = self.folder / f"stores{len(self.servers)}"
            store = {"type": "maildir", "path": folder / "%{rcpt.domain}" / "%{rcpt.user}", "line_ending": "crlf"}
            sections = self.settings({"tree": store}, limits=limits, **{"listener:main": listener})
            self.servers[key] = self.start(sections, name=f"{len(self.servers)}.ini"), folder
        return self.servers[key]

    def test_every_dialog(self):
        paths = sorted(DIALOGS.glob("*.dialog"))
        self.assertGreater(len(paths), 20)
        for path in paths:
            with self.subTest(path.name):
                self._run(Dialog(path))

    def _run(self, dialog):
        server, folder = self._server(dialog.options)
        before = set(folder.rglob("*"))
        with server.connect(greeting=False) as wire:
            for step in dialog.steps:
                self._step(wire, *step)
            if ("half-close",) not in dialog.steps and ("closed",) not in dialog.steps:
                wire.half_close()
            self.assertEqual(wire.rest(), b"", "said beyond the dialog")
        self._compare(dialog, [path for path in folder.rglob("*") if path not in before and path.parent.name == "new"])

    def _step(self, wire, kind, octets=b""):
        if kind == "send":
            self._send(wire, octets)
        elif kind == "half-close":
            wire.half_close()
        elif kind == "closed":
            self.assertEqual(wire.rest(), b"")
        else:
            self._expect(wire, octets, whole_reply=kind == "reply")

    def _send(self, wire, octets):
        try:
            wire.send(octets)
        except OSError:
            pass  # a server that has closed; what it said before is compared all the same

    def _expect(self, wire, prefix, whole_reply):
        while True:
            line = wire.file.readline()
            self.assertTrue(line.endswith(b"\r\n"), f"{line!r} instead of {prefix!r}")
            self.assertTrue(line.startswith(prefix), f"{line!r} instead of {prefix!r}")
            if not whole_reply or line[3:4] != b"-":
                return

    def _compare(self, dialog, files):
        """Copies of one message share their Received field."""
        by_message = {}
        for file in sorted(files, key=lambda path: path.stat().st_mtime_ns):
            octets = file.read_bytes()
            by_message[re.search(rb"(?m)^Received:[^;]*;", octets)[0]] = mailboxes.without_trace(octets)
        self.assertEqual(len(by_message), dialog.accepted)
        if dialog.mail is not None:
            self.assertEqual(list(by_message.values())[-1], dialog.mail)


if __name__ == "__main__":
    unittest.main()

"""A client that sends exactly the octets it is told to, and reads replies."""
import re
import socket


class Reply:
    """One SMTP reply: `code`, and its lines without code and line end."""

    def __init__(self, lines):
        self.raw = b"".join(lines)
        self.code = int(lines[0][:3])
        self.lines = [line[4:].rstrip(b"\r\n").decode("utf-8", "replace") for line in lines]

    @property
    def text(self):
        return "\n".join(self.lines)

    @property
    def enhanced(self):
        match = re.match(r"([245]\.\d{1,3}\.\d{1,3}) ", self.lines[-1] + " ")
        return match[1] if match else ""

    def __repr__(self):
        return self.raw.decode("utf-8", "backslashreplace")


class Wire:
    """A client that sends exactly what it is told to."""

    def __init__(self, host, port, timeout=60, greeting=True, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.socket.settimeout(timeout)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect((host, port))
        self.file = self.socket.makefile("rb")
        self.greeting = self.reply() if greeting else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, octets):
        self.socket.sendall(octets if isinstance(octets, bytes) else octets.encode())

    def reply(self):
        """The next reply; None at the end of the connection."""
        lines = []
        while True:
            try:
                line = self.file.readline()
            except ConnectionResetError:
                line = b""
            if not line:
                return None
            if not re.match(rb"\d{3}[ -][^\r\n]*\r\n\Z", line):
                raise AssertionError(f"not a reply line: {line!r}")
            lines.append(line)
            if line[3:4] == b" ":
                return Reply(lines)

    def replies(self, count):
        return [self.reply() for _ in range(count)]

    def command(self, line):
        # In one piece: the second of two would wait 40 ms for the acknowledgement of the first (RFC 896 meets RFC 1122 4.2.3.2).
        self.send((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.reply()

    def expect(self, line, code):
        reply = self.command(line)
        if reply is None:
            raise ConnectionResetError(f"closed instead of an answer to {line!r}")
        if reply.code != code:
            raise AssertionError(f"{line!r} got {reply!r}, not {code}")
        return reply

    def hello(self):
        return self.expect("EHLO client.test", 250)

    def envelope(self, sender="a@a.test", recipients=("b@b.test",), parameters=""):
        self.expect(f"MAIL FROM:<{sender}>{parameters}", 250)
        for recipient in recipients:
            self.expect(f"RCPT TO:<{recipient}>", 250)

    def data(self, message):
        """DATA with dot stuffing; `message` has CRLF line ends and ends with one. Returns the final reply."""
        self.expect("DATA", 354)
        self.send(stuff(message) + b".\r\n")
        return self.reply()

    def deliver(self, message, **envelope):
        self.envelope(**envelope)
        return self.data(message)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def rest(self):
        """All that still comes, to the end of the connection."""
        try:
            return self.file.read()
        except ConnectionResetError:
            return b""


def stuff(message):
    """RFC 5321 4.5.2."""
    return re.sub(rb"(?:\A|(?<=\r\n))\.", b"..", message)

"""Messages to send: the sample mail of tests/data/corpus, and octets that mail programs are known to spoil."""
import harness
import mailboxes

CORPUS = harness.REPOSITORY / "tests" / "data" / "corpus"
EIGHT_BIT = bytes(octet for octet in range(1, 256) if octet not in (10, 13))

# {what it is: the octets as they follow DATA}
ODD = {
    "no header": b"\r\nonly a body\r\n",
    "no body": b"Subject: no body\r\n",
    "empty": b"",
    "one empty line": b"\r\n",
    "not a message": b"no colon in sight\r\nnor here\r\n",
    "lone dots": b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n...\r\n",
    "From lines": b"Subject: from\r\n\r\nFrom here\r\n>From there\r\n>>From nowhere\r\n From\r\n\r\nFrom a@b Sat Jan  3\r\n",
    "begins with From": b"From somebody Sat Jan  3 01:05:34 1996\r\nSubject: mbox in mail\r\n\r\nbody\r\n",
    "every octet but line ends and NUL": b"Subject: octets\r\n\r\n" + EIGHT_BIT + b"\r\n",
    "NUL": b"Subject: nul\r\n\r\na\0b\0\0\r\n",
    "Latin-1 in the header": b"Subject: caf\xe9\r\n\r\n\xff\xfe\r\n",
    "bare LF": b"Subject: lf\r\n\r\none\ntwo\n\nthree\r\n",
    "bare CR": b"Subject: cr\r\n\r\none\rtwo\r\rthree\r\n",
    "CR before CRLF": b"Subject: crcrlf\r\n\r\none\r\r\ntwo\r\n",
    "a line of a megabyte": b"Subject: long\r\n\r\n" + b"x" * (1 << 20) + b"\r\n",
    "larger than the spool's memory": b"Subject: large\r\n\r\n" + b"0123456789abcdef" * 4 * 1000 + b"\r\n" + b".x\r\n" * 100000,
    "trailing empty lines": b"Subject: end\r\n\r\nbody\r\n\r\n\r\n",
    "trailing blanks": b"Subject: blanks \t\r\n\r\nbody \t \r\n",
    "trace fields of others": b"Received: by elsewhere; Mon, 1 Jan 2024 00:00:00 +0000\r\nReturn-Path: <x@y>\r\n\r\nb\r\n",
}


def corpus():
    """{folder/name: octets with CRLF line ends} of every sample."""
    samples = {f"{path.parent.name}/{path.name}": mailboxes.crlf(path.read_bytes())
               for path in sorted(CORPUS.glob("*/*")) if path.is_file()}
    if len(samples) < 10:
        raise AssertionError(f"sample mail is missing in {CORPUS}")
    return samples


def everything():
    return {**corpus(), **ODD}


def stored(octets):
    """How a store with LF line ends keeps it: CRLF becomes LF, nothing else changes."""
    return mailboxes.lf(octets)

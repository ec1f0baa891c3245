"""Reads stores back, and takes off what the server put on top of a message."""
import mailbox
import pathlib
import re


def lf(octets):
    return octets.replace(b"\r\n", b"\n")


def crlf(octets):
    """Every line end as CRLF, and one at the end."""
    octets = re.sub(rb"\r\n|\n", b"\r\n", octets)
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"


# The server's own fields. A message may begin with a blank, so Received ends with its date and not where folding ends.
TRACE_FIELDS = (rb"Return-Path: <[^\n]*\n", rb"Delivered-To: [^\n]*\n", rb"Received: [^;]*;\s+\w{3}, [^\n]*\n")


def without_trace(stored):
    """The message below what the server put on top: Return-Path, Delivered-To and one Received."""
    trace = re.match(rb"\A" + b"".join(TRACE_FIELDS), stored)
    if not trace:
        raise AssertionError(f"not the trace fields: {stored[:300]!r}")
    return stored[trace.end():]


def read_mailbox(folder, type_, address):
    """Reads with Python's mailbox module: a reader that nobody here wrote."""
    user, _, domain = address.rpartition("@")
    path = pathlib.Path(folder) / type_ / domain / (user + ".mbox" if type_ == "mbox" else user)
    if not path.exists():
        return []
    kinds = {"maildir": mailbox.Maildir, "mh": mailbox.MH, "mbox": mailbox.mbox}
    box = kinds[type_](str(path), create=False)
    try:
        keys = sorted(box.keys())
        for key in keys[:1] if type_ == "mh" else []:
            box.get_message(key)  # reads more than the message: the folder's sequences
        messages = [box.get_bytes(key) for key in keys]
    finally:
        box.close()
    return [unquote_mboxrd(message) for message in messages] if type_ == "mbox" else messages


def unquote_mboxrd(message):
    """Python's mailbox leaves the quoting of lines that begin with "From " to its user."""
    return re.sub(rb"(?m)^>(>*From )", rb"\1", message)

"""Clients out for harm beside a measured load: the attacks of the system tests (tests/system/hostile.py), each kept up while
the load runs. They come from another address than the client that measures.
"""
import contextlib
import pathlib
import sys
import threading
from types import SimpleNamespace

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import hostile  # noqa: E402  the path to it is said above

STEP = 1.0  # seconds between two octets of a client that trickles
DATA = hostile.BEGINNINGS[4]


@contextlib.contextmanager
def trickling(server, count):
    """`count` clients in the middle of their mail that send an octet a second."""
    with hostile.clients(server, count, lambda _: DATA) as sockets, contextlib.ExitStack() as ending:
        over = threading.Event()

        def trickle():
            while not over.wait(STEP):
                for client in sockets:
                    hostile.push(client, b"x")

        thread = threading.Thread(target=trickle)
        thread.start()
        ending.callback(thread.join)
        ending.callback(over.set)
        yield


@contextlib.contextmanager
def never_reading(server, count):
    with hostile.clients(server, count, part=hostile.reset) as sockets:
        hostile.fill(sockets)
        yield


def flood(work, *arguments):
    return lambda server, _: hostile.flood(work, server, *arguments)


# Name → a context of (server, number of connections that stay open).
CROWDS = {
    "trickling": trickling,
    "never reading": never_reading,
    "bad commands": flood(hostile.commands, b"XYZZY\r\n", 1000),
    "an endless line": flood(hostile.one_long_line, 16 << 20),
    "connect and reset": flood(hostile.connect_and_reset, 200),
    "random octets": flood(hostile.random_octets, 200),
}


def beside(name, count, address):
    """The crowd of that name at HOST:PORT while the context is open; none for ""."""
    if not name:
        return contextlib.nullcontext()
    host, port = address.rsplit(":", 1)
    return CROWDS[name](SimpleNamespace(host=host, port=int(port)), count)

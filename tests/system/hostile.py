"""Clients that are out to hurt. Each attack is a context manager: while it is open the clients are there, then all are gone.

Floods run in processes of their own, so that they do not take the time of the client that measures.
"""
import contextlib
import multiprocessing
import random
import socket
import struct

import harness

HOSTILE_ADDRESS = "127.0.0.2"  # not that of the client that measures: limits for each client do not meet it
BEGINNINGS = (b"", b"EH", b"EHLO x\r\nMAIL FR", b"EHLO x\r\nMAIL FROM:<a@a.test>\r\nRCPT TO:<b",
              b"EHLO x\r\nMAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\nSubject: x",
              b"EHLO x\r\nMAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test>\r\nBDAT 100000\r\nSubject: x")


def connect(server, greeting=True):
    client = socket.create_connection((server.host, server.port), harness.DEADLINE, (HOSTILE_ADDRESS, 0))
    if greeting:
        client.recv(512)
    return client


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@contextlib.contextmanager
def clients(server, count, octets=lambda number: b"", half_close=False, part=socket.socket.close):
    """`count` clients that have sent their octets and now do nothing."""
    sockets = []
    try:
        for number in range(count):
            client = connect(server)
            sockets.append(client)
            client.sendall(octets(number))
            if half_close:
                client.shutdown(socket.SHUT_WR)
        yield sockets
    finally:
        for client in sockets:
            part(client)


@contextlib.contextmanager
def flood(work, server, *arguments):
    """`work` again and again in another process until the context ends, and once to its end at least."""
    fork = multiprocessing.get_context("fork")
    stop = fork.Event()
    done = fork.Value("i", 0)

    def repeat():
        while not stop.is_set():
            work(server, *arguments)
            done.value += 1

    process = fork.Process(target=repeat, daemon=True)
    process.start()
    try:
        yield
        harness.wait_until(lambda: done.value > 0 or not process.is_alive(), "the flood has been sent once")
    finally:
        stop.set()
        process.join(harness.DEADLINE)
        if process.is_alive():
            process.kill()
            process.join()
    if process.exitcode != 0:
        raise AssertionError(f"the flood ended with {process.exitcode}")


def push(client, octets):
    """Sends as long as the server takes it, reading nothing."""
    with contextlib.suppress(ConnectionError):
        client.sendall(octets)


def fill(sockets):
    line = (b"HELP\r\n", b"NOOP\r\n", b"EHLO x\r\n")
    for number, client in enumerate(sockets):
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                client.send(line[number % 3] * 4096)


def connect_and_reset(server, count):
    for _ in range(count):
        reset(connect(server, greeting=False))


def one_long_line(server, octets):
    client = connect(server)
    for _ in range(octets >> 16):
        push(client, b"x" * 65536)
    client.close()


def drain(client):
    with contextlib.suppress(ConnectionError):
        while client.recv(65536):
            pass


def commands(server, line, count):
    """In pieces that fit the buffers both ways, over as many connections as the server wants."""
    client = connect(server)
    push(client, b"EHLO x\r\nMAIL FROM:<a@a.test>\r\n")
    for _ in range(count // 100):
        try:
            client.sendall(line * 100)
            if not client.recv(65536):
                raise ConnectionResetError
        except ConnectionError:
            client.close()
            client = connect(server)
    push(client, b"QUIT\r\n")
    client.shutdown(socket.SHUT_WR)
    drain(client)
    client.close()


def random_octets(server, count):
    chance = random.Random(count)
    for _ in range(count):
        client = connect(server, greeting=False)
        push(client, chance.randbytes(chance.randrange(1, 4096)))
        client.close()


@contextlib.contextmanager
def refused(server, count):
    """Clients above the limit: their replies' codes. Every second one sends on behind its 421, and nobody closes."""
    sockets = [connect(server, greeting=False) for _ in range(count)]
    try:
        for client in sockets[::2]:
            push(client, b"EHLO x\r\n")
            push(client, b"MAIL FROM:<a@a.test>\r\n")
        yield {client.recv(512)[:3] for client in sockets[1::2]}
    finally:
        for client in sockets:
            client.close()

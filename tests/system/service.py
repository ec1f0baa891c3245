"""A test as the service manager: sockets that it keeps while servers come and go, and the socket that they report to."""
import fcntl
import pathlib
import shutil
import socket

import harness

FIRST = 3  # where descriptors are handed over (sd_listen_fds(3))


class Manager:
    """Listens, hands over and hears."""

    def __init__(self, folder, names=("smtp",), watchdog_usec=0, hears=True):
        self.names = names
        self.sockets = [self._listen() for _ in names]
        self.path = pathlib.Path(folder) / "notify"
        self.environment = {"NOTIFY_SOCKET": str(self.path)} if hears else {}
        if watchdog_usec:
            self.environment["WATCHDOG_USEC"] = str(watchdog_usec)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.path))
        self.notify.settimeout(harness.DEADLINE)

    @staticmethod
    def _listen():
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.bind(("127.0.0.1", 0))
        listening.listen(1000)
        return listening

    @property
    def address(self):
        return self.sockets[0].getsockname()

    def options(self):
        """For SystemTest.run_daemon: descriptors and environment. Python starts the shell with the sockets where they are,
        and the shell moves them to where they are looked for, as itself, so that LISTEN_PID holds."""
        numbers = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD, 20 + i) for i, each in enumerate(self.sockets)]
        moves = "; ".join(f"exec {FIRST + i}<&{number} {number}<&-" for i, number in enumerate(numbers))
        script = (f"{moves}; LISTEN_PID=$$ LISTEN_FDS={len(numbers)} LISTEN_FDNAMES={':'.join(self.names)} "
                  'exec "$@"')
        return {"wrapper": ["bash", "-c", script, "bash"], "pass_fds": numbers,
                "environment": self.environment}

    def hear(self):
        """The next datagram, as a list of its lines."""
        return self.notify.recv(8192).decode().splitlines()

    def hear_until(self, line):
        """The datagrams up to the one with this line."""
        heard = [self.hear()]
        while line not in heard[-1]:
            heard.append(self.hear())
        return heard

    def close(self):
        for each in (*self.sockets, self.notify):
            each.close()


def has_systemd():
    return shutil.which("systemd-analyze") is not None

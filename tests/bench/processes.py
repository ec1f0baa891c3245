"""A server's processes: starting, the address it is ready at, what its whole tree costs, and its end by pid."""
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")
START_DEADLINE = 30  # seconds; a failure, not a measure


class CannotRun(Exception):
    """A peer that is not there, or does not start here; its text says why. The rows go on without it."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def parse_stat(text):
    """Parent and CPU ticks, those of children that were waited for included, of a /proc/PID/stat."""
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15]))


def all_processes():
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = parse_stat((entry / "stat").read_text(errors="replace"))
            except (FileNotFoundError, ProcessLookupError):
                pass  # ended meanwhile; its parent has its ticks
    return found


def tree_ticks(root, processes):
    """CPU ticks of `root` and all below it; `processes` is pid → (parent, ticks)."""
    children = {}
    for pid, (parent, _) in processes.items():
        children.setdefault(parent, []).append(pid)
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        total += processes.get(pid, (0, 0))[1]
        waiting += children.get(pid, [])
    return total


class Process:
    """A server that was started, with its address and where it stores."""

    def __init__(self, command, port, environment=None, lmtp=False, end=signal.SIGTERM):
        self.port = port
        self.lmtp = lmtp
        self._end = end
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=self._log,
                                         stderr=self._log, env={**os.environ, **(environment or {})})
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _greets(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as client:
                client.settimeout(5)
                return client.recv(1) == b"2"
        except OSError:
            return False

    def _wait(self):
        deadline = time.monotonic() + START_DEADLINE
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise CannotRun(f"{self._process.args[0]} does not answer: {self.log()[-600:].strip()}")
            time.sleep(0.02)

    def log(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def cpu_seconds(self):
        return tree_ticks(self._process.pid, all_processes()) / TICKS

    def peak_memory(self):
        """KiB that the main process had resident at most."""
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))

    def stop(self):
        if self._process.poll() is None:
            self._process.send_signal(self._end)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()

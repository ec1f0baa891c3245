"""The two clients, and what they say: Postfix's smtp-source, and our own mpsmtp_load.

A run in which not every message was acknowledged is an error: its rate would be that of refusals.
"""
import json
import os
import pathlib
import subprocess
import time
from dataclasses import dataclass

from workloads import SMTP_SOURCE

DEADLINE = 900  # seconds; a failure, not a measure


class NotAcknowledged(Exception):
    """The client did not get its 250 for every message."""


@dataclass(frozen=True)
class Outcome:
    seconds: float
    latency: float = None  # microseconds, median


@dataclass(frozen=True)
class Tools:
    """Where things are. `tools` is what scripts/setup unpacks, `build` what CMake builds."""
    tools: pathlib.Path
    build: pathlib.Path

    @property
    def mpsmtpd(self):
        return self.build / "bin/mpsmtpd"

    @property
    def load(self):
        return self.build / "tests/mpsmtp_load"

    @property
    def bare(self):
        return self.build / "tests/mpsmtp_bare"

    @property
    def postfix_libraries(self):
        return {"LD_LIBRARY_PATH": str(self.tools / "usr/lib/postfix")}


def source_command(tools, load, server):
    keep = [] if load.per_connection == 1 else ["-d"]
    return [tools.tools / "usr/sbin/smtp-source", "-4", *(["-L"] if server.lmtp else []), *keep,
            "-s", load.connections, "-m", load.messages, "-l", load.octets, "-r", load.recipients,
            "-f", "bench@example.com", "-t", "box@example.com", f"inet:{server.address}"]


def load_command(tools, load, server):
    return [tools.load, "--to", server.address, "--connections", load.connections, "--messages", load.messages,
            "--octets", load.octets, "--per-connection", load.per_connection, "--recipients", load.recipients,
            "--mailboxes", load.mailboxes, "--pipeline", load.pipeline, *(["--bdat"] if load.bdat else []),
            *(["--lmtp"] if server.lmtp else []), *(["--idle", load.idle] if load.idle else [])]


def run_command(command, environment=None):
    done = subprocess.run(list(map(str, command)), env={**os.environ, **(environment or {})}, capture_output=True,
                          text=True, timeout=DEADLINE, check=False)
    if done.returncode != 0:
        program = pathlib.Path(command[0]).name
        raise NotAcknowledged(f"{program}: exit code {done.returncode}: {(done.stderr + done.stdout)[:600]}")
    return done.stdout


def send(tools, load, server):
    """Runs `load` against `server`."""
    if load.client == SMTP_SOURCE:
        begin = time.monotonic()
        run_command(source_command(tools, load, server), tools.postfix_libraries)
        return Outcome(time.monotonic() - begin)
    told = json.loads(run_command(load_command(tools, load, server)))
    if told["acknowledged"] != load.messages:
        raise NotAcknowledged(f"{told['acknowledged']} of {load.messages} messages were acknowledged")
    return Outcome(told["seconds"], told["latency_us"]["p50"])


def bare_store(tools, load, way, folder):
    """Files a second and microseconds of one, of `mpsmtp_bare store`: a way to store without any SMTP."""
    told = json.loads(run_command([tools.bare, "store", "--way", way, "--threads", load.connections, "--messages",
                                   load.messages, "--octets", load.octets, "--folder", folder, "--folders",
                                   load.mailboxes]))
    return told["files_per_second"], told["latency_us"]["p50"]

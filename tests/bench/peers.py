#!/usr/bin/env python3
"""Messages a second of mpsmtpd and of Postfix's smtp-sink, in one interleaved run.

Both are driven by the same client, Postfix's smtp-source, in turn (A B, then B A, …), so that what the machine does
meanwhile meets both alike; figures are medians over the rounds, ratios are medians of the ratios of each round. A round
counts only if smtp-source saw every message acknowledged. For the durable rows, which have no peer here, every
acknowledged message is counted on disk. scripts/bench builds what is needed and calls this.
"""
import argparse
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Workload:
    name: str
    connections: int
    octets: int
    messages: int
    per_connection: bool = False  # one message a connection

    def client(self, tools, port):
        keep = [] if self.per_connection else ["-d"]
        return [str(tools / "usr/sbin/smtp-source"), "-4", "-s", str(self.connections), "-m", str(self.messages),
                "-l", str(self.octets), *keep, "-f", "bench@example.com", "-t", "box@example.com",
                f"inet:127.0.0.1:{port}"]


DISCARD = [
    Workload("1 KiB, 1 connection", 1, 1024, 20000),
    Workload("1 KiB, 10 connections", 10, 1024, 40000),
    Workload("1 KiB, 50 connections", 50, 1024, 40000),
    Workload("4 KiB, 20 connections", 20, 4096, 40000),
    Workload("64 KiB, 20 connections", 20, 65536, 8000),
    Workload("1 MB, 4 connections", 4, 1000000, 500),
    Workload("1 KiB, 10 connections, one message each", 10, 1024, 10000, per_connection=True),
]
DURABLE = [
    Workload("4 KiB, 1 connection", 1, 4096, 3000),
    Workload("4 KiB, 20 connections", 20, 4096, 10000),
]


class Server:
    """A server process of ours, ended by its pid."""

    def __init__(self, command, port, environment=None):
        self.port = port
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment)
        self._wait()

    def _wait(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.02)
        self.log.seek(0)
        raise SystemExit(f"{self.process.args[0]} does not listen:\n{self.log.read().decode(errors='replace')}")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def library_path(tools):
    return dict(os.environ, LD_LIBRARY_PATH=str(tools / "usr/lib/postfix"))


def start_sink(tools):
    port = free_port()
    user = ["-u", "root"] if os.geteuid() == 0 else []
    command = [str(tools / "usr/sbin/smtp-sink"), *user, "-4", "-m", "512", f"inet:127.0.0.1:{port}", "1024"]
    return Server(command, port, library_path(tools))


def start_mpsmtpd(binary, folder, handler):
    port = free_port()
    ini = folder / f"{port}.ini"
    ini.write_text(f"[listener:main]\naddress = 127.0.0.1:{port}\n[spool]\ndirectory = {folder}/spool\n"
                   f"[logging]\nlevel = warning\n[handler:store]\n{handler}\n")
    return Server([str(binary), "--config", str(ini)], port)


def run(server, workload, tools):
    """Messages a second and CPU microseconds a message of one run."""
    cpu = server.cpu_seconds()
    begin = time.monotonic()
    subprocess.run(workload.client(tools, server.port), check=True, env=library_path(tools), timeout=300)
    seconds = time.monotonic() - begin
    return workload.messages / seconds, (server.cpu_seconds() - cpu) / workload.messages * 1e6


def interleave(servers, workload, tools, rounds):
    results = {name: [] for name in servers}
    for number in range(rounds):
        order = list(servers) if number % 2 == 0 else list(servers)[::-1]
        for name in order:
            results[name].append(run(servers[name], workload, tools))
    return results


def median(rows, column):
    return statistics.median(row[column] for row in rows)


def print_discard(workload, results):
    ours, sink = results["mpsmtpd"], results["smtp-sink"]
    rate = statistics.median(a[0] / b[0] for a, b in zip(ours, sink))
    cpu = statistics.median(a[1] / b[1] for a, b in zip(ours, sink))
    spread = sorted(a[0] / b[0] for a, b in zip(ours, sink))
    print(f"| {workload.name} | {median(ours, 0):,.0f} | {median(sink, 0):,.0f} | {rate:.2f} "
          f"({spread[0]:.2f}–{spread[-1]:.2f}) | {median(ours, 1):.0f} | {median(sink, 1):.0f} | {cpu:.2f} |", flush=True)


def compare(arguments, folder):
    servers = {"mpsmtpd": start_mpsmtpd(arguments.mpsmtpd, folder, "type = discard"),
               "smtp-sink": start_sink(arguments.tools)}
    print("| discard | mpsmtpd, messages/s | smtp-sink, messages/s | ratio (lowest–highest) | CPU µs/message | "
          "smtp-sink, CPU µs/message | ratio |\n|---|---|---|---|---|---|---|")
    try:
        for workload in DISCARD:
            print_discard(workload, interleave(servers, workload, arguments.tools, arguments.rounds))
    finally:
        for server in servers.values():
            server.stop()


def count_messages(path):
    """Mails in the store at `path`, of whichever kind."""
    if path.is_file():
        return sum(line.startswith(b"From ") for line in path.open("rb"))
    new = path / "new"
    return sum(1 for _ in (new if new.is_dir() else path).iterdir() if not _.name.startswith("."))


def durable(arguments, folder):
    print("\n| durable, one mailbox | messages/s | CPU µs/message |\n|---|---|---|")
    for store in ("maildir", "mh", "mbox"):
        for workload in DURABLE:
            path = folder / f"{store}-{workload.connections}"
            server = start_mpsmtpd(arguments.mpsmtpd, folder, f"type = {store}\npath = {path}")
            try:
                results = [run(server, workload, arguments.tools) for _ in range(arguments.rounds)]
            finally:
                server.stop()
            wanted = workload.messages * arguments.rounds
            if (found := count_messages(path)) != wanted:
                raise SystemExit(f"{store}: {wanted} acknowledged, {found} on disk")
            print(f"| {store}, {workload.name} | {median(results, 0):,.0f} | {median(results, 1):.0f} |", flush=True)
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mpsmtpd", type=pathlib.Path, required=True, help="the daemon to measure")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help="folder that Postfix's package was unpacked into")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path.cwd(), help="on the disk to measure")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="mpsmtp-bench-") as name:
        folder = pathlib.Path(name)
        compare(arguments, folder)
        durable(arguments, folder)


if __name__ == "__main__":
    main()

"""What the figures were taken on and with, in a few words each."""
import os
import pathlib
import platform
import subprocess
import time


def _first(path, key):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.partition(":")[2].strip() or line.partition("=")[2].strip('"')
    return "unknown"


def _output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def describe(folder, source):
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "system": _first("/etc/os-release", "PRETTY_NAME"),
        "kernel": platform.release(),
        "processor": _first("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.1f} GB",
        "file system": _output("stat", "--file-system", "--format=%T", str(folder)),
        "load before": f"{os.getloadavg()[0]:.2f}",
        "commit": _output("git", "-C", str(source), "describe", "--always", "--dirty"),
    }


def sentence(machine):
    return ", ".join(f"{key} {value}" for key, value in machine.items())

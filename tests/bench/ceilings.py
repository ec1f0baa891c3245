"""What the disk and the loopback do without any server: the bounds that no row can pass, from mpsmtp_bare."""
import json
import statistics

import clients
from contestants import settle
from workloads import Load

STORES = [  # words, way, threads, folders
    ("classic: tmp + fsync + rename + fsync(folder)", "classic", 20, 1),
    ("O_TMPFILE + fdatasync + linkat + grouped fsync(folder)", "tmpfile-group", 20, 1),
    ("the same into sixteen folders", "tmpfile-group", 20, 16),
    ("one journal, grouped fdatasync", "journal", 20, 1),
    ("the same into sixteen folders", "journal", 20, 16),
    ("mbox, append + fdatasync each", "mbox-each", 20, 1),
    ("mbox, append + grouped fdatasync", "mbox-group", 20, 1),
    ("create + fsync, one thread", "create-sync", 1, 1),
    ("no sync: O_TMPFILE + linkat", "nosync-tmpfile", 20, 1),
    ("no sync: tmp + rename", "nosync-rename", 20, 1),
]
MESSAGES, OCTETS = 8000, 4096


def _store(tools, folder, way, load):
    folder.mkdir(exist_ok=True)
    settle(load)
    return clients.bare_store(tools, load, way, folder)


def _loopback(tools):
    return json.loads(clients.run_command([tools.bare, "loopback", "--connections", 10, "--octets", 1024]))


def _loopback_lines(answers):
    trips = [answer["round_trips_per_second"] for answer in answers]
    octets = [answer["octets_per_second"] / 1e6 for answer in answers]
    latency = statistics.median(answer["round_trip_us"]["p50"] for answer in answers)
    return [("loopback, 10 connections, 1 KiB and an answer: round trips", trips, latency),
            ("loopback, 10 connections, one way: MB", octets, None)]


def measure(tools, folder, rounds, quick):
    """(words, rate of each round, median latency) of each; the ways take turns, as contestants do."""
    taken = [[] for _ in STORES]
    answers = []
    for _ in range(rounds):
        answers.append(_loopback(tools))
        for place, (_, way, threads, folders) in enumerate(STORES):
            load = Load(OCTETS, threads, MESSAGES // (4 if threads == 1 else 1), mailboxes=folders)
            taken[place].append(_store(tools, folder / "ceiling", way, load.quick() if quick else load))
    stores = [(f"disk, 4 KiB: {words}", [rate for rate, _ in runs], statistics.median(latency for _, latency in runs))
              for (words, *_), runs in zip(STORES, taken)]
    return stores + _loopback_lines(answers)

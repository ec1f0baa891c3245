"""The rows to reach: workload, contestants, and what is wanted of their ratio. Data, and how to make it shorter."""
from dataclasses import dataclass, field, replace

from workloads import SMTP_SOURCE, Load

OURS = "mpsmtpd"
SINK = "smtp-sink"
BARE_SERVER = "bare C server"
BARE_LOOP = "bare event loop"
CEILING = "ceiling of the way"
BEST_PEER = "best real peer"
REAL_PEERS = ("nodemailer", "Postfix", "Dovecot-LMTP", "aiosmtpd", "OpenSMTPD", "Exim")

# [spool] durability → what `mpsmtp_bare store --way` calls the same way without SMTP.
DURABILITY = {
    "fsync": "tmpfile-group",
    "journal": "journal",
}
DEFAULT_DURABILITY = "journal"

AS_SENT = ("trace = no", "delivered_to = no")  # what the bare server stores, and what hard links need


@dataclass(frozen=True)
class Contestant:
    """Who runs a row's workload: a server and its store, or `mpsmtp_bare store` with a way (server BARE_STORE)."""
    name: str
    server: str
    store: str = "discard"
    changes: dict = field(default_factory=dict)  # to the row's Load
    settings: tuple = ()  # lines for the handler's section of mpsmtpd's ini; or the way of BARE_STORE
    prefill: int = 0  # mails that are in the mailbox before


BARE_STORE = "bare store"


@dataclass(frozen=True)
class Claim:
    """`what` of OURS to that of `against` is at least (or at most) `wanted`; without `against`, `what` itself is."""
    what: str  # rate | cpu | latency | memory | idle memory
    against: str
    wanted: float
    at_least: bool = True

    def holds(self, reached):
        return reached >= self.wanted if self.at_least else reached <= self.wanted


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    load: Load
    contestants: tuple
    claims: tuple


def at_least(wanted, against, what="rate"):
    return Claim(what, against, wanted)


def at_most(wanted, against, what):
    return Claim(what, against, wanted, at_least=False)


def beside_sink(name, title, load, *claims):
    """The bare server, a thread a connection that answers and throws away, says what the way of serving leaves to reach; the
    bare event loop, in which no handler could run, what client and kernel leave."""
    contestants = tuple(Contestant(name, name) for name in (OURS, SINK, BARE_SERVER, BARE_LOOP))
    return Row(name, title, load, contestants, claims)


def beside_itself(name, title, load, reference, changes, *claims):
    """mpsmtpd twice; the other one's workload has `changes`."""
    return Row(name, title, load, (Contestant(OURS, OURS), Contestant(reference, OURS, changes=changes)), claims)


def idle(count):
    claims = (at_least(0.9, "own rate without them"), at_most(12, "own rate without them", "idle memory"))
    return beside_itself(f"idle-{count}", f"discard, 1 KiB, 10 connections beside {count:,} idle ones",
                         Load(1024, 10, 40000, idle=count), "own rate without them", {"idle": 0}, *claims)


def discard_rows():
    cheap = at_most(1.0, SINK, "cpu")
    source = {"client": SMTP_SOURCE}
    plain = "own plain rate"
    return (
        beside_sink("discard-1k-10", "discard, 1 KiB, 10 connections", Load(1024, 10, 40000, **source),
                    at_least(1.15, SINK), cheap),
        beside_sink("discard-1k-50", "discard, 1 KiB, 50 connections", Load(1024, 50, 40000, **source),
                    at_least(1.15, SINK), cheap),
        beside_sink("discard-4k", "discard, 4 KiB, 20 connections", Load(4096, 20, 40000, **source), at_least(1.3, SINK)),
        beside_sink("discard-64k", "discard, 64 KiB, 20 connections", Load(65536, 20, 8000, **source), at_least(5, SINK)),
        beside_sink("discard-10m", "discard, 10 MB, 4 connections", Load(10_000_000, 4, 40, **source), at_least(5, SINK)),
        beside_sink("discard-each", "discard, 1 KiB, 10 connections, one message each",
                    Load(1024, 10, 10000, per_connection=1, **source), at_least(1.1, SINK)),
        beside_sink("pipelined", "discard, 1 KiB, 10 connections, MAIL RCPT DATA in one packet",
                    Load(1024, 10, 40000, pipeline="transaction"), at_least(1.5, SINK)),
        beside_sink("pipelined-next", "discard, 1 KiB, 10 connections, next transaction behind the final dot",
                    Load(1024, 10, 60000, pipeline="next"), at_least(2.3, SINK)),
        beside_itself("bdat", "discard, 1 KiB, 10 connections, whole transactions with BDAT",
                      Load(1024, 10, 60000, pipeline="next", bdat=True), plain, {"pipeline": "none", "bdat": False},
                      at_least(2.5, plain)),
        idle(1000),
        idle(10000),
        beside_sink("recipients-100", "discard, 1 KiB, 10 connections, 100 recipients a message",
                    Load(1024, 10, 4000, recipients=100, **source), at_least(1.0, SINK)),
    )


def real_peers(store, load, names=REAL_PEERS):
    """They take a quarter of the messages: enough to measure, and the round is shorter."""
    return tuple(Contestant(name, name, store, {"messages": max(load.connections, load.messages // 4)}) for name in names)


def maildir(mailboxes, words, way):
    load = Load(4096, 20, 8000, mailboxes=mailboxes)
    contestants = (Contestant(OURS, OURS, "maildir"), *real_peers("maildir", load),
                   Contestant(BARE_SERVER, BARE_SERVER, "maildir"), Contestant(CEILING, BARE_STORE, settings=(way,)))
    return Row(f"maildir-{mailboxes}", f"durable maildir, 4 KiB, 20 connections, {words}", load, contestants,
               (at_least(5, BEST_PEER), at_least(2, BARE_SERVER), at_least(0.9, CEILING)))


def mbox():
    load = Load(4096, 20, 20000)
    contestants = (Contestant(OURS, OURS, "mbox"), *real_peers("mbox", load.shortened(2)),
                   Contestant(BARE_SERVER, BARE_SERVER, "mbox", {"messages": load.messages // 2}))
    return Row("mbox", "durable mbox, 4 KiB, 20 connections", load, contestants,
               (at_least(8, BEST_PEER), at_least(4, BARE_SERVER)))


def hundred_maildirs():
    load = Load(4096, 10, 400, recipients=100, mailboxes=100)
    return Row("maildirs-100", "durable maildir, 4 KiB, 10 connections, 100 recipients into 100 maildirs", load,
               (Contestant(OURS, OURS, "maildir", settings=AS_SENT), Contestant(BARE_SERVER, BARE_SERVER, "maildir")),
               (at_least(4, BARE_SERVER),))


def full_folder():
    empty = "own rate in an empty folder"
    return Row("mh-100000", "durable mh, 4 KiB, 20 connections, folder with 100,000 mails", Load(4096, 20, 8000),
               (Contestant(OURS, OURS, "mh", prefill=100_000), Contestant(empty, OURS, "mh")), (at_least(0.9, empty),))


def large_mails():
    dovecot = "Dovecot-LMTP"
    return Row("maildir-10m", "durable maildir, 10 MB, 4 connections", Load(10_000_000, 4, 40),
               (Contestant(OURS, OURS, "maildir"), Contestant(dovecot, dovecot, "maildir"),
                Contestant(BARE_SERVER, BARE_SERVER, "maildir")),
               (at_least(1.8, dovecot), at_least(1.0, BARE_SERVER), at_most(64, None, "memory")))


def idle_latency():
    disk = "create + sync of such a file"
    return Row("latency", "durable maildir, 4 KiB, 1 connection: final dot to 250", Load(4096, 1, 500),
               (Contestant(OURS, OURS, "maildir"), Contestant(disk, BARE_STORE, settings=("create-sync",))),
               (at_most(1.3, disk, "latency"),))


def hostile(name, crowd, count=0):
    """A client that wants its mail stored waits at most twice as long beside a crowd as alone."""
    alone = "own latency without them"
    many = f"{count:,} clients " if count else ""
    return Row(f"beside-{name}", f"durable maildir, 4 KiB, 1 connection beside {many}{crowd}",
               Load(4096, 1, 500, crowd=crowd, crowd_connections=count),
               (Contestant(OURS, OURS, "maildir"), Contestant(alone, OURS, "maildir", changes={"crowd": ""})),
               (at_most(2, alone, "latency"),))


def hostile_rows():
    return (hostile("trickling", "trickling", 1000), hostile("mute", "never reading", 200),
            hostile("commands", "bad commands"), hostile("line", "an endless line"),
            hostile("resets", "connect and reset"), hostile("octets", "random octets"))


def every_row(durability=DEFAULT_DURABILITY):
    way = DURABILITY[durability]
    return (*discard_rows(), maildir(1, "one mailbox", way), maildir(16, "sixteen mailboxes", way), mbox(),
            hundred_maildirs(), full_folder(), large_mails(), idle_latency(), *hostile_rows())


def quick(row):
    """The same row with tiny figures, to see that all of it works. Sixteen mailboxes are nothing new to a real peer."""
    def few(contestant):
        changes = {key: value for key, value in contestant.changes.items() if key != "messages"}
        return replace(contestant, changes=changes, prefill=min(contestant.prefill, 200))

    taking_part = [it for it in row.contestants if row.name != "maildir-16" or it.server not in REAL_PEERS]
    return replace(row, load=row.load.quick(), contestants=tuple(map(few, taking_part)))

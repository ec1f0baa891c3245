"""Each call on the way of a message fails once, with each error that its manual page makes plausible.

The library in faults/ counts the calls of the whole server while a mail is on its way: sockets, spool, stores, memory and
threads. Then one mail is sent for each call and error. Whatever fails, the reply is right, the mail is in the store whole and
once or not at all, nothing is left behind, no descriptor leaks, and the next mail is taken at once.

The short form takes a sample, by a seed that is printed; MPSMTP_SEED repeats it, MPSMTP_FULL does all.
"""
import collections
import errno
import os
import random
import re
import shutil
import time
import unittest

import harness
from injected import END, FAIL, FAIL_WITHIN, SHORTEN, InjectedTest
from test_kill import make_message
from wire import Wire, stuff

SEED = int(os.environ.get("MPSMTP_SEED", time.time_ns() % 1_000_000))
SAMPLE = 130  # faults of each store and size in the short form, shared by the durabilities
AT_ONCE = 10  # seconds: no wait for a lock, a slot or a time-out that somebody forgot; a failure, not a measure
BOX_LIFE = 10  # mails into one mailbox, since all of it is read after each
LINES = {"small": 2, "large": 400}  # 0.2 KB and 28 KB, in memory and in a spool file

NO_ROOM = ("ENOSPC", "EDQUOT")
DESCRIPTORS = ("EMFILE", "ENFILE", "ENOMEM")
PATH = ("EACCES", "EIO", "ENOMEM")
# {call: what may become of it}: names of errors, or one of the ways to do less than was asked for.
PLAUSIBLE = {
    "open": (*DESCRIPTORS, *NO_ROOM, "EACCES", "EROFS", "EINTR", "EIO"),
    "fopen": (*DESCRIPTORS, "EACCES", "EINTR"),
    "mkostemp": (*DESCRIPTORS, *NO_ROOM, "EACCES", "EROFS"),
    "memfd_create": DESCRIPTORS,
    "close": ("EINTR", "EIO", *NO_ROOM),
    "read": ("EINTR", "EIO", "EAGAIN", "shortened", "end"),
    "pread": ("EINTR", "EIO", "shortened"),
    "write": (*NO_ROOM, "EIO", "EINTR", "EFBIG", "shortened", "half, then ENOSPC"),
    "pwrite": (*NO_ROOM, "EIO", "EINTR", "EFBIG", "shortened", "half, then ENOSPC"),
    "writev": (*NO_ROOM, "EIO", "EINTR", "EFBIG"),
    "pwritev": (*NO_ROOM, "EIO", "EINTR", "EFBIG"),
    "fsync": ("EIO", "EINTR", "EROFS", *NO_ROOM),
    "fdatasync": ("EIO", "EINTR", "EROFS", *NO_ROOM),
    "syncfs": ("EIO", "EINTR", "EROFS", *NO_ROOM),
    "fallocate": (*NO_ROOM, "EIO", "EINTR", "EFBIG"),
    "ftruncate": ("EIO", "EINTR", "EROFS", "EFBIG"),
    "stat": PATH,
    "lstat": PATH,
    "fstat": ("EIO", "ENOMEM"),
    "statx": PATH,
    "fstatvfs": ("EIO", "EINTR", "ENOMEM"),
    "faccessat": ("EACCES", "EROFS", "EIO", "ENOMEM"),
    "fchmod": ("EIO", "EPERM", "EROFS"),
    "futimens": ("EACCES", "EPERM", "EROFS"),
    "fcntl": ("EAGAIN", "EINTR", "ENOLCK"),
    "flock": ("EINTR", "ENOLCK", "EWOULDBLOCK"),
    "mkdir": (*NO_ROOM, *PATH, "EROFS", "EMLINK"),
    "link": (*NO_ROOM, *PATH, "EROFS"),
    "rename": (*NO_ROOM, *PATH, "EROFS"),
    "unlink": (*PATH, "EROFS"),
    "opendir": (*DESCRIPTORS, "EACCES"),
    "readdir": ("EIO",),
    "getrlimit": ("EPERM",),
    "mmap": ("ENOMEM", "EAGAIN", "ENFILE"),
    "malloc": ("ENOMEM",),
    "calloc": ("ENOMEM",),
    "realloc": ("ENOMEM",),
    "aligned_alloc": ("ENOMEM",),
    "accept": (*DESCRIPTORS, "ECONNABORTED", "EINTR", "ENOBUFS", "EPERM", "EAGAIN"),
    "recv": ("EINTR", "EAGAIN", "ENOMEM", "ECONNRESET", "ETIMEDOUT", "shortened", "end"),
    "send": ("EINTR", "EAGAIN", "ENOMEM", "ENOBUFS", "ECONNRESET", "EPIPE", "shortened"),
    "sendmsg": ("EINTR", "EAGAIN", "ENOMEM", "ENOBUFS", "ECONNRESET", "EPIPE"),
    "poll": ("EINTR", "ENOMEM"),
    "epoll_wait": ("EINTR",),
    "epoll_ctl": ("ENOMEM", "ENOSPC"),
    "eventfd": DESCRIPTORS,
    "shutdown": ("ENOTCONN",),
    "setsockopt": ("ENOBUFS", "ENOMEM"),
    "getsockopt": ("ENOBUFS",),
    "getsockname": ("ENOBUFS",),
    "getpeername": ("ENOBUFS", "ENOTCONN"),
    "pthread_create": ("EAGAIN",),
    "gethostname": ("EPERM",),
    "getrandom": ("EINTR", "ENOSYS"),
}
WAYS = {"shortened": (SHORTEN, 0), "end": (END, 0), "half, then ENOSPC": (FAIL_WITHIN, errno.ENOSPC)}
SOCKET_CALLS = {"accept", "recv", "send", "sendmsg", "poll", "epoll_wait", "epoll_ctl", "setsockopt", "getpeername", "getsockname"}

Fault = collections.namedtuple("Fault", "size call number error")
Outcome = collections.namedtuple("Outcome", "step code")  # the last step that was answered, and with what; None: closed


def way_of(error):
    return WAYS.get(error) or (FAIL, getattr(errno, error))


def attempt(server, message, recipients):
    """Sends a mail until something other than success is answered. Never hangs, never raises what a closed socket does."""
    step, reply = "greeting", None
    try:
        with Wire(server.host, server.port, timeout=harness.DEADLINE, greeting=False) as wire:
            reply = wire.reply()
            lines = ["EHLO client.test", "MAIL FROM:<a@a.test>", *(f"RCPT TO:<{each}>" for each in recipients), "DATA"]
            for line in lines:
                if reply is None or reply.code != 250 and step != "greeting" or reply.code >= 400:
                    return Outcome(step, reply and reply.code)
                step, reply = line, None
                reply = wire.command(line)
            if reply is None or reply.code != 354:
                return Outcome(step, reply and reply.code)
            step, reply = "dot", None
            wire.send(stuff(message) + b".\r\n")
            reply = wire.reply()
            outcome = Outcome(step, reply and reply.code)
            if reply is not None and reply.code < 500:
                wire.send("QUIT\r\n")
                wire.rest()
            return outcome
    except ConnectionError:
        return Outcome(step, reply and reply.code)


class Descriptors:
    """What a process has open, but for what a store keeps open: each mailbox, once."""

    def __init__(self, server, stores):
        self._server = server
        self._stores = str(stores)
        self._kept = None
        self._kept = self._open()

    def leaked(self):
        return self._open() - self._kept

    def accept(self, leaked):
        self._kept += leaked

    def _open(self):
        found = collections.Counter(re.sub(r"^(socket):\[\d+\]$", r"\1", name) for name in harness.open_files(self._server.pid))
        for path in list(found):
            if path.startswith(self._stores) and not path.endswith(" (deleted)"):
                found[path] -= 1
        return +found


class Injection(InjectedTest):
    def _inject(self, name):
        durabilities = ("fsync",) if name == "mbox" else harness.DURABILITIES
        print(f"MPSMTP_SEED={SEED}", flush=True)
        for durability in durabilities:
            begin = time.monotonic()
            for path in self.stores.iterdir():
                shutil.rmtree(path)
            self._inject_into(name, durability, SAMPLE // len(durabilities))
            print(f"{name}, {durability}: {time.monotonic() - begin:.1f} s", flush=True)

    def _inject_into(self, name, durability, count):
        randomness = random.Random(f"{SEED}.{name}")
        self.name = name
        self.durability = durability
        self.boxes = 0
        self._start()
        for size in LINES:
            faults = self._plan(size)
            if not harness.FULL:
                faults = self._sample(faults, randomness, count)
            hits = sum(self._fault(number, fault) for number, fault in enumerate(faults))
            self.assertGreater(hits, len(faults) * 0.8, "the calls of a mail differ too much from mail to mail")
            print(f"{name}, {size}: {hits} of {len(faults)} faults met", flush=True)
        self.assert_no_leftovers()
        self.server.stop()

    def _start(self):
        self.server = self.start_injected([self.name])
        self._use_another_mailbox()
        self.descriptors = Descriptors(self.server, self.stores)

    def _use_another_mailbox(self):
        self.boxes += 1
        self.old = f"old{self.boxes}@b.test"
        message = make_message("first", random.Random(1), lines=2)
        self.assertEqual(attempt(self.server, message, [self.old]), ("dot", 250))

    def _plan(self, size):
        """Of each call on the way of a mail, as often as it comes, each plausible error."""
        self._use_another_mailbox()
        self.faults.disarm()
        self.faults.forget_counts()
        self._attempt("plan." + size, size, [self.old, f"fresh@plan-{size}.test"])
        counts = self.faults.counts()
        self.assertEqual(set(counts) - set(PLAUSIBLE), set(), "calls without a list of errors")
        print(size, dict(sorted(counts.items())), flush=True)
        return [Fault(size, call, number, error) for call, count in counts.items()
                for number in range(1, count + 1) for error in PLAUSIBLE[call]]

    @staticmethod
    def _sample(faults, randomness, count):
        """Memory is asked for so often that nothing else would be drawn."""
        memory = [fault for fault in faults if fault.error == "ENOMEM" and fault.call == "malloc"]
        others = [fault for fault in faults if fault not in set(memory)]
        wanted = min(len(memory), count // 3)
        return randomness.sample(memory, wanted) + randomness.sample(others, min(len(others), count - wanted))

    def _attempt(self, identity, size, recipients):
        message = make_message(identity, random.Random(identity), lines=LINES[size])
        begin = time.monotonic()
        outcome = attempt(self.server, message, recipients)
        self.assertLess(time.monotonic() - begin, AT_ONCE, f"{identity}: {outcome}")
        return outcome

    def _fault(self, number, fault):
        """One mail, and one behind it. Returns whether the call was met."""
        if number % BOX_LIFE == BOX_LIFE - 1:
            self._use_another_mailbox()
        identity = f"{fault.size}.{number}"
        recipients = [self.old, f"fresh@{identity}.test"]
        self.faults.arm(fault.number, *way_of(fault.error), call=fault.call)
        try:
            outcome = self._attempt(identity, fault.size, recipients)
        finally:
            met = self.faults.hit()
            self.faults.disarm()
        with self.subTest(store=self.name, outcome=outcome, **fault._asdict()):
            self._check(fault, met, outcome, self._copies(identity, recipients))
            again = f"again.{identity}"
            self.assertEqual(self._attempt(again, fault.size, recipients), ("dot", 250))
            self.assertEqual(self._copies(again, recipients), [1, 1])
            self._assert_nothing_open()
            if fault.call != "unlink":
                self._assert_clean(recipients)
        if self.server.process.poll() is not None:
            self._start()
        return bool(met)

    def _assert_nothing_open(self):
        """The server closes a connection behind its last reply, in its own time."""
        end = time.monotonic() + AT_ONCE
        while self.descriptors.leaked() and time.monotonic() < end:
            time.sleep(0.01)
        leaked = self.descriptors.leaked()
        self.descriptors.accept(leaked)  # each leak is one failure
        self.assertEqual(leaked, collections.Counter(), "left open")

    def _copies(self, identity, recipients):
        return [copies for address in recipients for copies in self.copies_of([self.name], identity, address)]

    def _check(self, fault, met, outcome, copies):
        self.assertIsNone(self.server.process.poll(), self.server.log()[-2000:])
        if outcome.code == 250:
            self.assertEqual(copies, [1, 1])
            return
        if not met:
            self.fail("refused without a fault")
        if outcome.code is None:
            self.assertIn(fault.call, SOCKET_CALLS, "closed without a word")
        else:
            self.assertIn(outcome.code, self._codes(fault, outcome), self.server.log()[-1000:])
        # The reply that was lost: the mail is there, and comes again with the client's next try (RFC 1047). An mbox is
        # appended to after the one before it (docs/stores.md): that one may have the mail.
        whole = [[1, 1]] if outcome == ("dot", None) and fault.call in ("send", "poll") else []
        some = [[1, 0]] if self.name == "mbox" else []
        self.assertIn(copies, [[0, 0], *whole, *some])

    @staticmethod
    def _codes(fault, outcome):
        if fault.call in SOCKET_CALLS or fault.call == "pthread_create" or fault.error == "ENOMEM":
            return (421, 451)
        if fault.error == "EFBIG":
            return (451, 452)  # a mailbox that has reached its limit, or the spool
        is_full = "ENOSPC" in fault.error or fault.error == "EDQUOT"
        return (452,) if is_full and outcome.step == "dot" else (451, 421)

    def _assert_clean(self, recipients):
        for address in recipients:
            user, _, domain = address.partition("@")
            folder = self.stores / self.name / domain
            if folder.exists():
                self.assert_no_leftovers(folder / user if domain == "b.test" and self.name != "mbox" else folder)

    def test_maildir(self):
        self._inject("maildir")

    def test_mh(self):
        self._inject("mh")

    def test_mbox(self):
        self._inject("mbox")


if __name__ == "__main__":
    unittest.main()

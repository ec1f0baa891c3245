"""A row's contestant at work: its server is started once, then runs the workload as often as it is asked to."""
import os

import clients
import crowds
import private_servers
import servers
from figures import Sample
from rows import BARE_LOOP, BARE_SERVER, BARE_STORE, OURS, SINK

STARTS = {
    OURS: servers.start_mpsmtpd,
    SINK: servers.start_sink,
    BARE_SERVER: servers.start_bare,
    BARE_LOOP: servers.start_loop,
    "nodemailer": servers.start_smtp_server,
    "aiosmtpd": servers.start_aiosmtpd,
    "Postfix": private_servers.start_postfix,
    "Dovecot-LMTP": private_servers.start_dovecot,
    "Exim": private_servers.start_exim,
    "OpenSMTPD": private_servers.start_opensmtpd,
}
WARM_UP = 20  # a twentieth of the messages, before the first round


def settle(load):
    """What others have left to write is not this one's to wait for."""
    if not load.is_quick:
        os.sync()


class ServerContestant:
    """Mail is verified before a sample is given, and taken away behind it."""

    def __init__(self, contestant, row, tools, folder, durability):
        self._tools = tools
        self._load = row.load.changed(contestant.changes)
        self._folder = folder
        folder.mkdir()
        folder.chmod(0o755)  # peers have users of their own
        self._durable = contestant.store != "discard"
        self._server = STARTS[contestant.server](servers.Setup(
            tools, folder, contestant.store, contestant.settings, contestant.prefill,
            row.load.idle + row.load.crowd_connections + row.load.connections, row.load.mailboxes, durability))
        try:
            if not self._load.is_quick:
                self._run(self._load.shortened(WARM_UP).changed({"idle": 0, "crowd": ""}))
        except BaseException:
            self._server.process.stop()
            raise

    def _run(self, load):
        if self._durable:
            settle(load)
        process = self._server.process
        before = process.cpu_seconds()
        with crowds.beside(load.crowd, load.crowd_connections, process.address):
            outcome = clients.send(self._tools, load, process)
        self._server.mails.verify(load.messages * load.recipients, load.octets, self._server.patience)
        cpu = (process.cpu_seconds() - before) / load.messages * 1e6
        self._server.mails.forget()
        return Sample(load.messages / outcome.seconds, cpu, outcome.latency, process.peak_memory())

    def run(self):
        return self._run(self._load)

    def stop(self):
        self._server.process.stop()


class StoreContestant:
    """A way to store without SMTP, with as many threads as the others have connections."""

    def __init__(self, contestant, row, tools, folder):
        self._tools = tools
        self._load = row.load.changed(contestant.changes)
        self._way, = contestant.settings
        self._folder = folder
        servers.need(tools.bare, "mpsmtp_bare")

    def run(self):
        self._folder.mkdir(exist_ok=True)
        settle(self._load)
        rate, latency = clients.bare_store(self._tools, self._load, self._way, self._folder)
        return Sample(rate, latency=latency)

    def stop(self):
        """Nothing runs between its runs."""


def start(contestant, row, tools, folder, durability):
    if contestant.server == BARE_STORE:
        return StoreContestant(contestant, row, tools, folder)
    return ServerContestant(contestant, row, tools, folder, durability)

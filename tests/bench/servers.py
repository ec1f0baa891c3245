"""Starts mpsmtpd and the peers that need nothing but a port and a folder. private_servers.py has the others.

Every start gives a Server; what cannot run here raises CannotRun with the reason.
"""
import os
import pathlib
import shutil
import sys
from dataclasses import dataclass

from clients import Tools
from processes import CannotRun, Process, free_port
from rows import DEFAULT_DURABILITY
from stored import Mails

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
DRAIN = 120  # seconds that a queue may take to empty; a failure, not a measure


@dataclass(frozen=True)
class Setup:
    """What a server is started for."""
    tools: Tools
    folder: pathlib.Path  # its own, empty, on the disk to measure
    store: str = "discard"  # discard | maildir | mbox | mh
    settings: tuple = ()  # lines for the handler's section
    prefill: int = 0
    connections: int = 0  # beyond mpsmtpd's default limit
    mailboxes: int = 1
    durability: str = DEFAULT_DURABILITY


@dataclass(frozen=True)
class Server:
    process: Process
    mails: Mails
    patience: float = 0  # seconds from the 250 to the mailbox, for servers whose 250 speaks of their queue


def need(path, package):
    if not path.exists():
        raise CannotRun(f"not found: {package}")
    return path


def _ini(setup, port, path):
    limit = max(1000, setup.connections + 200)
    durability = [] if setup.durability == DEFAULT_DURABILITY else [f"durability = {setup.durability}"]
    where = [f"path = {path}"] if setup.store != "discard" else []
    return "\n".join(["[server]", "hostname = mpsmtpd.example.org", f"threads = {limit}", "[limits]",
                      f"connections = {limit}", "[listener:main]", f"address = 127.0.0.1:{port}", "[spool]",
                      f"directory = {setup.folder}", *durability, "[logging]", "level = warning", "[handler:store]",
                      f"type = {setup.store}", *where, *setup.settings, ""])


def start_mpsmtpd(setup):
    port = free_port()
    mails = Mails(setup.store, setup.folder / "mail")
    if setup.prefill:
        mails.prefill(setup.prefill)
    # An MH folder has no mailbox below it: one folder for all recipients, which can be filled beforehand.
    path = setup.folder / "mail" / ("" if setup.store == "mh" else "%{rcpt.user}")
    ini = setup.folder / "mpsmtp.ini"
    ini.write_text(_ini(setup, port, path))
    return Server(Process([need(setup.tools.mpsmtpd, "mpsmtpd"), "--config", ini], port), mails)


def start_sink(setup):
    port = free_port()
    program = need(setup.tools.tools / "usr/sbin/smtp-sink", "smtp-sink")
    user = ["-u", "root"] if os.geteuid() == 0 else []
    command = [program, *user, "-4", "-m", "512", f"inet:127.0.0.1:{port}", "1024"]
    return Server(Process(command, port, setup.tools.postfix_libraries), Mails("discard", setup.folder))


def start_bare(setup):
    port = free_port()
    folder = setup.folder / "mail"
    folder.mkdir()
    command = [need(setup.tools.bare, "mpsmtp_bare"), "serve", "--port", port, "--folder", folder, "--way", setup.store,
               "--mailboxes", setup.mailboxes]
    return Server(Process(command, port), Mails(setup.store, folder))


def start_loop(setup):
    port = free_port()
    command = [need(setup.tools.bare, "mpsmtp_bare"), "serve", "--port", port, "--way", "loop"]
    return Server(Process(command, port), Mails("discard", setup.folder))


def start_smtp_server(setup):
    """nodemailer's smtp-server. A thread for each connection's sync, where libuv's default is four for all."""
    port = free_port()
    node = shutil.which("node")
    modules = setup.tools.tools / "npm-peers"
    need(modules / "node_modules/smtp-server", "smtp-server from npm")
    if not node:
        raise CannotRun("not found: node")
    folder = setup.folder / "mail"
    command = [node, PEERS / "smtp_server.mjs", modules, port, setup.store, folder]
    return Server(Process(command, port, {"UV_THREADPOOL_SIZE": "32"}), Mails(setup.store, folder))


def start_aiosmtpd(setup):
    port = free_port()
    unpacked = setup.tools.tools / "peers/usr/lib/python3/dist-packages"
    need(unpacked / "aiosmtpd", "python3-aiosmtpd")
    folder = setup.folder / "mail"
    command = [sys.executable, "-B", PEERS / "aiosmtpd_server.py", port, setup.store, folder]
    return Server(Process(command, port, {"PYTHONPATH": str(unpacked)}), Mails(setup.store, folder))

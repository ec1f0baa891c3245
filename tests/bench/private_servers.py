"""Starts the mail servers that expect to be installed: Postfix, Dovecot, Exim, OpenSMTPD, each in a private root.

peers/private_root.sh makes that root from what scripts/setup has unpacked; nothing of the machine's own changes. It takes
the right to mount, so they are left out where the caller is not root.
"""
import os
import shutil
import signal

from processes import CannotRun, Process, free_port
from servers import DRAIN, PEERS, Server, need
from stored import Mails

BOXES = 128  # as many as private_root.sh makes users for


def _write_config(setup, name, port, **words):
    text = (PEERS / name).read_text()
    for word, value in {"FOLDER": setup.folder, "PORT": port, **words}.items():
        text = text.replace(f"@{word}@", str(value))
    path = setup.folder / name
    path.write_text(text)
    return path


def _folder(setup, name, user):
    """A folder that the peer's own user may write to. Ids are those of private_root.sh."""
    path = setup.folder / name
    path.mkdir()
    os.chown(path, user, user)
    return path


def _write_boxes(setup, line):
    """The table of mailboxes, `line` for each."""
    (setup.folder / "boxes").write_text("".join(line.format(box=f"box{number}") + "\n" for number in range(BOXES)))


def _mail_folder(setup):
    return _folder(setup, "mail", 59000)


def _start(setup, command, port, lmtp=False):
    if os.geteuid() != 0:
        raise CannotRun("needs root, for a private root")
    if not shutil.which("unshare"):
        raise CannotRun("not found: unshare")
    scratch = setup.folder / "scratch"
    scratch.mkdir()
    private = ["unshare", "--mount", "--pid", "--fork", "--kill-child", PEERS / "private_root.sh",
               setup.tools.tools.resolve(), scratch]
    # unshare does not heed SIGTERM; what it has started ends with it.
    return Process([*private, *command], port, lmtp=lmtp, end=signal.SIGKILL)


def start_postfix(setup):
    need(setup.tools.tools / "usr/sbin/postfix", "postfix")
    port = free_port()
    mail = _mail_folder(setup)
    config = setup.folder / "postfix"
    (setup.folder / "queue").mkdir()
    _folder(setup, "data", 59001)
    config.mkdir()
    _write_boxes(setup, "{box}@example.com {box}/" if setup.store == "maildir" else "{box}@example.com {box}")
    _write_config(setup, "postfix-main.cf", port).rename(config / "main.cf")
    _write_config(setup, "postfix-master.cf", port).rename(config / "master.cf")
    return Server(_start(setup, ["postfix", "-c", config, "start-fg"], port), Mails(setup.store, mail), DRAIN)


def start_dovecot(setup):
    need(setup.tools.tools / "peers/usr/lib/dovecot/lmtp", "dovecot-lmtpd")
    port = free_port()
    mail = _mail_folder(setup)
    _folder(setup, "home", 59000)
    location = f"maildir:{mail}/%n" if setup.store == "maildir" else f"mbox:{setup.folder}/home/%n:INBOX={mail}/%n"
    config = _write_config(setup, "dovecot.conf", port, LOCATION=location)
    return Server(_start(setup, ["dovecot", "-F", "-c", config], port, lmtp=True), Mails(setup.store, mail))


def start_exim(setup):
    need(setup.tools.tools / "peers/usr/sbin/exim4", "exim4-daemon-light")
    port = free_port()
    mail = _mail_folder(setup)
    for name in ("spool", "log"):
        _folder(setup, name, 59007)
    _write_boxes(setup, "{box}: {box}")
    store = (f"directory = {mail}/$local_part_data\n  maildir_format\n  create_directory" if setup.store == "maildir"
             else f"file = {mail}/$local_part_data")
    config = _write_config(setup, "exim.conf", port, STORE=store)
    # With -C it would give its rights away, and could not deliver.
    command = ["sh", "-c", 'cp "$1" /etc/exim4/exim4.conf && exec exim4 -bdf', "sh", config]
    return Server(_start(setup, command, port), Mails(setup.store, mail), DRAIN)


def start_opensmtpd(setup):
    need(setup.tools.tools / "peers/usr/sbin/smtpd", "opensmtpd")
    if setup.store != "maildir":
        raise CannotRun("its mbox delivery writes below /var/mail only")
    port = free_port()
    mail = _mail_folder(setup)
    config = _write_config(setup, "opensmtpd.conf", port, STORE=f'maildir "{mail}/%{{rcpt.user}}"')
    queue = setup.folder / "queue"
    queue.mkdir()
    # It asks for the name of every client, and a resolver that does not answer holds the greeting up.
    command = ["sh", "-c", 'echo "lookup file" > /etc/resolv.conf && mkdir -p /var/spool/smtpd && '
               'mount --bind "$1" /var/spool/smtpd && chmod 711 "$1" && exec smtpd -d -f "$2"',
               "sh", queue, config]
    return Server(_start(setup, command, port), Mails(setup.store, mail), DRAIN)

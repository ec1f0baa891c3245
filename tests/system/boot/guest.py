"""Runs inside a machine that systemd has booted (test_boot.py): the package and its service as an administrator uses them, with
mail flowing.

Prints "ok NAME" or "not ok NAME: why" for each step, and switches the machine off. Only what Debian's python3-minimal has.
"""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

DEADLINE = 60
INI = pathlib.Path("/etc/mpsmtp/mpsmtp.ini")
PACKAGES = pathlib.Path("/packages")
STATE = pathlib.Path("/var/lib/mpsmtpd")
DROP_IN = pathlib.Path("/etc/systemd/system/mpsmtpd.service.d/test.conf")
SOCKET_DROP_IN = pathlib.Path("/etc/systemd/system/mpsmtpd.socket.d/test.conf")
STORES = """
[handler:folders]
type = mh
path = mh/%{rcpt.user}
[handler:file]
type = mbox
path = mbox/%{rcpt.user}
[handler:script]
type = exec
command = /bin/sh -c "cat >> exec.txt"
directory = /var/lib/mpsmtpd
"""


def run(*command, check=True):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE * 3, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.returncode}: {done.stdout}\n{journal()}")
    return done


def journal():
    return run("journalctl", "-q", "-b", "-o", "cat", "-n", "60", "-u", "mpsmtpd.service", "-u", "mpsmtpd.socket", check=False).stdout


def show(name):
    return run("systemctl", "show", "-P", name, "mpsmtpd.service").stdout.strip()


def wait_until(condition, what):
    end = time.monotonic() + DEADLINE
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"never: {what}\n{journal()}")
        time.sleep(0.02)
    return value


class Client:
    """One session; every reply that is not the wanted one raises."""

    def __init__(self, address=("127.0.0.1", 8025)):
        self.socket = socket.create_connection(address, DEADLINE)
        self.file = self.socket.makefile("rb")
        self.taken = False
        self.greeting = self.expect("220")

    def expect(self, code):
        while True:
            line = self.file.readline().decode()
            if line[:3] != code:
                raise AssertionError(f"{line!r} instead of {code}")
            if line[3:4] != "-":
                return line

    def say(self, text, code):
        self.socket.sendall(text.encode())
        return self.expect(code)

    def mail(self, identity, user="ben", body=""):
        self.say("MAIL FROM:<a@test.example>\r\n", "250")
        self.say(f"RCPT TO:<{user}@test.example>\r\n", "250")
        self.say("DATA\r\n", "354")
        self.say(f"Subject: {identity}\r\n\r\n{body}\r\n.\r\n", "250")
        self.taken = True

    def close(self):
        self.file.close()
        self.socket.close()


def send(identity, address=("127.0.0.1", 8025), body=""):
    client = Client(address)
    try:
        client.say("EHLO client.test\r\n", "250")
        client.mail(identity, body=body)
        # A server that stops may be first: 421 between two transactions. The mail is taken either way.
        client.socket.sendall(b"QUIT\r\n")
        client.file.readline()
    except ConnectionResetError:
        if not client.taken:
            raise
    finally:
        client.close()


def stored(folder=STATE / "mail"):
    """How often each identity is there."""
    counts = {}
    for path in folder.rglob("new/*"):
        for line in path.read_text().splitlines():
            if line.startswith("Subject: "):
                counts[line[9:]] = counts.get(line[9:], 0) + 1
    return counts


class Load:
    """Clients with one mail each, one after the other, until the block ends: those that a failed step left would send into the
    next ones."""

    def __init__(self, name, count=6):
        self.acknowledged, self.failures, self.over, self.lock = [], [], False, threading.Lock()
        self.threads = [threading.Thread(target=self._client, args=(f"{name}.{number}",)) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _client(self, name):
        count = 0
        while not self.over:
            identity = f"{name}.{count}"
            count += 1
            try:
                send(identity)
                with self.lock:
                    self.acknowledged.append(identity)
            except (OSError, AssertionError) as error:
                with self.lock:
                    self.failures.append(f"{identity}: {error!r}")

    def wait_for(self, more):
        goal = len(self.acknowledged) + more
        wait_until(lambda: len(self.acknowledged) >= goal, f"{more} more mails; {self.failures[:3]}")

    def stop(self):
        self.over = True
        for thread in self.threads:
            thread.join()

    def assert_stored(self):
        counts = stored()
        lost = [identity for identity in self.acknowledged if counts.get(identity) != 1]
        assert not lost, f"{len(lost)} of {len(self.acknowledged)} acknowledged are not stored once: {lost[:5]}"


def original():
    """The file as the package has it: the first step has kept a copy."""
    return INI.with_suffix(".original").read_text()


def configure(text):
    INI.write_text(text)


def drop_in(text, path=DROP_IN):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    run("systemctl", "daemon-reload")


def reset():
    configure(original())
    for path in (DROP_IN, SOCKET_DROP_IN):
        path.unlink(missing_ok=True)
    run("systemctl", "daemon-reload")
    run("systemctl", "stop", "mpsmtpd.service", "mpsmtpd.socket")
    run("systemctl", "reset-failed", "mpsmtpd.service", "mpsmtpd.socket", check=False)


def apt(*arguments):
    return run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes", *arguments).stdout


def version():
    return run("dpkg-query", "--show", "--showformat=${Version}", "mpsmtpd").stdout


def an_installed_package_starts_nothing():
    apt("install", f"{PACKAGES}/old.deb")
    INI.with_suffix(".original").write_text(INI.read_text())
    for unit in ("mpsmtpd.service", "mpsmtpd.socket"):
        assert run("systemctl", "is-active", unit, check=False).stdout == "inactive\n", unit
        assert run("systemctl", "is-enabled", unit, check=False).stdout == "disabled\n", unit


def start_serves():
    run("systemctl", "start", "mpsmtpd")
    assert show("ActiveState") == "active"
    send("first")
    assert stored() == {"first": 1}, stored()
    assert "configuration 1" in show("StatusText"), show("StatusText")


def an_upgrade_under_load_refuses_nobody():
    run("systemctl", "start", "mpsmtpd")
    process, before = show("MainPID"), version()
    with Load("upgrade") as load:
        load.wait_for(30)
        apt("install", f"{PACKAGES}/new.deb")
        load.wait_for(30)
    assert version() != before and show("MainPID") not in ("0", process), (version(), show("MainPID"))
    assert not load.failures, f"{len(load.failures)} failed: {load.failures[:5]}"
    load.assert_stored()
    print(f"# {len(load.acknowledged)} mails while {before} became {version()}", flush=True)


def it_is_locked_in():
    run("systemctl", "start", "mpsmtpd")
    status = dict(line.split(":\t", 1) for line in
                  pathlib.Path(f"/proc/{show('MainPID')}/status").read_text().splitlines() if ":\t" in line)
    assert "0" not in status["Uid"].split(), status["Uid"]
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
    assert all(int(status[name], 16) == 0 for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")), status
    # What the stores ask after a start: was it the server that was killed, or the machine?
    assert pathlib.Path("/proc", show("MainPID"), "root", "proc/sys/kernel/random/boot_id").read_text().strip()


def every_store_works_inside_the_sandbox():
    configure(original() + STORES)
    run("systemctl", "start", "mpsmtpd")
    send("stores", body="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 20000)  # above spool.memory
    for path in ("mh/ben/1", "mbox/ben", "exec.txt"):
        assert "Subject: stores" in (STATE / path).read_text(), path
    run("systemctl", "restart", "mpsmtpd")


def a_reload_takes_the_new_file():
    run("systemctl", "start", "mpsmtpd")
    with Load("reload") as load:
        load.wait_for(20)
        process = show("MainPID")
        configure(original().replace(";hostname = mx.example.com", "hostname = new.example.com"))
        run("systemctl", "reload", "mpsmtpd")

        def greeting():
            client = Client()
            client.close()
            return client.greeting
        wait_until(lambda: "new.example.com" in greeting(), "the new name")
        wait_until(lambda: "configuration 2" in show("StatusText"), "the status")
        load.wait_for(20)
    assert show("MainPID") == process
    assert not load.failures, load.failures[:3]
    load.assert_stored()


def a_reload_with_a_mistake_fails_and_changes_nothing():
    run("systemctl", "start", "mpsmtpd")
    configure(original() + "\n[limits]\nmesage_size = 1\n")
    assert run("systemctl", "reload", "mpsmtpd", check=False).returncode != 0
    assert "mesage_size" in journal(), journal()
    assert show("ActiveState") == "active"
    send("unchanged")


def restarts_under_load_refuse_nobody():
    run("systemctl", "start", "mpsmtpd")
    with Load("restart") as load:
        begin = time.monotonic()
        for _ in range(5):
            load.wait_for(30)
            run("systemctl", "restart", "mpsmtpd")
        load.wait_for(30)
    assert not load.failures, f"{len(load.failures)} failed: {load.failures[:5]}"
    load.assert_stored()
    print(f"# {len(load.acknowledged)} mails over 5 restarts in {time.monotonic() - begin:.1f} s", flush=True)


def the_watchdog_replaces_a_server_that_stands_still():
    drop_in("[Service]\nWatchdogSec=3\nTimeoutAbortSec=5\n")
    run("systemctl", "start", "mpsmtpd")
    with Load("watchdog") as load:
        load.wait_for(20)
        process = int(show("MainPID"))
        os.kill(process, signal.SIGSTOP)
        wait_until(lambda: int(show("MainPID")) not in (0, process) and show("SubState") == "running", "another process")
        load.wait_for(20)
    assert int(show("NRestarts")) == 1, show("NRestarts")
    # Sessions that the killed one had begun are lost, mail that it had acknowledged is not; nobody was refused.
    assert not [failure for failure in load.failures if "Refused" in failure], load.failures
    assert len(load.failures) <= len(load.threads), load.failures
    load.assert_stored()


def a_healthy_server_is_left_alone():
    drop_in("[Service]\nWatchdogSec=2\n")
    run("systemctl", "start", "mpsmtpd")
    process = show("MainPID")
    begin = time.monotonic()
    with Load("healthy") as load:
        wait_until(lambda: time.monotonic() > begin + 8, "four watchdogs")
    assert show("MainPID") == process and show("NRestarts") == "0"
    assert not load.failures, load.failures[:3]


def a_stop_with_mail_flowing_loses_nothing():
    run("systemctl", "start", "mpsmtpd")
    with Load("stop") as load:
        load.wait_for(50)
        run("systemctl", "stop", "mpsmtpd.socket", "mpsmtpd.service")
    assert show("Result") == "success" and show("ActiveState") == "inactive", show("Result")
    load.assert_stored()


def a_connection_starts_the_service():
    run("systemctl", "start", "mpsmtpd.socket")
    assert show("ActiveState") == "inactive"
    send("activated")
    assert show("ActiveState") == "active"


def a_mistake_is_not_tried_again():
    configure(original() + "\n[limits]\nmesage_size = 1\n")
    assert run("systemctl", "start", "mpsmtpd.service", check=False).returncode != 0
    assert show("ExecMainStatus") == "78" and show("NRestarts") == "0", show("ExecMainStatus")


def a_killed_server_comes_back():
    run("systemctl", "start", "mpsmtpd")
    process = show("MainPID")
    os.kill(int(process), signal.SIGKILL)
    wait_until(lambda: show("MainPID") not in ("0", process) and show("SubState") == "running", "another process")
    send("back")


def a_store_elsewhere_says_what_it_needs():
    elsewhere = pathlib.Path("/srv/mail")
    elsewhere.mkdir(parents=True)
    run("chown", "mpsmtpd:mpsmtpd", str(elsewhere))
    configure(original().replace("path = mail/", "path = /srv/mail/"))
    started = run("systemctl", "start", "mpsmtpd", check=False)
    if started.returncode == 0:
        try:
            send("nowhere")
            raise RuntimeError("it was stored")
        except AssertionError as error:
            assert "4" in str(error), error
    assert "ead-only file system" in journal() and "ReadWritePaths" in journal(), journal()
    drop_in("[Service]\nReadWritePaths=/srv/mail\n")
    run("systemctl", "reset-failed", "mpsmtpd.service", "mpsmtpd.socket", check=False)
    run("systemctl", "restart", "mpsmtpd")
    send("elsewhere")
    assert stored(elsewhere) == {"elsewhere": 1}, (stored(elsewhere), run("find", str(elsewhere)).stdout, journal())


def port_25_for_everybody_without_root():
    run("systemctl", "start", "mpsmtpd")
    drop_in("[Socket]\nListenStream=\nListenStream=25\n", SOCKET_DROP_IN)
    for _ in range(5):  # systemd opens no socket whose service runs: without PartOf= it mostly fails
        run("systemctl", "restart", "mpsmtpd.socket")
        send("port 25 by IPv4", ("127.0.0.1", 25))
    send("port 25 by IPv6", ("::1", 25))


def stopping_the_socket_stops_the_server():
    run("systemctl", "start", "mpsmtpd")
    run("systemctl", "stop", "mpsmtpd.socket")
    assert show("ActiveState") == "inactive"


def programs_gain_rights_only_by_the_drop_in_of_the_page():
    """As another server's sendmail does, which is set-group-ID."""
    page = pathlib.Path("/usr/share/doc/mpsmtpd/service.md").read_text()
    run("cp", "/usr/bin/id", "/usr/local/bin/queue")
    run("chgrp", "mail", "/usr/local/bin/queue")
    run("chmod", "2755", "/usr/local/bin/queue")
    configure(original() + '[handler:x]\ntype = exec\ndirectory = /var/lib/mpsmtpd\n'
                           'command = /bin/sh -c "cat >/dev/null; /usr/local/bin/queue >rights"\n')

    def rights():
        run("systemctl", "restart", "mpsmtpd")
        send("rights")
        return (STATE / "rights").read_text()
    assert "(mail)" not in rights(), rights()
    drop_in(page.partition("forbids new rights")[2].partition("```ini\n")[2].partition("```")[0])
    assert "egid=8(mail)" in rights(), rights()


def the_log_is_in_the_journal():
    run("systemctl", "start", "mpsmtpd")
    send("logged")
    assert "listening on 127.0.0.1:8025" in journal()
    wait_until(lambda: run("journalctl", "-q", "-b", "-o", "cat", "-u", "mpsmtpd", "PRIORITY=6", "MPSMTP_CLIENT=127.0.0.1",
                           "MPSMTP_CODE=250", "MPSMTP_OUTCOME=mail:ok", check=False).stdout, "an entry with its fields")


def enabling_it_ties_it_to_the_next_boot():
    run("systemctl", "enable", "mpsmtpd")
    for target in ("multi-user.target", "sockets.target"):
        assert "mpsmtpd" in run("systemctl", "list-dependencies", "--plain", target).stdout, target
    run("systemctl", "disable", "mpsmtpd")


def a_removed_package_is_stopped_and_leaves_mail_and_settings():
    run("systemctl", "start", "mpsmtpd")
    process = show("MainPID")
    with Load("removal") as load:
        load.wait_for(30)
        apt("remove", "mpsmtpd")
    load.assert_stored()
    assert not pathlib.Path(f"/proc/{process}").exists()
    try:
        Client()
        raise RuntimeError("somebody listens")
    except ConnectionRefusedError:
        pass
    assert INI.read_text() == original()
    assert "mail is left in /var/lib/mpsmtpd" in apt("purge", "mpsmtpd")
    assert not INI.exists()
    load.assert_stored()


STEPS = [value for name, value in list(globals().items())
         if callable(value) and name.islower() and value.__module__ == __name__
         and name not in ("run", "journal", "show", "wait_until", "send", "stored", "original", "configure", "drop_in", "reset",
                          "apt", "version")]


def main():
    for step in STEPS:
        begin = time.monotonic()
        try:
            step()
            print(f"ok {step.__name__} ({time.monotonic() - begin:.1f} s)", flush=True)
        except Exception:
            print(f"not ok {step.__name__}: {traceback.format_exc()}", flush=True)
        if INI.exists():
            reset()
    print("the end", flush=True)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")
    try:
        main()
    finally:
        subprocess.run(["systemctl", "poweroff", "--force", "--force"], check=False)

"""Who the server is: a low port bound by root, handlers by somebody else, and no way back. Needs root."""
import grp
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import unittest

import harness

USER = "nobody"
UNPRIVILEGED = pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def low_port():
    """One below 1024 that nobody has."""
    for port in range(1023, 600, -1):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise unittest.SkipTest("no port below 1024 is free")


def statuses(pid):
    """Of every thread, the lines of /proc/PID/status."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        yield dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class Dropped(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.identity = pwd.getpwnam(USER)
        self.port = low_port()
        os.chmod(self.folder, 0o755)
        for name in ("mine", "spool"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, self.identity.pw_uid, self.identity.pw_gid)

    def write(self, name="mpsmtp.ini", **sections):
        store = {"type": "maildir", "path": self.folder / "mine" / "maildir" / "%{rcpt.domain}" / "%{rcpt.user}"}
        self.file = self.folder / name
        self.file.write_text(harness.ini(self.settings({"tree": store}, **sections)))
        return self.file

    def as_somebody(self, *, address=None, server=None, **sections):
        return self.write(server={"user": USER, "umask": "027", **(server or {})},
                          **{"listener:main": {"address": address or f"127.0.0.1:{self.port}"}, **sections})

    def test_every_thread_gives_up_every_right_of_root(self):
        server = self.run_daemon(["--config", self.as_somebody()])
        clients = [server.connect() for _ in range(5)]
        for status in statuses(server.pid):
            self.assertEqual(set(status["Uid"].split()), {str(self.identity.pw_uid)})
            self.assertEqual(set(status["Gid"].split()), {str(self.identity.pw_gid)})
            self.assertLessEqual(set(status["Groups"].split()),
                                 {str(g) for g in os.getgrouplist(USER, self.identity.pw_gid)})
            self.assertEqual({status[name].strip("0") for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}, {""})
            self.assertEqual((status["NoNewPrivs"], status["Umask"]), ("1", "0027"))
        for client in clients:
            client.close()

    def test_it_serves_and_stores_as_the_user(self):
        server = self.run_daemon(["--config", self.as_somebody(spool={"memory": "4K"})])
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(b"Subject: x\r\n\r\n" + b"x\r\n" * 5000, recipients=["b@b.test"]), 250)
        stored = [path for path in (self.folder / "mine").rglob("new/*")]
        self.assertEqual([path.stat().st_uid for path in stored], [self.identity.pw_uid])
        self.assertIn(f"the server is {USER} ({self.identity.pw_uid}:{self.identity.pw_gid}) now", server.log())

    def test_the_log_is_the_users_and_can_be_opened_anew(self):
        log = self.folder / "mine" / "log"
        server = self.run_daemon(["--config", self.as_somebody(logging={"target": log})], listeners=0)
        harness.wait_until(lambda: log.exists() and "listening on" in log.read_text(), "the log")
        self.assertEqual(log.stat().st_uid, self.identity.pw_uid)
        log.rename(log.with_suffix(".1"))
        server.send_signal(signal.SIGUSR1)
        harness.wait_until(lambda: log.exists() and "the log is open anew" in log.read_text(), "the new log")

    def test_a_reload_probes_plugins_and_changes_what_needs_no_rights(self):
        server = self.run_daemon(["--config", self.as_somebody()])
        self.as_somebody(server={"hostname": "second.test"})
        server.send_signal(signal.SIGHUP)
        self.assertTrue(server.stderr.wait_for("configuration 2 is in use"))
        with server.connect() as wire:
            self.assertIn("second.test", wire.greeting.text)

    @unittest.skipIf(UNPRIVILEGED.exists() and int(UNPRIVILEGED.read_text()) < 1024, "here every port is for everybody")
    def test_a_reload_that_needs_rights_keeps_all_and_says_so(self):
        server = self.run_daemon(["--config", self.as_somebody()])
        self.as_somebody(address=f"127.0.0.1:{self.port}, 127.0.0.1:{self._other_port()}")
        server.send_signal(signal.SIGHUP)
        told = server.stderr.wait_for("cannot listen on .*").group()
        self.assertIn("ports below 1024 need root", told)
        self.assertIn("what needs root needs a restart", told)
        self.assert_alive(server)

    def _other_port(self):
        return next(port for port in range(self.port - 1, 500, -1) if self._is_free(port))

    @staticmethod
    def _is_free(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    def test_another_user_at_a_reload_waits_for_a_restart(self):
        server = self.run_daemon(["--config", self.as_somebody()])
        self.as_somebody(server={"user": "daemon"})
        server.send_signal(signal.SIGHUP)
        self.assertTrue(server.stderr.wait_for("user and group change with a restart only"))
        self.assert_alive(server)

    def test_a_user_that_is_not_there_is_found_before_a_restart_would_fail(self):
        server = self.run_daemon(["--config", self.as_somebody()])
        path = self.as_somebody(server={"user": "no-such-user"})
        done = self.run_to_end(["--check-config", "--config", path])
        self.assertEqual(done.returncode, 78, done.stdout)
        self.assertIn("user = no-such-user: there is no such user", done.stderr)
        server.send_signal(signal.SIGHUP)
        self.assertTrue(server.stderr.wait_for("user = no-such-user: there is no such user"))
        self.assertTrue(server.stderr.wait_for("it stays as it was"))
        self.assert_alive(server)

    def test_a_log_that_only_root_may_write_is_told_at_the_start(self):
        closed = self.folder / "closed"
        closed.mkdir(mode=0o700)
        done = self.run_to_end(["--config", self.as_somebody(logging={"target": closed / "log"})])
        self.assertEqual(done.returncode, 78)
        self.assertIn("Permission denied; set [logging] target", done.stderr)

    def test_a_port_in_use_is_told_before_anything_is_given_up(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", self.port))
            other.listen()
            done = self.run_to_end(["--config", self.as_somebody()])
        self.assertEqual(done.returncode, 69)
        self.assertIn(f"cannot listen on 127.0.0.1:{self.port}: another program listens there", done.stderr)

    def test_a_group_of_its_own(self):
        group = next(each for each in grp.getgrall() if each.gr_gid not in (0, self.identity.pw_gid))
        os.chmod(self.folder / "mine", 0o777)
        os.chmod(self.folder / "spool", 0o777)
        server = self.run_daemon(["--config", self.as_somebody(server={"group": group.gr_name})])
        self.assertEqual({status["Gid"].split()[0] for status in statuses(server.pid)}, {str(group.gr_gid)})
        self.assert_alive(server)


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class AsRoot(harness.SystemTest):
    def run_at(self, address, **server):
        path = self.folder / "mpsmtp.ini"
        path.write_text(harness.ini(self.settings(server=server, **{"listener:main": {"address": address}})))
        return ["--config", path]

    def test_mail_from_other_machines_is_not_for_handlers_of_root(self):
        done = self.run_to_end(self.run_at("*:0"))
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.stderr, r"mpsmtp\.ini:1: \[server\] handlers would run as root, with mail from other machines: "
                                      r"set user = NAME, start it as another user, or say run_as_root = yes")
        self.assertEqual(list(self.folder.glob("maildir*")), [])

    def test_unless_told(self):
        server = self.run_daemon(self.run_at("0.0.0.0:0", run_as_root="yes"))
        self.assertTrue(server.stderr.wait_for("handlers run as root"))

    def test_what_people_try_at_home_is_told_and_done(self):
        server = self.run_daemon(self.run_at("127.0.0.1:0"))
        self.assertTrue(server.stderr.wait_for("handlers run as root"))

    def test_commands_without_a_file_keep_the_same_rule(self):
        self.assertEqual(self.run_to_end(["debug", "0.0.0.0", "0"]).returncode, 78)
        self.run_daemon(["debug", "127.0.0.1", "0"])
        self.run_daemon(["debug", "0.0.0.0", "0", "--set", "server.run_as_root=yes"])

    def test_a_user_that_is_not_there(self):
        done = self.run_to_end(self.run_at("127.0.0.1:0", user="no-such-user"))
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.stderr, r"mpsmtp\.ini:\d+: \[server\] user = no-such-user: there is no such user")

    def test_who_is_not_root_cannot_become_another(self):
        pathlib.Path(self.folder).chmod(0o777)
        path = self.run_at("127.0.0.1:0", user="daemon")[1]
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(harness.MPSMTPD),
                                       "--config", str(path)], capture_output=True, text=True, cwd=self.folder, check=False,
                                      env=harness.clean_environment(), timeout=harness.DEADLINE)
        if "setpriv" in done.stderr or "Permission denied" in done.stderr and done.returncode in (126, 127):
            self.skipTest("the build folder is closed to others")
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("only root can become another user", done.stderr)


if __name__ == "__main__":
    unittest.main()

"""mpsmtpd as a service manager sees it: the datagrams that it hears, the sockets that it hands over, and restarts through
them under load. What needs a booted systemd is test_boot.py."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import unittest

import harness
from service import Manager, has_systemd
from wire import Wire

RESTARTS = 20 if harness.FULL else 4
UNITS = harness.STAGE / "lib" / "systemd" / "system"
EXPOSURE = 1.2


class ServiceTest(harness.SystemTest):
    def manager(self, **options):
        manager = Manager(self.folder, **options)
        self.addCleanup(manager.close)
        return manager

    def write(self, *, name="mpsmtp.ini", address="systemd:smtp", handlers=None, **sections):
        sections = {"server": {"run_as_root": "yes", "shutdown_grace": "20s"}, "listener:main": {"address": address}, **sections}
        path = self.folder / name
        path.write_text(harness.ini(self.settings(handlers, **sections)))
        return path

    def serve(self, manager, path=None, **options):
        return self.run_daemon(["--config", path or self.write()], **{**manager.options(), **options})


class Notified(ServiceTest):
    def test_it_is_ready_when_it_serves_and_says_when_it_stops(self):
        manager = self.manager()
        server = self.serve(manager)
        heard = manager.hear_until("READY=1")
        self.assertIn("STATUS=0 connections, configuration 1", heard[-1])
        self.assertTrue(any(line.startswith("EXTEND_TIMEOUT_USEC=") for line in heard[0]), heard)
        self.assert_alive(server)
        server.stop()
        stopping = manager.hear_until("STOPPING=1")[-1]
        self.assertTrue(any(line.startswith("EXTEND_TIMEOUT_USEC=") for line in stopping), stopping)
        self.assertNotIn("Ctrl-C", server.log())

    def test_a_mistake_is_never_ready(self):
        manager = self.manager()
        path = self.write(limits={"mesage_size": "1"})
        server = self.serve(manager, path, listeners=0)
        self.assertEqual(server.wait(), 78)
        manager.notify.setblocking(False)
        with self.assertRaises(BlockingIOError):
            while True:
                self.assertNotIn("READY=1", manager.hear())

    def test_a_reload_is_told_from_its_begin_to_its_end(self):
        manager = self.manager()
        server = self.serve(manager)
        manager.hear_until("READY=1")
        server.send_signal(signal.SIGHUP)
        begin, end = manager.hear(), manager.hear()
        self.assertEqual(begin[0], "RELOADING=1")
        self.assertRegex(begin[1], r"^MONOTONIC_USEC=\d+$")
        self.assertEqual(end[:2], ["READY=1", "STATUS=0 connections, configuration 2"])
        self.write(limits={"mesage_size": "1"})
        server.send_signal(signal.SIGHUP)
        refused = manager.hear_until("READY=1")[-1]
        self.assertEqual(refused[1], "STATUS=0 connections, configuration 2; the last reload was refused: "
                                     "1 mistake in the configuration")
        self.assert_alive(server)

    def test_a_watchdog_is_fed_while_it_lives_and_not_by_a_stopped_process(self):
        manager = self.manager(watchdog_usec=1_000_000)
        server = self.serve(manager)
        manager.hear_until("READY=1")
        for _ in range(4):
            manager.hear_until("WATCHDOG=1")
        server.send_signal(signal.SIGSTOP)
        self.addCleanup(server.send_signal, signal.SIGCONT)
        manager.notify.settimeout(3)
        with self.assertRaises(TimeoutError):
            for _ in range(10):
                manager.hear()
        server.send_signal(signal.SIGCONT)
        manager.notify.settimeout(harness.DEADLINE)
        manager.hear_until("WATCHDOG=1")

    def test_children_of_handlers_inherit_neither_sockets_nor_the_announcement(self):
        manager = self.manager()
        script = self.folder / "look.sh"
        script.write_text("env > env.txt.part; ls -l /proc/self/fd > fds.txt; mv env.txt.part env.txt\n")
        path = self.write(handlers={"look": {"type": "exec", "command": f"/bin/sh {script}", "directory": self.folder,
                                             "environment": "PATH, NOTIFY_SOCKET, LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES"}})
        self.assert_alive(self.serve(manager, path))
        environment = (self.folder / "env.txt").read_text()
        self.assertIn("PATH=", environment)
        self.assertNotRegex(environment, "NOTIFY_SOCKET|LISTEN_")
        self.assertNotIn("socket:", (self.folder / "fds.txt").read_text())


class Activated(ServiceTest):
    def test_what_was_not_handed_over_ends_with_78_and_the_line(self):
        path = self.write()
        done = self.run_to_end(["--config", path])
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.stderr, r"mpsmtp\.ini:\d+: systemd:smtp: no socket was handed over; start the socket unit")
        self.assertEqual(self.run_to_end(["--check-config", "--config", path]).returncode, 0)

    def test_another_name_ends_with_78_and_the_names_there_are(self):
        manager = self.manager(names=("lan", "submission"))
        server = self.serve(manager, listeners=0)
        self.assertEqual(server.wait(), 78)
        self.assertIn("systemd:smtp: no socket of this name was handed over, there is: lan, submission", server.log())

    def test_a_socket_that_nobody_serves_is_warned_of(self):
        server = self.serve(self.manager(names=("smtp", "lan")))
        self.assertIn("nobody serves the inherited socket lan (127.0.0.1:", server.log())

    def test_several_sockets_of_one_name_are_served(self):
        manager = self.manager(names=("smtp", "smtp"))
        self.serve(manager, listeners=2)
        for each in manager.sockets:
            with Wire(*each.getsockname(), timeout=harness.DEADLINE) as wire:
                self.assertEqual(wire.greeting.code, 220)

    def test_a_reload_keeps_the_socket(self):
        manager = self.manager()
        server = self.serve(manager)
        with server.connect() as before:
            before.hello()
            self.write(server={"hostname": "second.test", "run_as_root": "yes"})
            server.send_signal(signal.SIGHUP)
            self.assertTrue(server.stderr.wait_for("configuration 2 is in use"))
            with server.connect() as after:
                self.assertIn("second.test", after.greeting.text)
            before.expect("NOOP", 250)

    def test_a_unix_socket_stays_where_it_is(self):
        path = self.folder / "smtp.sock"
        manager = self.manager()
        manager.sockets[0].close()
        manager.sockets[0] = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        manager.sockets[0].bind(str(path))
        manager.sockets[0].listen(10)
        for _ in range(2):
            server = self.serve(manager)
            self.assertEqual(server.addresses, [f"unix:{path}"])
            server.stop()
            self.assertTrue(path.is_socket())

    @unittest.skipUnless(shutil.which("systemd-socket-activate"), "systemd is not installed")
    def test_systemd_socket_activate(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = self.run_daemon(["--config", self.write()], listeners=0,
                                 wrapper=["systemd-socket-activate", f"--listen=127.0.0.1:{port}", "--fdname=smtp"])
        self.assertTrue(server.stderr.wait_for("Listening on"))
        with Wire("127.0.0.1", port, timeout=harness.DEADLINE) as wire:
            wire.hello()
            self.assert_reply(wire.deliver(b"Subject: x\r\n\r\nx\r\n", recipients=["b@b.test"]), 250)
        self.assertEqual(len(self.messages()), 1)


class Restarted(ServiceTest):
    """Servers follow each other at one socket, as systemctl restart does it, while clients send."""

    def setUp(self):
        super().setUp()
        self.service = self.manager(hears=False)
        self.acknowledged, self.refused = [], []
        self.over = False
        self.lock = threading.Condition()

    def _client(self, number):
        count = 0
        while not self.over:
            identity = f"{number}.{count}"
            count += 1
            try:
                self._send(identity)
            except (OSError, AssertionError) as error:
                with self.lock:
                    self.refused.append(f"{identity}: {error!r}")
                    self.lock.notify_all()

    def _send(self, identity):
        with Wire(*self.service.address, timeout=harness.DEADLINE) as wire:
            if wire.greeting is None or wire.greeting.code != 220:
                raise AssertionError(f"greeted with {wire.greeting!r}")
            wire.hello()
            reply = wire.deliver(f"Subject: {identity}\r\n\r\nx\r\n".encode(), recipients=["b@b.test"])
            if reply is None or reply.code != 250:
                raise AssertionError(f"{reply!r}")
            with self.lock:
                self.acknowledged.append(identity)
                self.lock.notify_all()

    def _wait_for(self, more):
        with self.lock:
            goal = len(self.acknowledged) + more
            self.assertTrue(self.lock.wait_for(lambda: self.refused or len(self.acknowledged) >= goal, harness.DEADLINE))
        self.assertEqual(self.refused, [])

    def test_no_connection_is_refused_and_nothing_is_lost(self):
        server = self.serve(self.service)
        clients = [threading.Thread(target=self._client, args=(number,), daemon=True) for number in range(8)]
        for client in clients:
            client.start()
        for _ in range(RESTARTS):
            self._wait_for(40)
            server.stop()
            server = self.serve(self.service)
        self._wait_for(40)
        self.over = True
        for client in clients:
            client.join(harness.DEADLINE)
        self.assertEqual(self.refused, [])
        stored = re.findall(rb"^Subject: ([\d.]+)\r?$", b"".join(self.messages()), re.MULTILINE)
        self.assertEqual(sorted(name.decode() for name in stored), sorted(self.acknowledged))


@unittest.skipUnless(has_systemd(), "systemd is not installed")
class Units(unittest.TestCase):
    def test_they_are_right(self):
        for unit in ("mpsmtpd.service", "mpsmtpd.socket"):
            done = subprocess.run(["systemd-analyze", "verify", str(UNITS / unit)], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
            # Whether this machine has the manual is none of the unit's business.
            told = [line for line in done.stdout.splitlines() if "Command 'man " not in line and "mpsmtpd" in line]
            self.assertEqual(told, [])

    def test_the_sandbox_is_tight(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / "mpsmtpd.service")],
                              capture_output=True, text=True, check=True)
        found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
        self.assertLessEqual(float(found.group(1)), EXPOSURE, done.stdout)

    def test_the_stores_can_tell_one_boot_from_another(self):
        """ProcSubset=pid hides /proc/sys, and with it the boot's name: each start would look like one behind a power failure."""
        self.assertNotRegex((UNITS / "mpsmtpd.service").read_text(), r"(?m)^ProcSubset=")

    def test_the_configuration_of_the_service_is_right(self):
        done = subprocess.run([str(harness.MPSMTPD), "--check-config", "--config", str(harness.STAGE / "etc/mpsmtp/mpsmtp.ini")],
                              capture_output=True, text=True, check=False, env=harness.clean_environment())
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_more_time_to_stop_than_the_grace(self):
        unit = (UNITS / "mpsmtpd.service").read_text()
        self.assertGreater(int(re.search(r"(?m)^TimeoutStopSec=(\d+)$", unit).group(1)), 30)  # the default of shutdown_grace
        self.assertRegex(unit, r"(?m)^RestartPreventExitStatus=.*\b78\b")

    def test_programs_and_files_are_where_the_units_look(self):
        unit = (UNITS / "mpsmtpd.service").read_text()
        for path in re.findall(rf"{re.escape(str(harness.STAGE))}\S+", unit):
            self.assertTrue(pathlib.Path(path).exists(), path)

    def test_no_program_is_needed_that_a_bare_debian_lacks(self):
        """kill, for one, is in procps: without it a reload fails, and the server is not asked."""
        programs = re.findall(r"(?m)^Exec\w+=(\S+)", (UNITS / "mpsmtpd.service").read_text())
        self.assertEqual({path for path in programs if not path.startswith(str(harness.STAGE))}, {"/bin/sh"})


if __name__ == "__main__":
    unittest.main()

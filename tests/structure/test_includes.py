"""What each room may include (docs/architecture.md, "Rooms"). The linker sees libraries; this sees headers too."""
import pathlib
import re
import unittest

import sources

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

STD = r"<[a-z_0-9]+>"          # <vector>, <cstdint>; no folder and no suffix
C_OF_ABI = r"<std(def|int)\.h>"  # abi.h is C
POSIX = r"<((sys|netinet|arpa|net|linux)/)?[a-z_0-9]+\.h>"
SDK = r"<mpsmtp/.+>"
INTRINSICS = r"<emmintrin\.h>"  # the compiler's, like STD
# Threads, streams and files: what would tie the protocol core to a machine. Time is a value there, never asked for.
NOT_IN_THE_CORE = (r"<(thread|mutex|shared_mutex|condition_variable|future|atomic|ctime|csignal)>|"
                   r"<(iostream|fstream|filesystem)>")
CLOCK = re.compile(r"\w+_clock::now|\b(time|gettimeofday|clock_gettime)\(")
NOT_FOUNDATION = r"<Poco/(Net|Util|Data|JSON|XML|Crypto)/.+>"

# {room: (allowed, forbidden)}: each include must match one of `allowed` and none of `forbidden`.
ROOMS = {
    "sdk": ([STD, C_OF_ABI, SDK, r"<(unistd|fcntl|dirent|arpa/inet|sys/stat|sys/resource)\.h>"], []),
    "server/smtp": ([STD, INTRINSICS, SDK, r'"smtp/.+"'], [NOT_IN_THE_CORE]),
    "server/log": ([STD, r'"log/.+"', r"<Poco/.+>"], [NOT_FOUNDATION]),
    "server/metrics": ([STD, r'"metrics/.+"'], [r"<(iostream|fstream|filesystem)>"]),
    "server/delivery": ([STD, POSIX, SDK, r'"(smtp|log|metrics|delivery)/.+"', r"<Poco/.+>"],
                        [NOT_FOUNDATION, r'"smtp/(Session|Dialog)\.h"', r"<(sys/socket|netdb|netinet/.+)\.h>"]),
    "server/net": ([STD, POSIX, r'"(smtp|log|metrics|net)/.+"', r"<Poco/.+>"], [r"<Poco/(Util|Data|JSON)/.+>"]),
    # Of the mail side only how an address is bound.
    "server/http": ([STD, POSIX, r'"(metrics|http)/.+"', r'"net/(Descriptor|Listener)\.h"', r"<Poco/.+>"],
                    [r"<Poco/(Util|Data|JSON)/.+>"]),
    "server/app": ([STD, POSIX, SDK, r'"(smtp|log|metrics|delivery|net|http|app)/.+"', r"<Poco/.+>"], []),
    "plugins/common": ([STD, POSIX, SDK, r'"common/.+"'], []),
}
PLUGIN = [STD, POSIX, SDK, r'"common/.+"']


def rules_of(path):
    parts = path.parts
    if parts[0] == "sdk":
        return ROOMS["sdk"] if path.parts[1] == "include" else None
    room = "/".join(parts[:2])
    if room in ROOMS:
        return ROOMS[room]
    if parts[0] == "plugins" and len(parts) > 2:
        return PLUGIN + [rf'"{re.escape(parts[1])}/.+"'], []
    return None


def includes_of(path):
    return [f"{quote}{name}{'>' if quote == '<' else quote}" for quote, name in INCLUDE.findall(sources.text(path))]


def wrong_includes(path, includes):
    allowed, forbidden = rules_of(path)
    return [include for include in includes
            if not any(re.fullmatch(rule, include) for rule in allowed)
            or any(re.fullmatch(rule, include) for rule in forbidden)]


class Includes(unittest.TestCase):
    def test_each_room_includes_only_what_it_may(self):
        checked = 0
        for path in sources.files(".h", ".cpp"):
            if rules_of(path) is None:
                continue
            checked += 1
            with self.subTest(str(path)):
                self.assertEqual(wrong_includes(path, includes_of(path)), [])
        self.assertGreater(checked, 15)

    def test_the_protocol_core_asks_no_clock(self):
        for path in sources.files(".h", ".cpp"):
            if path.parts[:2] == ("server", "smtp"):
                with self.subTest(str(path)):
                    self.assertIsNone(CLOCK.search(sources.text(path)))

    def test_every_room_has_rules(self):
        for path in sources.files(".h", ".cpp"):
            if path.parts[0] in ("server", "plugins"):
                self.assertIsNotNone(rules_of(path), path)

    def test_the_rules_find_what_they_are_for(self):
        for room, include in (("server/smtp/X.h", "<Poco/Logger.h>"), ("server/smtp/X.h", "<unistd.h>"),
                              ("server/smtp/X.h", "<mutex>"), ("server/smtp/X.h", '"net/Transport.h"'),
                              ("server/delivery/X.h", "<Poco/Net/Socket.h>"), ("server/delivery/X.h", '"net/Transport.h"'),
                              ("server/net/X.h", "<mpsmtp/Handler.h>"),
                              ("server/http/X.h", '"net/SmtpServer.h"'), ("server/metrics/X.h", "<Poco/Logger.h>"),
                              ("server/metrics/X.h", '"smtp/Command.h"'), ("server/net/X.h", '"delivery/DeliveryConfig.h"'),
                              ("plugins/mh/X.h", '"maildir/Maildir.h"'), ("plugins/mh/X.h", "<Poco/Logger.h>"),
                              ("plugins/mh/X.h", '"smtp/Reply.h"'), ("server/log/X.h", '"smtp/Reply.h"'), ("plugins/common/X.h", '"mh/Mh.h"'),
                              ("sdk/include/mpsmtp/X.h", "<sys/socket.h>"), ("sdk/include/mpsmtp/X.h", "<Poco/Logger.h>")):
            with self.subTest(room, include=include):
                self.assertEqual(wrong_includes(pathlib.Path(room), [include]), [include])


if __name__ == "__main__":
    unittest.main()

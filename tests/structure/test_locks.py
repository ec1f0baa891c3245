"""docs/locks.md has every mutex of the server and its handlers, and no other; TSan looks for cycles among them."""
import re
import unittest

import sources

PAGE = "docs/locks.md"
MUTEX = re.compile(r"^\s*(?:static |mutable |inline )*(?:std::(?:recursive_|shared_|timed_|recursive_timed_|shared_timed_)?mutex|"
                   r"Poco::(?:Fast|Null|Spin)?Mutex|Poco::RWLock|pthread_(?:mutex|rwlock|spinlock)_t)\s+(\w+)\s*(?:;|\{|=)",
                   re.MULTILINE)
ROW = re.compile(r"^\| `([^`|]+)` \| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def in_code():
    return sorted((str(path), name) for path in sources.files(".h", ".cpp") if path.parts[0] in ("server", "plugins")
                  for name in MUTEX.findall(sources.text(path)))


def in_note():
    return sorted((path, name) for path, name, _, _ in ROW.findall(sources.text(PAGE)))


class Locks(unittest.TestCase):
    def test_every_mutex_is_in_the_note_and_no_other(self):
        self.assertGreater(len(in_code()), 10)
        self.assertEqual(in_code(), in_note())

    def test_a_mutex_of_any_kind_would_be_seen(self):
        for line in ("    std::mutex _a;", "mutable std::shared_mutex _a; // x", "    static std::mutex _a;",
                     "Poco::FastMutex _a;", "    Poco::Mutex _a{};", "pthread_mutex_t _a = PTHREAD_MUTEX_INITIALIZER;"):
            with self.subTest(line):
                self.assertEqual(MUTEX.findall(line), ["_a"])
        self.assertEqual(MUTEX.findall("    std::unique_lock<std::mutex>& lock;"), [])

    def test_deadlocks_are_looked_for_wherever_tsan_runs(self):
        script = sources.text("scripts/test")
        for option in ("detect_deadlocks=1", "second_deadlock_stack=1"):
            self.assertIn(option, script)


if __name__ == "__main__":
    unittest.main()

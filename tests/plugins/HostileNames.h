// Local parts that have tried, somewhere, to be more than a name. For tests of everything that
// turns addresses into paths.
#pragma once

#include <string>
#include <vector>

namespace mpsmtp::test
{

inline std::vector<std::string> hostileNames()
{
    using namespace std::string_literals;
    std::vector<std::string> names{"",
                                   ".",
                                   "..",
                                   "...",
                                   "../../x",
                                   "/",
                                   "//",
                                   "/etc/passwd",
                                   "a/b",
                                   "a_b",
                                   "a%2Fb",
                                   "a%2fb",
                                   "a%b",
                                   "%",
                                   "%%",
                                   "%2E",
                                   "%2E%2E",
                                   "a\\b",
                                   "..\\..\\x",
                                   "a\0b"s,
                                   "\0"s,
                                   "a",
                                   "A",
                                   "ben",
                                   "Ben",
                                   "BEN",
                                   "ben+lists",
                                   "ben+",
                                   "+",
                                   "+lists",
                                   "ben ",
                                   " ben",
                                   " ",
                                   "  ",
                                   "\t",
                                   "\n",
                                   "\r\n",
                                   "a\nb",
                                   "\x1B[2J",
                                   "\x7F",
                                   ".ben",
                                   "..ben",
                                   "ben.",
                                   "ben..",
                                   ".lock",
                                   "ben.lock",
                                   "ben%2Elock",
                                   "lock",
                                   "a.lock.lock",
                                   "new",
                                   "cur",
                                   "tmp",
                                   "1",
                                   "2",
                                   ".mh_sequences",
                                   "j\xC3\xBCrgen",
                                   "J\xC3\x9CRGEN",
                                   "j\xFCrgen",
                                   "\xC0\xAF",
                                   "\xC0\xAE\xC0\xAE",
                                   "\xE2\x80\xAE"
                                   "cod",
                                   "zero\xE2\x80\x8Bwidth",
                                   "zerowidth",
                                   "\xC2\x85",
                                   "\xEF\xBB\xBF",
                                   "a@b",
                                   "a@b@c",
                                   "a:b",
                                   "a,b",
                                   "a\"b",
                                   "'",
                                   "a;b",
                                   "$(id)",
                                   "`id`",
                                   "*",
                                   "?",
                                   "~",
                                   "~root",
                                   "-",
                                   "-rf",
                                   "--",
                                   "a&b",
                                   "&",
                                   "&AOk-",
                                   "con",
                                   "a.b",
                                   "a..b",
                                   "a.b.c",
                                   "%{rcpt}",
                                   "${x}",
                                   "a b"};
    names.push_back(std::string(64, 'x'));
    names.push_back(std::string(64, '.'));
    names.push_back(std::string(64, '/'));
    for (int octet = 1; octet < 256; ++octet)
        names.push_back("o" + std::string(1, static_cast<char>(octet)) + "o");
    return names;
}

} // namespace mpsmtp::test

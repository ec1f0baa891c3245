// Journald's end of its native protocol: receives datagrams and sealed files, and reads entries as strictly as the protocol is
// written down. Thread safety: one thread.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace mpsmtp::test
{

class FakeJournal
{
public:
    using Entry = std::multimap<std::string, std::string>;

    /// Listens at `path`.
    explicit FakeJournal(std::string path);
    FakeJournal(const FakeJournal&) = delete;
    FakeJournal& operator=(const FakeJournal&) = delete;

    /// Takes the socket's name away, as the end of a daemon does.
    ~FakeJournal();

    /// A name with one value only.
    class Received : public Entry
    {
    public:
        using Entry::Entry;

        /// The one value of `name`; fails the test if there is none or more.
        [[nodiscard]] const std::string& at(const std::string& name) const;
    };

    /// Waits for the next entry; fails the test if none comes, or if it breaks the protocol.
    [[nodiscard]] Received receive();

    /// The same, as octets.
    [[nodiscard]] std::string receiveOctets();

    /// The last entry came as a file.
    [[nodiscard]] bool wasFile() const noexcept { return _wasFile; }

    /// An entry from the octets of a datagram.
    [[nodiscard]] static Received parse(std::string octets);

private:
    const std::string _path;
    int _socket;
    bool _wasFile = false;
};

} // namespace mpsmtp::test

// What this is and its thread safety: FakeJournal.h.
#include "FakeJournal.h"

#include "Program.h"

#include <cppunit/TestAssert.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace mpsmtp::test
{

namespace
{

/// The whole of a sealed file. journald refuses one that could still be changed.
std::string contentOf(int file)
{
    const int seals = ::fcntl(file, F_GET_SEALS);
    const int wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    CPPUNIT_ASSERT_EQUAL(wanted, seals & wanted);
    std::string text;
    std::array<char, 65536> octets{};
    for (;;)
    {
        const ssize_t count =
            ::pread(file, octets.data(), octets.size(), static_cast<off_t>(text.size()));
        CPPUNIT_ASSERT(count >= 0);
        if (count == 0)
            return text;
        text.append(octets.data(), static_cast<std::size_t>(count));
    }
}

bool isName(const std::string& name)
{
    const auto isAllowed = [](char c)
    { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
    return !name.empty() && name.size() <= 64 && name[0] >= 'A' &&
           std::all_of(name.begin(), name.end(), isAllowed);
}

std::string take(std::string& octets, std::size_t count)
{
    CPPUNIT_ASSERT(octets.size() >= count);
    std::string taken = octets.substr(0, count);
    octets.erase(0, count);
    return taken;
}

std::string takeBinary(std::string& octets)
{
    std::uint64_t length = 0;
    const std::string coded = take(octets, sizeof length);
    for (std::size_t i = sizeof length; i-- > 0;)
        length = length << 8 | static_cast<unsigned char>(coded[i]);
    std::string value = take(octets, length);
    CPPUNIT_ASSERT_EQUAL(std::string("\n"), take(octets, 1));
    return value;
}

} // namespace

const std::string& FakeJournal::Received::at(const std::string& name) const
{
    CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::size_t{1}, count(name));
    return find(name)->second;
}

FakeJournal::FakeJournal(std::string path)
    : _path(std::move(path)), _socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    CPPUNIT_ASSERT(_path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, _path.data(), _path.size());
    CPPUNIT_ASSERT_EQUAL(
        0, ::bind(_socket, reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

FakeJournal::~FakeJournal()
{
    ::close(_socket);
    ::unlink(_path.c_str());
}

FakeJournal::Received FakeJournal::receive()
{
    return parse(receiveOctets());
}

std::string FakeJournal::receiveOctets()
{
    pollfd input{_socket, POLLIN, 0};
    const auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
    CPPUNIT_ASSERT_MESSAGE("no entry", ::poll(&input, 1, static_cast<int>(longest)) > 0);
    std::string octets(1 << 20, '\0');
    iovec buffer{octets.data(), octets.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> ancillary{};
    msghdr message{};
    message.msg_iov = &buffer;
    message.msg_iovlen = 1;
    message.msg_control = ancillary.data();
    message.msg_controllen = ancillary.size();
    const ssize_t count = ::recvmsg(_socket, &message, MSG_CMSG_CLOEXEC);
    CPPUNIT_ASSERT(count >= 0);
    octets.resize(static_cast<std::size_t>(count));
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    _wasFile = header != nullptr && header->cmsg_type == SCM_RIGHTS;
    if (!_wasFile)
        return octets;
    CPPUNIT_ASSERT(octets.empty());
    int file = -1;
    std::memcpy(&file, CMSG_DATA(header), sizeof file);
    std::string content = contentOf(file);
    ::close(file);
    return content;
}

FakeJournal::Received FakeJournal::parse(std::string octets)
{
    Received entry;
    while (!octets.empty())
    {
        const auto end = octets.find('\n');
        CPPUNIT_ASSERT_MESSAGE("no line end: " + octets, end != std::string::npos);
        const std::string line = take(octets, end + 1).substr(0, end);
        const auto equals = std::min(line.find('='), line.size());
        const std::string name = line.substr(0, equals);
        CPPUNIT_ASSERT_MESSAGE(name, isName(name));
        entry.emplace(name, equals < line.size() ? line.substr(equals + 1) : takeBinary(octets));
    }
    return entry;
}

} // namespace mpsmtp::test

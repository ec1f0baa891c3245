// A test as a service manager: sockets that listen, and their announcement in the environment.
// Thread safety: one thread.
#pragma once

#include "net/Descriptor.h"
#include "net/SocketStock.h"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mpsmtp::net::test
{

/// A socket at 127.0.0.1 with a port of its own, which the manager keeps.
inline Descriptor managersSocket(int type = SOCK_STREAM, bool listens = true)
{
    Descriptor socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    const auto* const any = reinterpret_cast<const sockaddr*>(&address);
    CPPUNIT_ASSERT_EQUAL(0, ::bind(socket.get(), any, sizeof address));
    if (listens)
        CPPUNIT_ASSERT_EQUAL(0, ::listen(socket.get(), 1000));
    return socket;
}

/// Where the descriptors that are handed over begin: behind all that the test program has open.
constexpr int firstHanded = 700;

inline void announce(const std::string& process, const std::string& count, const std::string& names)
{
    ::setenv("LISTEN_PID", process.c_str(), 1);
    ::setenv("LISTEN_FDS", count.c_str(), 1);
    ::setenv("LISTEN_FDNAMES", names.c_str(), 1);
}

/// What a process gets that is handed duplicates of `sockets`, in this order; a negative number is handed over closed.
inline SocketStock handOver(const std::vector<int>& sockets, const std::string& names)
{
    int next = firstHanded;
    for (const int socket : sockets)
    {
        ::close(next);
        if (socket >= 0)
            CPPUNIT_ASSERT_EQUAL(next, ::dup2(socket, next));
        ++next;
    }
    announce(std::to_string(::getpid()), std::to_string(sockets.size()), names);
    return SocketStock::inherit(firstHanded);
}

} // namespace mpsmtp::net::test

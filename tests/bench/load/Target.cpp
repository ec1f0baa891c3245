#include "bench/load/Target.h"

#include "bench/base/Arguments.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

namespace mpsmtp::bench
{

namespace
{

[[nodiscard]] std::string withoutBrackets(const std::string& host)
{
    const bool isBracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    return isBracketed ? host.substr(1, host.size() - 2) : host;
}

} // namespace

Target::Target(const std::string& text) : _text(text)
{
    if (text.compare(0, 5, "unix:") == 0)
        setUnix(text.substr(5));
    else
        setInternet(text);
}

void Target::setUnix(const std::string& path)
{
    sockaddr_un address{};
    if (path.empty() || path.size() >= sizeof address.sun_path)
        throw UsageMistake("no path of a Unix socket: " + _text);
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    std::memcpy(&_address, &address, sizeof address);
    _size = sizeof address;
}

void Target::setInternet(const std::string& text)
{
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0)
        throw UsageMistake("neither HOST:PORT nor unix:PATH: " + text);
    const std::string host = withoutBrackets(text.substr(0, colon));
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), text.c_str() + colon + 1, &hints, &found))
        throw std::runtime_error(text + ": " + ::gai_strerror(error));
    std::memcpy(&_address, found->ai_addr, found->ai_addrlen);
    _size = found->ai_addrlen;
    ::freeaddrinfo(found);
}

store::FileDescriptor Target::connect() const
{
    // A Unix socket's connect() is done at once, or waits for room in the server's queue; one that may not wait fails there.
    const bool isUnix = _address.ss_family == AF_UNIX;
    const int flags = SOCK_STREAM | SOCK_CLOEXEC | (isUnix ? 0 : SOCK_NONBLOCK);
    store::FileDescriptor fd(::socket(_address.ss_family, flags, 0));
    if (!fd.isOpen())
        store::throwSystemError(errno, "no socket for", _text);
    const int yes = 1;
    if (!isUnix)
        (void)::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&_address), _size) != 0 &&
        errno != EINPROGRESS)
        store::throwSystemError(errno, "cannot connect to", _text);
    if (isUnix && ::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0)
        store::throwSystemError(errno, "cannot set the socket for", _text);
    return fd;
}

} // namespace mpsmtp::bench

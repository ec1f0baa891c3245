// What this is and its thread safety: LogSocket.h.
#include "app/LogSocket.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

constexpr int noFile = -1;

/// \return a descriptor, or -1 with errno
int sealedFile(std::string_view octets) noexcept
{
    const int file = ::memfd_create("mpsmtpd-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0)
        return -1;
    while (!octets.empty())
    {
        const ssize_t written = ::write(file, octets.data(), octets.size());
        if (written < 0 && errno != EINTR)
            break;
        octets.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (octets.empty() && ::fcntl(file, F_ADD_SEALS, seals) == 0)
        return file;
    const int error = errno;
    ::close(file);
    errno = error;
    return -1;
}

/// Room for one descriptor as ancillary data.
union Ancillary
{
    cmsghdr header;
    char octets[CMSG_SPACE(sizeof(int))];
};

void attach(msghdr& message, Ancillary& ancillary, int file) noexcept
{
    message.msg_control = ancillary.octets;
    message.msg_controllen = sizeof ancillary.octets;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof file);
    std::memcpy(CMSG_DATA(header), &file, sizeof file);
}

/// The daemon has been started anew, or has never been there.
bool isGone(int error) noexcept
{
    return error == ECONNREFUSED || error == ECONNRESET || error == ENOTCONN || error == EPIPE ||
           error == EBADF;
}

} // namespace

LogSocket::~LogSocket()
{
    disconnect();
}

int LogSocket::send(std::string_view datagram)
{
    const int error = sendPatiently(datagram, noFile);
    const bool isTooLarge = error == EMSGSIZE || error == ENOBUFS;
    return isTooLarge && _large == Large::Sealed ? sendAsFile(datagram) : error;
}

int LogSocket::sendAsFile(std::string_view datagram)
{
    const int file = sealedFile(datagram);
    if (file < 0)
        return errno;
    const int error = sendPatiently({}, file);
    ::close(file);
    return error;
}

int LogSocket::sendPatiently(std::string_view datagram, int file)
{
    pollfd socket{-1, POLLOUT, 0};
    return patiently(
        _mutex,
        _stall,
        [&]
        {
            const int error = sendOnce(datagram, file);
            socket.fd = _descriptor;
            return error;
        },
        // Another thread may connect anew meanwhile: then this is a wait for the wrong socket, and no longer.
        [&](std::chrono::milliseconds patience)
        { (void)::poll(&socket, 1, static_cast<int>(patience.count())); });
}

/// Under _mutex. A daemon that was started anew is found at the second attempt.
int LogSocket::sendOnce(std::string_view datagram, int file) noexcept
{
    int error = _descriptor < 0 ? connect() : 0;
    if (error == 0)
        error = transmit(datagram, file);
    if (!isGone(error))
        return error;
    disconnect();
    error = connect();
    return error == 0 ? transmit(datagram, file) : error;
}

int LogSocket::transmit(std::string_view datagram, int file) noexcept
{
    iovec octets{const_cast<char*>(datagram.data()), datagram.size()};
    msghdr message{};
    message.msg_iov = &octets;
    message.msg_iovlen = file == noFile ? 1 : 0;
    Ancillary ancillary{};
    if (file != noFile)
        attach(message, ancillary, file);
    for (;;)
    {
        if (::sendmsg(_descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return 0;
        if (errno != EINTR)
            return errno;
    }
}

int LogSocket::connect() noexcept
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (_path.size() >= sizeof address.sun_path)
        return ENAMETOOLONG;
    std::memcpy(address.sun_path, _path.data(), _path.size());
    _descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (_descriptor < 0)
        return errno;
    if (::connect(_descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        return 0;
    const int error = errno;
    disconnect();
    return error;
}

void LogSocket::disconnect() noexcept
{
    if (_descriptor >= 0)
        ::close(_descriptor);
    _descriptor = -1;
}

} // namespace mpsmtp::app

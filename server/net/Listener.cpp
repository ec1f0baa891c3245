// See Listener.h. Sockets are made here and not by POCO: close-on-exec and non-blocking from birth,
// no SO_REUSEPORT, and an errno to explain.
#include "net/Listener.h"

#include <exception>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace mpsmtp::net
{

namespace
{

constexpr mode_t unixSocketMode = 0666;
constexpr int backlog = 4096; // bounded by net.core.somaxconn

std::string adviceFor(int error, const Endpoint& endpoint)
{
    switch (error)
    {
    case EADDRINUSE:
        return "another program listens there; stop it or choose another address";
    case EACCES:
    case EPERM:
        return endpoint.family() == AF_UNIX ? "the folder is not writable for this user"
                                            : "ports below 1024 need root or CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return "this machine has no such address";
    case ENOENT:
        return "the folder does not exist";
    default:
        return "bind";
    }
}

[[nodiscard]] bool isLackOfFamily(const std::system_error& error)
{
    return error.code().value() == EADDRNOTAVAIL || error.code().value() == EAFNOSUPPORT;
}

/// A name left by a daemon that is gone is removed; anything else there is an error. Of two daemons
/// that start at the very same moment one may lose its name here unnoticed; their TCP ports, which
/// cannot be shared, tell the user.
void removeStale(const Endpoint& endpoint, const std::string& configured)
{
    const std::string path = unixPath(endpoint);

    struct stat status
    {
    };

    if (::lstat(path.c_str(), &status) != 0)
        return;
    if (!S_ISSOCK(status.st_mode))
        throwCannotListen(configured, EEXIST, "a file that is no socket has this name");
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // EAGAIN: somebody listens, with a full backlog.
    if (::connect(probe.get(), endpoint.get(), endpoint.length) == 0 || errno == EAGAIN)
        throwCannotListen(configured, EADDRINUSE, adviceFor(EADDRINUSE, endpoint));
    if (errno != ECONNREFUSED || ::unlink(path.c_str()) != 0)
        throwCannotListen(configured, errno, "a socket of unknown state has this name; remove it");
}

} // namespace

UnixSocketFile::UnixSocketFile(std::string path) : _path(std::move(path))
{
    struct stat status
    {
    };

    if (::lstat(_path.c_str(), &status) != 0)
        return;
    _device = status.st_dev;
    _inode = status.st_ino;
}

UnixSocketFile::UnixSocketFile(UnixSocketFile&& other) noexcept
    : _path(std::exchange(other._path, {})), _device(other._device), _inode(other._inode)
{
}

UnixSocketFile& UnixSocketFile::operator=(UnixSocketFile&& other) noexcept
{
    std::swap(_path, other._path);
    std::swap(_device, other._device);
    std::swap(_inode, other._inode);
    return *this;
}

UnixSocketFile::~UnixSocketFile()
{
    if (!_path.empty() && isInPlace())
        ::unlink(_path.c_str());
}

bool UnixSocketFile::isInPlace() const noexcept
{
    struct stat status
    {
    };

    return _path.empty() || (::lstat(_path.c_str(), &status) == 0 && status.st_dev == _device &&
                             status.st_ino == _inode);
}

std::vector<Listener> Listener::bind(const std::string& address, const Predicate& kept)
{
    std::vector<Listener> listeners;
    bool isKept = false;
    std::exception_ptr lacking;
    for (const Endpoint& endpoint : resolve(address))
    {
        if (kept && kept(endpoint))
        {
            isKept = true;
            continue;
        }
        try
        {
            listeners.push_back(Listener(endpoint, address));
        }
        catch (const std::system_error& error)
        {
            if (!isLackOfFamily(error))
                throw;
            lacking = std::current_exception();
        }
    }
    if (listeners.empty() && !isKept && lacking)
        std::rethrow_exception(lacking);
    return listeners;
}

Listener::Listener(const Endpoint& endpoint, const std::string& configured)
    : _wanted(endpoint), _endpoint(endpoint), _configured(configured)
{
    openSocket();
    bindSocket();
}

Listener::Listener(Descriptor socket, const Endpoint& endpoint, std::string inheritedName)
    : _wanted(endpoint),
      _endpoint(endpoint),
      _inheritedName(std::move(inheritedName)),
      _socket(std::move(socket))
{
}

Listener Listener::adopt(Descriptor socket, const Endpoint& endpoint, std::string name)
{
    Listener listener(std::move(socket), endpoint, std::move(name));
    const int fd = listener._socket.get();
    if (::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK) != 0)
        throwCannotListen(
            listener.address(), errno, "the inherited socket cannot be made non-blocking");
    if (endpoint.family() != AF_UNIX)
        listener.setOptions();
    return listener;
}

void Listener::openSocket()
{
    _socket.reset(::socket(_endpoint.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!_socket)
        throwCannotListen(_configured, errno, adviceFor(errno, _endpoint));
    if (_endpoint.family() == AF_UNIX)
        return;
    const int on = 1;
    // Never SO_REUSEPORT, which POCO sets by default: a second daemon would start and take half of
    // the connections.
    ::setsockopt(_socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (_endpoint.family() == AF_INET6)
        ::setsockopt(_socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    setOptions();
}

void Listener::setOptions()
{
    const int on = 1;
    ::setsockopt(_socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(_socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Listener::bindSocket()
{
    if (_endpoint.family() == AF_UNIX)
        removeStale(_endpoint, _configured);
    if (::bind(_socket.get(), _endpoint.get(), _endpoint.length) != 0)
        throwCannotListen(_configured, errno, adviceFor(errno, _endpoint));
    if (_endpoint.family() != AF_UNIX)
    {
        ::getsockname(_socket.get(), _endpoint.get(), &_endpoint.length);
        return;
    }
    _file = UnixSocketFile(unixPath(_endpoint));
    // Before listen(): nobody can connect under the umask's mode.
    if (::chmod(unixPath(_endpoint).c_str(), unixSocketMode) != 0)
        throwCannotListen(_configured, errno, "chmod");
}

void Listener::listen()
{
    // The backlog of an adopted one is as whoever made it said.
    if (_inheritedName.empty() && ::listen(_socket.get(), backlog) != 0)
        throwCannotListen(_configured, errno, adviceFor(errno, _endpoint));
}

bool Listener::isAt(const Endpoint& wanted) const
{
    if (!_inheritedName.empty())
        return false;
    const std::string text = toText(wanted);
    return text == toText(_endpoint) || text == toText(_wanted);
}

std::string Listener::address() const
{
    return toText(_endpoint);
}

} // namespace mpsmtp::net

// One socket that is bound, and later listens. Leaves accepting to AcceptSocket.
// Thread safety: [main].
#pragma once

#include "net/Descriptor.h"
#include "net/Endpoint.h"

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace mpsmtp::net
{

/// A Unix socket's name in the file system; removed at the end unless somebody else has put theirs
/// there since.
class UnixSocketFile
{
public:
    UnixSocketFile() = default;
    explicit UnixSocketFile(std::string path);
    UnixSocketFile(UnixSocketFile&& other) noexcept;
    UnixSocketFile& operator=(UnixSocketFile&& other) noexcept;
    ~UnixSocketFile();

    /// True while the name is there and ours, and if there is none to lose.
    [[nodiscard]] bool isInPlace() const noexcept;

private:
    std::string _path;
    dev_t _device = 0;
    ino_t _inode = 0;
};

class Listener
{
public:
    using Predicate = std::function<bool(const Endpoint&)>;

    /// Binds all that `address` stands for, but what is `kept` from before. A Unix socket gets mode 0666, as anybody on the machine
    /// may also connect to a loopback port; the folder's mode decides who may reach it. Its file is
    /// taken over from a daemon that is dead. Of several endpoints, those of a family that this
    /// machine lacks are left out, as long as one can be had.
    /// \throws std::system_error that says what to do
    [[nodiscard]] static std::vector<Listener> bind(const std::string& address,
                                                    const Predicate& kept = nullptr);

    /// One that listens already, made by somebody else, to whom its name belongs. Makes it non-blocking, and gives it the
    /// options that an own one has.
    /// \param name of systemd:NAME
    [[nodiscard]] static Listener
    adopt(Descriptor socket, const Endpoint& endpoint, std::string name);

    /// Nothing to do for one that was adopted.
    /// \throws std::system_error
    void listen();

    /// NAME of an adopted one, else "".
    [[nodiscard]] const std::string& inheritedName() const noexcept { return _inheritedName; }

    /// As bound: with the port that the system chose, where the configuration said 0.
    [[nodiscard]] std::string address() const;

    /// Whether it is what a configuration with `wanted` asks for: bound there, or asked to choose a
    /// port there. Never so for one that was adopted.
    [[nodiscard]] bool isAt(const Endpoint& wanted) const;

    /// False if clients cannot find it any more: a Unix socket whose name is gone.
    [[nodiscard]] bool isInPlace() const noexcept { return _file.isInPlace(); }

    /// Hands the descriptor over. Non-blocking; accepted sockets inherit TCP_NODELAY and
    /// SO_KEEPALIVE.
    [[nodiscard]] Descriptor takeSocket() noexcept { return std::move(_socket); }

    /// Takes the name away so that nobody new comes; for Unix sockets only.
    void removeName() { _file = UnixSocketFile(); }

private:
    Listener(const Endpoint& endpoint, const std::string& configured);
    Listener(Descriptor socket, const Endpoint& endpoint, std::string inheritedName);

    void openSocket();
    void setOptions();
    void bindSocket();

    Endpoint _wanted;
    Endpoint _endpoint; ///< as bound
    std::string _configured;
    std::string _inheritedName;
    Descriptor _socket;
    UnixSocketFile _file;
};

} // namespace mpsmtp::net

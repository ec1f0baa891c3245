// The sockets that were there before the server: those that a service manager bound and handed over (systemd's socket
// activation: LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES; sd_listen_fds(3)), and those that were bound while the process still had
// the rights for it. Leaves to others: listening and accepting.
//
// An inherited socket is lent, never given away: each user gets a duplicate. So a reload may let go of one and take it again,
// and its name stays out of our hands: whoever made it removes it.
// Thread safety: [main]; inherit() before any thread exists.
#pragma once

#include "net/Descriptor.h"
#include "net/Listener.h"
#include "net/SmtpServer.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::net
{

/// What stands in front of the name: "systemd:smtp".
inline constexpr std::string_view inheritedPrefix = "systemd:";

/// \return "smtp" of "systemd:smtp", or "" for an address of another kind
[[nodiscard]] std::string inheritedName(const std::string& address);

class SocketStock
{
public:
    /// Takes what the environment announces, closes it to child processes, and removes the announcement, so that no child takes
    /// it for its own. Without one, or with one for another process, the stock is empty.
    /// \param first the number of the first descriptor; 3, but for tests
    [[nodiscard]] static SocketStock inherit(int first = 3);

    /// Binds every address of `listeners` that is not inherited, for a server that will have no right to do so.
    /// \throws std::system_error that says what to do
    void bindNow(const std::vector<ListenerConfig>& listeners);

    /// The listeners of "systemd:NAME", in the order in which they were handed over.
    /// \throws std::system_error, with the text of problem() if there is one
    [[nodiscard]] std::vector<Listener> lend(const std::string& name) const;

    /// What was bound early for `address`, once; empty if nothing was.
    [[nodiscard]] std::vector<Listener> take(const std::string& address);

    /// Why no server can listen at "systemd:NAME", with what to do; "" if it can.
    [[nodiscard]] std::string problem(const std::string& name) const;

    /// A sentence for each inherited socket that no listener uses: its clients would wait for ever.
    [[nodiscard]] std::vector<std::string>
    warnings(const std::vector<ListenerConfig>& listeners) const;

    /// The name of the inherited socket at `address`, as Listener::address() has it; "" if there is none.
    [[nodiscard]] std::string holderOf(const std::string& address) const;

    [[nodiscard]] bool isEmpty() const noexcept { return _inherited.empty(); }

private:
    struct Inherited
    {
        std::string name;
        int number; ///< as handed over, for messages
        Descriptor socket;
        std::string mistake; ///< "": it can be accepted from
        std::string address;
    };

    [[nodiscard]] static Inherited examine(std::string name, int fd);
    [[nodiscard]] std::string names() const;

    std::vector<Inherited> _inherited;
    std::map<std::string, std::vector<Listener>> _bound;
};

} // namespace mpsmtp::net

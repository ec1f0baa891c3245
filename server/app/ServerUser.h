// Who the server serves as: who has started it, or whom [server] user and group make of it, once and for good. A reload can
// ask for another user, but not get one.
// Leaves to others: what the keys mean and how rights are given up (Privileges). Thread safety: [main].
#pragma once

#include "app/Configuration.h"
#include "app/Privileges.h"

#include <functional>
#include <optional>
#include <string>

namespace mpsmtp::app
{

class ServerUser
{
public:
    /// Whether the configuration can be served by who the process is, or may become; a mistake is added to its problems.
    void check(LoadedConfiguration& loaded) const;

    /// Becomes who the configuration says, if it says so, and uses its umask.
    /// \param bind what the new one may no longer do; called only before rights are given up
    /// \throws std::system_error, std::runtime_error, what `bind` throws: the process must end then
    void become(const Configuration& configuration, const std::function<void()>& bind);

    /// For a reload: the umask is used at once; that the rest is not is said in the log.
    static void change(const ProcessConfig& was, const ProcessConfig& is);

    /// A sentence about the user that handlers run as, or "".
    [[nodiscard]] std::string whoServes() const;

    /// What may be the cause if a reload fails, to be put behind its reason; or "".
    [[nodiscard]] std::string hint() const;

private:
    std::optional<Identity> _identity; ///< that the process has become
};

} // namespace mpsmtp::app

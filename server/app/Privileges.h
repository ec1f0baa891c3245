// Which user the handlers run as: what [server] user, group, umask and run_as_root say, judged before anything is done, and
// done for good. Leaves to others: what must happen before (binding low ports).
// Thread safety: [any] but become(), which is [main]: glibc changes every thread.
#pragma once

#include "app/Configuration.h"

#include <optional>
#include <string>
#include <variant>

#include <sys/types.h>

namespace mpsmtp::app
{

struct Identity
{
    std::string name; ///< "" if the system has none for the number
    uid_t user;
    gid_t group;
};

/// \param user a name or a number
/// \param group the same, or "" for the user's own
/// \return what is wrong, if there is no such user or group
[[nodiscard]] std::variant<Identity, std::string> findIdentity(const std::string& user,
                                                               const std::string& group);

/// Who the process would become, by its configuration; nothing: it stays who it is.
struct Intent
{
    std::optional<Identity> identity;
    std::string problem; ///< with the key that is to blame at its beginning; "": none
};

/// What is wrong with `process` whoever starts it, with the key that is to blame at its beginning; "": nothing.
[[nodiscard]] std::string identityProblem(const ProcessConfig& process);

/// \param now who the process is; its name does not matter
[[nodiscard]] Intent intentOf(const Configuration& configuration, const Identity& now);

/// Gives up all that the process may and `identity` may not, in every thread and for all that it ever starts: groups, group,
/// user, capabilities, and set-user-id programs (no_new_privs). Then tries to take it back.
/// \throws std::system_error; std::runtime_error if it could be taken back. The process must end then.
void become(const Identity& identity);

/// "mail (8:8)"
[[nodiscard]] std::string shown(const Identity& identity);

} // namespace mpsmtp::app

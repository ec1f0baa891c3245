// What this is and its thread safety: Privileges.h. setresuid(2), initgroups(3), prctl(2).
#include "app/Privileges.h"

#include "app/ListenAddress.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

/// Enough for any entry; those with thousands of members belong to groups, whose members are not asked for.
constexpr std::size_t entryOctets = 64 * 1024;

std::optional<unsigned> number(const std::string& text) noexcept
{
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool isNumber = error == std::errc() && end == text.data() + text.size();
    return isNumber && value != static_cast<unsigned>(-1) ? std::optional(value) : std::nullopt;
}

struct User
{
    std::string name;
    uid_t user;
    std::optional<gid_t> group; ///< nothing for a number without an entry
};

std::optional<User> findUser(const std::string& text)
{
    std::vector<char> room(entryOctets);
    passwd entry{};
    passwd* found = nullptr;
    (void)::getpwnam_r(text.c_str(), &entry, room.data(), room.size(), &found);
    const auto id = number(text);
    if (found == nullptr && id)
        (void)::getpwuid_r(*id, &entry, room.data(), room.size(), &found);
    if (found != nullptr)
        return User{entry.pw_name, entry.pw_uid, entry.pw_gid};
    return id ? std::optional(User{"", *id, std::nullopt}) : std::nullopt;
}

std::optional<gid_t> findGroup(const std::string& text)
{
    std::vector<char> room(entryOctets);
    group entry{};
    group* found = nullptr;
    const int error = ::getgrnam_r(text.c_str(), &entry, room.data(), room.size(), &found);
    if (error == 0 && found != nullptr)
        return entry.gr_gid;
    return number(text);
}

bool isForThisMachineOnly(const Configuration& configuration)
{
    for (const net::ListenerConfig& listener : configuration.server.listeners)
        if (!std::all_of(listener.addresses.begin(), listener.addresses.end(), isLocalAddress))
            return false;
    return true;
}

void check(int result, const char* what)
{
    if (result != 0)
        throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

std::variant<Identity, std::string> findIdentity(const std::string& user, const std::string& group)
{
    const auto found = findUser(user);
    if (!found)
        return "user = " + user + ": there is no such user";
    auto groupId = found->group;
    if (!group.empty())
    {
        groupId = findGroup(group);
        if (!groupId)
            return "group = " + group + ": there is no such group";
    }
    if (!groupId)
        return "user = " + user + ": the system knows no group for this number; set group too";
    return Identity{found->name, found->user, *groupId};
}

std::string identityProblem(const ProcessConfig& process)
{
    if (process.user.empty())
        return process.group.empty() ? "" : "group = " + process.group + " needs user";
    const auto found = findIdentity(process.user, process.group);
    if (const auto* text = std::get_if<std::string>(&found))
        return *text;
    return std::get<Identity>(found).user == 0 && !process.runAsRoot
               ? "user = " + process.user + " is root: say run_as_root = yes if you mean it"
               : "";
}

Intent intentOf(const Configuration& configuration, const Identity& now)
{
    const ProcessConfig& process = configuration.process;
    if (std::string problem = identityProblem(process); !problem.empty())
        return {std::nullopt, std::move(problem)};
    if (process.user.empty())
    {
        const bool isRefused =
            now.user == 0 && !process.runAsRoot && !isForThisMachineOnly(configuration);
        return {std::nullopt,
                isRefused ? "handlers would run as root, with mail from other machines: set user = "
                            "NAME, start it as another "
                            "user, or say run_as_root = yes"
                          : ""};
    }
    auto found = findIdentity(process.user, process.group);
    if (auto* text = std::get_if<std::string>(&found)) // removed just now
        return {std::nullopt, std::move(*text)};
    const auto& identity = std::get<Identity>(found);
    if (now.user != 0 && identity.user != now.user)
        return {std::nullopt,
                "user = " + process.user +
                    ": only root can become another user; start it as root, or take the line out"};
    if (now.user != 0 && !process.group.empty() && identity.group != now.group)
        return {std::nullopt,
                "group = " + process.group +
                    ": only root can change its group; start it as root, or take the line out"};
    if (now.user != 0)
        return {};
    return {identity, ""};
}

void become(const Identity& identity)
{
    if (identity.name.empty())
        check(::setgroups(0, nullptr), "cannot give up the groups of root");
    else
        check(::initgroups(identity.name.c_str(), identity.group),
              "cannot take the groups of the user");
    check(::setresgid(identity.group, identity.group, identity.group), "cannot become the group");
    check(::setresuid(identity.user, identity.user, identity.user), "cannot become the user");
    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "cannot give up set-user-id programs");
    if (identity.user != 0 && (::setuid(0) == 0 || ::seteuid(0) == 0 || ::getuid() == 0))
        throw std::runtime_error("the rights of root could be taken back");
}

std::string shown(const Identity& identity)
{
    return (identity.name.empty() ? "" : identity.name + " ") + "(" +
           std::to_string(identity.user) + ":" + std::to_string(identity.group) + ")";
}

} // namespace mpsmtp::app

// What this is and its thread safety: ServerUser.h.
#include "app/ServerUser.h"

#include "app/ActivationCheck.h"

#include <Poco/Logger.h>

#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

Identity whoIsThis() noexcept
{
    return {"", ::geteuid(), ::getegid()};
}

void useUmask(const ProcessConfig& process) noexcept
{
    if (process.umask)
        ::umask(*process.umask);
}

} // namespace

/// Who has become somebody cannot become another: that is for announceChange's reader, not a mistake. A name that does not
/// exist is one, which the next start would find.
void ServerUser::check(LoadedConfiguration& loaded) const
{
    addProcessProblem(loaded,
                      _identity ? identityProblem(loaded.configuration.process)
                                : intentOf(loaded.configuration, whoIsThis()).problem);
}

void ServerUser::become(const Configuration& configuration, const std::function<void()>& bind)
{
    useUmask(configuration.process);
    _identity = intentOf(configuration, whoIsThis()).identity;
    if (!_identity)
        return;
    bind();
    app::become(*_identity);
}

void ServerUser::change(const ProcessConfig& was, const ProcessConfig& is)
{
    useUmask(is);
    if (was.user != is.user || was.group != is.group)
        Poco::Logger::get("server").warning("[server] user and group change with a restart only");
}

std::string ServerUser::whoServes() const
{
    if (_identity)
        return "the server is " + shown(*_identity) + " now";
    return ::geteuid() == 0 ? "handlers run as root; [server] user = NAME makes them somebody else"
                            : "";
}

std::string ServerUser::hint() const
{
    return _identity ? " (the server is " + shown(*_identity) +
                           " by now; what needs root needs a restart)"
                     : "";
}

} // namespace mpsmtp::app

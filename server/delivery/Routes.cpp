// What this is and its thread safety: Routes.h.
#include "delivery/Routes.h"

#include "delivery/Rejection.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace mpsmtp::delivery
{

namespace
{

RecipientList
readTo(const RouteConfig& config, const std::string& baseDirectory, const Findings& findings)
{
    RouteReport report(config.name, "to", findings);
    return {readRouteItems(config.to, config.toOrigin, baseDirectory, report), report};
}

SourceList readFrom(const RouteConfig& config,
                    const std::string& baseDirectory,
                    const std::vector<std::string>* listeners,
                    const Findings& findings)
{
    RouteReport report(config.name, "from", findings);
    return {
        readRouteItems(config.from, config.fromOrigin, baseDirectory, report), listeners, report};
}

std::optional<smtp::Reply> readRejection(const RouteConfig& config, const Findings& findings)
{
    if (config.reject.empty())
        return std::nullopt;
    auto parsed = parseRejection(config.reject);
    if (auto* reply = std::get_if<smtp::Reply>(&parsed))
        return std::move(*reply);
    RouteReport(config.name, "reject", findings)
        .problem(config.rejectOrigin, std::get<std::string>(parsed));
    return std::nullopt;
}

std::string shownPlace(const Origin& origin)
{
    if (origin.line == 0)
        return origin.file;
    return origin.file + ":" + std::to_string(origin.line);
}

} // namespace

Route::Route(const RouteConfig& config,
             const std::string& baseDirectory,
             const std::vector<std::string>* listeners,
             const Findings& findings)
    : _name(config.name),
      _origin(config.origin),
      _to(readTo(config, baseDirectory, findings)),
      _from(readFrom(config, baseDirectory, listeners, findings)),
      _targets(config.deliver),
      _rejection(readRejection(config, findings))
{
}

bool Route::matches(const MailSource& source, const smtp::Path& forwardPath) const noexcept
{
    return _to.matches(forwardPath) && _from.matches(source);
}

Routes::Routes(const std::vector<RouteConfig>& configs,
               const std::string& baseDirectory,
               const std::vector<std::string>* listeners,
               const Findings& findings)
{
    _routes.reserve(configs.size());
    for (const RouteConfig& config : configs)
        _routes.emplace_back(config, baseDirectory, listeners, findings);
    warnOfUnreachable(findings.warnings);
}

Routes::Routes(const std::vector<RouteConfig>& configs,
               const std::string& baseDirectory,
               const std::vector<std::string>& listeners,
               std::vector<Problem>& problems,
               std::vector<Problem>& warnings)
    : Routes(configs, baseDirectory, &listeners, {problems, warnings})
{
}

Routes::Routes(const std::vector<RouteConfig>& configs,
               const std::string& baseDirectory,
               std::vector<Problem>& problems)
{
    std::vector<Problem> ignored;
    *this = Routes(configs, baseDirectory, nullptr, {problems, ignored});
}

void Routes::warnOfUnreachable(std::vector<Problem>& warnings) const
{
    const auto last = std::find_if(
        _routes.begin(), _routes.end(), [](const Route& each) { return each.isUnconditional(); });
    if (last == _routes.end())
        return;
    for (auto route = last + 1; route != _routes.end(); ++route)
        warnings.push_back({route->origin(),
                            "[route:" + route->name() +
                                "] is never reached: [route:" + last->name() + "] (" +
                                shownPlace(last->origin()) + ") in front of it takes every mail"});
}

const Route* Routes::find(const RouteQuery& query) const noexcept
{
    const MailSource source{
        query.session, query.reversePath, IpAddress::parse(query.session.clientAddress)};
    const auto found =
        std::find_if(_routes.begin(),
                     _routes.end(),
                     [&](const Route& each) { return each.matches(source, query.forwardPath); });
    return found == _routes.end() ? nullptr : &*found;
}

} // namespace mpsmtp::delivery

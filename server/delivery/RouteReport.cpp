// What this is and its thread safety: RouteReport.h.
#include "delivery/RouteReport.h"

#include "smtp/Printable.h"

namespace mpsmtp::delivery
{

namespace
{

constexpr std::size_t mostShown = 20;

} // namespace

RouteReport::RouteReport(std::string_view route, std::string_view key, const Findings& findings)
    : _where("[route:" + std::string(route) + "] " + std::string(key)), _findings(findings)
{
}

void RouteReport::problem(const Origin& origin, const std::string& text)
{
    if (_count < mostShown)
        _findings.problems.push_back({origin, _where + " " + text});
    else if (_count == mostShown)
        _findings.problems.push_back({origin, _where + " has more mistakes from here on"});
    ++_count;
}

void RouteReport::warning(const Origin& origin, const std::string& text)
{
    _findings.warnings.push_back({origin, _where + " " + text});
}

void RouteReport::item(const Origin& origin, std::string_view item, const std::string& text)
{
    problem(origin, "\"" + smtp::printable(item) + "\" " + text);
}

} // namespace mpsmtp::delivery

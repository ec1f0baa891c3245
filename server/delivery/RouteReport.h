// Collects what is wrong with one key of a route. Thread safety: [any].
#pragma once

#include "delivery/Origin.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::delivery
{

/// One key of one route, as "[route:NAME] to". Shows the first twenty mistakes: a list file of another kind would give
/// one for each of its lines.
class RouteReport
{
public:
    RouteReport(std::string_view route, std::string_view key, const Findings& findings);

    void problem(const Origin& origin, const std::string& text);
    void warning(const Origin& origin, const std::string& text);

    /// The same as problem(), about one item: `"item" text`.
    void item(const Origin& origin, std::string_view item, const std::string& text);

private:
    const std::string _where;
    const Findings _findings;
    std::size_t _count = 0;
};

} // namespace mpsmtp::delivery

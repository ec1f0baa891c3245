// What is answered to which request: a function of method, path and Accept. Knows no socket.
// Thread safety: [any].
#pragma once

#include "metrics/Exposition.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::http
{

/// Why a probe fails; empty: it does not.
using Reasons = std::vector<std::string>;

/// Where the pages come from. Called by several threads at once; must not block for long.
struct Sources
{
    std::function<std::string(metrics::Format)> metrics;
    std::function<Reasons()> live;
    std::function<Reasons()> ready;
};

struct Request
{
    std::string_view method;
    std::string_view target; ///< as sent: a path, perhaps with a query
    std::string_view accept; ///< the field's value, or ""
};

struct Response
{
    unsigned status = 200;
    std::string contentType;
    std::string body;
    std::string allow; ///< of a 405
};

/// Never throws because of what was asked. \throws what the sources throw
[[nodiscard]] Response answer(const Request& request, const Sources& sources);

} // namespace mpsmtp::http

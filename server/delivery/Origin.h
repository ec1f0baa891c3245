// A place in the configuration, and a mistake with its place. Thread safety: [any] (values).
#pragma once

#include <string>
#include <vector>

namespace mpsmtp::delivery
{

/// Where something stands in a configuration file; line 0: not in a file (command line, environment, built in).
struct Origin
{
    std::string file;
    unsigned line = 0;
};

/// One mistake in the configuration, shown as "file:line: text".
struct Problem
{
    Origin origin;
    std::string text;
};

/// Where mistakes and doubts go. Borrows both.
struct Findings
{
    std::vector<Problem>& problems; ///< the configuration must not be used
    std::vector<Problem>& warnings; ///< it can be, but is most likely not what was meant
};

} // namespace mpsmtp::delivery

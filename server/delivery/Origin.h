// A place in the configuration, and a mistake with its place. Thread safety: [any] (values).
#pragma once

#include <string>

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

} // namespace mpsmtp::delivery

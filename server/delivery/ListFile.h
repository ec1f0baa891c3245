// Reads the whole of a list file. Leaves to others: its lines (RouteItems). Thread safety: [any].
#pragma once

#include <string>
#include <variant>

namespace mpsmtp::delivery
{

/// Why a list file cannot be used, for "cannot read PATH: REASON".
struct ListFileError
{
    std::string reason;
};

/// Only regular files of at most 64 MiB: a FIFO would hold up the start, and a wrong path may name anything.
[[nodiscard]] std::variant<std::string, ListFileError> readListFile(const std::string& path);

} // namespace mpsmtp::delivery

// Writes one JSON object on one line. Names and texts are the programs' own: no more is escaped than quote, backslash and
// control octets.
// Thread safety: [one thread].
#pragma once

#include "bench/base/Histogram.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace mpsmtp::bench
{

class Json
{
public:
    Json& add(std::string_view name, std::string_view text);
    Json& add(std::string_view name, const char* text);
    Json& add(std::string_view name, std::uint64_t number);
    /// Rounded to six digits behind the point; what is no number becomes 0.
    Json& add(std::string_view name, double number);
    Json& add(std::string_view name, const Json& object);

    [[nodiscard]] std::string text() const { return "{" + _members + "}"; }

private:
    void addRaw(std::string_view name, std::string_view value);

    std::string _members;
};

/// {"min", "p50", "p90", "p99", "p999", "max"} in microseconds.
[[nodiscard]] Json latencyOf(const Histogram& histogram);

/// {"p50", "p99"} in microseconds.
[[nodiscard]] Json shortLatencyOf(const Histogram& histogram);

} // namespace mpsmtp::bench

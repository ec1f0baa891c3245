#include "bench/base/Json.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace mpsmtp::bench
{

namespace
{

[[nodiscard]] std::string quoted(std::string_view text)
{
    std::string out = "\"";
    for (const char octet : text)
    {
        if (octet == '"' || octet == '\\')
            out += '\\';
        out += static_cast<unsigned char>(octet) < 0x20 ? ' ' : octet;
    }
    return out + '"';
}

[[nodiscard]] double inMicroseconds(std::chrono::nanoseconds duration)
{
    return static_cast<double>(duration.count()) / 1000;
}

} // namespace

void Json::addRaw(std::string_view name, std::string_view value)
{
    if (!_members.empty())
        _members += ", ";
    _members.append(quoted(name)).append(": ").append(value);
}

Json& Json::add(std::string_view name, std::string_view text)
{
    addRaw(name, quoted(text));
    return *this;
}

Json& Json::add(std::string_view name, const char* text)
{
    return add(name, std::string_view(text));
}

Json& Json::add(std::string_view name, std::uint64_t number)
{
    addRaw(name, std::to_string(number));
    return *this;
}

Json& Json::add(std::string_view name, double number)
{
    std::array<char, 64> digits{};
    (void)std::snprintf(digits.data(), digits.size(), "%.6f", std::isfinite(number) ? number : 0.0);
    addRaw(name, digits.data());
    return *this;
}

Json& Json::add(std::string_view name, const Json& object)
{
    addRaw(name, object.text());
    return *this;
}

Json latencyOf(const Histogram& histogram)
{
    Json out;
    out.add("min", inMicroseconds(histogram.min()));
    out.add("p50", inMicroseconds(histogram.percentile(0.5)));
    out.add("p90", inMicroseconds(histogram.percentile(0.9)));
    out.add("p99", inMicroseconds(histogram.percentile(0.99)));
    out.add("p999", inMicroseconds(histogram.percentile(0.999)));
    out.add("max", inMicroseconds(histogram.max()));
    return out;
}

Json shortLatencyOf(const Histogram& histogram)
{
    Json out;
    out.add("p50", inMicroseconds(histogram.percentile(0.5)));
    out.add("p99", inMicroseconds(histogram.percentile(0.99)));
    return out;
}

} // namespace mpsmtp::bench

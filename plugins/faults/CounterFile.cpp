// What this is and its thread safety: CounterFile.h.
#include "faults/CounterFile.h"

#include "common/FileDescriptor.h"
#include "common/Utf8.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include <fcntl.h>

namespace mpsmtp::faults
{

namespace
{

constexpr mode_t fileMode = 0644;

/// A JSON string (RFC 8259 7); what is no UTF-8 becomes U+FFFD.
std::string jsonString(std::string_view text)
{
    std::string json = "\"";
    while (!text.empty())
    {
        const auto point = store::firstCodePoint(text);
        if (point.length == 0)
            json += "\xEF\xBF\xBD";
        else if (point.value < 0x20)
        {
            std::array<char, 8> escape{};
            std::snprintf(
                escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(point.value));
            json += escape.data();
        }
        else
            json.append(point.value == '"' || point.value == '\\' ? "\\" : "")
                .append(text.substr(0, point.length));
        text.remove_prefix(point.length == 0 ? 1 : point.length);
    }
    return json + '"';
}

} // namespace

std::string countersAsJson(const RuleList& rules)
{
    std::string json;
    for (const CountedRule& each : rules.all())
        json += (json.empty() ? "{\"rules\": [\n" : ",\n") + std::string("  {\"rule\": ") +
                jsonString(each.rule().name) + ", \"text\": " + jsonString(each.rule().text) +
                ", \"matches\": " + std::to_string(each.matches()) +
                ", \"hits\": " + std::to_string(each.hits()) + "}";
    return json + "\n]}\n";
}

void CounterFile::update()
{
    const std::uint64_t mine = _asked.fetch_add(1) + 1;
    const std::lock_guard<std::mutex> lock(_mutex);
    if (_written >= mine)
        return;
    const std::uint64_t covered = _asked; // whoever has asked by now has counted before
    write(countersAsJson(_rules));
    _written = covered;
}

void CounterFile::write(const std::string& text) const
{
    const std::string fresh = _path + ".new";
    store::FileDescriptor file(
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, fileMode));
    if (!file.isOpen())
        store::throwSystemError(errno, "cannot write the counters", fresh);
    store::writeAll(file.get(), text, fresh);
    if (std::rename(fresh.c_str(), _path.c_str()) != 0)
        store::throwSystemError(errno, "cannot replace the counters", _path);
}

} // namespace mpsmtp::faults

#include "headers/ValueTemplate.h"

#include "common/Ascii.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <utility>

namespace mpsmtp::headers
{

namespace
{

[[nodiscard]] char safe(char c) noexcept
{
    const bool isSpace = c == '\r' || c == '\n' || c == '\t';
    return isSpace ? ' ' : store::isControl(c) ? '?' : c;
}

[[nodiscard]] std::string safe(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return safe(c); });
    return out;
}

[[nodiscard]] std::string recipientList(const Envelope& envelope)
{
    std::string list;
    for (std::size_t i = 0; i < envelope.recipientCount(); ++i)
        list.append(list.empty() ? "" : ", ").append(envelope.recipient(i).address());
    return list;
}

} // namespace

/// strftime's names of days and months depend on the locale.
std::string dateTime(std::chrono::system_clock::time_point when)
{
    constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
    std::tm utc{};
    (void)::gmtime_r(&seconds, &utc);
    std::array<char, 64> text{};
    const int length = std::snprintf(text.data(),
                                     text.size(),
                                     "%s, %02d %s %04d %02d:%02d:%02d +0000",
                                     days.at(static_cast<std::size_t>(utc.tm_wday)),
                                     utc.tm_mday,
                                     months.at(static_cast<std::size_t>(utc.tm_mon)),
                                     utc.tm_year + 1900,
                                     utc.tm_hour,
                                     utc.tm_min,
                                     utc.tm_sec);
    return std::string(text.data(), static_cast<std::size_t>(length));
}

ValueTemplate::ValueTemplate(std::string_view text)
{
    if (std::any_of(
            text.begin(), text.end(), [](char c) { return store::isControl(c) && c != '\t'; }))
        throw std::invalid_argument("the value holds a control octet");
    while (!text.empty())
    {
        const auto percent = std::min(text.find('%'), text.size());
        addLiteral(text.substr(0, percent));
        text.remove_prefix(percent);
        if (text.empty())
            return;
        const auto end = text.find('}');
        if (text.substr(0, 2) == "%%")
            addLiteral("%");
        else if (text.substr(0, 2) == "%{" && end != std::string_view::npos)
            _parts.push_back({sourceOf(text.substr(2, end - 2)), {}});
        else
            throw std::invalid_argument("a \"%\" is neither \"%%\" nor the start of \"%{…}\"");
        text.remove_prefix(text[1] == '%' ? 2 : end + 1);
    }
}

void ValueTemplate::addLiteral(std::string_view text)
{
    if (text.empty())
        return;
    if (_parts.empty() || _parts.back().source != Source::Literal)
        _parts.emplace_back();
    _parts.back().text += text;
}

ValueTemplate::Source ValueTemplate::sourceOf(std::string_view name)
{
    constexpr std::array<std::pair<std::string_view, Source>, 8> names{
        {{"client", Source::Client},
         {"helo", Source::Helo},
         {"sender", Source::Sender},
         {"id", Source::Id},
         {"listener", Source::Listener},
         {"date", Source::Date},
         {"auth", Source::Identity},
         {"rcpt", Source::Recipients}}};
    for (const auto& [known, source] : names)
        if (known == name)
            return source;
    throw std::invalid_argument("%{" + std::string(name) +
                                "} is not %{client}, %{helo}, %{sender}, %{id}, %{listener}, "
                                "%{date}, %{auth} or %{rcpt}");
}

std::string ValueTemplate::valueOf(Source source, const Envelope& envelope, const Clock& clock)
{
    switch (source)
    {
    case Source::Client:
        return std::string(envelope.session().clientAddress());
    case Source::Helo:
        return std::string(envelope.session().helo());
    case Source::Sender:
        return std::string(envelope.reversePath());
    case Source::Id:
        return std::string(envelope.id());
    case Source::Listener:
        return std::string(envelope.session().listener());
    case Source::Date:
        return dateTime(clock.now());
    case Source::Identity:
        return std::string(envelope.session().authIdentity());
    case Source::Recipients:
        return recipientList(envelope);
    case Source::Literal:
        break;
    }
    return {};
}

std::string ValueTemplate::expand(const Envelope& envelope, const Clock& clock) const
{
    std::string value;
    for (const Part& part : _parts)
        value += part.source == Source::Literal ? part.text
                                                : safe(valueOf(part.source, envelope, clock));
    return value;
}

} // namespace mpsmtp::headers

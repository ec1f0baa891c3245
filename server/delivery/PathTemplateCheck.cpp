// What this is and its thread safety: PathTemplateCheck.h.
//
//   template = *( literal / "%%" / "%{" value [ ":lowercase" ] "}" )
//   value    = name / "date:" format
#include "delivery/PathTemplateCheck.h"

#include "delivery/Suggestion.h"

#include <algorithm>
#include <array>

namespace mpsmtp::delivery
{

namespace
{

constexpr std::array<std::string_view, 11> names{"rcpt",
                                                 "rcpt.user",
                                                 "rcpt.domain",
                                                 "rcpt.detail",
                                                 "rcpt.mailbox",
                                                 "sender",
                                                 "sender.user",
                                                 "sender.domain",
                                                 "client",
                                                 "listener",
                                                 "id"};

constexpr std::string_view lowercase = ":lowercase";
constexpr std::string_view date = "date:";

std::string inQuotes(std::string_view text)
{
    return "\"" + std::string(text) + "\"";
}

bool endsWith(std::string_view text, std::string_view end) noexcept
{
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string dateMistake(std::string_view format)
{
    return format.empty() ? "%{date:FORMAT} needs a format, as in %{date:%Y-%m-%d}" : std::string();
}

std::string nameMistake(std::string_view name)
{
    if (std::find(names.begin(), names.end(), name) != names.end())
        return {};
    if (name == date.substr(0, date.size() - 1))
        return dateMistake({});
    if (const auto colon = name.find(':'); colon != std::string_view::npos)
        return "unknown " + inQuotes(name.substr(colon)) + " in %{" + std::string(name) +
               "}: the only modifier is " + inQuotes(lowercase);
    return "unknown %{" + std::string(name) + "}" + didYouMean(name, names);
}

/// \param inside what stands between "%{" and "}"
std::string valueMistake(std::string_view inside)
{
    if (endsWith(inside, lowercase))
        inside.remove_suffix(lowercase.size());
    if (inside.substr(0, date.size()) == date)
        return dateMistake(inside.substr(date.size()));
    return nameMistake(inside);
}

} // namespace

std::string templateMistake(std::string_view text)
{
    for (auto percent = text.find('%'); percent != std::string_view::npos;
         percent = text.find('%', percent))
    {
        if (text.substr(percent + 1, 1) != "{")
        {
            percent += text.substr(percent + 1, 1) == "%" ? 2 : 1;
            continue;
        }
        const auto end = text.find('}', percent);
        if (end == std::string_view::npos)
            return "\"%{\" without \"}\"";
        if (auto mistake = valueMistake(text.substr(percent + 2, end - percent - 2));
            !mistake.empty())
            return mistake;
        percent = end + 1;
    }
    return {};
}

} // namespace mpsmtp::delivery

// What this is and its thread safety: RepeatLimit.h.
#include "app/RepeatLimit.h"

#include <algorithm>

namespace mpsmtp::app
{

using Poco::Message;

namespace
{

constexpr std::string_view anything = "\xE2\x80\xA6"; // …

/// Where all kinds go for which there is no place any more.
constexpr const char* others = "other entries, of many kinds";

bool isLimited(const Message& message)
{
    const std::string& source = message.getSource();
    return message.getPriority() >= Message::PRIO_ERROR &&
           message.getPriority() <= Message::PRIO_INFORMATION && source != "server" &&
           source != "transaction" && source != "transcript";
}

/// Letters, and what stands around words. A host's name without a digit passes for a word; that costs a kind, not memory.
bool isWord(std::string_view word) noexcept
{
    constexpr std::string_view around = "'(),.;:!?-_[]";
    return std::all_of(word.begin(),
                       word.end(),
                       [around](char c)
                       {
                           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                  around.find(c) != std::string_view::npos;
                       });
}

std::string shown(std::chrono::milliseconds interval)
{
    return interval.count() % 1000 == 0 ? std::to_string(interval.count() / 1000) + "s"
                                        : std::to_string(interval.count()) + "ms";
}

} // namespace

std::string sharedWords(std::string_view text)
{
    std::string words;
    bool wasShared = true;
    while (!text.empty() && words.size() < RepeatLimit::mostKeyOctets)
    {
        const auto end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const bool isShared = isWord(word);
        if (!isShared && !wasShared) // two in a row are one: a path with blanks, a list
            continue;
        wasShared = isShared;
        words.append(words.empty() ? "" : " ").append(isShared ? word : anything);
    }
    if (words.size() > RepeatLimit::mostKeyOctets)
        words.resize(RepeatLimit::mostKeyOctets);
    return words;
}

std::string grouped(std::uint64_t number)
{
    std::string digits = std::to_string(number);
    for (std::size_t i = digits.size(); i > 3;)
        digits.insert(i -= 3, 1, ',');
    return digits;
}

void RepeatLimit::write(const Message& message, const log::FieldSource* fields)
{
    if (!isLimited(message))
        return _next->write(message, fields);
    std::optional<Summary> summary;
    const bool isAdmitted = admit(
        {message.getSource(), sharedWords(message.getText())}, message.getPriority(), summary);
    if (summary)
        say(*summary);
    if (isAdmitted)
        _next->write(message, fields);
}

bool RepeatLimit::admit(Key key, Message::Priority priority, std::optional<Summary>& summary)
{
    const auto now = _clock();
    const std::lock_guard lock(_mutex);
    if (_limits.most == 0)
        return true;
    const auto found = place(std::move(key), now);
    Kind& kind = found->second;
    if (now >= kind.end)
    {
        if (kind.counted > 0)
            summary = Summary{found->first, kind};
        kind = {now + _limits.interval, 0, 0, priority, _limits.interval};
    }
    if (kind.written < _limits.most)
    {
        ++kind.written;
        return true;
    }
    ++kind.counted;
    _isCounting = true;
    return false;
}

std::map<RepeatLimit::Key, RepeatLimit::Kind>::iterator RepeatLimit::place(Key&& key,
                                                                           Clock::time_point now)
{
    const auto found = _kinds.find(key);
    if (found != _kinds.end())
        return found;
    if (_kinds.size() >= mostKinds)
        forgetQuiet(now);
    if (_kinds.size() >= mostKinds)
        key = {"server", others};
    return _kinds.try_emplace(std::move(key)).first;
}

void RepeatLimit::forgetQuiet(Clock::time_point now)
{
    for (auto each = _kinds.begin(); each != _kinds.end();)
        each = each->second.counted == 0 && now >= each->second.end ? _kinds.erase(each)
                                                                    : std::next(each);
}

void RepeatLimit::change(RepeatLimits limits)
{
    const std::lock_guard lock(_mutex);
    _limits = limits;
}

void RepeatLimit::tend()
{
    for (const Summary& summary : take(false))
        say(summary);
}

void RepeatLimit::flush()
{
    for (const Summary& summary : take(true))
        say(summary);
}

std::vector<RepeatLimit::Summary> RepeatLimit::take(bool evenUnfinished)
{
    std::vector<Summary> result;
    const auto now = _clock();
    const std::lock_guard lock(_mutex);
    for (auto each = _kinds.begin(); each != _kinds.end();)
    {
        if (!evenUnfinished && now < each->second.end)
        {
            ++each;
            continue;
        }
        if (each->second.counted > 0)
            result.push_back({each->first, each->second});
        each = _kinds.erase(each);
    }
    _isCounting = std::any_of(
        _kinds.begin(), _kinds.end(), [](const auto& each) { return each.second.counted > 0; });
    return result;
}

void RepeatLimit::say(const Summary& summary)
{
    const auto& [source, words] = summary.key;
    const Kind& kind = summary.kind;
    const log::Fields fields{{log::Field::Repeated, kind.counted}};
    _next->write({source,
                  words + " (said " + grouped(kind.counted) +
                      (kind.counted == 1 ? " more time in " : " more times in ") +
                      shown(kind.interval) + ")",
                  kind.priority},
                 &fields);
}

} // namespace mpsmtp::app

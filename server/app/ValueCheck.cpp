// What this is and its thread safety: ValueCheck.h.
#include "app/ValueCheck.h"

#include "app/ListenAddress.h"
#include "app/LogLevel.h"
#include "app/Transcript.h"
#include "delivery/Values.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

namespace mpsmtp::app
{

namespace
{

/// "a, b or c"
std::string enumerated(std::string_view choices)
{
    std::string text(choices);
    if (const auto last = text.rfind('|'); last != std::string::npos)
        text.replace(last, 1, " or ");
    for (auto bar = text.find('|'); bar != std::string::npos; bar = text.find('|'))
        text.replace(bar, 1, ", ");
    return text;
}

bool isChoice(std::string_view value, std::string_view choices) noexcept
{
    while (!choices.empty())
    {
        const auto end = std::min(choices.find('|'), choices.size());
        if (choices.substr(0, end) == value)
            return true;
        choices.remove_prefix(std::min(end + 1, choices.size()));
    }
    return false;
}

/// A number with its unit, as people write it.
std::string shownNumber(KeyType type, std::int64_t number)
{
    struct Unit
    {
        std::int64_t factor;
        const char* name;
    };

    static constexpr std::array<Unit, 4> times{
        {{3'600'000, "h"}, {60'000, "m"}, {1000, "s"}, {1, "ms"}}};
    static constexpr std::array<Unit, 4> sizes{
        {{1 << 30, "G"}, {1 << 20, "M"}, {1024, "K"}, {1, ""}}};
    if (type == KeyType::Integer || number == 0)
        return std::to_string(number);
    for (const Unit& unit : type == KeyType::Duration ? times : sizes)
        if (number % unit.factor == 0)
            return std::to_string(number / unit.factor) + unit.name;
    return std::to_string(number);
}

std::string rangeProblem(const KeySpec& spec, std::int64_t number)
{
    if (number >= spec.least && number <= spec.most)
        return {};
    std::string range = "at least " + shownNumber(spec.type, spec.least);
    if (spec.most != std::numeric_limits<std::int64_t>::max())
        range = "from " + shownNumber(spec.type, spec.least) + " to " +
                shownNumber(spec.type, spec.most);
    return std::string(spec.key) + " must be " + range;
}

std::string notAccepted(const KeySpec& spec, std::string_view value, std::string_view accepted)
{
    return std::string(spec.key) + " = " + std::string(value) + " is not " + std::string(accepted);
}

std::string numberProblem(const KeySpec& spec, std::string_view value)
{
    switch (spec.type)
    {
    case KeyType::Size:
    {
        const auto octets = delivery::parseSize(value);
        return octets ? rangeProblem(spec, static_cast<std::int64_t>(*octets))
                      : notAccepted(spec, value, delivery::sizeAccepted);
    }
    case KeyType::Duration:
    {
        const auto time = delivery::parseDuration(value);
        return time ? rangeProblem(spec, time->count())
                    : notAccepted(spec, value, delivery::durationAccepted);
    }
    default:
    {
        const auto number = delivery::parseInteger(value);
        return number ? rangeProblem(spec, *number)
                      : notAccepted(spec, value, delivery::integerAccepted);
    }
    }
}

std::string addressListProblem(std::string_view value)
{
    std::set<std::string_view> seen;
    const auto addresses = delivery::parseList(value);
    if (addresses.empty())
        return "address is empty";
    for (const auto address : addresses)
    {
        if (auto text = listenAddressProblem(address); !text.empty())
            return text;
        if (!isAnyPort(address) && !seen.insert(address).second)
            return "address " + std::string(address) + " is there twice";
    }
    return {};
}

std::string networkListProblem(const KeySpec& spec, std::string_view value)
{
    for (const auto item : delivery::parseList(value))
        if (const auto text = transcriptItemProblem(item); !text.empty())
            return std::string(spec.key) + ": " + text;
    return {};
}

} // namespace

std::string valueProblem(const KeySpec& spec, std::string_view value)
{
    if (value.empty() && spec.type != KeyType::List)
        return std::string(spec.key) + " is empty" +
               (spec.isRequired() ? "" : "; leave the line out for the default");
    switch (spec.type)
    {
    case KeyType::Integer:
    case KeyType::Size:
    case KeyType::Duration:
        return numberProblem(spec, value);
    case KeyType::Bool:
        return delivery::parseBool(value) ? std::string()
                                          : notAccepted(spec, value, delivery::boolAccepted);
    case KeyType::Choice:
        return isChoice(value, spec.choices) ? std::string()
                                             : notAccepted(spec, value, enumerated(spec.choices));
    case KeyType::LogLevel:
        return parseLogLevel(value) ? std::string() : notAccepted(spec, value, logLevelAccepted);
    case KeyType::NetworkList:
        return networkListProblem(spec, value);
    case KeyType::AddressList:
        return addressListProblem(value);
    case KeyType::DomainName:
        return isDomainName(value) ? std::string() : notAccepted(spec, value, "a host's name");
    case KeyType::Octal:
    {
        const auto mode = delivery::parseOctal(value);
        return mode ? rangeProblem(spec, *mode) : notAccepted(spec, value, delivery::octalAccepted);
    }
    case KeyType::Text:
    case KeyType::Path:
    case KeyType::List:
        break;
    }
    return {};
}

} // namespace mpsmtp::app

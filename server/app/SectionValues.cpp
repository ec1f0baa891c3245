// What this is and its thread safety: SectionValues.h.
#include "app/SectionValues.h"

#include "app/KeyTable.h"
#include "delivery/Values.h"

namespace mpsmtp::app
{

namespace
{

std::string_view defaultOf(std::string_view kind, std::string_view key) noexcept
{
    const KeySpec* spec = findKey(kind, key);
    return spec == nullptr ? std::string_view() : spec->defaultValue;
}

} // namespace

bool SectionValues::isSet(std::string_view key) const noexcept
{
    return _section != nullptr && _section->find(key) != nullptr;
}

std::string SectionValues::text(std::string_view key) const
{
    return isSet(key) ? _section->find(key)->value : std::string(defaultOf(_kind, key));
}

std::int64_t SectionValues::integer(std::string_view key) const
{
    const auto value = delivery::parseInteger(text(key));
    return value ? *value : delivery::parseInteger(defaultOf(_kind, key)).value_or(0);
}

std::uint64_t SectionValues::octets(std::string_view key) const
{
    const auto value = delivery::parseSize(text(key));
    return value ? *value : delivery::parseSize(defaultOf(_kind, key)).value_or(0);
}

std::chrono::milliseconds SectionValues::duration(std::string_view key) const
{
    const auto value = delivery::parseDuration(text(key));
    return value ? *value
                 : delivery::parseDuration(defaultOf(_kind, key))
                       .value_or(std::chrono::milliseconds(0));
}

bool SectionValues::boolean(std::string_view key) const
{
    const auto value = delivery::parseBool(text(key));
    return value ? *value : delivery::parseBool(defaultOf(_kind, key)).value_or(false);
}

std::vector<std::string> SectionValues::list(std::string_view key) const
{
    const std::string value = text(key);
    const auto items = delivery::parseList(value);
    return {items.begin(), items.end()};
}

delivery::Origin SectionValues::origin(std::string_view key) const
{
    if (_section == nullptr)
        return {};
    const auto* setting = _section->find(key);
    return setting == nullptr ? _section->origin : setting->origin;
}

} // namespace mpsmtp::app

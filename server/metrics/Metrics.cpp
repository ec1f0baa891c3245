// What this is and its thread safety: Metrics.h.
#include "metrics/Metrics.h"

#include <algorithm>

namespace mpsmtp::metrics
{

namespace
{

template <class Section>
Section* find(std::list<Section>& sections, std::string_view name) noexcept
{
    const auto found = std::find_if(sections.begin(),
                                    sections.end(),
                                    [name](const Section& each) { return each.name == name; });
    return found == sections.end() ? nullptr : &*found;
}

template <class Section>
std::vector<const Section*> pointers(const std::list<Section>& sections)
{
    std::vector<const Section*> result;
    result.reserve(sections.size());
    for (const Section& each : sections)
        result.push_back(&each);
    return result;
}

} // namespace

std::size_t replyIndex(unsigned code) noexcept
{
    const auto* const found = std::find(replyCodes.begin(), replyCodes.end(), code);
    if (found != replyCodes.end())
        return static_cast<std::size_t>(found - replyCodes.begin());
    const unsigned kind = code / 100;
    return replyCodes.size() + (kind == 2 ? 0u : kind == 4 ? 1u : kind == 5 ? 2u : 3u);
}

Listener& Metrics::listener(std::string_view name)
{
    const std::lock_guard lock(_mutex);
    Listener* const known = find(_listeners, name);
    return known != nullptr ? *known : _listeners.emplace_back(std::string(name));
}

Handler& Metrics::handler(std::string_view name)
{
    const std::lock_guard lock(_mutex);
    Handler* const known = find(_handlers, name);
    return known != nullptr ? *known : _handlers.emplace_back(std::string(name), slots);
}

std::vector<const Listener*> Metrics::listeners() const
{
    const std::lock_guard lock(_mutex);
    return pointers(_listeners);
}

std::vector<const Handler*> Metrics::handlers() const
{
    const std::lock_guard lock(_mutex);
    return pointers(_handlers);
}

} // namespace mpsmtp::metrics

// What this is and its thread safety: AddressSet.h.
#include "delivery/AddressSet.h"

#include "smtp/Ascii.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace mpsmtp::delivery
{

void CaselessTexts::add(std::string text)
{
    if (contains(text))
        return;
    _texts.push_back(std::move(text));
    _index.insert(_texts.back());
}

/// FNV-1a over lower-case octets. The texts are the administrator's, so nobody can choose them to collide.
std::size_t CaselessTexts::Hash::operator()(std::string_view text) const noexcept
{
    constexpr std::uint64_t offset = 14695981039346656037u;
    constexpr std::uint64_t prime = 1099511628211u;
    std::uint64_t hash = offset;
    for (const char octet : text)
        hash = (hash ^ static_cast<unsigned char>(smtp::toLower(octet))) * prime;
    return static_cast<std::size_t>(hash);
}

bool CaselessTexts::Equal::operator()(std::string_view a, std::string_view b) const noexcept
{
    return smtp::equalsIgnoringCase(a, b);
}

void AddressSet::add(AddressPattern pattern)
{
    const bool isWholeDomain = pattern.localPart().isEverything();
    if (isWholeDomain && pattern.domain().isEverything())
        _isEverything = true;
    else if (auto address = pattern.exactAddress())
        _addresses.add(std::move(*address));
    else if (isWholeDomain && !pattern.domain().isGlob)
        _domains.add(pattern.domain().text);
    else
        _others.push_back(std::move(pattern));
}

bool AddressSet::contains(const smtp::Path& path) const noexcept
{
    if (path.isNull())
        return false;
    return _isEverything || _addresses.contains(path.address) || _domains.contains(path.domain) ||
           std::any_of(_others.begin(),
                       _others.end(),
                       [&](const AddressPattern& each)
                       { return each.matches(path.localPart, path.domain); });
}

} // namespace mpsmtp::delivery

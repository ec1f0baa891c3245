// Many addresses and patterns, with one question: is this address among them? Addresses and whole domains are looked up
// in a hash table, so that a list of 100,000 costs as much as one of ten; only other patterns are tried one by one.
// Thread safety: [any] once it is filled (no mutable state).
#pragma once

#include "delivery/AddressPattern.h"
#include "smtp/Envelope.h"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace mpsmtp::delivery
{

/// Texts whose ASCII case does not matter. A look-up takes a view and allocates nothing, which std::unordered_set of
/// strings cannot do in C++17.
class CaselessTexts
{
public:
    CaselessTexts() = default;
    CaselessTexts(CaselessTexts&&) = default; // a moved deque's strings stay where they are
    CaselessTexts& operator=(CaselessTexts&&) = default;
    CaselessTexts(const CaselessTexts&) = delete; // the index would point into the other one
    CaselessTexts& operator=(const CaselessTexts&) = delete;
    ~CaselessTexts() = default;

    void add(std::string text);

    [[nodiscard]] bool contains(std::string_view text) const noexcept
    {
        return _index.find(text) != _index.end();
    }

private:
    struct Hash
    {
        [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept;
    };

    struct Equal
    {
        [[nodiscard]] bool operator()(std::string_view a, std::string_view b) const noexcept;
    };

    std::deque<std::string> _texts; ///< whose members never move
    std::unordered_set<std::string_view, Hash, Equal> _index;
};

class AddressSet
{
public:
    void add(AddressPattern pattern);

    /// Never true for the null reverse-path, which is no address.
    [[nodiscard]] bool contains(const smtp::Path& path) const noexcept;

    /// True if `*@*` was added: every address is in it.
    [[nodiscard]] bool isEverything() const noexcept { return _isEverything; }

private:
    CaselessTexts _addresses; ///< canonical, as smtp::Path::address
    CaselessTexts _domains;   ///< of *@domain
    std::vector<AddressPattern> _others;
    bool _isEverything = false;
};

} // namespace mpsmtp::delivery

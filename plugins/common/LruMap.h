// A map of bounded size that forgets what was not used for longest. Leaves locking to its owner.
// Thread safety: [connection].
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace mpsmtp::store
{

/// Keys are strings (paths). Values are small and cheap to copy.
template <class Value>
class LruMap
{
public:
    /// \param capacity  at least 1
    explicit LruMap(std::size_t capacity) : _capacity(capacity) {}

    /// The value, which becomes the most recently used, or nullptr. Valid until the next put() or
    /// erase().
    [[nodiscard]] Value* find(std::string_view key)
    {
        const auto found = _index.find(key);
        if (found == _index.end())
            return nullptr;
        _entries.splice(_entries.begin(), _entries, found->second);
        return &found->second->second;
    }

    /// Adds or replaces; the least recently used entry goes if there are more than `capacity`.
    Value& put(const std::string& key, Value value)
    {
        erase(key);
        _entries.emplace_front(key, std::move(value));
        try
        {
            _index.emplace(_entries.front().first, _entries.begin());
        }
        catch (...)
        {
            _entries.pop_front(); // nobody would find it, and nothing behind it would ever go
            throw;
        }
        if (_index.size() > _capacity)
            erase(_entries.back().first);
        return _entries.front().second;
    }

    void erase(std::string_view key)
    {
        const auto found = _index.find(key);
        if (found == _index.end())
            return;
        const auto entry = found->second;
        _index.erase(found);
        _entries.erase(entry);
    }

    [[nodiscard]] std::size_t size() const noexcept { return _index.size(); }

private:
    using Entries = std::list<std::pair<const std::string, Value>>;

    std::size_t _capacity;
    Entries _entries; // most recently used first
    std::unordered_map<std::string_view, typename Entries::iterator>
        _index; // keys live in _entries
};

} // namespace mpsmtp::store

/// \file
/// What the harness lends to a hook: fresh copies on the heap, one block for each text, gone when
/// the hook has returned. So a plugin that keeps a string_view or a Session& shows it: with
/// AddressSanitizer as heap-use-after-free, without it as garbage (octets 0xDD) in place of the
/// text. Thread safety: Quarantine [any], Loan [connection].
#pragma once

#include <mpsmtp/Reply.h>
#include <mpsmtp/abi.h>

#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace mpsmtp::testing
{

/// What stands where something lent stood, once it is no longer lent.
inline constexpr unsigned char poison = 0xDD;

namespace detail
{

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool isAddressSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool isAddressSanitized = true;
#else
inline constexpr bool isAddressSanitized = false;
#endif
#else
inline constexpr bool isAddressSanitized = false;
#endif

struct Block
{
    std::unique_ptr<unsigned char[]> octets;
    std::size_t size;
};

/// Keeps poisoned blocks from being used again for a while, so that who reads them sees the poison
/// and no other test's data.
class Quarantine
{
public:
    void take(std::vector<Block>& blocks)
    {
        if (isAddressSanitized) // it has a quarantine of its own, with an alarm
            return blocks.clear();
        const std::lock_guard<std::mutex> lock(_mutex);
        for (Block& block : blocks)
        {
            _octets += block.size;
            _blocks.push_back(std::move(block));
        }
        blocks.clear();
        for (; _octets > mostOctets; _blocks.pop_front())
            _octets -= _blocks.front().size;
    }

private:
    static constexpr std::size_t mostOctets = 16u << 20;

    std::mutex _mutex;
    std::deque<Block> _blocks; // guarded by _mutex, as the next
    std::size_t _octets = 0;
};

/// Owns the copies that one hook call is given.
class Loan
{
public:
    explicit Loan(Quarantine& quarantine) noexcept : _quarantine(quarantine) {}

    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;

    ~Loan()
    {
        for (const Block& block : _blocks)
            std::memset(block.octets.get(), poison, block.size);
        try
        {
            _quarantine.take(_blocks);
        }
        catch (const std::bad_alloc&) // then they are freed at once
        {
            _blocks.clear();
        }
    }

    /// A copy in a block of exactly its size.
    [[nodiscard]] mpsmtp_string text(std::string_view value)
    {
        if (value.empty())
            return {nullptr, 0};
        void* octets = allocate(value.size());
        std::memcpy(octets, value.data(), value.size());
        return {static_cast<const char*>(octets), value.size()};
    }

    /// A copy of a plain struct of abi.h.
    template <class T>
    [[nodiscard]] T* object(const T& value)
    {
        static_assert(std::is_trivially_copyable_v<T>);
        return new (allocate(sizeof(T))) T(value);
    }

    /// A copy of a table; nullptr if it is empty.
    template <class T>
    [[nodiscard]] T* table(const std::vector<T>& values)
    {
        static_assert(std::is_trivially_copyable_v<T>);
        if (values.empty())
            return nullptr;
        void* octets = allocate(values.size() * sizeof(T));
        std::memcpy(octets, values.data(), values.size() * sizeof(T));
        return static_cast<T*>(octets);
    }

private:
    [[nodiscard]] void* allocate(std::size_t size)
    {
        // As by malloc: aligned for every struct of abi.h.
        _blocks.push_back({std::unique_ptr<unsigned char[]>(new unsigned char[size]), size});
        return _blocks.back().octets.get();
    }

    Quarantine& _quarantine;
    std::vector<Block> _blocks;
};

} // namespace detail

} // namespace mpsmtp::testing

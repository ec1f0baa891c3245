// What handlers keep with a session or a transaction: local<T>() of the SDK. The host only holds the objects and gives
// them back for destruction. Thread safety: [connection].
#pragma once

#include <mpsmtp/abi.h>

#include <cstdint>
#include <vector>

/// The opaque type of abi.h.
struct mpsmtp_scope
{
};

namespace mpsmtp::delivery
{

class LocalScope : public mpsmtp_scope
{
public:
    LocalScope() = default;
    LocalScope(const LocalScope&) = delete;
    LocalScope& operator=(const LocalScope&) = delete;

    ~LocalScope() { clear(); }

    /// The object behind the pointer that a plugin hands back.
    [[nodiscard]] static LocalScope& of(mpsmtp_scope* scope) noexcept
    {
        return static_cast<LocalScope&>(*scope);
    }

    /// nullptr if there is none.
    [[nodiscard]] void* find(const void* owner, const void* kind) const noexcept;

    /// Takes over `value`, in place of an older one. \throws std::bad_alloc; `value` is then still the caller's
    void set(const void* owner, const void* kind, void* value, void (*destroy)(void*));

    /// Destroys all of them, the youngest first.
    void clear() noexcept;

    /// Of a session: what throttle() has set. 0: no limit.
    std::uint64_t octetsPerSecond = 0;

private:
    struct Local
    {
        const void* owner;
        const void* kind;
        void* value;
        void (*destroy)(void*);
    };

    std::vector<Local> _locals; // a handful: a linear search is the fastest
};

} // namespace mpsmtp::delivery

// What this is and its thread safety: LocalScope.h.
#include "delivery/LocalScope.h"

#include <utility>

namespace mpsmtp::delivery
{

void* LocalScope::find(const void* owner, const void* kind) const noexcept
{
    for (const Local& local : _locals)
        if (local.owner == owner && local.kind == kind)
            return local.value;
    return nullptr;
}

void LocalScope::set(const void* owner, const void* kind, void* value, void (*destroy)(void*))
{
    for (Local& local : _locals)
        if (local.owner == owner && local.kind == kind)
        {
            const Local old = std::exchange(local, Local{owner, kind, value, destroy});
            return old.destroy(old.value);
        }
    _locals.push_back({owner, kind, value, destroy});
}

void LocalScope::clear() noexcept
{
    // One after the other: the destructor of a T may look for another of its handler's objects.
    while (!_locals.empty())
    {
        const Local last = _locals.back();
        _locals.pop_back();
        last.destroy(last.value);
    }
    octetsPerSecond = 0;
}

} // namespace mpsmtp::delivery

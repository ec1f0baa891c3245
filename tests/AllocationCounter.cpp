// See AllocationCounter.h. In a file of its own: where a compiler sees these functions inlined, it
// takes free() for a mistake.
#include "AllocationCounter.h"

#include <cstdlib>
#include <new>

namespace
{

thread_local std::size_t allocations = 0; // part of operator new, so it cannot be anywhere else

} // namespace

std::size_t allocationCount() noexcept
{
    return allocations;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

void* operator new(std::size_t size)
{
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept
{
    std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept
{
    std::free(memory);
}

#endif

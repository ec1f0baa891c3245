// Counts this thread's allocations by replacing the global operator new of the test program.
#pragma once

#include <cstddef>

/// Allocations of the calling thread so far. Always 0 under a sanitizer, which has an operator new
/// of its own.
[[nodiscard]] std::size_t allocationCount() noexcept;

// The functions of abi.h that the server offers to plugins. Thread safety: [any] (immutable).
#pragma once

#include <mpsmtp/abi.h>

namespace mpsmtp::delivery
{

/// One table for every plugin. Its functions let no exception out: a plugin may be another language's.
[[nodiscard]] const mpsmtp_host& hostTable() noexcept;

} // namespace mpsmtp::delivery

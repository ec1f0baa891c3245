// What --help and --version print. Thread safety: [any].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::app
{

[[nodiscard]] std::string_view helpText() noexcept;

/// "mpsmtpd 1.0.0 (ABI 1.0, POCO 1.11.0)"
[[nodiscard]] std::string versionText();

} // namespace mpsmtp::app

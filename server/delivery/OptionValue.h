// One value of a handler's section: from what people write to the canonical form that mpsmtp_host.option() promises.
// Thread safety: [any].
#pragma once

#include <mpsmtp/abi.h>

#include <string>
#include <string_view>

namespace mpsmtp::delivery
{

/// A canonical value, or why there is none.
struct CanonicalValue
{
    std::string value;
    std::string
        mistake; ///< "" if the value is good; else it completes `bad value "x" for "key": …`

    [[nodiscard]] bool isGood() const noexcept { return mistake.empty(); }
};

/// \param option         gives the type and the choices
/// \param baseDirectory  absolute; where relative paths and templates start
[[nodiscard]] CanonicalValue canonicalValue(const mpsmtp_option& option,
                                            std::string_view text,
                                            const std::string& baseDirectory);

} // namespace mpsmtp::delivery

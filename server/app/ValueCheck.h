// Is this text a value for that key? Leaves to others: which keys there are (KeyTable,
// SectionCheck).
// Thread safety: [any].
#pragma once

#include "app/KeyTable.h"

#include <string>
#include <string_view>

namespace mpsmtp::app
{

/// \return a sentence that begins with the key, or "" if the value is right
[[nodiscard]] std::string valueProblem(const KeySpec& spec, std::string_view value);

} // namespace mpsmtp::app

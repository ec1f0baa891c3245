// Compares the sections of a configuration with the table of keys: unknown names, wrong values,
// what is missing. Leaves to others: the keys of handlers (each plugin's option table, checked by
// delivery/).
// Thread safety: [any].
#pragma once

#include "app/IniReader.h"

#include "delivery/DeliveryConfig.h"

#include <string_view>
#include <vector>

namespace mpsmtp::app
{

/// \return every mistake; empty if the sections can be used
[[nodiscard]] std::vector<delivery::Problem> checkSections(const std::vector<IniSection>& sections);

} // namespace mpsmtp::app

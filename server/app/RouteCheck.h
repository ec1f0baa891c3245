// What is wrong with the routes of a configuration, as far as it can be told without making the handlers. Leaves to
// others: the routes' keys (SectionCheck), and whether a handler has a delivery hook (delivery/).
// Thread safety: [main].
#pragma once

#include "app/Configuration.h"

namespace mpsmtp::app
{

/// Reads the list files, and adds to the problems and warnings what is not among them yet: the delivery may have looked
/// at the same things.
void checkRoutes(LoadedConfiguration& loaded);

} // namespace mpsmtp::app

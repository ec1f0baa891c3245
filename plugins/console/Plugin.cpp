// The plugin `console`.
#include "console/ConsoleHandler.h"

#include <mpsmtp/Plugin.h>

MPSMTP_PLUGIN(
    mpsmtp::console::ConsoleHandler,
    "console",
    "1.0",
    {{"format",
      mpsmtp::Option::Enum,
      mpsmtp::Optional,
      "full",
      "full: the whole message; summary: one line of recipients, sender, size and subject",
      "full|summary"},
     {"output",
      mpsmtp::Option::Enum,
      mpsmtp::Optional,
      "stdout",
      "where to show it",
      "stdout|stderr"}})

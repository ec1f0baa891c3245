// The plugin `discard`.
#include "discard/DiscardHandler.h"

#include <mpsmtp/Plugin.h>

MPSMTP_PLUGIN(mpsmtp::discard::DiscardHandler, "discard", "1.0", {})

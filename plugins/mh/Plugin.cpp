// The plugin `mh`.
#include "common/StoreOptions.h"
#include "mh/MhHandler.h"

#include <mpsmtp/Plugin.h>

MPSMTP_PLUGIN(mpsmtp::mh::MhHandler,
              "mh",
              "1.0",
              {mpsmtp::store::pathOption,
               mpsmtp::store::lineEndingOption,
               mpsmtp::store::traceOption,
               mpsmtp::store::deliveredToOption,
               mpsmtp::store::modeOption,
               mpsmtp::store::createOption})

// Makes the mbox handler a plugin: its option table (docs/stores.md, "mbox").
#include "common/StoreOptions.h"
#include "mbox/MboxHandler.h"

#include <mpsmtp/Plugin.h>

MPSMTP_PLUGIN(mpsmtp::mbox::MboxHandler,
              "mbox",
              "1.0",
              {mpsmtp::store::pathOption,
               mpsmtp::store::lineEndingOption,
               mpsmtp::store::traceOption,
               mpsmtp::store::deliveredToOption,
               mpsmtp::store::modeOption,
               mpsmtp::store::createOption,
               {"dot_lock",
                mpsmtp::Option::Bool,
                mpsmtp::Optional,
                "yes",
                "also lock with a file NAME.lock, as some mail readers do"},
               {"lock_timeout",
                mpsmtp::Option::Duration,
                mpsmtp::Optional,
                "10s",
                "how long to wait while another program has the mailbox locked, before 451 4.2.0"}})

// The plugin `maildir`.
#include "common/StoreOptions.h"
#include "maildir/MaildirHandler.h"

#include <mpsmtp/Plugin.h>

MPSMTP_PLUGIN(mpsmtp::maildir::MaildirHandler,
              "maildir",
              "1.0",
              {mpsmtp::store::pathOption,
               mpsmtp::store::lineEndingOption,
               mpsmtp::store::traceOption,
               mpsmtp::store::deliveredToOption,
               mpsmtp::store::modeOption,
               mpsmtp::store::createOption,
               {"detail",
                mpsmtp::Option::Enum,
                mpsmtp::Optional,
                "none",
                "folder: mail for ben+lists goes to the folder .lists of the mailbox",
                "none|folder"}})

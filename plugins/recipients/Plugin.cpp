// The plugin `recipients`.
#include "recipients/RecipientsHandler.h"

#include <mpsmtp/Plugin.h>

MPSMTP_PLUGIN(
    mpsmtp::recipients::RecipientsHandler,
    "recipients",
    "1.0",
    {{"file",
      mpsmtp::Option::Path,
      mpsmtp::Required,
      nullptr,
      "known users and aliases, one a line; read again when it changes"},
     {"unknown",
      mpsmtp::Option::Enum,
      mpsmtp::Optional,
      "reject",
      "who is not in the file: 550 5.1.1, 450 4.1.1, or no opinion",
      "reject|defer|continue"},
     {"domains",
      mpsmtp::Option::List,
      mpsmtp::Optional,
      "",
      "the domains whose recipients are judged; empty: all"},
     {"case_sensitive", mpsmtp::Option::Bool, mpsmtp::Optional, "no", "tell Ben from ben"},
     {"detail_separator",
      mpsmtp::Option::String,
      mpsmtp::Optional,
      "+",
      "ben+lists is ben, unless the file has it; empty: no such thing"}})

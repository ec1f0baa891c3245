// The plugin `headers`.
#include "headers/HeadersHandler.h"

#include <mpsmtp/Plugin.h>

MPSMTP_PLUGIN(mpsmtp::headers::HeadersHandler,
              "headers",
              "1.0",
              {{"remove",
                mpsmtp::Option::List,
                mpsmtp::Optional,
                "",
                "names of fields that go, also with * and ?, such as X-Spam-*"},
               {"set",
                mpsmtp::Option::String,
                mpsmtp::Optional,
                nullptr,
                "a field, Name: value, in place of all others of its name"},
               {"add",
                mpsmtp::Option::String,
                mpsmtp::Optional,
                nullptr,
                "a field, Name: value, on top of the others"},
               {"file",
                mpsmtp::Option::Path,
                mpsmtp::Optional,
                nullptr,
                "more rules, one a line: remove NAMES, set FIELD, add FIELD"}})

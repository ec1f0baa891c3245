// The plugin `faults`.
//
// Why numbered keys. A key stands once in a section, and a mistake is told with its key: so each rule has a key of its
// own, which --set and the environment can set too. Twenty are plenty in an ini file; more, or rules that a test writes,
// go into a file behind `rules`.
#include "faults/FaultsHandler.h"

#include <mpsmtp/Plugin.h>

namespace
{

constexpr mpsmtp::Option rule(const char* key)
{
    return {key,
            mpsmtp::Option::String,
            mpsmtp::Optional,
            nullptr,
            "on VERB [CONDITION...] do ACTION...; rules are tried in the order of their numbers"};
}

} // namespace

MPSMTP_PLUGIN(mpsmtp::faults::FaultsHandler,
              "faults",
              "1.0",
              {rule("rule1"),
               rule("rule2"),
               rule("rule3"),
               rule("rule4"),
               rule("rule5"),
               rule("rule6"),
               rule("rule7"),
               rule("rule8"),
               rule("rule9"),
               rule("rule10"),
               rule("rule11"),
               rule("rule12"),
               rule("rule13"),
               rule("rule14"),
               rule("rule15"),
               rule("rule16"),
               rule("rule17"),
               rule("rule18"),
               rule("rule19"),
               rule("rule20"),
               {"rules",
                mpsmtp::Option::Path,
                mpsmtp::Optional,
                nullptr,
                "a file with one rule a line, tried behind rule1 to rule20"},
               {"seed",
                mpsmtp::Option::Int,
                mpsmtp::Optional,
                "1",
                "probability=... draws the same lots in every run with the same seed"},
               {"counters",
                mpsmtp::Option::Path,
                mpsmtp::Optional,
                nullptr,
                "a JSON file of how often each rule has acted, written anew at each hit"}})

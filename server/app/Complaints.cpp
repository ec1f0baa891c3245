// What this is and its thread safety: Complaints.h.
#include "app/Complaints.h"

#include "app/Configuration.h"
#include "app/Logging.h"

#include <iostream>

namespace mpsmtp::app
{

/// sd-daemon(3). Not by the configuration, which may be what is wrong.
Complaints::Complaints(const Surroundings& surroundings)
    : _prefix(isStandardErrorTheJournal(journalStream(surroundings.environment)) ? "<2>" : "")
{
}

void Complaints::say(const std::string& text) const
{
    std::cerr << _prefix << "mpsmtpd: " << text << '\n';
}

void Complaints::list(const std::vector<delivery::Problem>& problems) const
{
    for (const delivery::Problem& problem : problems)
        std::cerr << _prefix << shown(problem) << '\n';
}

} // namespace mpsmtp::app

// What is wrong, told on standard error: for whoever started the program, before there is a log, or beside it.
// Thread safety: [main].
#pragma once

#include "app/Surroundings.h"
#include "delivery/Origin.h"

#include <string>
#include <vector>

namespace mpsmtp::app
{

class Complaints
{
public:
    /// \param surroundings of the process: whether standard error is the journal, which reads a priority in front of a line
    explicit Complaints(const Surroundings& surroundings);

    /// A sentence of the program.
    void say(const std::string& text) const;

    /// A line for each problem.
    void list(const std::vector<delivery::Problem>& problems) const;

private:
    const std::string _prefix;
};

} // namespace mpsmtp::app

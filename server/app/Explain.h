// What --explain answers: which route and which handlers would take a mail. Leaves to others: loading the configuration,
// and printing.
// Thread safety: [main].
#pragma once

#include "app/CommandLine.h"
#include "app/Configuration.h"

#include <string>
#include <variant>
#include <vector>

namespace mpsmtp::app
{

struct Explanation
{
    std::string text;
    bool isRefused = false;
};

/// The configuration must be without problems; list files are read once more. No handler is called: a filter or a full
/// disk may still refuse the mail.
/// \return a usage error if what was asked for is no address or no listener
/// \param delivering names of the handlers that deliver, in file order
[[nodiscard]] std::variant<Explanation, UsageError>
explain(const Configuration& configuration,
        const ExplainRequest& request,
        const std::vector<std::string>& delivering);

} // namespace mpsmtp::app

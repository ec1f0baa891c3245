// The one mail of --test-handler, from words of the command line to what a session would have of
// it. Leaves to others: what becomes of it (HandlerTrial).
// Thread safety: [any].
#pragma once

#include "app/CommandLine.h"
#include "app/Configuration.h"
#include "smtp/Envelope.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mpsmtp::app
{

struct TrialMail
{
    smtp::SessionInfo session;
    smtp::Path reversePath;
    std::vector<smtp::Recipient> recipients;
};

/// The client is on the first listener of the configuration.
[[nodiscard]] std::variant<TrialMail, UsageError> makeTrialMail(const TrialRequest& request,
                                                                const Configuration& configuration);

/// Mail data as a client sends it.
struct MailData
{
    std::string octets;
    std::size_t converted = 0; ///< line ends that were LF alone, and a last line without one
};

/// Makes each line end CRLF, as programs do that send a text file: sendmail(8) of every system.
[[nodiscard]] MailData mailDataOf(std::string_view text);

/// The whole of a file, or of standard input for "-". \throws std::system_error with the name
[[nodiscard]] std::string readMessage(const std::string& file);

} // namespace mpsmtp::app

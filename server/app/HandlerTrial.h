// One mail through one configured handler, without a network: what --test-handler does. The calls
// are those of a session (smtp/MessageSink.h), and what is behind them is the real delivery room.
// Thread safety: [main].
#pragma once

#include "app/Configuration.h"
#include "app/HookRecorder.h"
#include "app/TrialMail.h"
#include "delivery/DeliveryConfig.h"
#include "delivery/Environment.h"
#include "smtp/MessageSink.h"

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::app
{

/// Loads, starts, tries and stops one handler of a configuration; writes to `out` what it does.
/// \param message as a file has it: line ends may be LF
/// \return true if nothing was refused; nullopt with all mistakes in `problems` if it cannot start
[[nodiscard]] std::optional<bool> tryHandler(const Configuration& configuration,
                                             const std::string& handler,
                                             const TrialMail& mail,
                                             std::string_view message,
                                             std::ostream& out,
                                             delivery::Environment environment,
                                             std::vector<delivery::Problem>& problems);

/// The session itself.
class HandlerTrial
{
public:
    /// All must outlive the object.
    HandlerTrial(smtp::MessageSink& sink, HookRecorder& recorder, std::ostream& out) noexcept
        : _sink(sink), _recorder(recorder), _out(out)
    {
    }

    /// A whole session. \return true if nothing of it was refused
    [[nodiscard]] bool run(const TrialMail& mail, std::string_view octets);

private:
    [[nodiscard]] bool runSession(const TrialMail& mail, std::string_view octets);
    [[nodiscard]] bool runTransaction(const TrialMail& mail, std::string_view octets);
    [[nodiscard]] bool addRecipients(const TrialMail& mail, smtp::Envelope& envelope);
    void send(std::string_view octets);
    void write(std::string_view what, const smtp::Reply& reply);

    smtp::MessageSink& _sink;
    HookRecorder& _recorder;
    std::ostream& _out;
};

} // namespace mpsmtp::app

// What this is and its thread safety: HandlerTrial.h.
#include "app/HandlerTrial.h"

#include "delivery/DeliveryService.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <system_error>

namespace mpsmtp::app
{

namespace
{

using delivery::DeliveryConfig;
using delivery::DeliveryService;

/// The configuration cut down to one handler, as filter and as the only one that delivers. What
/// waits on disk does so where temp files go: a trial needs no right to the server's spool.
DeliveryConfig cutDown(const DeliveryConfig& config, const std::string& handler)
{
    DeliveryConfig cut = config;
    cut.handlers.erase(std::remove_if(cut.handlers.begin(),
                                      cut.handlers.end(),
                                      [&](const auto& each) { return each.name != handler; }),
                       cut.handlers.end());
    for (delivery::HandlerConfig& each : cut.handlers)
        each.required = true; // its answer is what is asked for
    cut.filterChain = {handler};
    cut.filterChainOrigin = {};
    cut.listenerFilters.clear();
    cut.routes.clear();
    std::error_code error;
    const auto folder = std::filesystem::temp_directory_path(error);
    cut.spoolDirectory = error ? "/var/tmp" : folder.string();
    return cut;
}

bool isInSomeChain(const DeliveryConfig& config, const std::string& handler)
{
    const auto holds = [&](const std::vector<std::string>& chain)
    { return std::find(chain.begin(), chain.end(), handler) != chain.end(); };
    return holds(config.filterChain) ||
           std::any_of(config.listenerFilters.begin(),
                       config.listenerFilters.end(),
                       [&](const auto& each) { return holds(each.chain); });
}

void writeNotes(const MailData& data, const Configuration& configuration, std::ostream& out)
{
    if (data.converted > 0)
        out << "note: line ends made CRLF, as sendmail does: " << data.converted << '\n';
    const auto largest = configuration.server.listeners.front().session.maxMessageOctets;
    if (data.octets.size() > largest)
        out << "note: the server would refuse so large a message with 552, see [limits] "
               "message_size\n";
    out << std::flush; // the handler may write there too
}

} // namespace

std::optional<bool> tryHandler(const Configuration& configuration,
                               const std::string& handler,
                               const TrialMail& mail,
                               std::string_view message,
                               std::ostream& out,
                               delivery::Environment environment,
                               std::vector<delivery::Problem>& problems)
{
    HookRecorder recorder(out); // the service's handlers call it to their end
    environment.interpose = [&](const mpsmtp_handler& made) { return recorder.over(made); };
    std::vector<delivery::Problem> warnings; // of what was cut off
    const auto service = DeliveryService::load(
        cutDown(configuration.delivery, handler), {problems, warnings}, environment);
    if (!service)
        return std::nullopt;
    if (recorder.filters() && !isInSomeChain(configuration.delivery, handler))
        out << "note: no filter chain names it, so the server asks it only what a store is asked\n";
    problems = service->start();
    if (!problems.empty())
        return std::nullopt;
    const MailData data = mailDataOf(message);
    writeNotes(data, configuration, out);
    const auto sink = service->newSink();
    return HandlerTrial(*sink, recorder, out).run(mail, data.octets);
}

bool HandlerTrial::run(const TrialMail& mail, std::string_view octets)
{
    const bool isAccepted = runSession(mail, octets);
    _sink.disconnected(mail.session);
    return isAccepted;
}

bool HandlerTrial::runSession(const TrialMail& mail, std::string_view octets)
{
    if (const auto refusal = _sink.connected(mail.session))
        return write("connection", *refusal), false;
    if (const auto refusal = _sink.helo(mail.session))
        return write("EHLO", *refusal), false;
    return runTransaction(mail, octets);
}

bool HandlerTrial::runTransaction(const TrialMail& mail, std::string_view octets)
{
    smtp::Envelope envelope;
    envelope.reversePath = mail.reversePath;
    const auto refused = [&](const char* command, const smtp::Reply& reply)
    {
        write(command, reply);
        _sink.drop(mail.session, envelope, &reply);
        return false;
    };
    if (const auto refusal = _sink.begin(mail.session, envelope))
        return refused("MAIL", *refusal);
    const bool areAllAccepted = addRecipients(mail, envelope);
    if (envelope.recipients.empty())
        return _sink.drop(mail.session, envelope, nullptr), false;
    if (const auto refusal = _sink.open(mail.session, envelope))
        return refused("DATA", *refusal);
    send(octets);
    const smtp::Reply reply = _sink.complete(mail.session, envelope);
    write("message", reply);
    if (_sink.hasWorkAfterReply())
        _sink.replied();
    return areAllAccepted && reply.isPositive();
}

bool HandlerTrial::addRecipients(const TrialMail& mail, smtp::Envelope& envelope)
{
    bool areAllAccepted = true;
    for (const smtp::Recipient& recipient : mail.recipients)
    {
        _recorder.nextRecipient();
        if (const auto refusal = _sink.recipient(mail.session, envelope, recipient))
        {
            areAllAccepted = false;
            write("RCPT", *refusal);
        }
        else
            envelope.recipients.push_back(recipient);
    }
    return areAllAccepted;
}

/// A sink that cannot keep it says why in complete().
void HandlerTrial::send(std::string_view octets)
{
    while (!octets.empty())
    {
        const smtp::Buffer room = _sink.writable();
        const auto count = std::min(room.size, octets.size());
        std::memcpy(room.data, octets.data(), count);
        if (!_sink.written(count))
            return;
        octets.remove_prefix(count);
    }
}

void HandlerTrial::write(std::string_view what, const smtp::Reply& reply)
{
    _out << "reply to the " << what << ": ";
    if (reply.isSilent())
    {
        _out << "none, the connection is closed" << std::endl;
        return;
    }
    std::string text;
    smtp::ReplyWriter(text).write(reply);
    text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
    _out << text << std::flush;
}

} // namespace mpsmtp::app

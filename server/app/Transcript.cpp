// What this is and its thread safety: Transcript.h.
#include "app/Transcript.h"

#include "app/RepeatLimit.h"
#include "log/Entry.h"
#include "smtp/Printable.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

namespace mpsmtp::app
{

using delivery::IpAddress;
using delivery::Network;

namespace
{

constexpr std::string_view unixSockets = "unix";
constexpr auto level = Poco::Message::PRIO_INFORMATION;

std::string octetsText(std::uint64_t octets)
{
    return grouped(octets) + (octets == 1 ? " octet" : " octets");
}

} // namespace

TranscriptChoice::TranscriptChoice(const std::vector<std::string>& items)
{
    for (const std::string& item : items)
        if (item == unixSockets)
            _hasUnixSockets = true;
        else if (const auto network = Network::parse(item);
                 std::holds_alternative<Network>(network))
            _networks.add(std::get<Network>(network));
}

bool TranscriptChoice::contains(const smtp::SessionInfo& session) const noexcept
{
    if (session.clientAddress == unixSockets)
        return _hasUnixSockets;
    const auto address = IpAddress::parse(session.clientAddress);
    return address && _networks.contains(*address);
}

std::string transcriptItemProblem(std::string_view item)
{
    if (item == unixSockets)
        return {};
    const auto network = Network::parse(item);
    const auto* problem = std::get_if<std::string>(&network);
    return problem == nullptr ? std::string() : std::string(item) + " " + *problem;
}

Transcript::Transcript(Poco::Logger& logger, const smtp::SessionInfo& session)
    : _logger(logger),
      _session(session.id),
      _client(session.clientAddress),
      _listener(session.listener)
{
    note(" of " + _client + " at " + _listener + " begins");
}

Transcript::~Transcript()
{
    tellMailData(", and no end");
    note(" ends");
}

void Transcript::clientLine(std::string_view line) noexcept
{
    tellMailData();
    tell("C", line, _mask.visible(line));
}

void Transcript::mailData(std::uint64_t octets) noexcept
{
    _mailOctets += octets;
    _hasMailData = true;
}

void Transcript::serverText(std::string_view lines) noexcept
{
    tellMailData();
    while (!lines.empty())
    {
        const auto end = std::min(lines.find("\r\n"), lines.size());
        const std::string_view line = lines.substr(0, end);
        tell("S", line, _mask.visibleReply(line));
        lines.remove_prefix(std::min(end + 2, lines.size()));
    }
}

void Transcript::note(const std::string& event) noexcept
try
{
    write({}, event);
}

catch (...) // see the header
{
}

void Transcript::tell(std::string_view direction,
                      std::string_view line,
                      std::size_t visible) noexcept
try
{
    if (!_logger.is(level))
        return;
    std::string text = " " + std::string(direction) + ": ";
    const std::size_t shown = std::min(visible, mostShownOctets);
    smtp::appendPrintable(text, line.substr(0, shown));
    if (shown < visible)
        text += "… (" + octetsText(line.size()) + ")";
    else if (visible < line.size())
        text += shown == 0 ? "(masked)" : " (masked)"; // not how long: that helps to guess
    write(direction, text);
}

catch (...) // see the header
{
}

void Transcript::tellMailData(std::string_view ending) noexcept
try
{
    if (!std::exchange(_hasMailData, false))
        return;
    const std::string octets = octetsText(std::exchange(_mailOctets, 0));
    write("C", " C: (" + octets + " of mail data" + std::string(ending) + ")");
}

catch (...) // see the header
{
}

void Transcript::write(std::string_view direction, const std::string& text)
{
    if (_logger.is(level))
        log::write(_logger,
                   level,
                   "session " + std::to_string(_session) + text,
                   log::Fields{{log::Field::Session, _session},
                               {log::Field::Client, _client},
                               {log::Field::Listener, _listener},
                               {log::Field::Direction, direction}});
}

net::ObserverFactory transcripts(const std::vector<std::string>& items)
{
    if (items.empty())
        return {};
    return [choice = TranscriptChoice(items), &logger = Poco::Logger::get("transcript")](
               const smtp::SessionInfo& session) -> std::unique_ptr<smtp::DialogObserver>
    {
        if (!choice.contains(session))
            return nullptr;
        return std::make_unique<Transcript>(logger, session);
    };
}

} // namespace mpsmtp::app

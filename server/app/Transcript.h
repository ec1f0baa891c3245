// The dialog of a chosen session, line by line, in the log "transcript":
//
//   session 12 of 192.0.2.1 at main begins
//   session 12 S: 220 mx.example.com ESMTP
//   session 12 C: AUTH PLAIN (masked)
//   session 12 C: (4,096 octets of mail data)
//
// Leaves to others: what is a secret (smtp/SecretMask); order (smtp/Dialog).
// Thread safety: Transcript [connection]; TranscriptChoice and transcripts() [any].
#pragma once

#include "delivery/NetworkSet.h"
#include "net/SmtpServer.h"
#include "smtp/DialogObserver.h"
#include "smtp/Envelope.h"
#include "smtp/SecretMask.h"

#include <Poco/Logger.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::app
{

/// Whose sessions are written down.
class TranscriptChoice
{
public:
    /// \param items networks, addresses, "unix"; what is none of them is passed over (it has been reported)
    explicit TranscriptChoice(const std::vector<std::string>& items);

    [[nodiscard]] bool contains(const smtp::SessionInfo& session) const noexcept;

private:
    delivery::NetworkSet _networks;
    bool _hasUnixSockets = false;
};

/// What is wrong with one item, or "".
[[nodiscard]] std::string transcriptItemProblem(std::string_view item);

/// Never throws: a session does not end because its transcript cannot be written.
class Transcript final : public smtp::DialogObserver
{
public:
    /// Octets of a line that are shown.
    static constexpr std::size_t mostShownOctets = 512;

    Transcript(Poco::Logger& logger, const smtp::SessionInfo& session);
    ~Transcript() override;

    void clientLine(std::string_view line) noexcept override;
    void mailData(std::uint64_t octets) noexcept override;
    void serverText(std::string_view lines) noexcept override;

private:
    void note(const std::string& event) noexcept;
    void tell(std::string_view direction, std::string_view line, std::size_t visible) noexcept;
    void tellMailData(std::string_view ending = "") noexcept;
    void write(std::string_view direction, const std::string& text);

    Poco::Logger& _logger;
    const std::uint64_t _session;
    const std::string _client;
    const std::string _listener;
    smtp::SecretMask _mask;
    std::uint64_t _mailOctets = 0;
    bool _hasMailData = false;
};

/// Makes a Transcript for each session that is chosen. \return nothing if `items` is empty
[[nodiscard]] net::ObserverFactory transcripts(const std::vector<std::string>& items);

} // namespace mpsmtp::app

/// \file
/// What a test says about a client and its mail, and the structs of abi.h made of it for one hook
/// call. Thread safety: [connection].
#pragma once

#include <mpsmtp/Envelope.h>
#include <mpsmtp/abi.h>
#include <mpsmtp/testing/Address.h>
#include <mpsmtp/testing/Host.h>
#include <mpsmtp/testing/Loan.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpsmtp::testing
{

/// ESMTP parameters of MAIL or RCPT: {{"NOTIFY", "NEVER"}}; keywords in upper case.
using Parameters = std::vector<std::pair<std::string, std::string>>;

namespace detail
{

/// A forward-path of the client, or what a hook has put in its place.
struct MailRecipient
{
    Address address;
    std::string original; ///< what the client gave
    Parameters parameters;
};

/// What AUTH offers.
struct Login
{
    std::string user;
    std::string password;
};

/// One client with one mail. Plain value.
struct Mail
{
    std::string clientAddress = "192.0.2.1";
    std::uint32_t clientPort = 52525;
    std::string helo = "client.example";
    bool isEsmtp = true;
    std::string listener = "test";
    std::string serverName = "server.example";
    std::string tlsVersion;
    std::string identity; ///< has proved to be
    std::optional<Login> login;
    std::chrono::nanoseconds patience{0}; ///< until the deadline of a hook; 0: none

    Address reversePath;
    Parameters parameters;
    std::vector<MailRecipient> recipients;
    BodyType body = BodyType::SevenBit;
    bool isSmtpUtf8 = false;
    std::string message = "Subject: test\r\n\r\nHello\r\n";
};

[[nodiscard]] inline const mpsmtp_parameter* const* lend(Loan& loan, const Parameters& parameters)
{
    std::vector<const mpsmtp_parameter*> table;
    for (const auto& [keyword, value] : parameters)
        table.push_back(loan.object(
            mpsmtp_parameter{sizeof(mpsmtp_parameter), loan.text(keyword), loan.text(value)}));
    return loan.table(table);
}

[[nodiscard]] inline const mpsmtp_recipient* lend(Loan& loan, const MailRecipient& recipient)
{
    return loan.object(mpsmtp_recipient{sizeof(mpsmtp_recipient),
                                        static_cast<std::uint32_t>(recipient.parameters.size()),
                                        loan.text(recipient.address.address),
                                        loan.text(recipient.address.localPart),
                                        loan.text(recipient.address.domain),
                                        lend(loan, recipient.parameters),
                                        loan.text(recipient.original)});
}

/// How far the session has come, beside what the test said.
struct Progress
{
    std::uint64_t sessionId = 0;
    std::int64_t connectedAt = 0;
    bool hasGreeted = false;
    std::string identity;
    Scope session;

    std::string id;
    std::int64_t receivedAt = 0;
    std::vector<MailRecipient> recipients; ///< accepted ones
    std::unique_ptr<Scope> transaction;    ///< from MAIL on
};

[[nodiscard]] inline std::uint32_t sessionFlags(const Mail& mail, const Progress& progress)
{
    std::uint32_t flags = 0;
    if (mail.isEsmtp && progress.hasGreeted)
        flags |= MPSMTP_SESSION_ESMTP;
    if (!mail.tlsVersion.empty())
        flags |= MPSMTP_SESSION_TLS;
    if (!progress.identity.empty())
        flags |= MPSMTP_SESSION_AUTHENTICATED;
    return flags;
}

[[nodiscard]] inline const mpsmtp_session*
lendSession(Loan& loan, const Mail& mail, Progress& progress, const Host& host)
{
    mpsmtp_session session{};
    session.size = sizeof session;
    session.flags = sessionFlags(mail, progress);
    session.id = progress.sessionId;
    session.client_address = loan.text(mail.clientAddress);
    session.client_port = mail.clientPort;
    session.helo = loan.text(progress.hasGreeted ? mail.helo : std::string());
    session.listener = loan.text(mail.listener);
    session.server_name = loan.text(mail.serverName);
    session.tls_version = loan.text(mail.tlsVersion);
    session.tls_cipher = loan.text(mail.tlsVersion.empty() ? "" : "TLS_AES_256_GCM_SHA384");
    session.auth_mechanism = loan.text(progress.identity.empty() ? "" : "PLAIN");
    session.auth_identity = loan.text(progress.identity);
    session.connected_at = progress.connectedAt;
    if (mail.patience.count() > 0)
        session.deadline = host.now(MPSMTP_CLOCK_MONOTONIC) + mail.patience.count();
    session.scope = progress.session.abi();
    return loan.object(session);
}

[[nodiscard]] inline const mpsmtp_envelope*
lendEnvelope(Loan& loan, const Mail& mail, Progress& progress, const Host& host)
{
    std::vector<const mpsmtp_recipient*> recipients;
    for (const MailRecipient& recipient : progress.recipients)
        recipients.push_back(lend(loan, recipient));
    mpsmtp_envelope envelope{};
    envelope.size = sizeof envelope;
    envelope.body = static_cast<std::uint32_t>(mail.body);
    envelope.session = lendSession(loan, mail, progress, host);
    envelope.id = loan.text(progress.id);
    envelope.reverse_path = loan.text(mail.reversePath.address);
    envelope.parameter_count = static_cast<std::uint32_t>(mail.parameters.size());
    envelope.parameters = lend(loan, mail.parameters);
    envelope.recipient_count = static_cast<std::uint32_t>(recipients.size());
    envelope.recipients = loan.table(recipients);
    envelope.smtputf8 = mail.isSmtpUtf8 ? 1 : 0;
    envelope.received_at = progress.receivedAt;
    envelope.scope = progress.transaction->abi();
    return loan.object(envelope);
}

} // namespace detail

} // namespace mpsmtp::testing

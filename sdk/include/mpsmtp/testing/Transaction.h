/// \file
/// A mail for the handler under test, described word by word and then run. Thread safety:
/// [connection]; copies of one may run in several threads at once.
#pragma once

#include <mpsmtp/Envelope.h>
#include <mpsmtp/testing/Conversation.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace mpsmtp::testing
{

/// One client that sends one mail. Made by Harness; valid as long as the Harness. Each word returns
/// the object, so that they chain; what is not said has a sensible value.
class Transaction
{
public:
    /// For Harness.
    Transaction(detail::Host& host, const mpsmtp_handler& handler) noexcept
        : _host(&host), _handler(&handler)
    {
    }

    /// The reverse-path; "" for the null reverse-path.
    /// \throws std::invalid_argument if it is no mailbox of RFC 5321
    Transaction& from(std::string_view address)
    {
        mail().reversePath = address.empty() ? Address{} : parsed(address);
        return *this;
    }

    /// One more RCPT. The address has a domain, and no brackets.
    /// \throws std::invalid_argument if it is no mailbox of RFC 5321
    Transaction& rcpt(std::string_view address, Parameters parameters = {})
    {
        return rcpt(parsed(address), std::move(parameters));
    }

    /// One more RCPT, also with a local-part that no client could send: makeAddress("a\0b", "y").
    Transaction& rcpt(Address address, Parameters parameters = {})
    {
        std::string original = address.address;
        mail().recipients.push_back(
            {std::move(address), std::move(original), std::move(parameters)});
        return *this;
    }

    /// A parameter of MAIL: parameter("RET", "HDRS").
    Transaction& parameter(std::string keyword, std::string value = {})
    {
        mail().parameters.emplace_back(std::move(keyword), std::move(value));
        return *this;
    }

    /// The client's address: "192.0.2.1", "2001:db8::1", "unix" (default "192.0.2.1").
    Transaction& client(std::string address, unsigned port = 52525)
    {
        mail().clientAddress = std::move(address);
        mail().clientPort = port;
        return *this;
    }

    /// The argument of EHLO (default "client.example").
    Transaction& helo(std::string name)
    {
        mail().helo = std::move(name);
        mail().isEsmtp = true;
        return *this;
    }

    /// HELO in place of EHLO.
    Transaction& plainHelo(std::string name)
    {
        helo(std::move(name));
        mail().isEsmtp = false;
        return *this;
    }

    /// NAME of `[listener:NAME]` (default "test").
    Transaction& listener(std::string name)
    {
        mail().listener = std::move(name);
        return *this;
    }

    /// `[server] hostname` (default "server.example").
    Transaction& server(std::string name)
    {
        mail().serverName = std::move(name);
        return *this;
    }

    /// The connection is encrypted: "TLSv1.3".
    Transaction& tls(std::string version = "TLSv1.3")
    {
        mail().tlsVersion = std::move(version);
        return *this;
    }

    /// The client has proved to be `user`, to somebody else.
    Transaction& authenticated(std::string user)
    {
        mail().identity = std::move(user);
        return *this;
    }

    /// The client sends AUTH PLAIN: onAuth is asked. Result::authReply() has the answer; the mail
    /// goes on in any case.
    Transaction& login(std::string user, std::string password)
    {
        mail().login = detail::Login{std::move(user), std::move(password)};
        return *this;
    }

    /// MAIL's BODY parameter (default SevenBit).
    Transaction& body(BodyType type) noexcept
    {
        mail().body = type;
        return *this;
    }

    /// MAIL's SMTPUTF8 (RFC 6531).
    Transaction& smtpUtf8() noexcept
    {
        mail().isSmtpUtf8 = true;
        return *this;
    }

    /// The mail data, octet for octet: end the lines with CRLF, as a client does. No dot-stuffing.
    Transaction& message(std::string octets)
    {
        mail().message = std::move(octets);
        return *this;
    }

    /// Session::deadline() lies so far behind the start of each hook (default: no limit). Only told
    /// to the hook; what comes too late is taken all the same.
    Transaction& deadline(std::chrono::nanoseconds patience) noexcept
    {
        mail().patience = patience;
        return *this;
    }

    /// Another required handler fails, so that abort() is called in place of commit(), and the
    /// client gets 451. A one-phase handler (deliver) is not called if the other one fails to stage;
    /// AbortedAfterPersist finds it done.
    Transaction& abortInstead(Ending ending = Ending::AbortedAfterPersist) noexcept
    {
        _script.ending = ending;
        return *this;
    }

    /// The client sends RSET in place of DATA.
    Transaction& resetInstead() noexcept
    {
        _script.ending = Ending::ResetBeforeData;
        return *this;
    }

    /// Called after each hook with its name, between two steps of the server: a place to look at
    /// what is visible by then.
    Transaction& afterEach(std::function<void(const std::string& hook)> look)
    {
        _script.afterEach = std::move(look);
        return *this;
    }

    /// Runs the hooks in the server's order: onConnect, onHelo, onAuth, onMail, onRcpt…, onData,
    /// onMessage, stage, persist, commit (or deliver; or abort), onAccepted or onReset,
    /// onDisconnect. Can be run again: each time is a new session.
    ///
    /// onReset is called whenever onMail would have been and no 250 followed. Without a recipient
    /// that is accepted, the client sends no DATA.
    /// \throws std::logic_error without recipients; what afterEach() throws
    [[nodiscard]] Result run() const
    {
        if (_script.mail.recipients.empty())
            throw std::logic_error("a transaction needs a recipient: .rcpt(\"b@y.example\")");
        return detail::Conversation(*_host, *_handler, _script).run();
    }

private:
    [[nodiscard]] static Address parsed(std::string_view text)
    {
        auto address = parseAddress(text);
        if (!address)
            throw std::invalid_argument("\"" + std::string(text) +
                                        "\" is no mailbox such as b@y.example");
        return std::move(*address);
    }

    [[nodiscard]] detail::Mail& mail() noexcept { return _script.mail; }

    detail::Host* _host;
    const mpsmtp_handler* _handler;
    detail::Script _script;
};

} // namespace mpsmtp::testing

/// \file
/// Views of the session and the mail transaction (RFC 5321 3.3). All are borrowed: valid for the
/// call they are passed to, never longer. Thread safety: [connection].
#pragma once

#include <mpsmtp/Reply.h>
#include <mpsmtp/abi.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>

namespace mpsmtp
{

class Handler;

namespace detail
{

/// A handler's own object of type T in a session or a transaction, made at its first use.
template <class T>
[[nodiscard]] T& local(const mpsmtp_host& host, mpsmtp_scope* scope, const Handler& owner)
{
    static const char kind = 0; // its address stands for T
    if (void* found = host.local(scope, &owner, &kind))
        return *static_cast<T*>(found);
    auto made = std::make_unique<T>();
    const auto destroy = [](void* value) noexcept { delete static_cast<T*>(value); };
    if (host.set_local(scope, &owner, &kind, made.get(), destroy) != 0)
        throw std::bad_alloc();
    return *made.release();
}

[[nodiscard]] inline std::chrono::steady_clock::time_point timePoint(std::int64_t nanoseconds)
{
    using Clock = std::chrono::steady_clock;
    return nanoseconds == 0 ? Clock::time_point::max()
                            : Clock::time_point(std::chrono::nanoseconds(nanoseconds));
}

} // namespace detail

/// One SMTP connection. All views are valid for the call that the object was passed to.
class Session
{
public:
    /// Made by the SDK; handlers are given one.
    Session(const mpsmtp_host& host, const mpsmtp_session& raw) noexcept : _host(&host), _raw(&raw)
    {
    }

    /// "192.0.2.1", "2001:db8::1" or "unix": the address of the TCP connection, without a port.
    [[nodiscard]] std::string_view clientAddress() const noexcept
    {
        return detail::fromAbi(_raw->client_address);
    }

    /// 1 to 65535; 0 for Unix sockets.
    [[nodiscard]] unsigned clientPort() const noexcept { return _raw->client_port; }

    /// The argument of HELO or EHLO, printable; "" before it. What the client claims, not what is
    /// so.
    [[nodiscard]] std::string_view helo() const noexcept { return detail::fromAbi(_raw->helo); }

    /// True after EHLO, false after HELO and before either.
    [[nodiscard]] bool isEsmtp() const noexcept { return has(MPSMTP_SESSION_ESMTP); }

    /// True under TLS. Always false as long as mpsmtpd has no TLS.
    [[nodiscard]] bool isEncrypted() const noexcept { return has(MPSMTP_SESSION_TLS); }

    /// True after a successful AUTH (RFC 4954). Always false as long as mpsmtpd has no AUTH.
    [[nodiscard]] bool isAuthenticated() const noexcept
    {
        return has(MPSMTP_SESSION_AUTHENTICATED);
    }

    /// True on a listener of LMTP (RFC 2033). Always false as long as mpsmtpd has no LMTP.
    [[nodiscard]] bool isLmtp() const noexcept { return has(MPSMTP_SESSION_LMTP); }

    /// "TLSv1.3"; "" without TLS, as the next two.
    [[nodiscard]] std::string_view tlsVersion() const noexcept
    {
        return detail::fromAbi(_raw->tls_version);
    }

    /// As OpenSSL names it, "TLS_AES_256_GCM_SHA384"; "" without TLS.
    [[nodiscard]] std::string_view tlsCipher() const noexcept
    {
        return detail::fromAbi(_raw->tls_cipher);
    }

    /// Subject of the client's verified certificate; "" if it showed none.
    [[nodiscard]] std::string_view tlsClient() const noexcept
    {
        return detail::fromAbi(_raw->tls_client);
    }

    /// "PLAIN"; "" without AUTH.
    [[nodiscard]] std::string_view authMechanism() const noexcept
    {
        return detail::fromAbi(_raw->auth_mechanism);
    }

    /// Who the client has proved to be; "" without AUTH.
    [[nodiscard]] std::string_view authIdentity() const noexcept
    {
        return detail::fromAbi(_raw->auth_identity);
    }

    /// NAME of `[listener:NAME]`.
    [[nodiscard]] std::string_view listener() const noexcept
    {
        return detail::fromAbi(_raw->listener);
    }

    /// `[server] hostname`.
    [[nodiscard]] std::string_view serverName() const noexcept
    {
        return detail::fromAbi(_raw->server_name);
    }

    /// Unique within this run of the server, from 1 on.
    [[nodiscard]] std::uint64_t id() const noexcept { return _raw->id; }

    /// When the client connected, in whole seconds.
    [[nodiscard]] std::chrono::system_clock::time_point connectedAt() const noexcept
    {
        return std::chrono::system_clock::time_point(std::chrono::seconds(_raw->connected_at));
    }

    /// When the hook in progress shall have returned, by Context::clock; time_point::max() if there
    /// is no limit. It is `[limits] reply_timeout` after the command, or after the final dot for
    /// onMessage and delivery. Nobody interrupts a hook: one that comes later holds its thread, and
    /// the steps of a delivery that should follow it are answered 451 instead.
    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept
    {
        return detail::timePoint(_raw->deadline);
    }

    /// This handler's own T of this session: made by T's default constructor at the first call,
    /// destroyed when the session has ended (T's destructor must not throw).
    /// `session.local<Counter>(*this)`.
    /// \throws std::bad_alloc, and what the constructor throws
    template <class T>
    [[nodiscard]] T& local(const Handler& owner) const
    {
        return detail::local<T>(*_host, _raw->scope, owner);
    }

    /// From now on this session moves at most so many octets a second each way; 0: no limit. Holds
    /// until it is called again. For those who test clients.
    void throttle(std::uint64_t octetsPerSecond) const noexcept
    {
        _host->throttle(_raw->scope, octetsPerSecond);
    }

private:
    [[nodiscard]] bool has(std::uint32_t flag) const noexcept { return (_raw->flags & flag) != 0; }

    const mpsmtp_host* _host;
    const mpsmtp_session* _raw;
};

/// What a client offers with AUTH (RFC 4954). Valid for the call of onAuth.
class Credentials
{
public:
    /// Made by the SDK; handlers are given one.
    explicit Credentials(const mpsmtp_credentials& raw) noexcept : _raw(&raw) {}

    /// The name of the SASL mechanism, "PLAIN".
    [[nodiscard]] std::string_view mechanism() const noexcept
    {
        return detail::fromAbi(_raw->mechanism);
    }

    /// Whom it wants to act as; "" if the same as user().
    [[nodiscard]] std::string_view authorization() const noexcept
    {
        return detail::fromAbi(_raw->authorization);
    }

    /// Whose password it is.
    [[nodiscard]] std::string_view user() const noexcept { return detail::fromAbi(_raw->user); }

    /// Never to be logged.
    [[nodiscard]] std::string_view password() const noexcept
    {
        return detail::fromAbi(_raw->password);
    }

private:
    const mpsmtp_credentials* _raw;
};

/// An ESMTP parameter as sent.
struct Parameter
{
    std::string_view keyword; ///< upper case
    std::string_view value;   ///< "" if it has none
};

/// One forward-path. Cheap to copy; the copy is valid as long as what it was taken from.
class Recipient
{
public:
    /// Made by the SDK; handlers are given one.
    explicit Recipient(const mpsmtp_recipient& raw) noexcept : _raw(&raw) {}

    /// "local@domain": without brackets and source route; the domain in lower case.
    [[nodiscard]] std::string_view address() const noexcept
    {
        return detail::fromAbi(_raw->address);
    }

    /// Without quoting; its case is the client's (RFC 5321 2.4). May hold any octet a quoted string
    /// can.
    [[nodiscard]] std::string_view localPart() const noexcept
    {
        return detail::fromAbi(_raw->local_part);
    }

    /// ASCII letters in lower case. Where the client gave none, the server's own name.
    [[nodiscard]] std::string_view domain() const noexcept { return detail::fromAbi(_raw->domain); }

    /// The forward-path that the client gave: another one than address() if it was redirected.
    [[nodiscard]] std::string_view original() const noexcept
    {
        return detail::fromAbi(_raw->original);
    }

    /// Number of ESMTP parameters of its RCPT, such as NOTIFY of RFC 3461.
    [[nodiscard]] std::size_t parameterCount() const noexcept { return _raw->parameter_count; }

    /// \param index below parameterCount()
    [[nodiscard]] Parameter parameter(std::size_t index) const noexcept
    {
        const mpsmtp_parameter& raw = *_raw->parameters[index];
        return {detail::fromAbi(raw.keyword), detail::fromAbi(raw.value)};
    }

private:
    const mpsmtp_recipient* _raw;
};

/// The forward-path of a RCPT that is being judged. Valid for the call of onRcpt.
class NewRecipient : public Recipient
{
public:
    /// Made by the SDK; handlers are given one.
    NewRecipient(const mpsmtp_host& host,
                 mpsmtp_reply_target* target,
                 const mpsmtp_recipient& raw) noexcept
        : Recipient(raw), _host(&host), _target(target)
    {
    }

    /// Delivers to `address` ("local@domain") in its place; several calls, several addresses. The
    /// server routes and adds them if the recipient is accepted; one that is there already is not
    /// added twice. Its route is looked up anew, and no filter is asked about it; if one of several
    /// is refused, the client's recipient is. Only filters can do this: handlers that deliver are
    /// asked about a recipient that is settled.
    /// \throws std::system_error (EINVAL) if it is not an address with a domain, or the handler was
    ///         not asked as a filter; std::system_error (ENOMEM)
    void redirect(std::string_view address)
    {
        if (const auto error = _host->redirect(_target, detail::toAbi(address)); error != 0)
            throw std::system_error(error, std::generic_category(), "cannot redirect");
    }

private:
    const mpsmtp_host* _host;
    mpsmtp_reply_target* _target;
};

/// RFC 6152 and RFC 3030: what the client declared the octets of the message to be.
enum class BodyType
{
    SevenBit = MPSMTP_BODY_7BIT,         ///< BODY=7BIT, or no BODY; a promise, not checked
    EightBitMime = MPSMTP_BODY_8BITMIME, ///< BODY=8BITMIME
    BinaryMime = MPSMTP_BODY_BINARYMIME  ///< BODY=BINARYMIME: line ends mean nothing
};

/// One mail transaction: everything but the mail data. All views are valid for the call that the
/// object was passed to; for stage() until the Staged that it returned is destroyed.
class Envelope
{
public:
    /// Made by the SDK; handlers are given one.
    Envelope(const mpsmtp_host& host, const mpsmtp_envelope& raw) noexcept
        : _host(&host), _raw(&raw)
    {
    }

    /// Transaction id: printable, unique, in every log line and in the 250.
    [[nodiscard]] std::string_view id() const noexcept { return detail::fromAbi(_raw->id); }

    /// "" for the null reverse-path; without brackets.
    [[nodiscard]] std::string_view reversePath() const noexcept
    {
        return detail::fromAbi(_raw->reverse_path);
    }

    /// What MAIL said of the octets of the message.
    [[nodiscard]] BodyType body() const noexcept { return static_cast<BodyType>(_raw->body); }

    /// True if MAIL said SMTPUTF8 (RFC 6531): addresses and header may hold UTF-8.
    [[nodiscard]] bool isSmtpUtf8() const noexcept { return _raw->smtputf8 != 0; }

    /// The session that the transaction belongs to.
    [[nodiscard]] Session session() const noexcept { return {*_host, *_raw->session}; }

    /// When the hook in progress shall have returned; Session::deadline.
    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept
    {
        return session().deadline();
    }

    /// This handler's own T of this transaction, as Session::local. Destroyed after onAccepted or
    /// onReset, whether these are overridden or not.
    /// \throws std::bad_alloc, and what the constructor throws
    template <class T>
    [[nodiscard]] T& local(const Handler& owner) const
    {
        return detail::local<T>(*_host, _raw->scope, owner);
    }

    /// When the mail data was complete; until then, when MAIL came. In whole seconds.
    [[nodiscard]] std::chrono::system_clock::time_point receivedAt() const noexcept
    {
        return std::chrono::system_clock::time_point(std::chrono::seconds(_raw->received_at));
    }

    /// Number of all accepted recipients, also those that other handlers deliver. 0 in onMail; in
    /// onRcpt those accepted before.
    [[nodiscard]] std::size_t recipientCount() const noexcept { return _raw->recipient_count; }

    /// \param index below recipientCount()
    [[nodiscard]] Recipient recipient(std::size_t index) const noexcept
    {
        return Recipient(*_raw->recipients[index]);
    }

    /// Number of ESMTP parameters of MAIL, such as SIZE and RET.
    [[nodiscard]] std::size_t parameterCount() const noexcept { return _raw->parameter_count; }

    /// \param index below parameterCount()
    [[nodiscard]] Parameter parameter(std::size_t index) const noexcept
    {
        const mpsmtp_parameter& raw = *_raw->parameters[index];
        return {detail::fromAbi(raw.keyword), detail::fromAbi(raw.value)};
    }

    /// The C form; valid as long as the object.
    [[nodiscard]] const mpsmtp_envelope& abi() const noexcept { return *_raw; }

private:
    const mpsmtp_host* _host;
    const mpsmtp_envelope* _raw;
};

/// The recipients that one handler shall deliver to, in order of RCPT. An index into it is what
/// Report speaks of. Valid as long as the Envelope.
class Recipients
{
public:
    /// An input iterator for `for (Recipient each : recipients)`; valid as long as the Recipients.
    class Iterator
    {
    public:
        using iterator_category = std::input_iterator_tag; ///< one pass
        using value_type = Recipient;                      ///< made when it is asked for
        using difference_type = std::ptrdiff_t;            ///< unused
        using pointer = void;                              ///< there is none
        using reference = Recipient;                       ///< a value

        /// Made by begin() and end().
        Iterator(const Recipients& owner, std::size_t index) noexcept
            : _owner(&owner), _index(index)
        {
        }

        /// The recipient; not at the end.
        [[nodiscard]] Recipient operator*() const noexcept { return (*_owner)[_index]; }

        /// On to the next one; not at the end.
        Iterator& operator++() noexcept
        {
            ++_index;
            return *this;
        }

        /// Of one and the same Recipients.
        [[nodiscard]] bool operator!=(const Iterator& other) const noexcept
        {
            return _index != other._index;
        }

        /// Of one and the same Recipients.
        [[nodiscard]] bool operator==(const Iterator& other) const noexcept
        {
            return _index == other._index;
        }

    private:
        const Recipients* _owner;
        std::size_t _index;
    };

    /// Made by the SDK; handlers are given one.
    Recipients(const mpsmtp_envelope& envelope,
               const std::uint32_t* indices,
               std::size_t count) noexcept
        : _envelope(&envelope), _indices(indices), _count(count)
    {
    }

    /// At least 1.
    [[nodiscard]] std::size_t size() const noexcept { return _count; }

    /// \param index below size()
    [[nodiscard]] Recipient operator[](std::size_t index) const noexcept
    {
        return Recipient(*_envelope->recipients[_indices[index]]);
    }

    /// The first recipient.
    [[nodiscard]] Iterator begin() const noexcept { return {*this, 0}; }

    /// Behind the last one.
    [[nodiscard]] Iterator end() const noexcept { return {*this, _count}; }

    /// Position in the envelope of the recipient at `index`, which is below size().
    [[nodiscard]] std::uint32_t envelopeIndex(std::size_t index) const noexcept
    {
        return _indices[index];
    }

private:
    const mpsmtp_envelope* _envelope;
    const std::uint32_t* _indices;
    std::size_t _count;
};

} // namespace mpsmtp

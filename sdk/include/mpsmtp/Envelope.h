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
#include <optional>
#include <string_view>

namespace mpsmtp
{

/// One SMTP connection.
class Session
{
public:
    explicit Session(const mpsmtp_session& raw) noexcept : _raw(&raw) {}

    /// "192.0.2.1", "2001:db8::1" or "unix".
    [[nodiscard]] std::string_view clientAddress() const noexcept
    {
        return detail::fromAbi(_raw->client_address);
    }

    /// 0 for Unix sockets.
    [[nodiscard]] unsigned clientPort() const noexcept { return _raw->client_port; }

    /// The argument of HELO or EHLO, printable. What the client claims, not what is so.
    [[nodiscard]] std::string_view helo() const noexcept { return detail::fromAbi(_raw->helo); }

    /// True after EHLO, false after HELO.
    [[nodiscard]] bool isEsmtp() const noexcept { return _raw->esmtp != 0; }

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

    /// Unique within this run of the server.
    [[nodiscard]] std::uint64_t id() const noexcept { return _raw->id; }

private:
    const mpsmtp_session* _raw;
};

/// An ESMTP parameter as sent.
struct Parameter
{
    std::string_view keyword; ///< upper case
    std::string_view value;   ///< "" if it has none
};

/// One accepted forward-path.
class Recipient
{
public:
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

/// RFC 6152 and RFC 3030: what the client declared the octets of the message to be.
enum class BodyType
{
    SevenBit = MPSMTP_BODY_7BIT,
    EightBitMime = MPSMTP_BODY_8BITMIME,
    BinaryMime = MPSMTP_BODY_BINARYMIME
};

/// One mail transaction: everything but the mail data.
class Envelope
{
public:
    explicit Envelope(const mpsmtp_envelope& raw) noexcept : _raw(&raw) {}

    /// Transaction id: printable, unique, in every log line and in the 250.
    [[nodiscard]] std::string_view id() const noexcept { return detail::fromAbi(_raw->id); }

    /// "" for the null reverse-path; without brackets.
    [[nodiscard]] std::string_view reversePath() const noexcept
    {
        return detail::fromAbi(_raw->reverse_path);
    }

    [[nodiscard]] BodyType body() const noexcept { return static_cast<BodyType>(_raw->body); }

    [[nodiscard]] bool isSmtpUtf8() const noexcept { return _raw->smtputf8 != 0; }

    [[nodiscard]] Session session() const noexcept { return Session(*_raw->session); }

    /// When the mail data was complete.
    [[nodiscard]] std::chrono::system_clock::time_point receivedAt() const noexcept
    {
        return std::chrono::system_clock::time_point(std::chrono::seconds(_raw->received_at));
    }

    /// All accepted recipients, also those that other handlers deliver.
    [[nodiscard]] std::size_t recipientCount() const noexcept { return _raw->recipient_count; }

    /// \param index below recipientCount()
    [[nodiscard]] Recipient recipient(std::size_t index) const noexcept
    {
        return Recipient(*_raw->recipients[index]);
    }

    /// Parameters of MAIL.
    [[nodiscard]] std::size_t parameterCount() const noexcept { return _raw->parameter_count; }

    /// \param index below parameterCount()
    [[nodiscard]] Parameter parameter(std::size_t index) const noexcept
    {
        const mpsmtp_parameter& raw = *_raw->parameters[index];
        return {detail::fromAbi(raw.keyword), detail::fromAbi(raw.value)};
    }

    [[nodiscard]] const mpsmtp_envelope& abi() const noexcept { return *_raw; }

private:
    const mpsmtp_envelope* _raw;
};

/// The recipients that one handler shall deliver to, in order of RCPT. An index into it is what
/// Report speaks of.
class Recipients
{
public:
    class Iterator
    {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Recipient;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = Recipient;

        Iterator(const Recipients& owner, std::size_t index) noexcept
            : _owner(&owner), _index(index)
        {
        }

        [[nodiscard]] Recipient operator*() const noexcept { return (*_owner)[_index]; }

        Iterator& operator++() noexcept
        {
            ++_index;
            return *this;
        }

        [[nodiscard]] bool operator!=(const Iterator& other) const noexcept
        {
            return _index != other._index;
        }

        [[nodiscard]] bool operator==(const Iterator& other) const noexcept
        {
            return _index == other._index;
        }

    private:
        const Recipients* _owner;
        std::size_t _index;
    };

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

    [[nodiscard]] Iterator begin() const noexcept { return {*this, 0}; }

    [[nodiscard]] Iterator end() const noexcept { return {*this, _count}; }

    /// Position in the envelope of the recipient at `index`.
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

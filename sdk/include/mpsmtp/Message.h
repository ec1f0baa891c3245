/// \file
/// The mail data: one immutable copy for all handlers. Borrowed: valid for the call it is passed to
/// (and, for two-phase delivery, from stage() to the end of commit()). Thread safety: [connection].
#pragma once

#include <mpsmtp/Reply.h>
#include <mpsmtp/abi.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace mpsmtp
{

/// A header field: views into the message. `value` is raw, from behind the colon to before the last
/// line end.
struct Header
{
    std::string_view name;
    std::string_view value;
};

/// Records edits of the content. The hooks that follow see them; the client's octets stay as they
/// were. Only inside onMessage.
class Edits
{
public:
    Edits(const mpsmtp_host& host, mpsmtp_message_data* data) noexcept : _host(&host), _data(data)
    {
    }

    /// A new field above all others.
    /// \throws std::system_error (EINVAL) if `name` is not a field name (RFC 5322 3.6.8) or `value`
    /// holds NUL
    void prepend(std::string_view name, std::string_view value)
    {
        record(MPSMTP_EDIT_PREPEND, 0, name, value);
    }

    /// A new field in front of field `index` (of Message::header); the count appends it.
    void insert(std::size_t index, std::string_view name, std::string_view value)
    {
        record(MPSMTP_EDIT_INSERT, index, name, value);
    }

    /// Field `index` gets another value.
    void change(std::size_t index, std::string_view value)
    {
        record(MPSMTP_EDIT_CHANGE, index, {}, value);
    }

    /// Field `index` goes.
    void remove(std::size_t index) { record(MPSMTP_EDIT_DELETE, index, {}, {}); }

    /// Another body. The text is copied.
    void replaceBody(std::string_view body) { record(MPSMTP_EDIT_BODY, 0, {}, body); }

private:
    void record(std::int32_t kind, std::size_t index, std::string_view name, std::string_view value)
    {
        if (const auto error =
                _host->edit(_data, kind, index, detail::toAbi(name), detail::toAbi(value));
            error != 0)
            throw std::system_error(error, std::generic_category(), "edit refused");
    }

    const mpsmtp_host* _host;
    mpsmtp_message_data* _data;
};

/// The message as handlers see it.
class Message
{
public:
    Message(const mpsmtp_host& host, const mpsmtp_message& raw) noexcept : _host(&host), _raw(&raw)
    {
    }

    /// The content in order, without the server's trace field: what the client sent, with the
    /// filters' edits.
    [[nodiscard]] std::size_t segmentCount() const noexcept { return _raw->segment_count; }

    /// \param index below segmentCount()
    [[nodiscard]] std::string_view segment(std::size_t index) const noexcept
    {
        return detail::fromAbi(_raw->segments[index]);
    }

    /// Octets of the content.
    [[nodiscard]] std::uint64_t size() const noexcept { return _raw->content_size; }

    /// The server's Received field with CRLF line ends. A store writes it above the content (RFC
    /// 5321 4.4).
    [[nodiscard]] std::string_view trace() const noexcept { return detail::fromAbi(_raw->trace); }

    /// Number of header fields of the content.
    [[nodiscard]] std::size_t headerCount() const noexcept
    {
        const mpsmtp_header* const* fields = nullptr;
        return _host->headers(_raw->data, &fields);
    }

    /// \param index below headerCount()
    [[nodiscard]] Header header(std::size_t index) const noexcept
    {
        const mpsmtp_header* const* fields = nullptr;
        (void)_host->headers(_raw->data, &fields);
        return {detail::fromAbi(fields[index]->name), detail::fromAbi(fields[index]->value)};
    }

    /// A read-only descriptor of the content for a library or a child process; the caller closes
    /// it.
    /// \throws std::system_error
    [[nodiscard]] int openDescriptor() const
    {
        const std::int32_t fd = _host->open(_raw->data);
        if (fd < 0)
            throw std::system_error(-1 - fd, std::generic_category(), "cannot open the message");
        return fd;
    }

    [[nodiscard]] Edits edits() noexcept { return {*_host, _raw->data}; }

private:
    const mpsmtp_host* _host;
    const mpsmtp_message* _raw;
};

} // namespace mpsmtp

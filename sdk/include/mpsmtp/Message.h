/// \file
/// The mail data: one immutable copy for all handlers. Borrowed: valid for the call it is passed to
/// (and, for two-phase delivery, from stage() to the end of commit()). Thread safety: [connection].
#pragma once

#include <mpsmtp/Reply.h>
#include <mpsmtp/abi.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <unistd.h>

namespace mpsmtp
{

/// A header field: views into the message. `value` is raw, from behind the colon to before the last
/// line end. Valid as long as the message.
struct Header
{
    std::string_view name;  ///< as sent, without the colon
    std::string_view value; ///< with its folding, and the blank behind the colon if there is one
};

/// Records edits of the content. They are made when the hook returns, and dropped if it throws:
/// indices are those of the message as the hook sees it, whatever it has edited before. The hooks
/// that follow see the edited message. Line ends in a value become folds, so that text from a
/// client cannot begin another field. All texts are copied. Only inside onMessage.
///
/// All functions throw std::system_error: EINVAL for a field name that is none (RFC 5322 3.6.8), an
/// index that is not there or a NUL in a value; EPERM outside onMessage; ENOMEM.
class Edits
{
public:
    /// Made by the SDK; handlers are given one.
    Edits(const mpsmtp_host& host, mpsmtp_message_data* data) noexcept : _host(&host), _data(data)
    {
    }

    /// A new field above all others. Of several the one that came last is on top.
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

    /// Another body, in place of all behind the empty line. Its lines should end in CRLF, as a
    /// client's do.
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

/// How the lines of a written message end.
enum class Eol
{
    AsSent, ///< octet for octet
    Lf      ///< CRLF becomes LF and nothing else changes, as mailboxes on disk have it
};

/// The message as handlers see it.
class Message
{
public:
    /// Made by the SDK; handlers are given one.
    Message(const mpsmtp_host& host, const mpsmtp_message& raw) noexcept : _host(&host), _raw(&raw)
    {
    }

    /// Number of pieces of the content: what the client sent, with the filters' edits, without the
    /// server's trace field. They lie in the host's memory, each for itself. A piece may end
    /// anywhere, also between CR and LF.
    [[nodiscard]] std::size_t segmentCount() const noexcept { return _raw->segment_count; }

    /// One piece. \param index below segmentCount()
    [[nodiscard]] std::string_view segment(std::size_t index) const noexcept
    {
        return detail::fromAbi(_raw->segments[index]);
    }

    /// Octets of the content.
    [[nodiscard]] std::uint64_t size() const noexcept { return _raw->content_size; }

    /// The server's Received field with CRLF line ends. A store writes it above the content (RFC
    /// 5321 4.4).
    [[nodiscard]] std::string_view trace() const noexcept { return detail::fromAbi(_raw->trace); }

    /// Number of header fields of the content, parsed once for all handlers. 0 too if there is no
    /// memory to parse them.
    [[nodiscard]] std::size_t headerCount() const noexcept
    {
        const mpsmtp_header* const* fields = nullptr;
        return _host->headers(_raw->data, &fields);
    }

    /// One header field, from the top. \param index below headerCount()
    [[nodiscard]] Header header(std::size_t index) const noexcept
    {
        const mpsmtp_header* const* fields = nullptr;
        (void)_host->headers(_raw->data, &fields);
        return {detail::fromAbi(fields[index]->name), detail::fromAbi(fields[index]->value)};
    }

    /// The raw value of the first field of this name (case is ignored), or nothing.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept
    {
        const mpsmtp_header* const* fields = nullptr;
        const std::size_t count = _host->headers(_raw->data, &fields);
        for (std::size_t i = 0; i < count; ++i)
            if (equalNames(detail::fromAbi(fields[i]->name), name))
                return detail::fromAbi(fields[i]->value);
        return std::nullopt;
    }

    /// Writes the whole content to a blocking descriptor; goes on after short writes and EINTR.
    /// \throws std::system_error; part of it may have been written
    void writeTo(int fd, Eol eol = Eol::AsSent) const
    {
        bool endsWithCr = false;
        for (std::size_t i = 0; i < segmentCount(); ++i)
        {
            if (eol == Eol::AsSent)
                writeAll(fd, segment(i));
            else
                endsWithCr = writeWithLf(fd, segment(i), endsWithCr);
        }
        if (endsWithCr)
            writeAll(fd, "\r");
    }

    /// A read-only descriptor of the content, at its beginning, for a library or a child process.
    /// Made for the caller, who closes it; it stays valid when the message is gone, and is closed
    /// by exec.
    /// \throws std::system_error
    [[nodiscard]] int openDescriptor() const
    {
        const std::int32_t fd = _host->open(_raw->data);
        if (fd < 0)
            throw std::system_error(-1 - fd, std::generic_category(), "cannot open the message");
        return fd;
    }

    /// For changes; only inside onMessage.
    [[nodiscard]] Edits edits() noexcept { return {*_host, _raw->data}; }

private:
    [[nodiscard]] static char lower(char c) noexcept
    {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }

    [[nodiscard]] static bool equalNames(std::string_view a, std::string_view b) noexcept
    {
        if (a.size() != b.size())
            return false;
        for (std::size_t i = 0; i < a.size(); ++i)
            if (lower(a[i]) != lower(b[i]))
                return false;
        return true;
    }

    static void writeAll(int fd, std::string_view octets)
    {
        while (!octets.empty())
        {
            const ssize_t count = ::write(fd, octets.data(), octets.size());
            if (count < 0 && errno != EINTR)
                throw std::system_error(errno, std::generic_category(), "cannot write the message");
            octets.remove_prefix(count < 0 ? 0 : static_cast<std::size_t>(count));
        }
    }

    /// A CR at the end of one segment may belong to an LF that begins the next.
    /// \return whether a CR is still to be written, or dropped
    [[nodiscard]] static bool writeWithLf(int fd, std::string_view octets, bool owesCr)
    {
        std::string text;
        text.reserve(octets.size() + 1);
        for (const char octet : octets)
        {
            if (owesCr && octet != '\n')
                text.push_back('\r');
            owesCr = octet == '\r';
            if (!owesCr)
                text.push_back(octet);
        }
        writeAll(fd, text);
        return owesCr;
    }

    const mpsmtp_host* _host;
    const mpsmtp_message* _raw;
};

} // namespace mpsmtp

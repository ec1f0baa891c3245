/// \file
/// An SMTP reply that a handler chooses (RFC 5321 4.2, RFC 3463). Plain value. Thread safety:
/// [connection].
#pragma once

#include <mpsmtp/abi.h>

#include <string>
#include <string_view>
#include <utility>

namespace mpsmtp
{

namespace detail
{

[[nodiscard]] inline mpsmtp_string toAbi(std::string_view text) noexcept
{
    return {text.data(), text.size()};
}

[[nodiscard]] inline std::string_view fromAbi(mpsmtp_string text) noexcept
{
    return text.size == 0 ? std::string_view{} : std::string_view{text.data, text.size};
}

} // namespace detail

/// Code, enhanced code and text of one reply. The host checks it before it is sent: the class must
/// fit the situation, the text is cut into lines, what cannot be printed is replaced. A reply that
/// does not fit is logged as the plugin's bug and becomes 451 4.3.0.
class Reply
{
public:
    /// No reply of its own: the host sends the default of the situation.
    Reply() = default;

    /// \param code      200..599; 4xx asks the client to try again, 5xx tells it not to
    /// \param enhanced  RFC 3463 code such as "5.1.1"; its first digit must be the code's
    /// \param text      one or more lines parted by '\n'
    Reply(unsigned code, std::string enhanced, std::string text)
        : _code(code), _enhanced(std::move(enhanced)), _text(std::move(text))
    {
    }

    /// 550 5.1.1: there is no such mailbox.
    [[nodiscard]] static Reply noSuchUser() { return {550, "5.1.1", "No such user here"}; }

    /// 452 4.2.2: the mailbox is over its quota, for now.
    [[nodiscard]] static Reply mailboxFull() { return {452, "4.2.2", "Mailbox full"}; }

    /// 452 4.3.1: the disk is full (RFC 5321 4.2.2).
    [[nodiscard]] static Reply systemFull()
    {
        return {452, "4.3.1", "Insufficient system storage"};
    }

    /// 451 4.3.0: a fault of ours; the client shall try again.
    [[nodiscard]] static Reply defer(std::string text = "Try again later")
    {
        return {451, "4.3.0", std::move(text)};
    }

    /// 554 5.7.1: refused for good.
    [[nodiscard]] static Reply reject(std::string text = "Message refused")
    {
        return {554, "5.7.1", std::move(text)};
    }

    /// 0 if no reply was chosen.
    [[nodiscard]] unsigned code() const noexcept { return _code; }

    /// "5.1.1"; "" if the host shall put in the one that is usual for the code.
    [[nodiscard]] const std::string& enhanced() const noexcept { return _enhanced; }

    /// Lines parted by '\n'; "" if the host shall put in its own.
    [[nodiscard]] const std::string& text() const noexcept { return _text; }

    /// The borrowed C form; valid as long as this object is not changed.
    [[nodiscard]] mpsmtp_reply abi() const noexcept
    {
        return {sizeof(mpsmtp_reply), _code, detail::toAbi(_enhanced), detail::toAbi(_text)};
    }

private:
    unsigned _code = 0;
    std::string _enhanced;
    std::string _text;
};

} // namespace mpsmtp

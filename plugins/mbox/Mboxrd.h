// The mbox format "mboxrd": what separates messages, and how a line of a message that looks like a
// separator is told from one. Pure: octets in, octets out. Our fields and line ends are
// MessageWriter's, locks and durability are LockedMailbox's. RFC 4155 appendix A describes the
// family; docs/stores.md ("mbox") what is written here.
#pragma once

#include "common/MessageWriter.h"
#include "common/StoreOptions.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace mpsmtp::mbox
{

/// The separator in front of a message, with its LF: "From SENDER Thu Jan  1 00:00:00 1970", in
/// UTC.
/// \param reversePath "" gives MAILER-DAEMON. Spaces and control octets become %XX, so that readers
/// find the date; the
///                     exact reverse-path is in Return-Path
[[nodiscard]] std::string fromLine(std::string_view reversePath,
                                   std::chrono::system_clock::time_point receivedAt);

/// Passes a message on as it stands behind its separator: each line `>*From ` gets one more `>`,
/// whatever ended the line before it, CRLF or a bare LF. Input in pieces of any size. Thread
/// safety: [connection].
class MboxrdQuoter final : public store::OctetSink
{
public:
    MboxrdQuoter(store::LineEnding lineEnding, store::OctetSink& out) noexcept
        : _lineEnding(lineEnding), _out(out)
    {
    }

    void write(std::string_view octets) override;

    /// Once, at the end of the message: gives an unfinished last line its end, and writes the blank
    /// line that every message in an mbox is followed by.
    void finish();

private:
    [[nodiscard]] std::size_t matchLineStart(std::string_view octets, std::size_t at);
    void flush(std::string_view octets, std::size_t end);

    const store::LineEnding _lineEnding;
    store::OctetSink& _out;
    bool _atLineStart = true;  ///< since the last LF nothing but '>' and a beginning of "From "
    bool _lineIsEmpty = true;  ///< nothing at all since the last LF
    std::size_t _matched = 0;  ///< octets of "From " seen at the line's start
    std::size_t _heldBack = 0; ///< of these, not passed on: they came with an earlier piece
    std::size_t _flushed = 0;  ///< octets of the current piece that were passed on
};

} // namespace mpsmtp::mbox

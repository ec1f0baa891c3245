// What is about to be appended to a mailbox, noted in a file beside it so that the next writer can
// tell a part of a message, left behind by a killed process, from mail. What is done with it, and
// when, is LockedMailbox's.
//
// The note is a text and ends with a line "end"; without that line nothing has been appended yet:
//
//   intent   = "mpsmtp-mbox 1" LF
//              "boot" SP id LF
//              "file" SP device SP inode LF
//              "region" SP start SP end LF
//              1*("message" SP offset SP from-line)    ; from-line: the separator with its LF
//              "end" LF
//
// Thread safety: [connection], a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::mbox
{

struct Intent
{
    /// One message of the batch.
    struct Part
    {
        std::uint64_t offset; ///< of its separator
        std::string fromLine; ///< the separator, with LF
    };

    std::string bootId;       ///< of the running kernel: what was only in memory ends with it
    std::uint64_t device = 0; ///< with inode: which file the offsets are of
    std::uint64_t inode = 0;
    std::uint64_t start = 0; ///< the mailbox's size before the batch
    std::uint64_t end = 0;   ///< and after it
    std::vector<Part> parts;

    /// True if it was written in the run of the kernel that has this name. A kernel without a name (a service that may not
    /// read /proc/sys) may be any: what an earlier run has noted must not cut off mail that was acknowledged since.
    [[nodiscard]] bool isOfRun(std::string_view name) const noexcept
    {
        return !name.empty() && bootId == name;
    }

    [[nodiscard]] std::string serialize() const;

    /// \return nullopt if the text is not a complete note
    [[nodiscard]] static std::optional<Intent> parse(std::string_view text);
};

/// Names the run of the kernel; "" where it has no name.
[[nodiscard]] std::string currentBootId();

/// True if the octets from intent.start to the end of the open file, `size`, are the batch's own
/// and nobody else's: every separator in them stands where the batch had one, and reads as it did.
/// \throws std::system_error
[[nodiscard]] bool isBatch(const Intent& intent, int fd, std::uint64_t size);

} // namespace mpsmtp::mbox

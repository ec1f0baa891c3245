// A way to store messages, without SMTP: what `mpsmtp_bare store` measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::bench
{

/// Thread safety: put() [any]; the others from one thread, before or behind all put().
class Way
{
public:
    Way() = default;
    Way(const Way&) = delete;
    Way& operator=(const Way&) = delete;
    virtual ~Way() = default;

    /// Stores a message; when it returns the message is as safe as this way makes it.
    /// \param box  which mailbox
    /// \param id   no other message of this run has it
    /// \throws std::system_error
    virtual void put(std::size_t box, std::uint64_t id, std::string_view octets) = 0;

    /// What a way leaves for later, such as a checkpoint.
    virtual void finish() {}

    /// Calls of fsync, fdatasync or syncfs so far.
    [[nodiscard]] virtual std::uint64_t syncs() const = 0;

    /// Messages that are found in the mailboxes.
    [[nodiscard]] virtual std::uint64_t stored() const = 0;
};

/// How a file comes into its mailbox.
enum class Placement
{
    TmpFile, ///< O_TMPFILE, written, linkat()
    Rename,  ///< made in tmp/, renamed into new/
    Hidden,  ///< made in new/ under a name with a dot in front, renamed there
    InPlace  ///< made in new/ under its own name
};

struct StorePlan
{
    std::string way;
    std::string folder; ///< holds nothing yet
    std::size_t boxes = 1;
    std::size_t octets = 0;          ///< of a message
    std::uint64_t journalOctets = 0; ///< both segments together
    std::uint64_t journalAlign = 1;
    Placement placement = Placement::TmpFile; ///< behind the journal
};

/// The names that makeWay() knows.
[[nodiscard]] const std::vector<std::string>& wayNames();

/// \throws UsageMistake for an unknown name; std::system_error
[[nodiscard]] std::unique_ptr<Way> makeWay(const StorePlan& plan);

/// "tmpfile", "rename" or "hidden". \throws UsageMistake for any other
[[nodiscard]] Placement placementOf(const std::string& name);

} // namespace mpsmtp::bench

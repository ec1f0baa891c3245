// The file of recipients while the server runs: read at the start, and again when it has changed. A
// new file with mistakes is reported once and the old table stays. Leaves what the lines mean to
// RecipientTable.
//
// A file that is rewritten in place can be read half written; the next look puts that right, but a
// user who is missing until then is refused for good. So docs/handlers/recipients.md asks for a
// rename.
// Thread safety: [any].
#pragma once

#include "recipients/RecipientTable.h"

#include <mpsmtp/Context.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace mpsmtp::recipients
{

class RecipientFile
{
public:
    /// How often the file is looked at, at most.
    static constexpr std::chrono::seconds interval{1};

    /// \throws std::runtime_error with all mistakes, one a line; std::system_error if it cannot be
    /// read
    RecipientFile(const Context& context, std::string path, RecipientTable::Settings settings);

    /// The table as the file has it now, or had it when it was last right. Never waits for a reload
    /// that another thread does.
    [[nodiscard]] std::shared_ptr<const RecipientTable> table();

    [[nodiscard]] const RecipientTable::Settings& settings() const noexcept { return _settings; }

private:
    /// Tells one state of the file from another.
    struct Stamp
    {
        bool exists = false;
        dev_t device = 0;
        ino_t inode = 0;
        off_t size = 0;
        timespec modified{};

        [[nodiscard]] bool operator==(const Stamp& other) const noexcept;
    };

    using Table = std::shared_ptr<const RecipientTable>;

    [[nodiscard]] static Stamp stampOf(const struct stat& status) noexcept;
    [[nodiscard]] Stamp look() const noexcept;
    [[nodiscard]] Table read(Stamp& stamp, std::vector<std::string>& mistakes) const;
    [[nodiscard]] std::string content(Stamp& stamp) const;
    [[nodiscard]] Table current() const;
    void refresh() noexcept;
    void reload();
    void keepOld(const std::vector<std::string>& mistakes) const;

    const Log _log;
    const Clock _clock;
    const std::string _path;
    const RecipientTable::Settings _settings;
    std::atomic<std::chrono::steady_clock::duration::rep> _nextLook;
    std::mutex _refreshing; // held by the one thread that looks at the file
    Stamp _stamp;           // guarded by _refreshing; of the file as it was last read, or tried to
    mutable std::shared_mutex _mutex;
    Table _table; // guarded by _mutex
};

} // namespace mpsmtp::recipients

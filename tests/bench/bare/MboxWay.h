// One file for each mailbox, appended to: locked, written and made durable message by message as mail servers do it, or with
// one sync for all who wait.
#pragma once

#include "bench/bare/Files.h"
#include "bench/bare/GroupCommit.h"
#include "bench/bare/Way.h"

#include <atomic>
#include <mutex>

namespace mpsmtp::bench
{

/// Opens, locks, appends, fdatasyncs and closes, each time.
class MboxEachWay : public Way
{
public:
    explicit MboxEachWay(const StorePlan& plan);

    void put(std::size_t box, std::uint64_t id, std::string_view octets) override;

    [[nodiscard]] std::uint64_t syncs() const override { return _syncs; }

    [[nodiscard]] std::uint64_t stored() const override;

private:
    const StorePlan _plan;
    std::atomic<std::uint64_t> _syncs{0};
};

/// Appends under a mutex to a file that stays open; group-committed fdatasync.
class MboxGroupWay : public Way
{
public:
    explicit MboxGroupWay(const StorePlan& plan);

    void put(std::size_t box, std::uint64_t id, std::string_view octets) override;
    [[nodiscard]] std::uint64_t syncs() const override;
    [[nodiscard]] std::uint64_t stored() const override;

private:
    struct File
    {
        explicit File(const std::string& name);

        std::string path;
        FileDescriptor fd;
        std::mutex mutex; ///< held for the append
        GroupCommit commit;
    };

    const StorePlan _plan;
    std::vector<std::unique_ptr<File>> _files;
};

/// What a bare server does with each message: lock + append + fdatasync. \throws std::system_error
void appendLocked(const std::string& path, std::string_view octets);

} // namespace mpsmtp::bench

// Group commit in its plainest form, for one file or folder: whoever finds no sync running syncs for all who asked before it
// began. Apart from delivery/GroupSync on purpose: the ceiling of a way is not measured with the code that is compared with it.
// Thread safety: [any].
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace mpsmtp::bench
{

class GroupCommit
{
public:
    /// \param call  makes durable what was written; throws if it cannot
    explicit GroupCommit(std::function<void()> call);

    /// Blocks until all that was written before this call is durable.
    /// \throws what the leader's call throws, in the leader; the others try again themselves
    void sync();

    /// Calls made so far.
    [[nodiscard]] std::uint64_t calls() const;

private:
    void lead(std::unique_lock<std::mutex>& lock);

    const std::function<void()> _call;
    mutable std::mutex _mutex; ///< guards all below
    std::condition_variable _changed;
    std::uint64_t _asked = 0;
    std::uint64_t _durable = 0; ///< tickets up to this one are done
    std::uint64_t _calls = 0;
    bool _isRunning = false;
};

} // namespace mpsmtp::bench

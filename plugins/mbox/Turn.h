// Who in this process may lock a mailbox next. A transaction waits for those of its own handler in
// Mailbox; but two handler objects (of two generations while the configuration is reloaded, or of
// two sections with one path) know nothing of each other, and file locks can only be tried again
// and again: the one with more mail would keep the other out until its time is up. So all of them
// take turns here first, in the order in which they come.
// Thread safety: [any].
#pragma once

#include <condition_variable>
#include <string>

namespace mpsmtp::mbox
{

class Turn
{
public:
    /// Waits without limit: who is in front gives up by their own time-out, and an append ends.
    /// \param mailbox  its path, links resolved; the same file by another path is kept apart by the
    ///   locks alone
    explicit Turn(std::string mailbox);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();

    /// The holder has all locks of the mailbox now, until the turn ends.
    void setLocked();

    /// Whether somebody in this process has them.
    [[nodiscard]] static bool isLocked(const std::string& mailbox);

private:
    struct Queue;
    class Queues;

    const std::string _mailbox;
    std::condition_variable _isMine;
};

} // namespace mpsmtp::mbox

#include "mbox/Turn.h"

#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace mpsmtp::mbox
{

/// Of one mailbox: in front who has the turn, behind them who waits.
struct Turn::Queue
{
    std::deque<Turn*> turns;
    bool isLocked = false;
};

/// Holds mailboxes that somebody appends to at this moment. One for the process, as its locks are.
class Turn::Queues
{
public:
    static Queues& ofProcess()
    {
        static Queues queues;
        return queues;
    }

    std::mutex mutex; ///< guards `byMailbox`
    std::unordered_map<std::string, Queue> byMailbox;
};

Turn::Turn(std::string mailbox) : _mailbox(std::move(mailbox))
{
    Queues& queues = Queues::ofProcess();
    std::unique_lock<std::mutex> lock(queues.mutex);
    Queue& queue = queues.byMailbox[_mailbox]; // stays in place while it has members
    queue.turns.push_back(this);
    _isMine.wait(lock, [&] { return queue.turns.front() == this; });
}

Turn::~Turn()
{
    Queues& queues = Queues::ofProcess();
    const std::lock_guard<std::mutex> lock(queues.mutex);
    const auto entry = queues.byMailbox.find(_mailbox);
    Queue& queue = entry->second;
    queue.turns.pop_front();
    queue.isLocked = false;
    if (queue.turns.empty())
        queues.byMailbox.erase(entry);
    else
        queue.turns.front()->_isMine.notify_one(); // under the mutex: afterwards it may be gone
}

void Turn::setLocked()
{
    Queues& queues = Queues::ofProcess();
    const std::lock_guard<std::mutex> lock(queues.mutex);
    queues.byMailbox.at(_mailbox).isLocked = true;
}

bool Turn::isLocked(const std::string& mailbox)
{
    Queues& queues = Queues::ofProcess();
    const std::lock_guard<std::mutex> lock(queues.mutex);
    const auto entry = queues.byMailbox.find(mailbox);
    return entry != queues.byMailbox.end() && entry->second.isLocked;
}

} // namespace mpsmtp::mbox

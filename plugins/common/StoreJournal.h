// The journal that a store uses at this moment: recovered from when the store starts, opened when there
// is a folder for it, and anew when it takes nothing more or somebody has removed it. What a journal
// does is journal/Journal.h.
// Thread safety: [any].
#pragma once

#include "common/MailboxLayout.h"
#include "common/StagedFile.h"
#include "common/journal/Journal.h"

#include <mpsmtp/Context.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace mpsmtp::store
{

class StoreJournal
{
public:
    using Pointer = std::shared_ptr<journal::Journal>;

    /// \param home     the folder that it lies in; outlives this object, as `staging` and `layout` do
    /// \param type     the format's name, for its files
    StoreJournal(const Context& context,
                 const std::string& home,
                 std::string type,
                 Staging& staging,
                 MailboxLayout& layout);
    StoreJournal(const StoreJournal&) = delete;
    StoreJournal& operator=(const StoreJournal&) = delete;

    /// Puts back what a crash has torn, if there is a journal: one that an earlier run has left counts
    /// whatever `durability` says today.
    /// \throws std::exception  if that cannot be done; the journal then stays as it is
    void start();

    /// The last of its handlers ends it.
    void stop() noexcept;

    /// \return nullptr if there is none yet, or none is wanted; tried again from time to time, by one
    ///   thread
    [[nodiscard]] Pointer current();

private:
    [[nodiscard]] Pointer open();
    [[nodiscard]] Pointer tryOpen() noexcept;

    const Storage _storage;
    const Log _log;
    const std::string& _home;
    const std::string _type;
    Staging& _staging;
    MailboxLayout& _layout;
    std::mutex _mutex; ///< guards what follows; never held during I/O
    Pointer _journal;
    bool _isOpening = false; ///< a thread looks for a journal; the others do without meanwhile
    std::chrono::steady_clock::time_point _nextTry; ///< to open one, when there is none
};

} // namespace mpsmtp::store

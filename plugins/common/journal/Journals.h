// The journals that this process has open. One serves all handlers of a store: those of two
// sections, and of two generations while the configuration is read again.
// Thread safety: [any].
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace mpsmtp::store::journal
{

class Journal;

class Journals
{
    struct Place
    {
        std::weak_ptr<Journal> journal;
        bool isTaken = false; ///< a thread looks after it
    };

public:
    [[nodiscard]] static Journals& ofProcess();

    /// A thread's time alone with the journal of the files at `prefix`: to open it, which recovers
    /// what a crash has left, or to end it, which is a checkpoint. Who comes meanwhile waits, and
    /// they for nobody else.
    class Turn
    {
    public:
        Turn(Journals& journals, const std::string& prefix);
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn();

        /// The one that is open, if there is one.
        [[nodiscard]] std::weak_ptr<Journal>& journal() noexcept { return _place.journal; }

    private:
        static Place& taken(Journals& journals, const std::string& prefix);

        Journals& _journals;
        Place& _place;
    };

private:
    std::mutex _mutex; ///< guards what follows; never held during I/O
    std::condition_variable _changed;
    std::map<std::string, Place> _byPrefix; // nothing is ever removed
};

} // namespace mpsmtp::store::journal

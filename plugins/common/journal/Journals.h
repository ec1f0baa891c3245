// The journals that this process has open. One serves all handlers of a store: those of two
// sections, and of two generations while the configuration is read again.
// Thread safety: [any].
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace mpsmtp::store::journal
{

class Journal;

class Journals
{
public:
    using Open = std::function<std::shared_ptr<Journal>()>;

    [[nodiscard]] static Journals& ofProcess();

    /// The journal of the files at `prefix`: the one that is open, if it is usable, or what `open`
    /// gives. One thread at a time opens it, since that recovers what a crash has left; who comes
    /// meanwhile waits for it, and they for nobody else.
    /// \return what `open` returned, nullptr too
    /// \throws what `open` throws
    [[nodiscard]] std::shared_ptr<Journal> find(const std::string& prefix, const Open& open);

private:
    struct Place
    {
        std::weak_ptr<Journal> journal;
        bool isTaken = false; ///< a thread looks after it
    };

    class Turn;

    std::mutex _mutex; ///< guards what follows; never held during I/O
    std::condition_variable _changed;
    std::map<std::string, Place> _byPrefix; // nothing is ever removed
};

} // namespace mpsmtp::store::journal

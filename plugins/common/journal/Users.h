// The handlers that share a journal: whose storage and log it works with. Both are a handler's only
// as long as that lives, and the journal may outlive the one that opened it (a reload), so each use
// borrows from one that is there; who leaves waits for the uses that still run with its own.
// Thread safety: [any].
#pragma once

#include <mpsmtp/Context.h>

#include <condition_variable>
#include <cstddef>
#include <iterator>
#include <list>
#include <mutex>

namespace mpsmtp::store::journal
{

class Users
{
public:
    struct User
    {
        Storage storage;
        Log log;
        std::size_t uses = 0; ///< that run at this moment
    };

    using Place = std::list<User>::iterator;

    /// Keeps a user from leaving.
    class Borrowed
    {
    public:
        explicit Borrowed(Users& users) : _users(users), _place(users.take()) {}

        Borrowed(const Borrowed&) = delete;
        Borrowed& operator=(const Borrowed&) = delete;

        ~Borrowed() { _users.giveBack(_place); }

        [[nodiscard]] const Storage& storage() const noexcept { return _place->storage; }

        [[nodiscard]] const Log& log() const noexcept { return _place->log; }

    private:
        Users& _users;
        Place _place;
    };

    [[nodiscard]] Place join(const Storage& storage, const Log& log);

    /// Blocks until nothing uses it.
    void leave(Place place) noexcept;

    /// Of one that is there: there must be one.
    [[nodiscard]] Borrowed borrow() { return Borrowed(*this); }

private:
    [[nodiscard]] Place take();
    void giveBack(Place place) noexcept;

    std::mutex _mutex; ///< guards what follows
    std::list<User> _users;
    std::list<User> _leaving; ///< nobody borrows from these any more
    std::condition_variable _unused;
};

} // namespace mpsmtp::store::journal

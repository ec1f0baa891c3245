// What one two-phase handler has staged of a message. Thread safety: [connection].
#pragma once

#include "delivery/LoadedHandler.h"
#include "delivery/ReplyTarget.h"

#include <cstddef>
#include <utility>

namespace mpsmtp::delivery
{

/// Aborted at the end of its life, unless it was committed.
class StagedMail
{
public:
    /// \param recipients how many
    StagedMail(LoadedHandler& handler, std::size_t recipients, void* staged) noexcept
        : _handler(&handler), _recipients(recipients), _staged(staged)
    {
    }

    StagedMail(StagedMail&& other) noexcept
        : _handler(other._handler),
          _recipients(other._recipients),
          _staged(std::exchange(other._staged, nullptr))
    {
    }

    StagedMail(const StagedMail&) = delete;
    StagedMail& operator=(const StagedMail&) = delete;
    StagedMail& operator=(StagedMail&&) = delete;

    ~StagedMail();

    [[nodiscard]] LoadedHandler& handler() const noexcept { return *_handler; }

    [[nodiscard]] std::size_t recipients() const noexcept { return _recipients; }

    void persist(ReplyTarget& target) const noexcept;

    /// Shows the mail. Whatever it answers, abort() is out of the question from now on.
    void commit(ReplyTarget& target) noexcept;

private:
    LoadedHandler* _handler;
    std::size_t _recipients;
    void* _staged;
};

} // namespace mpsmtp::delivery

// What this is and its thread safety: StagedMail.h.
#include "delivery/StagedMail.h"

namespace mpsmtp::delivery
{

StagedMail::~StagedMail()
{
    if (!_staged)
        return;
    const mpsmtp_handler& functions = _handler->functions();
    functions.abort(_handler->self(), _staged);
    functions.release(_handler->self(), _staged);
}

void StagedMail::persist(ReplyTarget& target) const noexcept
{
    _handler->functions().persist(_handler->self(), _staged, &target);
}

void StagedMail::commit(ReplyTarget& target) noexcept
{
    void* staged = std::exchange(_staged, nullptr);
    _handler->functions().commit(_handler->self(), staged, &target);
    _handler->functions().release(_handler->self(), staged);
}

} // namespace mpsmtp::delivery

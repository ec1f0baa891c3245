// What this is and its thread safety: ReplyTarget.h.
#include "delivery/ReplyTarget.h"

#include <mpsmtp/Reply.h>

namespace mpsmtp::delivery
{

using mpsmtp::detail::fromAbi;

void ReplyTarget::reply(std::uint32_t index, const mpsmtp_reply& reply)
{
    Answer answer{index, {}};
    answer.reply.code = reply.code;
    answer.reply.enhanced = fromAbi(reply.enhanced);
    answer.reply.text = fromAbi(reply.text);
    _answers.push_back(std::move(answer));
}

void ReplyTarget::fault(std::string_view text)
{
    _isFaulted = true; // before anything that can throw
    _answers.clear();
    _faultText.assign(text);
}

void ReplyTarget::outOfMemory() noexcept
{
    _isFaulted = true;
    _answers.clear();
    // Short enough for every std::string's own buffer: allocates nothing.
    _faultText.assign("out of memory");
}

} // namespace mpsmtp::delivery

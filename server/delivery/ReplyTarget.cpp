// What this is and its thread safety: ReplyTarget.h.
#include "delivery/ReplyTarget.h"

#include "smtp/Path.h"

#include <mpsmtp/Reply.h>

#include <cerrno>
#include <utility>

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

int ReplyTarget::redirect(std::string_view address)
{
    const std::string text = "<" + std::string(address) + ">";
    std::string_view rest = text;
    smtp::Path path;
    // The grammar of RCPT, so that an alias file cannot bring in what a client could not.
    if (_power != Power::Redirect || smtp::parseForwardPath(rest, {true, {}}, path) ||
        !rest.empty() || path.domain.empty())
        return EINVAL;
    _redirects.push_back(std::move(path));
    return 0;
}

void ReplyTarget::outOfMemory() noexcept
{
    _isFaulted = true;
    _answers.clear();
    // Short enough for every std::string's own buffer: allocates nothing.
    _faultText.assign("out of memory");
}

} // namespace mpsmtp::delivery

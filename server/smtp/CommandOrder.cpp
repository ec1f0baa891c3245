// What this is and its thread safety: CommandOrder.h.
#include "smtp/CommandOrder.h"

#include "smtp/Replies.h"

namespace mpsmtp::smtp
{

bool fits(Verb verb, SessionState state) noexcept
{
    if (state == SessionState::Refused)
        return verb == Verb::Quit || verb == Verb::Http;
    switch (verb)
    {
    case Verb::Mail:
        return state == SessionState::Ready;
    case Verb::Rcpt:
        return state == SessionState::MailFrom || state == SessionState::RcptTo;
    case Verb::Data:
        return state == SessionState::RcptTo;
    case Verb::Bdat:
        return state == SessionState::RcptTo || state == SessionState::Bdat;
    default:
        return true;
    }
}

FixedReply orderRefusal(Verb verb, SessionState state, bool anyRecipientRefused) noexcept
{
    switch (state)
    {
    case SessionState::Greeting:
        return replies::heloFirst;
    case SessionState::Refused:
        return replies::serviceRefused;
    case SessionState::Ready:
        return replies::mailFirst;
    case SessionState::MailFrom:
        if (verb == Verb::Mail)
            return replies::nestedMail;
        return anyRecipientRefused ? replies::noValidRecipients : replies::recipientFirst;
    case SessionState::RcptTo:
        return replies::nestedMail;
    case SessionState::Bdat:
        return replies::chunksOnly;
    case SessionState::BdatFailed:
        break;
    }
    return replies::chunkFailed;
}

} // namespace mpsmtp::smtp

// What this is and its thread safety: RecipientAdmission.h.
#include "delivery/RecipientAdmission.h"

#include "delivery/ReplyTarget.h"
#include "log/Entry.h"
#include "smtp/Printable.h"

#include <mpsmtp/Reply.h>

#include <Poco/Logger.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace mpsmtp::delivery
{

namespace
{

smtp::Reply
refuseByRoute(HandlerChain::Routed&& routed, const smtp::Envelope& envelope, const smtp::Path& path)
{
    Poco::Logger& logger = Poco::Logger::get("delivery");
    if (logger.information())
    {
        std::string text = "RCPT id=" + envelope.id + " to=<";
        smtp::appendPrintable(text, path.address);
        text.append(routed.route.empty() ? ">: no route" : ">: [route:");
        text.append(routed.route).append(routed.route.empty() ? "" : "]");
        log::write(logger,
                   Poco::Message::PRIO_INFORMATION,
                   text + " refused it with " + std::to_string(routed.refusal.code),
                   log::Fields{{log::Field::Transaction, envelope.id},
                               {log::Field::Recipient, path.address},
                               {log::Field::Route, routed.route},
                               {log::Field::Code, std::uint64_t{routed.refusal.code}}});
    }
    return std::move(routed.refusal);
}

} // namespace

std::optional<smtp::Reply> RecipientAdmission::admit(const smtp::SessionInfo& session,
                                                     const smtp::Envelope& envelope,
                                                     const smtp::Recipient& recipient)
{
    _view.update(); // before there are destinations of a RCPT that the envelope does not have yet
    HandlerChain::Routed route = _handlers.route({session, envelope.reversePath, recipient.path});
    if (!route.plan)
        return refuseByRoute(std::move(route), envelope, recipient.path);
    std::vector<smtp::Path> redirects;
    if (!_policy.chain().of(PolicyHook::Rcpt).empty())
        if (auto refusal = askFilters(recipient, redirects))
            return refusal;
    const Candidate candidate{session, envelope, recipient};
    if (!redirects.empty())
        return redirect(candidate, std::move(redirects));
    // An alias before it may have led to this one.
    if (_hasRedirects && isDestination(recipient.path, envelope))
        return std::nullopt;
    return add(candidate, nullptr, *route.plan);
}

std::optional<smtp::Reply> RecipientAdmission::askFilters(const smtp::Recipient& recipient,
                                                          std::vector<smtp::Path>& redirects)
{
    using Decision = PolicyAnswer::Decision;
    _policy.startTime();
    const mpsmtp_recipient& candidate = _view.candidate(recipient, nullptr);
    for (LoadedHandler* filter : _policy.chain().of(PolicyHook::Rcpt))
    {
        ReplyTarget target(ReplyTarget::Power::Redirect);
        PolicyAnswer answer = askAbout(candidate, *filter, target);
        if (answer.decision == Decision::End)
            return std::move(answer.reply);
        if (answer.kind == AnswerKind::Success)
            for (smtp::Path& path : target.redirects())
                redirects.push_back(std::move(path));
        if (answer.decision == Decision::Accept)
            break;
    }
    return std::nullopt;
}

/// All or none: an alias whose ends are not all to be had would lose a part of its mail.
std::optional<smtp::Reply> RecipientAdmission::redirect(const Candidate& candidate,
                                                        std::vector<smtp::Path>&& paths)
{
    _hasRedirects = true;
    const std::size_t before = _destinations.size();
    auto refusal = redirectEach(candidate, std::move(paths));
    if (refusal)
        _destinations.erase(_destinations.begin() + static_cast<std::ptrdiff_t>(before),
                            _destinations.end());
    return refusal;
}

std::optional<smtp::Reply> RecipientAdmission::redirectEach(const Candidate& candidate,
                                                            std::vector<smtp::Path>&& paths)
{
    const smtp::Envelope& envelope = candidate.envelope;
    for (smtp::Path& path : paths)
    {
        if (isDestination(path, envelope))
            continue;
        HandlerChain::Routed routed =
            _handlers.route({candidate.session, envelope.reversePath, path});
        if (!routed.plan)
            return refuseByRoute(std::move(routed), envelope, path);
        if (auto refusal =
                add(candidate, std::make_unique<smtp::Path>(std::move(path)), *routed.plan))
            return refusal;
    }
    return std::nullopt;
}

/// An alias may lead to one who gets the mail already.
bool RecipientAdmission::isDestination(const smtp::Path& path, const smtp::Envelope& envelope) const
{
    return std::any_of(_destinations.begin(),
                       _destinations.end(),
                       [&](const Destination& each)
                       { return each.path(envelope).address == path.address; });
}

/// Asks the handlers that would deliver to it whether they can: a store may know that there is no such mailbox.
std::optional<smtp::Reply> RecipientAdmission::add(const Candidate& candidate,
                                                   std::unique_ptr<smtp::Path> redirected,
                                                   const RoutePlan& plan)
{
    for (const RoutePlan::Target& each : plan.targets)
    {
        if (!each.isRequired || !each.handler->has(MPSMTP_HOOK_RCPT))
            continue;
        _policy.startTime();
        ReplyTarget target;
        PolicyAnswer answer =
            askAbout(_view.candidate(candidate.recipient, redirected.get()), *each.handler, target);
        if (answer.decision == PolicyAnswer::Decision::End)
            return std::move(answer.reply);
    }
    const auto place = static_cast<std::uint32_t>(candidate.envelope.recipients.size());
    _destinations.push_back({place, std::move(redirected), &plan});
    return std::nullopt;
}

PolicyAnswer RecipientAdmission::askAbout(const mpsmtp_recipient& candidate,
                                          LoadedHandler& handler,
                                          ReplyTarget& target)
{
    PolicyQuestion about =
        _policy.question(PolicyHook::Rcpt, mpsmtp::detail::fromAbi(_view.abi().id));
    about.recipient = mpsmtp::detail::fromAbi(candidate.address);
    return ask(handler,
               about,
               target,
               [&](const LoadedHandler& asked, ReplyTarget& to)
               { return asked.functions().on_rcpt(asked.self(), &_view.abi(), &candidate, &to); });
}

void RecipientAdmission::clear() noexcept
{
    _destinations.clear();
    _hasRedirects = false;
}

} // namespace mpsmtp::delivery

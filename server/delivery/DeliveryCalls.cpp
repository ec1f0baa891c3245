// What this is and its thread safety: DeliveryCalls.h.
#include "delivery/DeliveryCalls.h"

#include "delivery/HandlerCounts.h"
#include "delivery/HandlerSlots.h"
#include "delivery/HookLog.h"
#include "delivery/ReplyTarget.h"

#include <mpsmtp/Reply.h>

#include <algorithm>
#include <utility>

namespace mpsmtp::delivery
{

namespace
{

using Outcome = HandlerOutcome::Kind;

DeliveryAnswer logged(const HookCall& call, DeliveryAnswer answer)
{
    logAnswer(call, answer.kind, answer.reply, answer.detail);
    return answer;
}

DeliveryAnswer judged(const HookCall& call, const ReplyTarget& target, std::size_t recipients)
{
    return logged(call, deliveryAnswer(target, recipients));
}

} // namespace

std::string_view DeliveryInput::id() const noexcept
{
    return mpsmtp::detail::fromAbi(envelope.id);
}

std::chrono::milliseconds DeliveryCalls::timeLeft(const DeliveryInput& input) const noexcept
{
    const auto left = input.deadline - _now;
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                    std::chrono::milliseconds(0));
}

void DeliveryCalls::lap() noexcept
{
    const auto before = std::exchange(_now, _clock.steady());
    _spent = _now - before;
}

/// A call that is within the handler's concurrency and the time for the reply. commit() and abort() never are: what has
/// been staged must come to an end.
template <class Call>
DeliveryAnswer DeliveryCalls::inSlot(LoadedHandler& handler,
                                     const char* hook,
                                     const DeliveryInput& input,
                                     Call&& call)
{
    const auto patience = timeLeft(input);
    _spent = std::chrono::nanoseconds(0);
    if (patience.count() == 0)
        return logged({handler, hook, input.id()}, lateAnswer());
    const HandlerSlot slot(handler.slots(), std::min(handler.slotTimeout(), patience));
    if (handler.slots().most() != 0)
        lap(); // waiting is not the handler's time
    DeliveryAnswer answer =
        slot.isTaken() ? call() : logged({handler, hook, input.id()}, busyAnswer());
    lap();
    return answer;
}

DeliveryAnswer DeliveryCalls::stage(const DeliveryJob& job,
                                    const DeliveryInput& input,
                                    std::vector<StagedMail>& staged)
{
    staged.reserve(staged.size() +
                   1); // once there is something staged, nothing may throw before it is owned
    LoadedHandler& handler = *job.handler;
    Presence presence(handler.counts());
    DeliveryAnswer answer =
        inSlot(handler,
               "stage",
               input,
               [&]
               {
                   ReplyTarget target;
                   void* mail = handler.functions().stage(handler.self(),
                                                          &input.envelope,
                                                          job.recipients->data(),
                                                          job.recipients->size(),
                                                          &input.message.abi(),
                                                          &target);
                   if (mail)
                       staged.emplace_back(handler, job.recipients->size(), mail);
                   else if (!target.isFaulted() && target.answers().empty())
                       target.fault("it staged nothing and gave no reason");
                   return judged({handler, "stage", input.id()}, target, job.recipients->size());
               });
    _outcomes.add(handler, answer, Outcome::Staged, _spent);
    presence.keep();
    return answer;
}

DeliveryAnswer DeliveryCalls::deliver(const DeliveryJob& job, const DeliveryInput& input)
{
    LoadedHandler& handler = *job.handler;
    Presence presence(handler.counts());
    DeliveryAnswer answer =
        inSlot(handler,
               "deliver",
               input,
               [&]
               {
                   ReplyTarget target;
                   handler.functions().deliver(handler.self(),
                                               &input.envelope,
                                               job.recipients->data(),
                                               job.recipients->size(),
                                               &input.message.abi(),
                                               &target);
                   return judged({handler, "deliver", input.id()}, target, job.recipients->size());
               });
    _outcomes.add(handler, answer, Outcome::Delivered, _spent);
    presence.keep();
    return answer;
}

DeliveryAnswer DeliveryCalls::persist(const StagedMail& mail, const DeliveryInput& input)
{
    DeliveryAnswer answer = inSlot(
        mail.handler(),
        "persist",
        input,
        [&]
        {
            ReplyTarget target;
            mail.persist(target);
            return judged({mail.handler(), "persist", input.id()}, target, mail.recipients());
        });
    _outcomes.note(mail.handler(), answer, Outcome::Staged, _spent);
    return answer;
}

DeliveryAnswer DeliveryCalls::commit(StagedMail& mail, const DeliveryInput& input)
{
    ReplyTarget target;
    mail.commit(target);
    DeliveryAnswer answer =
        judged({mail.handler(), "commit", input.id()}, target, mail.recipients());
    lap();
    _outcomes.note(mail.handler(), answer, Outcome::Delivered, _spent);
    return answer;
}

} // namespace mpsmtp::delivery

// What this is and its thread safety: HookRecorder.h.
#include "app/HookRecorder.h"

#include "delivery/ReplyTarget.h"
#include "smtp/Printable.h"

#include <mpsmtp/Reply.h>

#include <array>
#include <cstddef>
#include <ostream>

namespace mpsmtp::app
{

using delivery::ReplyTarget;

namespace
{

constexpr std::uint32_t deliveryHooks = MPSMTP_HOOK_STAGE | MPSMTP_HOOK_DELIVER;

std::string_view nameOf(std::int32_t verdict) noexcept
{
    switch (verdict)
    {
    case MPSMTP_CONTINUE:
        return "Continue";
    case MPSMTP_ACCEPT:
        return "Accept";
    case MPSMTP_DISCARD:
        return "Discard";
    case MPSMTP_REJECT:
        return "Reject";
    case MPSMTP_DEFER:
        return "Defer";
    case MPSMTP_DISCONNECT:
        return "Disconnect";
    case MPSMTP_DROP:
        return "Drop";
    default:
        return "a verdict that does not exist";
    }
}

/// What the hook told besides its verdict: a fault, or replies as it gave them.
std::string toldBy(mpsmtp_reply_target* target)
{
    const ReplyTarget& answers = ReplyTarget::of(target);
    if (answers.isFaulted())
        return "failed: " + smtp::printable(answers.faultText());
    std::string text;
    for (const ReplyTarget::Answer& each : answers.answers())
    {
        text += text.empty() ? "" : "; ";
        text += each.reply.code == 0 ? "the usual reply"
                                     : std::to_string(each.reply.code) + " " + each.reply.enhanced +
                                           " " + smtp::printable(each.reply.text);
    }
    return text;
}

std::string contentOf(const mpsmtp_message& message)
{
    std::string content;
    for (std::size_t i = 0; i < message.segment_count; ++i)
        content += mpsmtp::detail::fromAbi(message.segments[i]);
    return content;
}

/// Length of the header section, with the line end of its last field.
std::size_t headerOctets(std::string_view content) noexcept
{
    if (content.substr(0, 2) == "\r\n")
        return 0;
    const auto end = content.find("\r\n\r\n");
    return end == std::string_view::npos ? content.size() : end + 2;
}

} // namespace

/// The functions of abi.h, with the recorder as `self`. What runs out of memory here ends the
/// program: it delivers one mail for one reader.
struct HookRecorder::Thunks
{
    static HookRecorder& of(void* self) noexcept { return *static_cast<HookRecorder*>(self); }

    static void destroy(void* self) noexcept { of(self)._real.destroy(of(self)._real.self); }

    template <auto member>
    static void service(void* self, mpsmtp_reply_target* target) noexcept
    {
        if (const auto call = of(self)._real.*member)
            call(of(self)._real.self, target);
    }

    template <auto member, const char* const& name, class Subject>
    static std::int32_t
    judge(void* self, const Subject* subject, mpsmtp_reply_target* target) noexcept
    {
        const auto verdict = (of(self)._real.*member)(of(self)._real.self, subject, target);
        of(self).writeVerdict(name, verdict, target);
        return verdict;
    }

    template <auto member, const char* const& name, class Subject>
    static void notify(void* self, const Subject* subject, mpsmtp_reply_target* target) noexcept
    {
        (of(self)._real.*member)(of(self)._real.self, subject, target);
        of(self).writeOutcome(name, target, "called");
    }

    static std::int32_t onAuth(void* self,
                               const mpsmtp_session* session,
                               const mpsmtp_credentials* credentials,
                               mpsmtp_reply_target* target) noexcept
    {
        return of(self)._real.on_auth(of(self)._real.self, session, credentials, target);
    }

    static std::int32_t onRcpt(void* self,
                               const mpsmtp_envelope* envelope,
                               const mpsmtp_recipient* recipient,
                               mpsmtp_reply_target* target) noexcept
    {
        HookRecorder& recorder = of(self);
        const auto address = mpsmtp::detail::fromAbi(recipient->address);
        if (recorder._recipient == address)
            return MPSMTP_CONTINUE;
        recorder._recipient = address;
        const auto verdict =
            recorder._real.on_rcpt(recorder._real.self, envelope, recipient, target);
        recorder.writeVerdict("onRcpt <" + smtp::printable(address) + ">", verdict, target);
        for (const smtp::Path& path : ReplyTarget::of(target).redirects())
            recorder.write("  redirected to", "<" + smtp::printable(path.address) + ">");
        return verdict;
    }

    static std::int32_t onMessage(void* self,
                                  const mpsmtp_envelope* envelope,
                                  const mpsmtp_message* message,
                                  mpsmtp_reply_target* target) noexcept
    {
        HookRecorder& recorder = of(self);
        recorder._content = contentOf(*message);
        if (!recorder.has(MPSMTP_HOOK_MESSAGE))
            return MPSMTP_CONTINUE;
        const auto verdict =
            recorder._real.on_message(recorder._real.self, envelope, message, target);
        recorder.writeVerdict("onMessage", verdict, target);
        return verdict;
    }

    static void* stage(void* self,
                       const mpsmtp_envelope* envelope,
                       const std::uint32_t* recipients,
                       std::size_t count,
                       const mpsmtp_message* message,
                       mpsmtp_reply_target* target) noexcept
    {
        HookRecorder& recorder = of(self);
        recorder.writeEdits(*message);
        void* const staged =
            recorder._real.stage(recorder._real.self, envelope, recipients, count, message, target);
        recorder.writeOutcome("stage", target, staged != nullptr ? "ok" : "nothing to commit");
        return staged;
    }

    template <auto member, const char* const& name>
    static void finish(void* self, void* staged, mpsmtp_reply_target* target) noexcept
    {
        (of(self)._real.*member)(of(self)._real.self, staged, target);
        of(self).writeOutcome(name, target, "ok");
    }

    static void abort(void* self, void* staged) noexcept
    {
        of(self)._real.abort(of(self)._real.self, staged);
        of(self).write("abort", "called");
    }

    static void release(void* self, void* staged) noexcept
    {
        of(self)._real.release(of(self)._real.self, staged);
    }

    static void deliver(void* self,
                        const mpsmtp_envelope* envelope,
                        const std::uint32_t* recipients,
                        std::size_t count,
                        const mpsmtp_message* message,
                        mpsmtp_reply_target* target) noexcept
    {
        HookRecorder& recorder = of(self);
        recorder.writeEdits(*message);
        if (!recorder.has(MPSMTP_HOOK_DELIVER))
            return recorder.write("delivery",
                                  "it has no delivery hook: the next handlers would get this");
        recorder._real.deliver(recorder._real.self, envelope, recipients, count, message, target);
        recorder.writeOutcome("deliver", target, "ok");
    }

    static constexpr const char* connectName = "onConnect";
    static constexpr const char* heloName = "onHelo";
    static constexpr const char* mailName = "onMail";
    static constexpr const char* dataName = "onData";
    static constexpr const char* acceptedName = "onAccepted";
    static constexpr const char* resetName = "onReset";
    static constexpr const char* disconnectName = "onDisconnect";
    static constexpr const char* persistName = "persist";
    static constexpr const char* commitName = "commit";
};

mpsmtp_handler HookRecorder::over(const mpsmtp_handler& handler) noexcept
{
    _real = handler;
    using H = mpsmtp_handler;
    using T = Thunks;
    H table{};
    table.size = sizeof table;
    table.hooks = handler.hooks | MPSMTP_HOOK_MESSAGE;
    if (!has(deliveryHooks))
        table.hooks |= MPSMTP_HOOK_DELIVER;
    table.self = this;
    table.destroy = T::destroy;
    table.start = T::service<&H::start>;
    table.stop = T::service<&H::stop>;
    table.on_connect = T::judge<&H::on_connect, T::connectName, mpsmtp_session>;
    table.on_helo = T::judge<&H::on_helo, T::heloName, mpsmtp_session>;
    table.on_auth = T::onAuth;
    table.on_mail = T::judge<&H::on_mail, T::mailName, mpsmtp_envelope>;
    table.on_rcpt = T::onRcpt;
    table.on_data = T::judge<&H::on_data, T::dataName, mpsmtp_envelope>;
    table.on_message = T::onMessage;
    table.stage = T::stage;
    table.persist = T::finish<&H::persist, T::persistName>;
    table.commit = T::finish<&H::commit, T::commitName>;
    table.abort = T::abort;
    table.release = T::release;
    table.deliver = T::deliver;
    table.on_accepted = T::notify<&H::on_accepted, T::acceptedName, mpsmtp_envelope>;
    table.on_reset = T::notify<&H::on_reset, T::resetName, mpsmtp_envelope>;
    table.on_disconnect = T::notify<&H::on_disconnect, T::disconnectName, mpsmtp_session>;
    return table;
}

void HookRecorder::write(std::string_view hook, std::string_view outcome)
{
    _out << hook << ": " << outcome << std::endl; // at once: a log line may follow on stderr
}

void HookRecorder::writeVerdict(std::string_view hook,
                                std::int32_t verdict,
                                mpsmtp_reply_target* target)
{
    const std::string told = toldBy(target);
    if (ReplyTarget::of(target).isFaulted())
        return write(hook, told);
    write(hook, std::string(nameOf(verdict)) + (told.empty() ? "" : " " + told));
}

void HookRecorder::writeOutcome(std::string_view hook,
                                mpsmtp_reply_target* target,
                                std::string_view success)
{
    const std::string told = toldBy(target);
    write(hook, told.empty() ? success : told);
}

void HookRecorder::writeEdits(const mpsmtp_message& message)
{
    const std::string edited = contentOf(message);
    if (edited == _content)
        return;
    const auto headers = std::string_view(edited).substr(0, headerOctets(edited));
    _out << "  the message is now:\n";
    for (std::size_t begin = 0; begin < headers.size();)
    {
        const auto end = headers.find("\r\n", begin);
        _out << "  | " << smtp::printable(headers.substr(begin, end - begin)) << '\n';
        begin = end + 2;
    }
    const auto body = edited.size() - headers.size();
    const bool isSame = edited.substr(headers.size()) == _content.substr(headerOctets(_content));
    _out << "  | (the body, " << body << " octets" << (isSame ? "" : ", is another one") << ')'
         << std::endl;
}

} // namespace mpsmtp::app

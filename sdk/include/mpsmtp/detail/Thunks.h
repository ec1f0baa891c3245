/// \file
/// The neck of the hourglass: C functions around a mpsmtp::Handler. Not for plugin authors. Every
/// thunk is noexcept and turns what its handler throws into a reply or a fault of the host (abi.h).
#pragma once

#include <mpsmtp/Handler.h>
#include <mpsmtp/Option.h>
#include <mpsmtp/abi.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

namespace mpsmtp::detail
{

/// C form of a plugin's options. Points into itself, so it is never copied.
template <std::size_t Count>
class OptionTable
{
public:
    explicit OptionTable(const Option (&options)[Count]) noexcept
    {
        for (std::size_t i = 0; i < Count; ++i)
        {
            _options[i] = options[i].abi();
            _pointers[i] = &_options[i];
        }
    }

    OptionTable(const OptionTable&) = delete;
    OptionTable& operator=(const OptionTable&) = delete;

    [[nodiscard]] const mpsmtp_option* const* data() const noexcept { return _pointers.data(); }

    [[nodiscard]] static constexpr std::size_t size() noexcept { return Count; }

private:
    std::array<mpsmtp_option, Count> _options{};
    std::array<const mpsmtp_option*, Count> _pointers{};
};

template <>
class OptionTable<0>
{
public:
    [[nodiscard]] static constexpr const mpsmtp_option* const* data() noexcept { return nullptr; }

    [[nodiscard]] static constexpr std::size_t size() noexcept { return 0; }
};

/// What `{}` converts to: a plugin without options.
struct NoOptions
{
};

template <std::size_t Count>
[[nodiscard]] OptionTable<Count> optionTable(const Option (&options)[Count]) noexcept
{
    return OptionTable<Count>(options);
}

[[nodiscard]] inline OptionTable<0> optionTable(NoOptions) noexcept
{
    return {};
}

/// What stage() returned, with the views that it may keep references to.
struct StagedHolder
{
    StagedHolder(const mpsmtp_host& host,
                 const mpsmtp_envelope& rawEnvelope,
                 const std::uint32_t* indices,
                 std::size_t count,
                 const mpsmtp_message& rawMessage) noexcept
        : envelope(host, rawEnvelope),
          recipients(rawEnvelope, indices, count),
          message(host, rawMessage)
    {
    }

    Envelope envelope;
    Recipients recipients;
    Message message;
    std::unique_ptr<Staged> work;
};

template <class H>
class Thunks
{
public:
    template <class Table>
    [[nodiscard]] static mpsmtp_plugin
    describe(std::string_view type, std::string_view version, const Table& options) noexcept
    {
        return {MPSMTP_ABI_MAGIC,
                sizeof(mpsmtp_plugin),
                MPSMTP_ABI_MAJOR,
                MPSMTP_ABI_MINOR,
                toAbi(type),
                toAbi(version),
                options.data(),
                options.size(),
                &create};
    }

private:
    using Target = mpsmtp_reply_target*;

    struct Instance
    {
        const mpsmtp_host* host;
        mpsmtp_host_data* data;
        std::unique_ptr<H> handler;
        mpsmtp_handler table;
    };

    /// A hook that H does not override has the type of Handler's: `Verdict (Handler::*)(…)`.
    template <class Mine, class Base>
    static constexpr std::uint32_t bit(Mine, Base, std::uint32_t hook) noexcept
    {
        return std::is_same_v<Mine, Base> ? 0u : hook;
    }

    static constexpr std::uint32_t hooks() noexcept
    {
        return bit(&H::onMessage, &Handler::onMessage, MPSMTP_HOOK_MESSAGE) |
               bit(&H::stage, &Handler::stage, MPSMTP_HOOK_STAGE) |
               bit(&H::deliver, &Handler::deliver, MPSMTP_HOOK_DELIVER) |
               bit(&H::onAccepted, &Handler::onAccepted, MPSMTP_HOOK_ACCEPTED) |
               bit(&H::onConnect, &Handler::onConnect, MPSMTP_HOOK_CONNECT) |
               bit(&H::onHelo, &Handler::onHelo, MPSMTP_HOOK_HELO) |
               bit(&H::onAuth, &Handler::onAuth, MPSMTP_HOOK_AUTH) |
               bit(&H::onMail, &Handler::onMail, MPSMTP_HOOK_MAIL) |
               bit(&H::onRcpt, &Handler::onRcpt, MPSMTP_HOOK_RCPT) |
               bit(&H::onData, &Handler::onData, MPSMTP_HOOK_DATA) |
               bit(&H::onReset, &Handler::onReset, MPSMTP_HOOK_RESET) |
               bit(&H::onDisconnect, &Handler::onDisconnect, MPSMTP_HOOK_DISCONNECT);
    }

    template <class Hook>
    static void
    guarded(const mpsmtp_host& host, mpsmtp_host_data* data, Target target, Hook&& hook) noexcept
    {
        try
        {
            hook();
        }
        catch (const Error& error)
        {
            if (error.hasReason())
                host.log(data, MPSMTP_LOG_WARNING, toAbi(error.what()));
            const mpsmtp_reply reply = error.reply().abi();
            host.reply(target, MPSMTP_ALL_RECIPIENTS, &reply);
        }
        catch (const std::system_error& error)
        {
            host.fault(target, toAbi(error.what()));
            if (error.code() == std::errc::no_space_on_device || error.code().value() == EDQUOT)
                replySystemFull(host, target);
        }
        catch (const std::exception& error)
        {
            host.fault(target, toAbi(error.what()));
        }
        catch (...)
        {
            host.fault(target, toAbi("an exception that is no std::exception"));
        }
    }

    /// Literals only: this may run when memory is short.
    static void replySystemFull(const mpsmtp_host& host, Target target) noexcept
    {
        const mpsmtp_reply reply{
            sizeof(mpsmtp_reply), 452, toAbi("4.3.1"), toAbi("Insufficient system storage")};
        host.reply(target, MPSMTP_ALL_RECIPIENTS, &reply);
    }

    static void send(const mpsmtp_host& host, Target target, const Report& report)
    {
        for (const Report::Failure& failure : report.failures())
        {
            const mpsmtp_reply reply = failure.reply.abi();
            const bool everyone = failure.index == Report::everyone;
            host.reply(target,
                       everyone ? MPSMTP_ALL_RECIPIENTS : static_cast<std::uint32_t>(failure.index),
                       &reply);
        }
    }

    static Instance& instance(void* self) noexcept { return *static_cast<Instance*>(self); }

    static StagedHolder& holder(void* staged) noexcept
    {
        return *static_cast<StagedHolder*>(staged);
    }

    static const mpsmtp_handler* create(const mpsmtp_host* host,
                                        mpsmtp_host_data* data,
                                        mpsmtp_string name,
                                        Target target) noexcept
    {
        std::unique_ptr<Instance> made;
        guarded(*host,
                data,
                target,
                [&]
                {
                    auto next = std::make_unique<Instance>();
                    const Context context(*host, data, fromAbi(name));
                    next->host = host;
                    next->data = data;
                    next->handler = std::make_unique<H>(context);
                    next->table = table(next.get());
                    made = std::move(next);
                });
        return made ? &made.release()->table : nullptr;
    }

    static mpsmtp_handler table(Instance* self) noexcept
    {
        mpsmtp_handler result{};
        result.size = sizeof(mpsmtp_handler);
        result.hooks = hooks();
        result.self = self;
        result.destroy = [](void* me) noexcept { delete &instance(me); };
        result.start = [](void* me, Target target) noexcept
        {
            guarded(*instance(me).host,
                    instance(me).data,
                    target,
                    [me] { instance(me).handler->start(); });
        };
        result.stop = [](void* me, Target target) noexcept {
            guarded(*instance(me).host,
                    instance(me).data,
                    target,
                    [me] { instance(me).handler->stop(); });
        };
        result.stage = &stage;
        result.persist = [](void* me, void* staged, Target target) noexcept
        {
            guarded(*instance(me).host,
                    instance(me).data,
                    target,
                    [staged] { holder(staged).work->persist(); });
        };
        result.commit = [](void* me, void* staged, Target target) noexcept
        {
            guarded(*instance(me).host,
                    instance(me).data,
                    target,
                    [staged] { holder(staged).work->commit(); });
        };
        result.abort = [](void*, void* staged) noexcept { holder(staged).work->abort(); };
        result.release = [](void*, void* staged) noexcept { delete &holder(staged); };
        result.deliver = &deliver;
        addPolicy(result);
        addNotifications(result);
        return result;
    }

    static void addPolicy(mpsmtp_handler& table) noexcept
    {
        table.on_message = &onMessage;
        table.on_rcpt = &onRcpt;
        table.on_connect = [](void* self, const mpsmtp_session* session, Target target) noexcept
        { return judgeSession(self, *session, target, &Handler::onConnect); };
        table.on_helo = [](void* self, const mpsmtp_session* session, Target target) noexcept
        { return judgeSession(self, *session, target, &Handler::onHelo); };
        table.on_auth = [](void* self,
                           const mpsmtp_session* session,
                           const mpsmtp_credentials* credentials,
                           Target target) noexcept
        {
            return judged(self,
                          target,
                          [&](Handler& handler)
                          {
                              Session view(*instance(self).host, *session);
                              return handler.onAuth(view, Credentials(*credentials));
                          });
        };
        table.on_mail = [](void* self, const mpsmtp_envelope* envelope, Target target) noexcept
        { return judgeEnvelope(self, *envelope, target, &Handler::onMail); };
        table.on_data = [](void* self, const mpsmtp_envelope* envelope, Target target) noexcept
        { return judgeEnvelope(self, *envelope, target, &Handler::onData); };
    }

    static void addNotifications(mpsmtp_handler& table) noexcept
    {
        table.on_accepted = [](void* self, const mpsmtp_envelope* envelope, Target target) noexcept
        { notifyEnvelope(self, *envelope, target, &Handler::onAccepted); };
        table.on_reset = [](void* self, const mpsmtp_envelope* envelope, Target target) noexcept
        { notifyEnvelope(self, *envelope, target, &Handler::onReset); };
        table.on_disconnect = [](void* self, const mpsmtp_session* session, Target target) noexcept
        {
            guarded(*instance(self).host,
                    instance(self).data,
                    target,
                    [&]
                    {
                        Session view(*instance(self).host, *session);
                        handlerOf(self).onDisconnect(view);
                    });
        };
    }

    static Handler& handlerOf(void* self) noexcept { return *instance(self).handler; }

    /// Runs a policy hook; its verdict, and its reply to the target.
    template <class Hook>
    static std::int32_t judged(void* self, Target target, Hook&& hook) noexcept
    {
        const mpsmtp_host& host = *instance(self).host;
        std::int32_t kind = MPSMTP_DEFER;
        guarded(host,
                instance(self).data,
                target,
                [&]
                {
                    try
                    {
                        const Verdict verdict = hook(handlerOf(self));
                        const mpsmtp_reply reply = verdict.reply().abi();
                        if (reply.code != 0)
                            host.reply(target, MPSMTP_ALL_RECIPIENTS, &reply);
                        kind = verdict.kind();
                    }
                    catch (const Error& error) // a reply by throw: its class is the verdict
                    {
                        kind = error.reply().code() >= 500 ? MPSMTP_REJECT : MPSMTP_DEFER;
                        throw;
                    }
                });
        return kind;
    }

    static std::int32_t judgeSession(void* self,
                                     const mpsmtp_session& session,
                                     Target target,
                                     Verdict (Handler::*hook)(Session&)) noexcept
    {
        return judged(self,
                      target,
                      [&](Handler& handler)
                      {
                          Session view(*instance(self).host, session);
                          return (handler.*hook)(view);
                      });
    }

    static std::int32_t judgeEnvelope(void* self,
                                      const mpsmtp_envelope& envelope,
                                      Target target,
                                      Verdict (Handler::*hook)(Session&, Envelope&)) noexcept
    {
        return judged(self,
                      target,
                      [&](Handler& handler)
                      {
                          Envelope view(*instance(self).host, envelope);
                          Session session = view.session();
                          return (handler.*hook)(session, view);
                      });
    }

    static void notifyEnvelope(void* self,
                               const mpsmtp_envelope& envelope,
                               Target target,
                               void (Handler::*hook)(Session&, Envelope&)) noexcept
    {
        guarded(*instance(self).host,
                instance(self).data,
                target,
                [&]
                {
                    Envelope view(*instance(self).host, envelope);
                    Session session = view.session();
                    (handlerOf(self).*hook)(session, view);
                });
    }

    static std::int32_t onRcpt(void* self,
                               const mpsmtp_envelope* envelope,
                               const mpsmtp_recipient* recipient,
                               Target target) noexcept
    {
        return judged(self,
                      target,
                      [&](Handler& handler)
                      {
                          const mpsmtp_host& host = *instance(self).host;
                          Envelope view(host, *envelope);
                          Session session = view.session();
                          NewRecipient candidate(host, target, *recipient);
                          return handler.onRcpt(session, view, candidate);
                      });
    }

    static std::int32_t onMessage(void* self,
                                  const mpsmtp_envelope* envelope,
                                  const mpsmtp_message* message,
                                  Target target) noexcept
    {
        return judged(self,
                      target,
                      [&](Handler& handler)
                      {
                          const mpsmtp_host& host = *instance(self).host;
                          Envelope view(host, *envelope);
                          Session session = view.session();
                          Message content(host, *message);
                          return handler.onMessage(session, view, content);
                      });
    }

    static void* stage(void* self,
                       const mpsmtp_envelope* envelope,
                       const std::uint32_t* recipients,
                       std::size_t count,
                       const mpsmtp_message* message,
                       Target target) noexcept
    {
        const mpsmtp_host& host = *instance(self).host;
        std::unique_ptr<StagedHolder> result;
        guarded(host,
                instance(self).data,
                target,
                [&]
                {
                    auto next = std::make_unique<StagedHolder>(
                        host, *envelope, recipients, count, *message);
                    Stage outcome = instance(self).handler->stage(
                        next->envelope, next->recipients, next->message);
                    next->work = std::move(outcome.work);
                    if (next->work)
                        result = std::move(next);
                    send(host, target, outcome.report);
                });
        return result.release();
    }

    static void deliver(void* self,
                        const mpsmtp_envelope* envelope,
                        const std::uint32_t* recipients,
                        std::size_t count,
                        const mpsmtp_message* message,
                        Target target) noexcept
    {
        const mpsmtp_host& host = *instance(self).host;
        guarded(host,
                instance(self).data,
                target,
                [&]
                {
                    Envelope view(host, *envelope);
                    const Recipients to(*envelope, recipients, count);
                    Message content(host, *message);
                    send(host, target, instance(self).handler->deliver(view, to, content));
                });
    }
};

} // namespace mpsmtp::detail

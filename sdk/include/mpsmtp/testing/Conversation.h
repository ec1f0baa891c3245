/// \file
/// One mail's way through one handler, in the server's order (docs/architecture.md, "Delivery").
/// Each hook gets copies of its own, which are gone when it has returned (Loan.h).
/// Leaves out what needs a server: other handlers in the chain, routes, limits of time and of
/// threads. Thread safety: [connection].
#pragma once

#include <mpsmtp/abi.h>
#include <mpsmtp/testing/Answer.h>
#include <mpsmtp/testing/Content.h>
#include <mpsmtp/testing/Host.h>
#include <mpsmtp/testing/Mail.h>
#include <mpsmtp/testing/Result.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpsmtp::testing
{

/// How a transaction ends, besides by the handler's own answers.
enum class Ending
{
    Normal,
    ResetBeforeData,     ///< the client sends RSET in place of DATA
    AbortedAfterStage,   ///< another required handler fails to stage, with 451
    AbortedAfterPersist, ///< another required handler fails to persist, with 451
};

namespace detail
{

/// What a Conversation is about.
struct Script
{
    Mail mail;
    Ending ending = Ending::Normal;
    std::function<void(const std::string& hook)> afterEach; ///< may be empty
};

class Conversation
{
public:
    Conversation(Host& host, const mpsmtp_handler& handler, const Script& script)
        : _host(host),
          _handler(handler),
          _script(script),
          _mail(script.mail),
          _content(script.mail.message),
          _logged(host.logSize())
    {
        _progress.sessionId = ++host.sessions;
        _progress.connectedAt = host.nowInSeconds();
    }

    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    /// Call it once.
    [[nodiscard]] Result run()
    {
        std::optional<FileSizeLimit> fullDisk;
        if (_host.diskOctets)
            fullDisk.emplace(*_host.diskOctets);
        if (greet() && authenticate())
            transact();
        notifySession();
        _result._message = _content.text();
        _result._id = _progress.id;
        _result._throttled = _progress.session.octetsPerSecond;
        for (const MailRecipient& recipient : _progress.recipients)
            _result._recipients.push_back(recipient.address.address);
        _result._log = _host.logLines(_logged);
        return std::move(_result);
    }

private:
    using PolicyCall = std::function<std::int32_t(Loan&, Answers&)>;

    /// Staged work, with what it may keep references to until release().
    struct Stage
    {
        Stage(Conversation& conversation)
            : handler(conversation._handler),
              loan(conversation._host.quarantine),
              message(conversation._content, conversation._trace, loan, false)
        {
        }

        Stage(const Stage&) = delete;
        Stage& operator=(const Stage&) = delete;

        /// Released in any case, also if a test's afterEach() throws.
        ~Stage()
        {
            if (!work)
                return;
            if (!isEnded)
                handler.abort(handler.self, work);
            handler.release(handler.self, work);
        }

        const mpsmtp_handler& handler;
        Loan loan;
        LentMessage message;
        void* work = nullptr;
        bool isEnded = false; ///< committed or aborted
    };

    // ---------------------------------------------------------------- session

    [[nodiscard]] bool greet()
    {
        const Outcome connected = refusedConnection(ask(
            Policy::Connect, MPSMTP_HOOK_CONNECT, "onConnect", sessionHook(_handler.on_connect)));
        if (!goesOn(connected))
            return false;
        _progress.hasGreeted = true;
        return goesOn(ask(Policy::Helo, MPSMTP_HOOK_HELO, "onHelo", sessionHook(_handler.on_helo)));
    }

    /// 535 if the handler does not prove the client; it may go on without.
    [[nodiscard]] bool authenticate()
    {
        _progress.identity = _mail.identity;
        if (!_mail.login)
            return true;
        const bool isAsked = (_handler.hooks & MPSMTP_HOOK_AUTH) != 0;
        const Outcome outcome =
            ask(Policy::Auth,
                MPSMTP_HOOK_AUTH,
                "onAuth",
                [this](Loan& loan, Answers& answers) { return callAuth(loan, answers); });
        if (outcome.closes)
            return goesOn(outcome);
        const bool isProved =
            isAsked && outcome.isSuccess() && _result._calls.back().verdict == MPSMTP_ACCEPT;
        _progress.identity = isProved ? _mail.login->user : _mail.identity;
        _result._authReply = replyText(
            isProved              ? ReplyParts{235, "2.7.0", "Authentication successful"}
            : outcome.isSuccess() ? ReplyParts{535, "5.7.8", "Authentication credentials invalid"}
                                  : outcome.reply);
        return true;
    }

    [[nodiscard]] std::int32_t callAuth(Loan& loan, Answers& answers)
    {
        const auto* credentials = loan.object(mpsmtp_credentials{sizeof(mpsmtp_credentials),
                                                                 0,
                                                                 loan.text("PLAIN"),
                                                                 loan.text(""),
                                                                 loan.text(_mail.login->user),
                                                                 loan.text(_mail.login->password)});
        return _handler.on_auth(_handler.self,
                                lendSession(loan, _mail, _progress, _host),
                                credentials,
                                answers.target());
    }

    void notifySession()
    {
        notify(MPSMTP_HOOK_DISCONNECT,
               "onDisconnect",
               [this](Loan& loan, Answers& answers)
               {
                   _handler.on_disconnect(
                       _handler.self, lendSession(loan, _mail, _progress, _host), answers.target());
               });
    }

    // ---------------------------------------------------------------- transaction

    void transact()
    {
        _progress.transaction = std::make_unique<Scope>();
        _progress.id = "T" + std::to_string(++_host.transactions);
        _progress.receivedAt = _host.nowInSeconds();
        if (openTransaction())
            complete();
        notifyEnvelope(_result._isAccepted);
        _progress.transaction.reset();
    }

    /// MAIL, RCPT … and DATA. \return true if the message may come
    [[nodiscard]] bool openTransaction()
    {
        if (!goesOn(ask(Policy::Mail, MPSMTP_HOOK_MAIL, "onMail", envelopeHook(_handler.on_mail))))
            return false;
        for (const MailRecipient& recipient : _mail.recipients)
            if (!offer(recipient))
                return false;
        if (_script.ending == Ending::ResetBeforeData)
            return answer({250, "2.0.0", "Ok"}), false;
        if (_progress.recipients.empty())
            return false; // the reply is that of the last RCPT
        return goesOn(
            ask(Policy::Data, MPSMTP_HOOK_DATA, "onData", envelopeHook(_handler.on_data)));
    }

    /// \return false if the session ends here
    [[nodiscard]] bool offer(const MailRecipient& recipient)
    {
        std::vector<Address> redirects;
        const Outcome outcome = ask(Policy::Rcpt,
                                    MPSMTP_HOOK_RCPT,
                                    "onRcpt",
                                    [&](Loan& loan, Answers& answers)
                                    {
                                        const std::int32_t verdict = _handler.on_rcpt(
                                            _handler.self,
                                            lendEnvelope(loan, _mail, _progress, _host),
                                            lend(loan, recipient),
                                            answers.target());
                                        redirects = answers.redirects();
                                        return verdict;
                                    });
        const bool isGood = goesOn(outcome);
        if (isGood)
            accept(recipient, redirects);
        _result._rcptReplies.push_back(isGood ? replyText({250, "2.1.5", "Ok"}) : _result._reply);
        return !outcome.closes;
    }

    /// A redirect to an address that is there already adds nothing.
    void accept(const MailRecipient& recipient, const std::vector<Address>& redirects)
    {
        if (redirects.empty())
            _progress.recipients.push_back(recipient);
        for (const Address& address : redirects)
        {
            const auto isThere = [&](const MailRecipient& other)
            { return other.address.address == address.address; };
            if (std::none_of(_progress.recipients.begin(), _progress.recipients.end(), isThere))
                _progress.recipients.push_back({address, recipient.original, recipient.parameters});
        }
    }

    /// From the complete message to its reply.
    void complete()
    {
        _progress.receivedAt = _host.nowInSeconds();
        _trace = traceField();
        const Outcome filtered = filter();
        if (!filtered.isSuccess() || filtered.isDiscarded)
        {
            _result._isDiscarded = filtered.isDiscarded;
            const bool isUsual = filtered.isDiscarded && filtered.reply.code == 0;
            return end(isUsual ? accepted() : filtered.reply);
        }
        const Outcome delivered =
            (_handler.hooks & MPSMTP_HOOK_STAGE) != 0 ? deliverStaged() : deliverAtOnce();
        end(delivered.isSuccess() ? accepted() : delivered.reply);
    }

    /// The reply to the final dot.
    void end(const ReplyParts& reply)
    {
        answer(reply);
        _result._isAccepted = reply.isPositive();
    }

    [[nodiscard]] Outcome filter()
    {
        const Outcome outcome =
            ask(Policy::Message,
                MPSMTP_HOOK_MESSAGE,
                "onMessage",
                [this](Loan& loan, Answers& answers)
                {
                    const auto message =
                        std::make_unique<LentMessage>(_content, _trace, loan, true);
                    return _handler.on_message(_handler.self,
                                               lendEnvelope(loan, _mail, _progress, _host),
                                               message->abi(),
                                               answers.target());
                });
        if (outcome.kind == Outcome::Kind::Fault || outcome.kind == Outcome::Kind::Bug)
            _content.drop();
        else
            _content.apply();
        return outcome;
    }

    // ---------------------------------------------------------------- delivery

    [[nodiscard]] Outcome deliverAtOnce()
    {
        if (_script.ending == Ending::AbortedAfterStage)
            return failedElsewhere();
        Outcome outcome;
        if ((_handler.hooks & MPSMTP_HOOK_DELIVER) != 0)
        {
            Answers answers;
            Loan loan(_host.quarantine);
            const auto message = std::make_unique<LentMessage>(_content, _trace, loan, false);
            const std::vector<std::uint32_t> all = allRecipients();
            _handler.deliver(_handler.self,
                             lendEnvelope(loan, _mail, _progress, _host),
                             loan.table(all),
                             all.size(),
                             message->abi(),
                             answers.target());
            outcome = judged("deliver", answers);
        }
        if (outcome.isSuccess() && _script.ending == Ending::AbortedAfterPersist)
            return failedElsewhere();
        return outcome;
    }

    [[nodiscard]] Outcome deliverStaged()
    {
        const auto stage = std::make_unique<Stage>(*this);
        Outcome outcome = callStage(*stage);
        if (outcome.isSuccess() && _script.ending == Ending::AbortedAfterStage)
            outcome = failedElsewhere();
        if (outcome.isSuccess())
            outcome = step("persist", _handler.persist, stage->work);
        if (outcome.isSuccess() && _script.ending == Ending::AbortedAfterPersist)
            outcome = failedElsewhere();
        if (outcome.isSuccess())
        {
            stage->isEnded = true; // whatever commit answers, abort is out of the question
            return afterCommit(step("commit", _handler.commit, stage->work));
        }
        abort(*stage);
        return outcome;
    }

    void abort(Stage& stage)
    {
        if (!stage.work)
            return;
        stage.isEnded = true;
        _handler.abort(_handler.self, stage.work);
        called("abort");
    }

    [[nodiscard]] Outcome callStage(Stage& stage)
    {
        Answers answers;
        const std::vector<std::uint32_t> all = allRecipients();
        stage.work = _handler.stage(_handler.self,
                                    lendEnvelope(stage.loan, _mail, _progress, _host),
                                    stage.loan.table(all),
                                    all.size(),
                                    stage.message.abi(),
                                    answers.target());
        if (!stage.work && !answers.isFaulted() && answers.all().empty())
            answers.fault("it staged nothing and gave no reason");
        return judged("stage", answers);
    }

    using StagedHook = void (*)(void*, void*, mpsmtp_reply_target*);

    [[nodiscard]] Outcome step(const char* hook, StagedHook function, void* work)
    {
        Answers answers;
        function(_handler.self, work, answers.target());
        return judged(hook, answers);
    }

    /// Never permanent: part of the mail may be visible, and only the client can complete it.
    [[nodiscard]] static Outcome afterCommit(Outcome outcome)
    {
        if (!outcome.isSuccess() && outcome.reply.code >= 500)
            outcome.reply = localError();
        return outcome;
    }

    [[nodiscard]] static Outcome failedElsewhere()
    {
        return {Outcome::Kind::Refusal, localError(), {}};
    }

    [[nodiscard]] std::vector<std::uint32_t> allRecipients() const
    {
        std::vector<std::uint32_t> all(_progress.recipients.size());
        std::iota(all.begin(), all.end(), 0u);
        return all;
    }

    // ---------------------------------------------------------------- hooks

    [[nodiscard]] PolicyCall
    sessionHook(std::int32_t (*function)(void*, const mpsmtp_session*, mpsmtp_reply_target*))
    {
        return [this, function](Loan& loan, Answers& answers) {
            return function(
                _handler.self, lendSession(loan, _mail, _progress, _host), answers.target());
        };
    }

    [[nodiscard]] PolicyCall
    envelopeHook(std::int32_t (*function)(void*, const mpsmtp_envelope*, mpsmtp_reply_target*))
    {
        return [this, function](Loan& loan, Answers& answers) {
            return function(
                _handler.self, lendEnvelope(loan, _mail, _progress, _host), answers.target());
        };
    }

    /// Calls a hook that answers with a verdict, if the handler has it.
    [[nodiscard]] Outcome
    ask(Policy policy, std::uint32_t hook, const char* name, const PolicyCall& call)
    {
        if ((_handler.hooks & hook) == 0)
            return {};
        Answers answers(policy == Policy::Rcpt);
        std::int32_t verdict = 0;
        {
            Loan loan(_host.quarantine);
            verdict = call(loan, answers);
        }
        Outcome outcome = judgedVerdict(policy, verdict, answers);
        logOutcome(name, outcome);
        called(name, verdict);
        return outcome;
    }

    template <class Hook>
    void notify(std::uint32_t hook, const char* name, Hook&& call)
    {
        if ((_handler.hooks & hook) == 0)
            return;
        Answers answers;
        {
            Loan loan(_host.quarantine);
            call(loan, answers);
        }
        if (answers.isFaulted())
            _host.log(MPSMTP_LOG_ERROR, std::string(name) + " threw: " + answers.faultText());
        called(name);
    }

    void notifyEnvelope(bool isAccepted)
    {
        const auto function = isAccepted ? _handler.on_accepted : _handler.on_reset;
        notify(isAccepted ? std::uint32_t{MPSMTP_HOOK_ACCEPTED} : std::uint32_t{MPSMTP_HOOK_RESET},
               isAccepted ? "onAccepted" : "onReset",
               [&](Loan& loan, Answers& answers) {
                   function(_handler.self,
                            lendEnvelope(loan, _mail, _progress, _host),
                            answers.target());
               });
    }

    [[nodiscard]] Outcome judged(const char* hook, const Answers& answers)
    {
        Outcome outcome = judgedDelivery(answers, _progress.recipients.size());
        logOutcome(hook, outcome);
        called(hook);
        return outcome;
    }

    void logOutcome(const char* hook, const Outcome& outcome)
    {
        if (outcome.kind == Outcome::Kind::Fault)
            _host.log(MPSMTP_LOG_ERROR, std::string(hook) + " threw: " + outcome.detail);
        if (outcome.kind == Outcome::Kind::Bug)
            _host.log(MPSMTP_LOG_ERROR, std::string(hook) + ": plugin bug: " + outcome.detail);
    }

    void called(const char* hook, std::int32_t verdict = MPSMTP_CONTINUE)
    {
        _result._calls.push_back({hook, verdict});
        if (_script.afterEach)
            _script.afterEach(hook);
    }

    // ---------------------------------------------------------------- replies

    void answer(const ReplyParts& reply)
    {
        _result._code = reply.code;
        _result._reply = replyText(reply);
    }

    /// Keeps the reply of what did not succeed.
    [[nodiscard]] bool goesOn(const Outcome& outcome)
    {
        if (!outcome.isSuccess())
            answer(outcome.reply);
        return outcome.isSuccess();
    }

    [[nodiscard]] ReplyParts accepted() const { return {250, "2.0.0", "Ok: " + _progress.id}; }

    /// RFC 5321 4.4, without a date: nothing in a test shall depend on when it runs.
    [[nodiscard]] std::string traceField() const
    {
        return "Received: from " + _mail.helo + " ([" + _mail.clientAddress + "]) by " +
               _mail.serverName + "\r\n\twith " + (_mail.isEsmtp ? "ESMTP" : "SMTP") + " id " +
               _progress.id + "; Thu, 01 Jan 1970 00:00:00 +0000\r\n";
    }

    Host& _host;
    const mpsmtp_handler& _handler;
    const Script& _script;
    const Mail& _mail;
    Content _content;
    const std::size_t _logged;
    Progress _progress;
    std::string _trace;
    Result _result;
};

} // namespace detail

} // namespace mpsmtp::testing

/// \file
/// The class that a plugin derives from.
#pragma once

#include <mpsmtp/Context.h>
#include <mpsmtp/Envelope.h>
#include <mpsmtp/Error.h>
#include <mpsmtp/Message.h>
#include <mpsmtp/Verdict.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace mpsmtp
{

/// The outcome of a delivery. Made empty it means: delivered to everyone. Any failure fails the
/// whole transaction, since SMTP has one reply for all recipients (RFC 5321 4.1.1.4). Of several
/// failures the first temporary one is answered, or else the first: behind a 5xx the client gives
/// up on all of them. A value.
class Report
{
public:
    /// One recipient, or all, who did not get the mail.
    struct Failure
    {
        std::size_t index; ///< into Recipients; all of them: Report::everyone
        Reply reply;       ///< 4xx or 5xx; Reply() is 451 4.3.0
    };

    /// An index that stands for all recipients.
    static constexpr std::size_t everyone = static_cast<std::size_t>(-1);

    /// Delivered to everyone.
    Report() = default;

    /// Delivered to nobody. The reply is 4xx or 5xx.
    Report(Reply reply)
    {
        _failures.push_back({everyone, std::move(reply)});
    } // NOLINT(google-explicit-constructor)

    /// Not delivered to the recipient at `index` of Recipients. The reply is 4xx or 5xx.
    void fail(std::size_t index, Reply reply) { _failures.push_back({index, std::move(reply)}); }

    /// In the order in which they were told; empty: delivered to everyone.
    [[nodiscard]] const std::vector<Failure>& failures() const noexcept { return _failures; }

private:
    std::vector<Failure> _failures;
};

/// What stage() made. The host calls persist(), then commit(); or abort(); each at most once, then
/// destroys it. Its references to Envelope, Recipients and Message stay valid until then. The host
/// owns it, on one thread. Thread safety: [connection].
class Staged
{
public:
    Staged() = default;
    Staged(const Staged&) = delete;
    Staged& operator=(const Staged&) = delete;
    virtual ~Staged() = default;

    /// Puts the staged data on stable storage (Storage::syncData), and shows nothing yet. Called
    /// when every required handler has staged. May throw: everything is then aborted. Waits for a
    /// slot of `concurrency`, and is not called when the deadline has passed.
    virtual void persist() {}

    /// Shows the mail, and returns when that is durable too (Storage::syncFolder). Called when
    /// every required handler has persisted, whatever time it is and whatever `concurrency` says.
    /// May throw, but a failure here can double the mail: the client is told to send again (a 5xx
    /// becomes 451), and other handlers may have committed.
    virtual void commit() = 0;

    /// Leaves nothing behind. Called instead of commit(), before or after persist() or when that
    /// has thrown. Not called when commit() has: what that began it has to take back itself.
    virtual void abort() noexcept = 0;
};

/// Result of stage(): work to commit, or a report of why there is none. With both, the failures
/// count and the work is aborted. With neither, the host takes it for a fault of the plugin (451
/// 4.3.0).
struct Stage
{
    /// All is staged.
    template <class Derived>
    Stage(std::unique_ptr<Derived>
              staged) // NOLINT(google-explicit-constructor): `return std::make_unique<…>();`
        : work(std::move(staged))
    {
    }

    /// Nothing is staged, and this is why.
    Stage(Report failures) : report(std::move(failures)) {} // NOLINT(google-explicit-constructor)

    std::unique_ptr<Staged> work; ///< or nullptr
    Report report;                ///< failures
};

/// One configured handler: one object for each `[handler:NAME]` section.
///
/// The class has a constructor from `const Context&`, which is given to it by MPSMTP_PLUGIN. What
/// that throws is a mistake in the configuration, shown with the text of the exception. The
/// constructor is run by --check-config too: it reads and checks, and start() opens and makes.
///
/// Override the hooks that you need; one that is not overridden is not called. A hook may throw:
/// mpsmtp::Error chooses the reply; a std::system_error of a full disk or quota becomes 452 4.3.1;
/// anything else becomes 451 4.3.0. The text of the exception goes to the log and not to the
/// client. What `on_error` of the section says holds for the hooks that judge (onConnect to
/// onMessage).
///
/// What judges is asked as a filter: named in `[filters] chain` or in `filters` of a listener. The
/// first Verdict other than Continue ends the chain. What a hook is given is borrowed until it
/// returns.
///
/// Thread safety: [any], but for start() and stop(). Many threads call one object at once, so
/// members are const after the constructor, or guarded. The calls of one session come one after
/// another, though not always on the same thread. A reload makes new objects beside the old ones.
class Handler
{
public:
    Handler() = default;
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;
    virtual ~Handler() = default;

    /// Before any session; the place to open what lasts. When the configuration is read again, the
    /// handlers of the one before still serve their sessions beside you, on the same files. Throw
    /// to stop the start, or keep the configuration before, with your reason.
    virtual void start() {}

    /// After the last session of this object. What it throws is logged. Not called if start()
    /// threw.
    virtual void stop() {}

    /// A client has connected; nothing has been sent to it. Continue, Reject (554 greeting), Defer
    /// (421 greeting), Disconnect, Drop. Session::helo() is still empty.
    virtual Verdict onConnect(Session& /*session*/) { return Continue; }

    /// HELO or EHLO with a well-formed argument; may come several times. Continue, Reject (550
    /// 5.7.1), Defer (451 4.7.1), Disconnect, Drop.
    virtual Verdict onHelo(Session& /*session*/) { return Continue; }

    /// AUTH. Accept: proved; Continue: ask the next handler; Reject, Defer, Disconnect, Drop. If
    /// nobody accepts: 535 5.7.8. Not called by a mpsmtpd that has no AUTH yet (this one has not).
    virtual Verdict onAuth(Session& /*session*/, const Credentials& /*credentials*/)
    {
        return Continue;
    }

    /// MAIL. The envelope has no recipients yet. Continue, Reject (550 5.7.1), Defer (451 4.7.1),
    /// Disconnect, Drop.
    virtual Verdict onMail(Session& /*session*/, Envelope& /*envelope*/) { return Continue; }

    /// RCPT, after routing: a recipient that a route refuses is not asked about. Continue; Accept:
    /// known, ask no other filter; Reject (550 5.7.1), Defer (451 4.7.1): this recipient only;
    /// Disconnect, Drop. A filter is asked about every recipient of its listeners; a required
    /// handler that delivers, behind the filters, about those that it would get, also if a filter
    /// has accepted them.
    virtual Verdict
    onRcpt(Session& /*session*/, Envelope& /*envelope*/, NewRecipient& /*recipient*/)
    {
        return Continue;
    }

    /// DATA or the first BDAT, before any octet of the message. Continue, Reject (554 5.7.1), Defer
    /// (451 4.7.1), Disconnect, Drop. All but Continue end the transaction.
    virtual Verdict onData(Session& /*session*/, Envelope& /*envelope*/) { return Continue; }

    /// The complete message, before delivery. May edit it through message.edits(). Continue;
    /// Discard: answer 250 and store nothing; Reject (554 5.7.1), Defer (451 4.7.1), Disconnect,
    /// Drop.
    virtual Verdict onMessage(Session& /*session*/, Envelope& /*envelope*/, Message& /*message*/)
    {
        return Continue;
    }

    /// First half of a two-phase delivery: do all that can fail, show nothing. Returns what
    /// persists and commits it, or a Report of why it cannot. What it makes before it throws it
    /// must take back itself.
    /// The recipients are those that this handler shall deliver to: at least one.
    virtual Stage
    stage(Envelope& /*envelope*/, const Recipients& /*recipients*/, Message& /*message*/)
    {
        return Report();
    }

    /// One-phase delivery, for what cannot be taken back: another server, a script. A handler that
    /// overrides stage() too is delivered to in two phases. Called when every required two-phase
    /// handler has staged; with `required = no`, after the 250, when its failures are only logged.
    /// The recipients are those that this handler shall deliver to: at least one.
    virtual Report
    deliver(Envelope& /*envelope*/, const Recipients& /*recipients*/, Message& /*message*/)
    {
        return {};
    }

    /// The 250 has been sent, or the client is gone before it could be; also after a Discard. A
    /// notification, as the two below: every handler that overrides it gets it, for every
    /// transaction of the server, and what it throws is only logged.
    virtual void onAccepted(Session& /*session*/, Envelope& /*envelope*/) {}

    /// A transaction ended without being accepted: RSET, EHLO, a refusal, or the client is gone. Of
    /// each transaction that onMail could have been asked about, either this or onAccepted is
    /// called.
    virtual void onReset(Session& /*session*/, Envelope& /*envelope*/) {}

    /// The session is over. Also for a client that onConnect refused.
    virtual void onDisconnect(Session& /*session*/) {}
};

} // namespace mpsmtp

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

/// The outcome of a delivery. Made empty it means: delivered to everyone. In the first failure lies
/// the outcome of the whole transaction, since SMTP has one reply for all recipients (RFC 5321
/// 4.1.1.4).
class Report
{
public:
    struct Failure
    {
        std::size_t index; ///< into Recipients; all of them: Report::everyone
        Reply reply;
    };

    static constexpr std::size_t everyone = static_cast<std::size_t>(-1);

    /// Delivered to everyone.
    Report() = default;

    /// Delivered to nobody.
    Report(Reply reply)
    {
        _failures.push_back({everyone, std::move(reply)});
    } // NOLINT(google-explicit-constructor)

    /// Not delivered to the recipient at `index`.
    void fail(std::size_t index, Reply reply) { _failures.push_back({index, std::move(reply)}); }

    [[nodiscard]] const std::vector<Failure>& failures() const noexcept { return _failures; }

private:
    std::vector<Failure> _failures;
};

/// What stage() made. The host calls persist(), then commit(); or abort(); each at most once, then
/// destroys it. Its references to Message and Envelope stay valid until then. Thread safety:
/// [connection].
class Staged
{
public:
    Staged() = default;
    Staged(const Staged&) = delete;
    Staged& operator=(const Staged&) = delete;
    virtual ~Staged() = default;

    /// Puts the staged data on stable storage (Storage::syncData). May throw: everything is then
    /// aborted.
    virtual void persist() {}

    /// Shows the mail, and returns when that is durable too (Storage::syncFolder). May throw, but a
    /// failure here can double the mail: the client is told to send again, and other handlers may
    /// have committed.
    virtual void commit() = 0;

    /// Leaves nothing behind. Called instead of commit(), before or after persist().
    virtual void abort() noexcept = 0;
};

/// Result of stage(): work to commit, or a report of why there is none. Both: some recipients
/// failed.
struct Stage
{
    template <class Derived>
    Stage(std::unique_ptr<Derived>
              staged) // NOLINT(google-explicit-constructor): `return std::make_unique<…>();`
        : work(std::move(staged))
    {
    }

    Stage(Report failures) : report(std::move(failures)) {} // NOLINT(google-explicit-constructor)

    std::unique_ptr<Staged> work;
    Report report;
};

/// One configured handler: one object for each `[handler:NAME]` section.
///
/// Override the hooks that you need; one that is not overridden is not called. A hook may throw:
/// mpsmtp::Error chooses the reply, anything else becomes 451 4.3.0 and a line in the log, without
/// its text being sent.
///
/// Thread safety: [any]. Many threads call one object at once, so members are const after the
/// constructor, or guarded. The calls of one session come one after another.
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

    /// After the last session.
    virtual void stop() {}

    /// A client has connected; nothing has been sent to it. Continue, Reject (554 greeting), Defer
    /// (421 greeting), Disconnect, Drop.
    virtual Verdict onConnect(Session& /*session*/) { return Continue; }

    /// HELO or EHLO with a well-formed argument. Continue, Reject, Defer, Disconnect, Drop.
    virtual Verdict onHelo(Session& /*session*/) { return Continue; }

    /// AUTH. Accept: proved; Continue: ask the next handler; Reject, Defer, Disconnect, Drop. If
    /// nobody accepts: 535 5.7.8.
    virtual Verdict onAuth(Session& /*session*/, const Credentials& /*credentials*/)
    {
        return Continue;
    }

    /// MAIL. The envelope has no recipients yet. Continue, Reject, Defer, Disconnect, Drop.
    virtual Verdict onMail(Session& /*session*/, Envelope& /*envelope*/) { return Continue; }

    /// RCPT, after routing. Continue; Accept: known, ask no other filter; Reject, Defer: this
    /// recipient only; Disconnect, Drop. A filter is asked about every recipient; a handler that
    /// delivers only about those that it would get.
    virtual Verdict
    onRcpt(Session& /*session*/, Envelope& /*envelope*/, NewRecipient& /*recipient*/)
    {
        return Continue;
    }

    /// DATA or the first BDAT, before any octet of the message. Continue, Reject, Defer, Disconnect,
    /// Drop.
    virtual Verdict onData(Session& /*session*/, Envelope& /*envelope*/) { return Continue; }

    /// The complete message, before delivery. May edit it through message.edits(). Continue; Discard:
    /// answer 250 and store nothing; Reject, Defer, Disconnect, Drop.
    virtual Verdict onMessage(Session& /*session*/, Envelope& /*envelope*/, Message& /*message*/)
    {
        return Continue;
    }

    /// First half of a two-phase delivery: do all that can fail, show nothing.
    virtual Stage
    stage(Envelope& /*envelope*/, const Recipients& /*recipients*/, Message& /*message*/)
    {
        return Report();
    }

    /// One-phase delivery, for what cannot be taken back: another server, a script. A handler that
    /// overrides stage() too is delivered to in two phases.
    virtual Report
    deliver(Envelope& /*envelope*/, const Recipients& /*recipients*/, Message& /*message*/)
    {
        return {};
    }

    /// The 250 has been sent. A notification, as the two below: what it throws is only logged.
    virtual void onAccepted(Session& /*session*/, Envelope& /*envelope*/) {}

    /// A transaction ended without being accepted: RSET, EHLO, a refusal, or the client is gone.
    virtual void onReset(Session& /*session*/, Envelope& /*envelope*/) {}

    /// The session is over.
    virtual void onDisconnect(Session& /*session*/) {}
};

} // namespace mpsmtp

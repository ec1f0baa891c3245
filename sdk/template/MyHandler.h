// The handler `my-handler`: puts a mark in front of the subject of each mail, once.
#pragma once

#include <mpsmtp/Handler.h>

#include <string>

/// One object for each [handler:NAME] section.
///
/// Thread safety: any thread, and many at once, so that members are const after the constructor, or
/// guarded.
class MyHandler : public mpsmtp::Handler
{
public:
    /// The options are those of the table in MyHandler.cpp, and were checked by the server. What a
    /// constructor throws is shown as a mistake in the configuration.
    explicit MyHandler(const mpsmtp::Context& context);

    /// The complete message, before anything delivers it. The other hooks are in <mpsmtp/Handler.h>:
    /// one that is not overridden is not called.
    mpsmtp::Verdict onMessage(mpsmtp::Session& session,
                              mpsmtp::Envelope& envelope,
                              mpsmtp::Message& message) override;

private:
    const mpsmtp::Log _log;
    const std::string _mark;
};

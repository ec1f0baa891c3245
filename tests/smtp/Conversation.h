// A dialog with its sink, served as the network side serves one: send, clear, do the work after the reply, go on.
#pragma once

#include "smtp/Dialog.h"
#include "smtp/RecordingSink.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace mpsmtp::smtp
{

inline SessionInfo someSession()
{
    SessionInfo info;
    info.id = 1;
    info.clientAddress = "192.0.2.1";
    info.clientPort = 40000;
    info.listener = "main";
    info.hostname = "mx.test";
    return info;
}

class Conversation
{
public:
    explicit Conversation(const SessionOptions& options = {})
        : _options(options), dialog(_options, someSession(), sink)
    {
        dialog.greet();
        greeting = send("");
    }

    /// Gives `octets` to the dialog in pieces of at most `piece` octets, and returns what it answers.
    std::string send(std::string_view octets, std::size_t piece = std::string_view::npos)
    {
        std::string replies = pump();
        while (!octets.empty() && !dialog.isClosed())
        {
            const std::string_view next = octets.substr(0, piece);
            octets.remove_prefix(next.size());
            dialog.feed(next);
            replies += pump();
        }
        return replies;
    }

    /// Half-closes and returns what is answered to that.
    std::string end()
    {
        dialog.endOfInput();
        return pump();
    }

    /// Sends what waits; does what comes after it.
    std::string pump()
    {
        std::string replies;
        do
        {
            replies += dialog.output();
            largestOutput = std::max(largestOutput, dialog.output().size());
            dialog.clearOutput();
            if (!dialog.hasWorkAfterReply())
                break;
            dialog.workAfterReply();
            dialog.resume();
        } while (true);
        return replies;
    }

private:
    const SessionOptions _options;

public:
    RecordingSink sink;
    Dialog dialog;
    std::string greeting;
    std::size_t largestOutput = 0;
};

/// The codes of replies, "250 354 221": the last line of each reply counts.
inline std::string codes(std::string_view replies)
{
    std::string result;
    while (!replies.empty())
    {
        const std::string_view line = replies.substr(0, replies.find('\n') + 1);
        CPPUNIT_ASSERT_MESSAGE("reply without CRLF: " + std::string(replies),
                               line.size() >= 5 && line.substr(line.size() - 2) == "\r\n");
        if (line[3] != '-')
            result += (result.empty() ? "" : " ") + std::string(line.substr(0, 3));
        replies.remove_prefix(line.size());
    }
    return result;
}

} // namespace mpsmtp::smtp

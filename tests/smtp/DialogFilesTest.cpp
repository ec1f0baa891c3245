// Every dialogs/*.dialog against a Dialog alone: in step, all at once, octet by octet, and split at every position.
// What the server says depends on the octets and not on how they arrive, so all four must agree to the octet.
#include "Paths.h"
#include "smtp/Conversation.h"
#include "smtp/DialogScript.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <filesystem>

using namespace mpsmtp::smtp;

namespace
{

std::vector<DialogScript> allScripts()
{
    std::vector<DialogScript> scripts;
    for (const auto& entry :
         std::filesystem::directory_iterator(mpsmtp::test::inSource("/tests/smtp/dialogs")))
        if (entry.path().extension() == ".dialog")
            scripts.push_back(DialogScript::read(entry.path().string()));
    std::sort(scripts.begin(),
              scripts.end(),
              [](const DialogScript& a, const DialogScript& b) { return a.name < b.name; });
    return scripts;
}

/// What came of running a script.
struct Outcome
{
    std::string replies;
    std::vector<std::string> calls;
    std::vector<std::string> messages;

    bool operator==(const Outcome& other) const
    {
        return replies == other.replies && calls == other.calls && messages == other.messages;
    }
};

Outcome outcome(const Conversation& conversation, std::string replies)
{
    Outcome result{std::move(replies), conversation.sink.calls, {}};
    for (const auto& message : conversation.sink.messages)
        result.messages.push_back(message.data);
    return result;
}

/// Plays a script step by step, each expectation checked where it stands.
class Player
{
public:
    explicit Player(const DialogScript& script)
        : _script(script),
          _conversation(script.options),
          _unread(_conversation.greeting),
          _all(_unread)
    {
    }

    Outcome play()
    {
        for (const DialogScript::Step& step : _script.steps)
            play(step);
        flush();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            _script.name + ": said more than expected", std::string(), _unread);
        return outcome(_conversation, _all);
    }

private:
    void play(const DialogScript::Step& step)
    {
        _where = _script.name + ':' + std::to_string(step.line);
        switch (step.action)
        {
        case DialogScript::Action::Send:
            _toSend += step.text;
            return;
        case DialogScript::Action::ExpectLine:
            (void)expectLine(step.text);
            return;
        case DialogScript::Action::ExpectReply:
            while (expectLine(step.text).at(3) == '-')
            {
            }
            return;
        case DialogScript::Action::HalfClose:
            flush();
            hear(_conversation.end());
            return;
        case DialogScript::Action::ExpectClosed:
            flush();
            CPPUNIT_ASSERT_MESSAGE(_where + ": not closed", _conversation.dialog.isClosed());
            return;
        }
    }

    void flush()
    {
        hear(_conversation.send(_toSend));
        _toSend.clear();
    }

    void hear(const std::string& replies)
    {
        _unread += replies;
        _all += replies;
    }

    std::string expectLine(const std::string& prefix)
    {
        flush();
        const std::size_t end = _unread.find("\r\n");
        CPPUNIT_ASSERT_MESSAGE(_where + ": nothing said, expected " + prefix,
                               end != std::string::npos);
        const std::string line = _unread.substr(0, end);
        _unread.erase(0, end + 2);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(_where, prefix, line.substr(0, prefix.size()));
        CPPUNIT_ASSERT_MESSAGE(_where + ": longer than 512 octets", line.size() + 2 <= 512);
        return line;
    }

    const DialogScript& _script;
    Conversation _conversation;
    std::string _toSend;
    std::string _unread;
    std::string _all;
    std::string _where;
};

/// Plays a script's octets in the given pieces: the first of `first` octets, the others of `piece`.
Outcome playInPieces(const DialogScript& script,
                     std::size_t first,
                     std::size_t piece,
                     std::size_t roomOctets)
{
    Conversation conversation(script.options);
    conversation.sink.roomOctets = roomOctets;
    const std::string octets = script.octets();
    std::string replies = conversation.greeting;
    replies += conversation.send(octets.substr(0, first), piece);
    replies += conversation.send(octets.substr(first), piece);
    if (script.halfCloses())
        replies += conversation.end();
    return outcome(conversation, replies);
}

} // namespace

class DialogFilesTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DialogFilesTest);
    CPPUNIT_TEST(eachFileGoesAsWritten);
    CPPUNIT_TEST(theSameWhenAllComesAtOnce);
    CPPUNIT_TEST(theSameOctetByOctet);
    CPPUNIT_TEST(theSameSplitAtEveryPosition);
    CPPUNIT_TEST(theSameWithLittleRoomInTheSink);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        _scripts = allScripts();
        CPPUNIT_ASSERT_MESSAGE("dialogs not found", _scripts.size() > 20);
    }

    void eachFileGoesAsWritten()
    {
        for (const DialogScript& script : _scripts)
        {
            const Outcome result = Player(script).play();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(script.name, script.accepted, result.messages.size());
            if (script.mailData)
                CPPUNIT_ASSERT_EQUAL_MESSAGE(script.name, *script.mailData, result.messages.back());
        }
    }

    void theSameWhenAllComesAtOnce()
    {
        for (const DialogScript& script : _scripts)
            assertSame(script, Player(script).play(), 0, std::string::npos, 65536);
    }

    void theSameOctetByOctet()
    {
        for (const DialogScript& script : _scripts)
            assertSame(script, Player(script).play(), 0, 1, 65536);
    }

    void theSameSplitAtEveryPosition()
    {
        for (const DialogScript& script : _scripts)
        {
            const Outcome inStep = Player(script).play();
            const std::size_t octets = script.octets().size();
            for (std::size_t at = 1; at < octets; ++at)
                assertSame(script, inStep, at, std::string::npos, 65536);
        }
    }

    void theSameWithLittleRoomInTheSink()
    {
        for (const DialogScript& script : _scripts)
        {
            const Outcome inStep = Player(script).play();
            for (std::size_t room = 1; room < 8; ++room)
                for (const std::size_t piece : {std::size_t(1), std::size_t(3), std::string::npos})
                    assertSame(script, inStep, 0, piece, room);
        }
    }

private:
    static void assertSame(const DialogScript& script,
                           const Outcome& inStep,
                           std::size_t first,
                           std::size_t piece,
                           std::size_t room)
    {
        const Outcome inPieces = playInPieces(script, first, piece, room);
        const std::string how =
            script.name + " split at " + std::to_string(first) + ", room " + std::to_string(room);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(how, inStep.replies, inPieces.replies);
        CPPUNIT_ASSERT_MESSAGE(how, inStep == inPieces);
    }

    std::vector<DialogScript> _scripts;
};

CPPUNIT_TEST_SUITE_REGISTRATION(DialogFilesTest);

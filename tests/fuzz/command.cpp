// Fuzz target: command lines, from octets to verb and argument, and the arguments of MAIL, RCPT and BDAT.
//
//   input = strict esmtp *octets                                     ; 2 choices (Fuzzing.h), then lines
#include "smtp/Command.h"
#include "fuzz/Fuzzing.h"
#include "smtp/LineSplitter.h"
#include "smtp/MailArguments.h"

namespace mpsmtp::fuzz
{

namespace
{

using smtp::LineSplitter;

constexpr std::size_t maxLineOctets = 80;

/// Status and text of each line, fed in these pieces.
std::string linesOf(const Pieces& pieces)
{
    LineSplitter splitter(maxLineOctets);
    std::string waiting;
    std::string lines;
    for (const std::string_view piece : pieces)
    {
        waiting += piece;
        while (true)
        {
            const auto result = splitter.next(waiting);
            REQUIRE(result.consumed <= waiting.size(), "more consumed than there is");
            if (result.status == LineSplitter::Status::Line)
                lines += "line " + std::string(result.line) + '\n';
            if (result.status == LineSplitter::Status::TooLong)
                lines += "long " + std::string(result.line) + '\n';
            waiting.erase(0, result.consumed);
            if (result.status == LineSplitter::Status::Incomplete)
                break;
        }
        REQUIRE(waiting.size() < maxLineOctets, "octets that should have been passed over");
    }
    return lines;
}

bool isInside(std::string_view part, std::string_view whole)
{
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

bool hasBlankEnds(std::string_view text)
{
    constexpr std::string_view blanks = " \t";
    return !text.empty() &&
           (blanks.find(text.front()) != blanks.npos || blanks.find(text.back()) != blanks.npos);
}

/// In whatever case the verb stands, the command is the same.
void checkCase(std::string_view line, const smtp::Command& command)
{
    std::string other(line);
    for (char& c : other)
        if (c == ' ' || c == '\t')
            break;
        else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
            c = static_cast<char>(c ^ ' ');
    const smtp::Command same = smtp::parseCommand(other);
    REQUIRE(same.verb == command.verb && same.argument == command.argument, shown(line));
}

void checkArguments(std::string_view argument, const smtp::PathRules& rules)
{
    smtp::Envelope envelope;
    if (!smtp::parseMail(argument, rules, 1000, envelope))
    {
        REQUIRE(envelope.declaredOctets <= 1000, "a SIZE over the limit was taken");
        REQUIRE(envelope.smtpUtf8 || !envelope.reversePath.nonAscii, "UTF-8 without SMTPUTF8");
    }
    smtp::Recipient recipient;
    if (!smtp::parseRcpt(argument, rules, envelope, recipient))
    {
        REQUIRE(!recipient.path.isNull(), "a recipient that is nobody");
        REQUIRE(envelope.smtpUtf8 || !recipient.path.nonAscii, "UTF-8 without SMTPUTF8");
    }
    if (const auto bdat = smtp::parseBdat(argument))
    {
        const auto again =
            smtp::parseBdat(std::to_string(bdat->octets) + (bdat->last ? " LAST" : ""));
        REQUIRE(again && again->octets == bdat->octets && again->last == bdat->last,
                shown(argument));
    }
}

} // namespace

void run(std::string_view input)
{
    Choices choices(input, 2);
    const smtp::PathRules rules{choices.next(2) == 1, "mx.test"};
    const unsigned seed = choices.next(256);
    const std::string_view octets = choices.octets();
    const std::string lines = linesOf(whole(octets));
    REQUIRE(lines == linesOf(octetByOctet(octets)), shown(octets));
    REQUIRE(lines == linesOf(cut(octets, seed, 9)), shown(octets));

    const std::string_view line = octets.substr(0, octets.find('\n'));
    const smtp::Command command = smtp::parseCommand(line);
    REQUIRE(isInside(command.argument, line), "an argument from elsewhere");
    REQUIRE(!hasBlankEnds(command.argument), shown(command.argument));
    if (command.verb != smtp::Verb::Unknown && command.verb != smtp::Verb::Http)
        checkCase(line, command);
    checkArguments(command.argument, rules);
    (void)smtp::looksLikeTlsHello(octets);
}

} // namespace mpsmtp::fuzz

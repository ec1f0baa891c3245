// Fuzz target: what the mbox handler finds on disk, its own note and a mailbox that anybody may have written; and the
// quoting of mail that becomes part of one.
//
//   input = seed *octets                                             ; 1 choice (Fuzzing.h)
//   octets = note NUL mailbox
#include "fuzz/Fuzzing.h"
#include "mbox/Intent.h"
#include "mbox/Mboxrd.h"

#include <sys/mman.h>
#include <unistd.h>

namespace mpsmtp::fuzz
{

namespace
{

class StringSink final : public store::OctetSink
{
public:
    void write(std::string_view octets) override { text += octets; }

    std::string text;
};

/// A file in memory that holds these octets.
class MemoryFile
{
public:
    explicit MemoryFile(std::string_view octets) : _fd(::memfd_create("fuzz", MFD_CLOEXEC))
    {
        REQUIRE(_fd >= 0, "no file in memory");
        REQUIRE(::write(_fd, octets.data(), octets.size()) == static_cast<ssize_t>(octets.size()),
                "short write");
    }

    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    ~MemoryFile() { ::close(_fd); }

    [[nodiscard]] int fd() const noexcept { return _fd; }

private:
    int _fd;
};

std::vector<std::string> linesOf(std::string_view text)
{
    std::vector<std::string> lines;
    while (!text.empty())
    {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1);
        lines.emplace_back(text.substr(0, end + 1));
        text.remove_prefix(end + 1);
    }
    return lines;
}

bool beginsWith(std::string_view text, std::string_view beginning)
{
    return text.substr(0, beginning.size()) == beginning;
}

/// Offsets of the lines that begin as a separator does, from `start` on.
std::vector<std::uint64_t> separatorsOf(std::string_view mailbox, std::uint64_t start)
{
    std::vector<std::uint64_t> offsets;
    std::uint64_t at = 0;
    for (const std::string& line : linesOf(mailbox))
    {
        if (at >= start && beginsWith(line, "From "))
            offsets.push_back(at);
        at += line.size();
    }
    return offsets;
}

void checkNote(std::string_view text)
{
    const auto intent = mbox::Intent::parse(text);
    if (!intent)
        return;
    const std::string printed = intent->serialize();
    const auto again = mbox::Intent::parse(printed);
    REQUIRE(again && again->serialize() == printed, shown(text));
    for (std::size_t size = 0; size < printed.size(); ++size)
        REQUIRE(!mbox::Intent::parse(std::string_view(printed).substr(0, size)),
                "half a note was believed");
}

/// A batch that is removed is never anybody else's: each separator in it was noted, where it stands and as it reads.
void checkBatch(std::string_view note, std::string_view mailbox)
{
    const auto intent = mbox::Intent::parse(note);
    if (!intent)
        return;
    const MemoryFile file(mailbox);
    if (!mbox::isBatch(*intent, file.fd(), mailbox.size()))
        return;
    REQUIRE(intent->start <= mailbox.size() && mailbox.size() <= intent->end, shown(note));
    for (const std::uint64_t offset : separatorsOf(mailbox, intent->start))
    {
        bool isNoted = false;
        for (const auto& part : intent->parts)
            isNoted = isNoted ||
                      (part.offset == offset &&
                       beginsWith(part.fromLine, mailbox.substr(offset, part.fromLine.size())));
        REQUIRE(isNoted, shown(note) + " took " + shown(mailbox));
    }
}

/// What our own batch leaves behind when it is cut short anywhere is known again, unless somebody wrote behind it.
void checkOwnBatch(std::string_view before, std::string_view message)
{
    const std::string fromLine = mbox::fromLine("a@b", {});
    StringSink quoted;
    mbox::MboxrdQuoter quoter(store::LineEnding::Lf, quoted);
    quoter.write(message);
    quoter.finish();
    std::string mailbox(before);
    mailbox += mailbox.empty() ? "" : "\n\n";
    mbox::Intent intent;
    intent.start = mailbox.size();
    for (int i = 0; i < 2; ++i)
    {
        intent.parts.push_back({mailbox.size(), fromLine});
        mailbox += fromLine + quoted.text;
    }
    intent.end = mailbox.size();
    for (std::size_t size = intent.start; size <= mailbox.size(); size += 1 + mailbox.size() / 50)
    {
        const MemoryFile file(std::string_view(mailbox).substr(0, size));
        REQUIRE(mbox::isBatch(intent, file.fd(), size), shown(mailbox.substr(0, size)));
    }
    mailbox += "From x\n";
    const MemoryFile longer(mailbox);
    REQUIRE(!mbox::isBatch(intent, longer.fd(), mailbox.size()), "another's mail was taken");
}

/// A reader of mboxrd: one `>` less in front of each `>*From `.
std::string unquoted(std::string_view stored)
{
    std::string text;
    for (const std::string& line : linesOf(stored))
    {
        const std::size_t marks = std::min(line.find_first_not_of('>'), line.size());
        const bool isQuoted =
            marks > 0 && beginsWith(std::string_view(line).substr(marks), "From ");
        text += line.substr(isQuoted ? 1 : 0);
    }
    return text;
}

std::string quoted(const Pieces& pieces, store::LineEnding lineEnding)
{
    StringSink sink;
    mbox::MboxrdQuoter quoter(lineEnding, sink);
    for (const std::string_view piece : pieces)
        quoter.write(piece);
    quoter.finish();
    return sink.text;
}

void checkQuoting(std::string_view message, unsigned seed)
{
    for (const auto lineEnding : {store::LineEnding::Lf, store::LineEnding::Crlf})
    {
        const std::string stored = quoted(whole(message), lineEnding);
        REQUIRE(separatorsOf(stored, 0).empty(), "another mail began: " + shown(stored));
        REQUIRE(stored == quoted(octetByOctet(message), lineEnding), shown(message));
        REQUIRE(stored == quoted(cut(message, seed, 9), lineEnding), shown(message));
        std::string expected(message);
        if (!expected.empty() && expected.back() != '\n')
            expected += lineEnding == store::LineEnding::Crlf ? "\r\n" : "\n";
        REQUIRE(unquoted(stored) == expected + '\n', shown(message) + " is " + shown(stored));
    }
}

void checkSeparator(std::string_view sender)
{
    const std::string line = mbox::fromLine(sender, {});
    REQUIRE(beginsWith(line, "From ") && line.find('\n') == line.size() - 1, shown(line));
    REQUIRE(line.find('\r') == line.npos && line.find('\0') == line.npos, shown(line));
    const std::string date = " Thu Jan  1 00:00:00 1970\n";
    REQUIRE(line.find(' ', 5) == line.size() - date.size(), shown(line));
}

} // namespace

void run(std::string_view input)
{
    Choices choices(input, 1);
    const unsigned seed = choices.next(256);
    const std::string_view octets = choices.octets();
    const std::size_t parting = std::min(octets.find('\0'), octets.size());
    const std::string_view note = octets.substr(0, parting);
    const std::string_view mailbox = octets.substr(std::min(parting + 1, octets.size()));
    checkNote(note);
    checkBatch(note, mailbox);
    checkOwnBatch(note, mailbox);
    checkQuoting(octets, seed);
    checkSeparator(note);
}

} // namespace mpsmtp::fuzz

// Fuzz target: the header section of a message, as parsed and as edited by filters. What an edit adds is one field and
// never more; what no edit touches stays as it came.
//
//   input = cut *( edit RS ) GS message                              ; 1 choice (Fuzzing.h); GS: %x1D, RS: %x1E
//   edit  = ( "p" / "i" / "c" / "d" / "b" ) index name "=" value     ; prepend, insert, change, delete, body; index: an octet
#include "delivery/MessageView.h"
#include "fuzz/Fuzzing.h"
#include "headers/Folding.h"
#include "headers/Rules.h"

#include <cstring>
#include <optional>

namespace mpsmtp::fuzz
{

namespace
{

using delivery::MessageHeaders;

std::string joined(const std::vector<mpsmtp_string>& segments)
{
    std::string text;
    for (const auto& segment : segments)
        text.append(segment.data, segment.size);
    return text;
}

std::string described(const MessageHeaders& headers)
{
    std::string text;
    for (const auto& field : headers.fields())
        text.append(field.name).append("\n").append(field.value).append("\n");
    return text + std::to_string(headers.octets()) + ' ' +
           std::to_string(static_cast<int>(headers.end()));
}

std::vector<mpsmtp_string> segmentsOf(const Pieces& pieces)
{
    std::vector<mpsmtp_string> segments;
    for (const std::string_view piece : pieces)
        segments.push_back({piece.data(), piece.size()});
    return segments;
}

void checkParsing(std::string_view message, unsigned seed)
{
    MessageHeaders headers;
    headers.parse(segmentsOf(whole(message)));
    std::string raw;
    for (const auto& field : headers.fields())
    {
        REQUIRE(delivery::isFieldName(field.name), shown(field.name));
        raw += field.raw;
    }
    REQUIRE(raw == message.substr(0, headers.octets()), shown(message));
    const std::string expected = described(headers);
    for (const Pieces& pieces : {octetByOctet(message), cut(message, seed, 9)})
    {
        headers.parse(segmentsOf(pieces));
        REQUIRE(described(headers) == expected, shown(message) + " in pieces");
    }
}

struct Edit
{
    std::int32_t kind;
    std::size_t index;
    std::string_view name;
    std::string_view value;
};

/// Takes one edit off the front of `rest`.
std::optional<Edit> takeEdit(std::string_view& rest)
{
    constexpr std::string_view letters = "picdb";
    constexpr std::int32_t kinds[] = {MPSMTP_EDIT_PREPEND,
                                      MPSMTP_EDIT_INSERT,
                                      MPSMTP_EDIT_CHANGE,
                                      MPSMTP_EDIT_DELETE,
                                      MPSMTP_EDIT_BODY};
    const std::size_t end = rest.find('\x1E');
    const std::size_t kind = rest.empty() ? letters.npos : letters.find(rest.front());
    if (end == rest.npos || end < 2 || kind == letters.npos)
        return std::nullopt;
    const std::string_view text = rest.substr(2, end - 2);
    const std::size_t equals = std::min(text.find('='), text.size());
    const auto index = static_cast<unsigned char>(rest[1]);
    rest.remove_prefix(end + 1);
    return Edit{kinds[kind],
                (index + 256u - '0') % 256u,
                text.substr(0, equals),
                text.substr(std::min(equals + 1, text.size()))};
}

/// A message in memory with its view.
class Shown
{
public:
    explicit Shown(std::string_view content)
        : _message(_pool, delivery::FileCalls::system(), _limits),
          _view(_message, delivery::FileCalls::system(), _limits)
    {
        while (!content.empty())
        {
            const auto room = _message.writable();
            const std::size_t count = std::min(room.size, content.size());
            std::memcpy(room.data, content.data(), count);
            REQUIRE(_message.written(count), "a message of a few KiB does not fit");
            content.remove_prefix(count);
        }
        REQUIRE(_message.complete(), "not complete");
        _view.reset("");
    }

    [[nodiscard]] delivery::MessageView& view() noexcept { return _view; }

    [[nodiscard]] std::string content() const
    {
        const auto& abi = _view.abi();
        std::string text = joined({abi.segments, abi.segments + abi.segment_count});
        REQUIRE(text.size() == abi.content_size, "another size than the content's");
        return text;
    }

    /// Names and values, as handlers see them.
    [[nodiscard]] std::string fields()
    {
        const mpsmtp_header* const* fields = nullptr;
        const std::size_t count = _view.headers(&fields);
        std::string text;
        for (std::size_t i = 0; i < count; ++i)
            text.append(fields[i]->name.data, fields[i]->name.size)
                .append("\n")
                .append(fields[i]->value.data, fields[i]->value.size)
                .append("\n");
        return text;
    }

private:
    delivery::BufferPool _pool;
    delivery::SpoolLimits _limits{"/nonexistent", 1u << 20u};
    delivery::SpooledMessage _message;
    delivery::MessageView _view;
};

void checkEdits(std::string_view edits, std::string_view message)
{
    Shown shownMessage(message);
    const std::string before = shownMessage.fields();
    shownMessage.view().allowEdits();
    bool isEdited = false;
    bool hasBody = false;
    while (const auto edit = takeEdit(edits))
    {
        const int result =
            shownMessage.view().edit(edit->kind, edit->index, edit->name, edit->value);
        REQUIRE(result == 0 || result == EINVAL, std::to_string(result));
        isEdited = isEdited || result == 0;
        hasBody = hasBody || (result == 0 && edit->kind == MPSMTP_EDIT_BODY);
    }
    shownMessage.view().applyEdits();
    const std::string content = shownMessage.content();
    if (!isEdited)
        return REQUIRE(content == message && shownMessage.fields() == before, shown(message));
    // A reader finds the fields that handlers see: nothing else became one.
    Shown read(content);
    REQUIRE(read.fields() == shownMessage.fields(),
            shown(content) + "\n" + shown(shownMessage.fields()) + "\n" + shown(read.fields()));
    if (hasBody)
        return;
    MessageHeaders headers;
    headers.parse(segmentsOf(whole(message)));
    const std::string_view body = message.substr(headers.octets());
    REQUIRE(content.size() >= body.size() && content.substr(content.size() - body.size()) == body,
            shown(message) + " became " + shown(content));
}

/// Every line but the first is a continuation, and none is of blanks alone.
void checkFolds(std::string_view value, const std::string& folded, std::size_t mostOctets)
{
    std::string_view rest = folded;
    for (bool isFirst = true; !rest.empty(); isFirst = false)
    {
        const std::size_t end = std::min(rest.find("\r\n"), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 2, rest.size()));
        REQUIRE(line.find_first_of("\r\n") == line.npos, shown(value));
        REQUIRE(isFirst || (line.size() > 1 && (line[0] == ' ' || line[0] == '\t')), shown(value));
        REQUIRE(isFirst || line.find_first_not_of(" \t") != line.npos, shown(value));
        REQUIRE(line.size() <= mostOctets, shown(value));
    }
}

/// '*' and '?' by their meaning, without cleverness.
bool fits(std::string_view name, std::string_view glob)
{
    std::vector<bool> reached(name.size() + 1, false); // with the glob so far
    reached[0] = true;
    for (const char c : glob)
    {
        std::vector<bool> next(name.size() + 1, false);
        for (std::size_t at = 0; at <= name.size(); ++at)
        {
            if (c == '*' && (reached[at] || (at > 0 && next[at - 1])))
                next[at] = true;
            const char lower = at == 0 ? '\0'
                               : name[at - 1] >= 'A' && name[at - 1] <= 'Z'
                                   ? static_cast<char>(name[at - 1] + 32)
                                   : name[at - 1];
            if (c != '*' && at > 0 && reached[at - 1] && (c == '?' || c == lower))
                next[at] = true;
        }
        reached = next;
    }
    return reached[name.size()];
}

void checkPlugin(std::string_view text)
{
    std::string line(text);
    for (char& c : line)
        c = c == '\r' || c == '\n' ? ' ' : c; // as ValueTemplate leaves it
    checkFolds(text, headers::folded("Subject", line), 998);
    checkFolds(text, delivery::foldedValue(text), std::string::npos);
    const std::size_t parting = std::min(text.find(':'), text.size());
    std::string glob(text.substr(parting));
    for (char& c : glob)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    const std::string_view name = text.substr(0, parting);
    if (text.size() <= 200)
        REQUIRE(headers::matchesGlob(name, glob) == fits(name, glob), shown(text));
}

} // namespace

void run(std::string_view input)
{
    Choices choices(input, 1);
    const unsigned seed = choices.next(256);
    const std::string_view octets = choices.octets();
    const std::size_t parting = octets.find('\x1D');
    const std::string_view message = parting == octets.npos ? octets : octets.substr(parting + 1);
    checkParsing(message, seed);
    checkEdits(octets.substr(0, parting == octets.npos ? 0 : parting), message);
    checkPlugin(octets);
}

} // namespace mpsmtp::fuzz

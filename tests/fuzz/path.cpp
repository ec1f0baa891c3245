// Fuzz target: reverse-paths and forward-paths. What parses is printed, and parses again to the same; what strict rules
// take lenient rules take with the same meaning.
//
//   input = strict reverse default *octets                           ; 3 choices (Fuzzing.h), then a path
#include "smtp/Path.h"
#include "fuzz/Fuzzing.h"
#include "smtp/Utf8.h"

namespace mpsmtp::fuzz
{

namespace
{

struct Parsed
{
    bool isRefused;
    smtp::Path path;
    std::string_view rest;
};

Parsed parse(std::string_view text, const smtp::PathRules& rules, bool isReverse)
{
    Parsed parsed{false, {}, text};
    const auto refusal = isReverse ? smtp::parseReversePath(parsed.rest, rules, parsed.path)
                                   : smtp::parseForwardPath(parsed.rest, rules, parsed.path);
    parsed.isRefused = refusal.has_value();
    if (refusal)
        REQUIRE(refusal->code >= 500 && refusal->code < 600, "refused with another code");
    return parsed;
}

bool isSame(const smtp::Path& a, const smtp::Path& b)
{
    return a.address == b.address && a.localPart == b.localPart && a.domain == b.domain &&
           a.nonAscii == b.nonAscii;
}

bool hasControl(std::string_view text)
{
    for (const char c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7F')
            return true;
    return false;
}

/// What the rest of the server builds on.
void checkForm(const smtp::Path& path)
{
    REQUIRE(path.address.empty() == path.localPart.empty(), path.address);
    REQUIRE(!hasControl(path.address) && !hasControl(path.localPart), shown(path.address));
    REQUIRE(smtp::isValidUtf8(path.address), shown(path.address));
    REQUIRE(path.domain.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ <>@\"") == std::string::npos ||
                path.domain.front() == '[',
            shown(path.domain));
    REQUIRE(path.domain.size() <= 255 && path.localPart.size() <= 200, "too long");
    REQUIRE(path.domain.empty() || path.address.substr(path.address.size() - path.domain.size() -
                                                       1) == '@' + path.domain,
            shown(path.address));
}

} // namespace

void run(std::string_view input)
{
    Choices choices(input, 3);
    const bool isStrict = choices.next(2) == 1;
    const bool isReverse = choices.next(2) == 1;
    const std::string_view defaultDomain = choices.next(2) == 1 ? "" : "mx.test";
    const std::string_view text = choices.octets();

    const Parsed parsed = parse(text, {isStrict, defaultDomain}, isReverse);
    if (parsed.isRefused)
        return REQUIRE(parsed.rest == text, "a refusal took octets away");
    REQUIRE(text.substr(text.size() - parsed.rest.size()) == parsed.rest, "another rest");
    checkForm(parsed.path);
    const std::string printed = '<' + parsed.path.address + '>';
    const Parsed again = parse(printed, {isStrict, ""}, isReverse);
    // A local part alone is printed as one; only <Postmaster> may stand so.
    if (parsed.path.domain.empty() && !parsed.path.isNull())
        return;
    // The quoting that an address needs may make it longer than a path may be.
    if (printed.size() > 256)
        return;
    REQUIRE(!again.isRefused && again.rest.empty(), shown(text) + " is printed as " + printed);
    REQUIRE(isSame(parsed.path, again.path), printed + " and <" + again.path.address + '>');
    if (!isStrict)
        return;
    const Parsed lenient = parse(text, {false, defaultDomain}, isReverse);
    REQUIRE(!lenient.isRefused && isSame(parsed.path, lenient.path), shown(text));
}

} // namespace mpsmtp::fuzz

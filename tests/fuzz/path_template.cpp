// Fuzz target: where a store puts a mail. A path lies in the template's base folder whatever an address holds, and two
// addresses never share one.
//
//   input = template *octets                                         ; 1 choice (Fuzzing.h), then values parted by LF:
//   octets = user LF domain LF user LF domain [ LF template ]        ; two recipients; the template of the first choice
#include "common/PathComponent.h"
#include "common/PathTemplate.h"
#include "fuzz/Fuzzing.h"

#include <array>
#include <stdexcept>

namespace mpsmtp::fuzz
{

namespace
{

/// What a template is made of, as text that is the same only if all values are.
using Key = std::string (*)(std::string_view user, std::string_view domain);

std::string pair(std::string_view a, std::string_view b)
{
    return std::to_string(a.size()) + ' ' + std::string(a) + std::string(b);
}

std::string both(std::string_view user, std::string_view domain)
{
    return pair(user, domain);
}

std::string address(std::string_view user, std::string_view domain)
{
    return std::string(user) + '@' + std::string(domain);
}

std::string onlyUser(std::string_view user, std::string_view)
{
    return std::string(user);
}

std::string mailboxAndDetail(std::string_view user, std::string_view)
{
    const std::size_t plus = std::min(user.find('+'), user.size());
    return pair(user.substr(0, plus), user.substr(std::min(plus + 1, user.size())));
}

struct Known
{
    const char* text;
    Key key;
};

constexpr std::array<Known, 9> known{{{nullptr, nullptr}, // the input's own
                                      {"mail/%{rcpt.domain}/%{rcpt.user}", both},
                                      {"mail/%{rcpt}", address},
                                      {"/var/mail/%{rcpt.user}", onlyUser},
                                      {"mail/%{rcpt.user}.lock", onlyUser},
                                      {"mail/.%{rcpt.user}", onlyUser},
                                      {"mail/%{rcpt.user}-%{rcpt.domain}", both},
                                      {"mail/%{rcpt.mailbox}.%{rcpt.detail}", mailboxAndDetail},
                                      {"%{rcpt.domain}..%{rcpt.user}", both}}};

std::string_view takeLine(std::string_view& rest)
{
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
}

std::string decoded(const std::string& component)
{
    std::string text;
    for (std::size_t at = 0; at < component.size(); ++at)
    {
        if (component[at] != '%' || component == "%")
        {
            text += component == "%" ? "" : std::string(1, component[at]);
            continue;
        }
        text += static_cast<char>(std::stoi(component.substr(at + 1, 2), nullptr, 16));
        at += 2;
    }
    return text;
}

/// Below `base` there are only components that name something.
void checkInside(const std::string& path, const std::string& base)
{
    std::string_view rest = path;
    if (base != "." && base != "/")
    {
        REQUIRE(path.substr(0, base.size() + 1) == base + '/', path + " is not in " + base);
        rest.remove_prefix(base.size());
    }
    REQUIRE(path.find('\0') == path.npos, shown(path));
    const bool isBare = base == "." && path.substr(0, 2) != "./"; // no folder in front
    for (rest.remove_prefix(isBare ? 0 : 1 + (base == "." ? 1u : 0u)); !rest.empty();)
    {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        const std::string_view component = rest.substr(0, end);
        REQUIRE(!component.empty() && component != "." && component != "..", shown(path));
        REQUIRE(component.size() <= 255, shown(path));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

std::optional<std::string>
expand(const store::PathTemplate& pathTemplate, std::string_view user, std::string_view domain)
{
    store::PathValues values;
    values.localPart = user;
    values.domain = domain;
    values.sender = user;
    values.client = domain;
    values.listener = "main";
    values.id = user;
    return pathTemplate.expand(values);
}

void checkEncoding(std::string_view value)
{
    const std::string component = store::finishComponent(store::encodeValue(value));
    REQUIRE(decoded(component) == value, shown(value) + " is " + shown(component));
    REQUIRE(decoded(store::encodeFolderName(value)) == value, shown(value));
    if (component.size() <= 255) // longer ones are refused by the template
        checkInside("base/" + component, "base");
}

/// "%{" that is no end of "%%{", which is a literal: a template without a value names what its administrator wrote.
bool hasValue(std::string_view text)
{
    std::size_t at = text.find('%');
    while (at < text.size() && text.substr(at, 2) == "%%")
        at = text.find('%', at + 2);
    return at < text.size();
}

void checkOwn(std::string_view text, std::string_view user, std::string_view domain)
{
    try
    {
        const store::PathTemplate pathTemplate(text);
        const auto path = expand(pathTemplate, user, domain);
        if (path && hasValue(text) && text.find('\0') == text.npos)
            checkInside(*path, pathTemplate.base());
    }
    catch (const std::invalid_argument&)
    {
        // A sentence for the administrator.
    }
}

} // namespace

void run(std::string_view input)
{
    Choices choices(input, 1);
    const Known& test = known.at(choices.next(known.size()));
    std::string_view rest = choices.octets();
    const std::string_view user = takeLine(rest);
    const std::string_view domain = takeLine(rest);
    const std::string_view otherUser = takeLine(rest);
    const std::string_view otherDomain = takeLine(rest);
    checkEncoding(user);
    checkEncoding(domain);
    if (test.text == nullptr)
        return checkOwn(rest, user, domain);
    const store::PathTemplate pathTemplate(test.text);
    const auto path = expand(pathTemplate, user, domain);
    const auto other = expand(pathTemplate, otherUser, otherDomain);
    if (path)
        checkInside(*path, pathTemplate.base());
    if (path && other)
        REQUIRE((*path == *other) == (test.key(user, domain) == test.key(otherUser, otherDomain)),
                shown(user) + ' ' + shown(domain) + " and " + shown(otherUser) + ' ' +
                    shown(otherDomain) + " are in " + *path + " and " + *other);
}

} // namespace mpsmtp::fuzz

#include "common/PathTemplate.h"

#include "common/PathComponent.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace mpsmtp::store
{

namespace
{

constexpr std::size_t maxComponentOctets = 255; // NAME_MAX of every file system in use

[[nodiscard]] std::string_view before(std::string_view text, std::size_t position)
{
    return text.substr(0, std::min(position, text.size()));
}

[[nodiscard]] std::string_view behind(std::string_view text, std::size_t position)
{
    return position >= text.size() ? std::string_view{} : text.substr(position + 1);
}

/// Only ASCII: what other letters' lower case is depends on the language.
[[nodiscard]] std::string toLowerAscii(std::string_view text)
{
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return out;
}

/// The conversions that the parser lets through; all are digits, so no locale has a say.
[[nodiscard]] std::string formatDate(const std::string& format, std::time_t when)
{
    std::tm utc{};
    (void)::gmtime_r(&when, &utc);
    std::array<char, 256> text{};
    return std::string(text.data(), std::strftime(text.data(), text.size(), format.c_str(), &utc));
}

} // namespace

PathValues PathValues::of(const Envelope& envelope, const Recipient& recipient)
{
    PathValues values;
    values.localPart = recipient.localPart();
    values.domain = recipient.domain();
    values.sender = envelope.reversePath();
    values.client = envelope.session().clientAddress();
    values.listener = envelope.session().listener();
    values.id = envelope.id();
    values.receivedAt = std::chrono::system_clock::to_time_t(envelope.receivedAt());
    return values;
}

/// Cuts the text into components, and each into literals and values.
class PathTemplate::Parser
{
public:
    explicit Parser(std::string_view text) : _text(text) {}

    [[nodiscard]] std::vector<Component> run()
    {
        if (_text.empty())
            fail("is empty");
        while (_at < _text.size())
            step();
        endComponent();
        if (_components.empty() || (_components.size() == 1 && isRoot(_components.front())))
            fail("names no file or folder");
        return std::move(_components);
    }

private:
    [[noreturn]] void fail(const std::string& why) const
    {
        throw std::invalid_argument("path \"" + std::string(_text) + "\" " + why);
    }

    [[nodiscard]] static bool isRoot(const Component& component) { return component.parts.empty(); }

    void step()
    {
        const char c = _text[_at];
        if (c == '/')
            endComponent();
        else if (c == '%')
            return percent();
        else
            addLiteral(c);
        ++_at;
    }

    void percent()
    {
        const std::string_view rest = _text.substr(_at + 1);
        if (!rest.empty() && rest.front() == '%')
        {
            addLiteral('%');
            _at += 2;
            return;
        }
        if (rest.empty() || rest.front() != '{')
            fail("has a \"%\" that is neither \"%%\" nor the start of \"%{…}\"");
        const std::size_t end = rest.find('}');
        if (end == std::string_view::npos)
            fail("has a \"%{\" without \"}\"");
        addValue(rest.substr(1, end - 1));
        _at += end + 2;
    }

    void addLiteral(char c)
    {
        if (_component.parts.empty() || _component.parts.back().source != Source::Literal)
            _component.parts.emplace_back();
        _component.parts.back().text += c;
    }

    void addValue(std::string_view expression)
    {
        constexpr std::string_view suffix = ":lowercase";
        Part part;
        std::string_view name = expression;
        if (name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix)
        {
            part.lowercase = true;
            name.remove_suffix(suffix.size());
        }
        setSource(part, name);
        checkSeparator();
        _component.parts.push_back(std::move(part));
        _component.hasValue = true;
    }

    void setSource(Part& part, std::string_view name)
    {
        constexpr std::string_view date = "date:";
        if (name.substr(0, date.size()) == date)
        {
            part.source = Source::Date;
            part.text = name.substr(date.size());
            checkDate(part.text);
            return;
        }
        const auto known = std::find_if(sources.begin(),
                                        sources.end(),
                                        [name](const auto& entry) { return entry.first == name; });
        if (known == sources.end())
            fail("has an unknown value \"%{" + std::string(name) + "}\"; known are " +
                 knownValues());
        part.source = known->second;
    }

    void checkDate(const std::string& format) const
    {
        constexpr std::string_view fields = "YmdHMSjVGy%";
        if (format.empty())
            fail("has a date without a format, as in %{date:%Y-%m-%d}");
        for (std::size_t i = 0; i < format.size(); ++i)
        {
            if (format[i] == '/')
                fail("has a \"/\" inside a date; write %{date:%Y}/%{date:%m}");
            if (format[i] == '%' &&
                fields.find(i + 1 < format.size() ? format[i + 1] : ' ') == std::string_view::npos)
                fail("has a date field other than %Y %m %d %H %M %S %j %V %G %y");
            i += format[i] == '%' ? 1 : 0;
        }
    }

    /// Between two values of a component stands text whose first octet is encoded inside the first
    /// of them, so that
    /// "a.b"."c" and "a"."b.c" differ. Without such text, or with the escape character itself, they
    /// could not.
    void checkSeparator() const
    {
        if (!_component.hasValue)
            return;
        const Part& last = _component.parts.back();
        if (last.source != Source::Literal)
            fail("has two values side by side; put \"/\" or other text between them");
        if (last.text.front() == '%')
            fail("has \"%%\" behind a value and in front of another; use other text");
    }

    /// "a//b" and a trailing slash mean what they mean to the kernel: nothing.
    void endComponent()
    {
        if (_component.parts.empty() && !_components.empty())
            return;
        _seenValue = _seenValue || _component.hasValue;
        if (_seenValue && isDotLiteral(_component))
            fail("has \".\" or \"..\" behind a value");
        _components.push_back(std::exchange(_component, Component{}));
    }

    [[nodiscard]] static bool isDotLiteral(const Component& component)
    {
        return !component.hasValue && component.parts.size() == 1 &&
               (component.parts.front().text == "." || component.parts.front().text == "..");
    }

    [[nodiscard]] static std::string knownValues()
    {
        std::string list;
        for (const auto& [name, source] : sources)
            list += "%{" + std::string(name) + "}, ";
        return list + "%{date:FORMAT}";
    }

    static constexpr std::array<std::pair<std::string_view, Source>, 11> sources{{
        {"rcpt", Source::Recipient},
        {"rcpt.user", Source::RecipientUser},
        {"rcpt.mailbox", Source::RecipientMailbox},
        {"rcpt.detail", Source::RecipientDetail},
        {"rcpt.domain", Source::RecipientDomain},
        {"sender", Source::Sender},
        {"sender.user", Source::SenderUser},
        {"sender.domain", Source::SenderDomain},
        {"client", Source::Client},
        {"listener", Source::Listener},
        {"id", Source::Id},
    }};

    std::string_view _text;
    std::size_t _at = 0;
    bool _seenValue = false;
    Component _component;
    std::vector<Component> _components;
};

PathTemplate::PathTemplate(std::string_view text) : _components(Parser(text).run())
{
    const auto firstValue = std::find_if(
        _components.begin(), _components.end() - 1, [](const Component& c) { return c.hasValue; });
    for (auto component = _components.begin(); component != firstValue; ++component)
    {
        _base += component == _components.begin() ? "" : "/";
        _base += component->parts.empty() ? "" : component->parts.front().text;
    }
    if (_base.empty())
        _base = _components.front().parts.empty() ? "/" : ".";
    const Component& last = _components.back();
    const bool isFixed = firstValue == _components.end() - 1 && !last.hasValue;
    _home = isFixed ? (_base == "/" ? "" : _base) + "/" + last.parts.front().text : _base;
}

std::string PathTemplate::valueOf(const Part& part, const PathValues& values)
{
    const std::string_view local = values.localPart;
    const std::size_t at = values.sender.rfind('@');
    switch (part.source)
    {
    case Source::Literal:
        return part.text;
    case Source::Recipient:
        return std::string(local) + "@" + std::string(values.domain);
    case Source::RecipientUser:
        return std::string(local);
    case Source::RecipientMailbox:
        return std::string(before(local, local.find('+')));
    case Source::RecipientDetail:
        return std::string(behind(local, local.find('+')));
    case Source::RecipientDomain:
        return std::string(values.domain);
    case Source::Sender:
        return std::string(values.sender);
    case Source::SenderUser:
        return std::string(before(values.sender, at));
    case Source::SenderDomain:
        return toLowerAscii(behind(values.sender, at));
    case Source::Client:
        return std::string(values.client);
    case Source::Listener:
        return std::string(values.listener);
    case Source::Id:
        return std::string(values.id);
    case Source::Date:
        return formatDate(part.text, values.receivedAt);
    }
    return {};
}

std::string PathTemplate::expand(const Component& component, const PathValues& values)
{
    std::string out;
    const auto& parts = component.parts;
    for (std::size_t i = 0; i < parts.size(); ++i)
    {
        if (parts[i].source == Source::Literal)
        {
            out += parts[i].text;
            continue;
        }
        Placement placement;
        placement.atStart = i == 0;
        placement.atEnd = i + 1 == parts.size();
        placement.separator = i + 2 < parts.size() ? parts[i + 1].text.front() : '\0';
        const std::string value = valueOf(parts[i], values);
        out += encodeValue(parts[i].lowercase ? toLowerAscii(value) : value, placement);
    }
    return component.hasValue ? finishComponent(std::move(out)) : out;
}

std::optional<std::string> PathTemplate::expand(const PathValues& values) const
{
    std::string path;
    for (const Component& component : _components)
    {
        const std::string name = expand(component, values);
        if (name.size() > maxComponentOctets)
            return std::nullopt;
        path += &component == &_components.front() ? "" : "/";
        path += name;
    }
    return path;
}

Reply mailboxNameTooLong()
{
    return {553, "5.1.3", "Mailbox name too long to be stored"};
}

} // namespace mpsmtp::store

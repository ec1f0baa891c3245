// What this is and its thread safety: BuiltInSections.h.
#include "app/BuiltInSections.h"

#include <string>
#include <utility>
#include <vector>

namespace mpsmtp::app
{

namespace
{

using Settings = std::vector<std::pair<std::string, std::string>>;

IniSection makeSection(const std::string& name, const Settings& settings)
{
    const delivery::Origin origin{"the command line", 0};
    IniSection section{name, origin, {}};
    for (const auto& [key, value] : settings)
        section.settings.push_back({key, value, origin});
    return section;
}

IniSection makeConsole(const std::string& format)
{
    return makeSection("handler:screen", {{"type", "console"}, {"format", format}});
}

/// A path as a path template that stands for it: "%" begins a value there.
std::string literal(const std::string& path)
{
    std::string result;
    for (const char c : path)
        result.append(c == '%' ? 2 : 1, c);
    return result;
}

/// One mailbox for each recipient: DIR/DOMAIN/USER.
IniSection makeMailboxes(const std::string& type, const std::string& folder)
{
    return makeSection(
        "handler:store",
        {{"type", type}, {"path", literal(folder) + "/%{rcpt.domain}/%{rcpt.user}"}});
}

IniSection makeHandler(const CommandLine& commandLine)
{
    switch (commandLine.command)
    {
    case Command::Mh:
        return makeMailboxes("mh", commandLine.path);
    case Command::Maildir:
        return makeMailboxes("maildir", commandLine.path);
    case Command::Mbox:
        return makeSection("handler:store",
                           {{"type", "mbox"}, {"path", literal(commandLine.path)}});
    case Command::Debug:
        return makeConsole("full");
    case Command::Summary:
    case Command::File:
        break;
    }
    return makeConsole("summary");
}

} // namespace

IniDocument builtInSections(const CommandLine& commandLine)
{
    IniDocument document;
    document.sections.push_back(makeSection("listener:main", {{"address", commandLine.address}}));
    document.sections.push_back(makeHandler(commandLine));
    return document;
}

} // namespace mpsmtp::app

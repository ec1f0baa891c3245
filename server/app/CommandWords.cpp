// What this is and its thread safety: CommandWords.h.
#include "app/CommandWords.h"

namespace mpsmtp::app
{

namespace
{

constexpr OptionWords optionTable{{
    {OptionId::Config, "--config", 'c', "FILE", "the configuration file"},
    {OptionId::Listen, "--listen", '\0', "HOST:PORT", "where to listen instead, without a file"},
    {OptionId::Set, "--set", '\0', "SECTION.KEY=VALUE", "override one key", true},
    {OptionId::CheckConfig, "--check-config", '\0', "", "say whether the file is right"},
    {OptionId::ListPlugins, "--list-plugins", '\0', "", "show the plugins that are installed"},
    {OptionId::Explain, "--explain", '\0', "ADDRESS", "say which handlers would take a mail to it"},
    {OptionId::From, "--from", '\0', "SENDER", "the sender of that mail"},
    {OptionId::Client, "--client", '\0', "IP", "the client's address"},
    {OptionId::Listener, "--listener", '\0', "NAME", "the listener that the client came to"},
    {OptionId::NewPlugin, "--new-plugin", '\0', "NAME DIR", "write a project for a plugin"},
    {OptionId::TestHandler, "--test-handler", '\0', "NAME", "run one mail through one handler"},
    {OptionId::Rcpt, "--rcpt", '\0', "ADDRESS", "a recipient of that mail", true},
    {OptionId::Message, "--message", '\0', "FILE", "the file with that mail"},
    {OptionId::Verbose, "--verbose", 'v', "", "show the plugins' options too"},
    {OptionId::Help, "--help", 'h', "", "show the options"},
    {OptionId::Version, "--version", 'V', "", "show the version"},
}};

constexpr CommandWords commandTable{{
    {Command::Debug, "debug", "", "print each mail in full"},
    {Command::Mh, "mh", "DIR", "store mail in MH folders"},
    {Command::Maildir, "maildir", "DIR", "store mail in maildirs"},
    {Command::Mbox, "mbox", "FILE", "append all mail to one mbox"},
}};

} // namespace

const OptionWords& optionWords() noexcept
{
    return optionTable;
}

const CommandWords& commandWords() noexcept
{
    return commandTable;
}

} // namespace mpsmtp::app

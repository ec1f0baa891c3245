// The words of the command line: the options and the commands, as tables. The parser reads by them, shells complete by
// them. What a word does is left to the parser (OptionParser), and what goes with what to CommandLine.
// Thread safety: [any].
#pragma once

#include "app/CommandLine.h"

#include <array>
#include <string_view>

namespace mpsmtp::app
{

enum class OptionId
{
    Config,
    Listen,
    Set,
    CheckConfig,
    ListPlugins,
    Explain,
    From,
    Client,
    Listener,
    NewPlugin,
    TestHandler,
    Rcpt,
    Message,
    Verbose,
    Help,
    Version
};

/// An option as it is written.
struct OptionWord
{
    OptionId id;
    std::string_view name;
    char letter;                ///< '\0': none
    std::string_view valueName; ///< "": takes no value
    std::string_view doc;       ///< a few words; what a shell shows beside it
    bool isRepeatable = false;
};

/// A command without a file.
struct CommandWord
{
    Command command;
    std::string_view name;
    std::string_view pathName; ///< "": takes no path
    std::string_view doc;
};

using OptionWords = std::array<OptionWord, 16>;
using CommandWords = std::array<CommandWord, 4>;

/// In the order of --help.
[[nodiscard]] const OptionWords& optionWords() noexcept;
[[nodiscard]] const CommandWords& commandWords() noexcept;

} // namespace mpsmtp::app

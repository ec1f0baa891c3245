// Reads the arguments of the command line one after another: options with their values into the members that they are for,
// the other words as they stand. What goes with what, and what is missing, is left to CommandLine.
// Thread safety: [main].
#pragma once

#include "app/CommandLine.h"
#include "app/CommandWords.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace mpsmtp::app
{

/// What was read.
struct ReadArguments
{
    CommandLine line;
    std::vector<std::string> words; ///< that are no options, nor values of one
    std::string error;              ///< the first mistake, or ""

    /// --help and --version answer at once, whatever else is there; so does a mistake.
    [[nodiscard]] bool isDecided() const noexcept
    {
        return !error.empty() || line.action == Action::Help || line.action == Action::Version;
    }
};

class OptionParser
{
public:
    /// \param arguments is argv without the program's name; must outlive it
    explicit OptionParser(const std::vector<std::string>& arguments) : _arguments(arguments) {}

    /// To be called once.
    [[nodiscard]] ReadArguments read();

private:
    void readOption(const std::string& argument);
    [[nodiscard]] std::optional<std::string> valueOf(const OptionWord& option,
                                                     const std::string& argument);
    void apply(const OptionWord& option, const std::string& value);
    void setAction(Action action);
    void setOnce(std::string& target, const OptionWord& option, const std::string& value);
    void fail(std::string text);

    const std::vector<std::string>& _arguments;
    std::size_t _next = 0;
    ReadArguments _read;
};

} // namespace mpsmtp::app

// The command line of a benchmark program: `--name value` and `--switch`, by a table that is its help too.
// Thread safety: [any] once parsed.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace mpsmtp::bench
{

/// A command line that cannot be understood: what() is a sentence for the user, exit 64.
class UsageMistake : public std::invalid_argument
{
public:
    using std::invalid_argument::invalid_argument;
};

/// One row of a program's options.
struct OptionRow
{
    enum class Kind
    {
        Number, ///< decimal digits
        Text,
        Switch ///< has no value
    };

    std::string name; ///< without the two dashes
    Kind kind = Kind::Number;
    std::string fallback; ///< "" for Text and Number: not given; asking for its number is a mistake
    std::string help;
};

class Arguments
{
public:
    /// \param words  the command line behind the program's name
    /// \throws UsageMistake for an unknown name, a missing value, a number that is none
    Arguments(const std::vector<std::string>& words, std::vector<OptionRow> rows);

    /// \throws UsageMistake if it was not given and has no fallback
    [[nodiscard]] std::uint64_t number(const std::string& name) const;
    /// As number(), and a mistake too if it is 0.
    [[nodiscard]] std::uint64_t positive(const std::string& name) const;
    [[nodiscard]] const std::string& text(const std::string& name) const;
    /// As text(), and a mistake if it is empty.
    [[nodiscard]] const std::string& required(const std::string& name) const;
    [[nodiscard]] bool has(const std::string& name) const;

    /// One line for each row.
    [[nodiscard]] static std::string help(const std::vector<OptionRow>& rows);

private:
    [[nodiscard]] const OptionRow& rowOf(const std::string& word) const;

    std::vector<OptionRow> _rows;
    std::map<std::string, std::string> _values;
};

} // namespace mpsmtp::bench

// Every section and key of the server itself, in one table: the source for validation, for the
// defaults, and for the test that compares it with etc/mpsmtp.ini and mpsmtp.ini(5). A handler's
// own keys are not here: its plugin declares them.
// Thread safety: [any] (constants).
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::app
{

/// How a value is written; delivery/Values.h reads all up to List.
enum class KeyType
{
    Text,
    Path, ///< relative paths start at the current directory
    Integer,
    Size,
    Duration,
    Bool,
    List,
    Choice,      ///< one of `choices`
    LogLevel,    ///< LogLevel.h
    NetworkList, ///< Transcript.h
    AddressList, ///< ListenAddress.h
    DomainName,  ///< a host's name or an address literal
    Octal        ///< a file mode
};

struct KeySpec
{
    std::string_view section; ///< "limits"; "listener" stands for every [listener:NAME]
    std::string_view key;
    KeyType type;
    std::string_view
        defaultValue; ///< as in the file; "" if the key must be set or its default is `defaultText`
    std::string_view defaultText;  ///< a default that depends on the machine, in words
    std::string_view unit;         ///< of the number, "" where the value says it itself
    std::string_view doc;          ///< one sentence; etc/mpsmtp.ini repeats it word for word
    std::string_view choices = ""; ///< "keep|normalize|reject"
    std::int64_t least = 0;        ///< octets, milliseconds or the number
    std::int64_t most = std::numeric_limits<std::int64_t>::max();

    /// Neither a value nor words stand for the default.
    [[nodiscard]] bool isRequired() const noexcept
    {
        return defaultValue.empty() && defaultText.empty();
    }
};

/// A key whose other values belong to a feature that this version does not have.
struct ReservedKey
{
    std::string_view section;
    std::string_view key;
    std::string_view only; ///< the one value that is understood
};

struct SectionSpec
{
    std::string_view name;
    bool isNamed;     ///< written [listener:NAME], any number
    bool isAvailable; ///< false: known, but not in this version
};

/// The two halves of "handler:tree"; `name` is "" without a colon.
struct SectionName
{
    std::string_view kind;
    std::string_view name;
};

/// In the order of etc/mpsmtp.ini.
[[nodiscard]] const std::vector<KeySpec>& keyTable();
[[nodiscard]] const std::vector<ReservedKey>& reservedKeys();
[[nodiscard]] const std::vector<SectionSpec>& sectionTable();

/// nullptr if there is none. The pointers stay valid.
[[nodiscard]] const KeySpec* findKey(std::string_view section, std::string_view key) noexcept;
[[nodiscard]] const ReservedKey* findReserved(std::string_view section,
                                              std::string_view key) noexcept;
[[nodiscard]] const SectionSpec* findSection(std::string_view kind) noexcept;

/// The keys of one kind of section, the reserved ones included, for suggestions.
[[nodiscard]] std::vector<std::string_view> keysOf(std::string_view section);

[[nodiscard]] SectionName splitSectionName(std::string_view section) noexcept;

} // namespace mpsmtp::app

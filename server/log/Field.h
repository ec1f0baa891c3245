// What a log entry can tell besides its sentence, in one table: the names in JSON and in the journal, and the words of
// docs/logging.md, which a test compares with it. Leaves to others: how a field is written (app/LogFormatter,
// app/JournalRecord).
// Thread safety: [any] (constants).
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace mpsmtp::log
{

enum class Field
{
    Source,
    Session,
    Client,
    Listener,
    Transaction,
    Sender,
    Recipient,
    Recipients,
    Size,
    Reply,
    Code,
    Milliseconds,
    Handler,
    Outcome,
    Hook,
    Route,
    Direction,
    Repeated,
    Lost
};

inline constexpr std::size_t fieldCount = static_cast<std::size_t>(Field::Lost) + 1;

enum class FieldKind
{
    Text,
    Number, ///< not negative
    List    ///< told once for each item, one after another; of texts
};

struct FieldSpec
{
    Field field;
    std::string_view name; ///< in JSON; the journal has it in capitals behind journalPrefix
    FieldKind kind;
    std::string_view doc; ///< docs/logging.md repeats it word for word
};

/// A promise: names keep their meaning, and are only added to.
inline constexpr std::string_view journalPrefix = "MPSMTP_";

/// In the order of Field.
[[nodiscard]] const std::array<FieldSpec, fieldCount>& fieldTable() noexcept;

[[nodiscard]] inline const FieldSpec& specOf(Field field) noexcept
{
    return fieldTable()[static_cast<std::size_t>(field)];
}

} // namespace mpsmtp::log

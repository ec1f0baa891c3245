// Which header fields go, are set and are added; from the options and from a file with one rule a
// line. Why a file: the server's option table has fixed keys, one value each, and a list is parted by
// commas, which values hold. So there is a key of each kind for the common single case, and the file
// for all others. Leaves the edits to HeadersHandler.
//
//   line    = [ rule / comment ]
//   rule    = "remove" names / "set" field / "add" field
//   names   = glob *( "," glob )                    ; '*': any octets, '?': one; case does not count
//   field   = field-name ":" template               ; RFC 5322 3.6.8; ValueTemplate.h
//   comment = "#" *octet                            ; at the line's start: values may hold one
//
// Thread safety: [any] (immutable).
#pragma once

#include "headers/ValueTemplate.h"

#include <mpsmtp/Context.h>

#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::headers
{

struct FieldRule
{
    std::string name;
    ValueTemplate value;
};

/// In the order of the file, the options' behind it.
struct Rules
{
    std::vector<std::string> removed; ///< globs in lower case
    std::vector<FieldRule> set;
    std::vector<FieldRule> added;
};

/// \throws std::runtime_error with all mistakes, one a line; std::system_error if the file cannot be
/// read
[[nodiscard]] Rules readRules(const Config& config);

/// Whether a field name fits a glob. \param glob in lower case
[[nodiscard]] bool matchesGlob(std::string_view name, std::string_view glob) noexcept;

/// Whether names are the same to RFC 5322: case does not count.
[[nodiscard]] bool isSameName(std::string_view a, std::string_view b) noexcept;

} // namespace mpsmtp::headers

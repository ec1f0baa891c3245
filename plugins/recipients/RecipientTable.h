// What a file of recipients says, ready to be asked: known users, whole domains, aliases resolved to
// their ends, and replies of their own. Made from the file's text in one go with all its mistakes.
// Leaves reading and re-reading to RecipientFile, the verdict to RecipientsHandler.
//
//   line    = [ pattern [ ":" ( alias / reply ) ] ] [ comment ]
//   alias   = pattern *( "," pattern )                     ; each with a domain
//   reply   = "!" 3DIGIT [ status-code ] [ text ]          ; 4xx or 5xx; status-code: RFC 3463 2
//   comment = "#" *octet                                   ; at the line's start or behind a blank
//
// Thread safety: [any] (immutable).
#pragma once

#include "recipients/Pattern.h"

#include <mpsmtp/Reply.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mpsmtp::recipients
{

/// What the file says of one address.
struct Answer
{
    std::vector<std::string> targets; ///< of an alias, to its ends; each once
    Reply reply;                      ///< chosen if its code is not 0
};

class RecipientTable
{
public:
    /// What does not change while the server runs.
    struct Settings
    {
        Rules rules;
        std::vector<std::string> domains; ///< in lower case; empty: all are judged
    };

    static constexpr std::size_t deepestAlias = 32;

    /// \param name     of the file, for its mistakes
    /// \param mistakes each as "name:line: text" is added
    RecipientTable(std::string_view text,
                   const std::string& name,
                   const Settings& settings,
                   std::vector<std::string>& mistakes);

    /// In order: the address, its local part in every domain, both without the detail, its domain.
    /// \param domain in lower case
    /// \return nullptr: unknown; valid as long as the table
    [[nodiscard]] const Answer* find(std::string_view localPart, std::string_view domain) const;

    [[nodiscard]] std::size_t size() const noexcept { return _index.size(); }

    /// Whether the recipients of a domain are judged at all.
    [[nodiscard]] static bool isJudged(std::string_view domain, const Settings& settings) noexcept;

private:
    class Parser;
    class Resolver;

    /// Of an Answer in _answers. The first one is that of every user who is merely known.
    using Index = std::uint32_t;

    [[nodiscard]] const Index* lookUp(std::string_view localPart, std::string_view domain) const;
    [[nodiscard]] const Index* at(std::string_view localPart, std::string_view domain) const;

    const Rules _rules;
    std::unordered_map<std::string, Index> _index;
    std::vector<Answer> _answers;
};

} // namespace mpsmtp::recipients

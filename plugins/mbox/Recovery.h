// Finds mailboxes that a killed server was appending to, so that a server that starts can put them
// right before anybody reads them. Thread safety: [any].
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mpsmtp::mbox
{

/// Paths of the mailboxes that have a note with text beside them, in `base` and in folders up to
/// `depth` levels below it. Symbolic links are not followed; such mailboxes are put right when they
/// are next used. What cannot be read is passed over.
[[nodiscard]] std::vector<std::string> interruptedMailboxes(const std::string& base,
                                                            std::size_t depth);

/// Folder levels between the base folder of a path template and its mailboxes.
[[nodiscard]] std::size_t levelsBelow(const std::string& base, const std::string& pathTemplate);

} // namespace mpsmtp::mbox

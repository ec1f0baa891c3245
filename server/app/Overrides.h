// The environment and --set over the sections of the file. Growing strength: file, LOG_LEVEL,
// MPSMTP_SECTION_KEY, --set. Leaves to others: whether the keys exist and the values make sense
// (SectionCheck).
// Thread safety: [any].
#pragma once

#include "app/IniReader.h"

#include <string>
#include <utility>
#include <vector>

namespace mpsmtp::app
{

/// Name and value.
using Environment = std::vector<std::pair<std::string, std::string>>;

/// The environment of this process. Thread safety: [main], before any thread.
[[nodiscard]] Environment processEnvironment();

struct Overridden
{
    std::vector<delivery::Problem> problems;
    std::vector<delivery::Problem>
        warnings; ///< MPSMTP_ variables that name nothing: they may be somebody else's
};

/// Takes LOG_LEVEL, and every variable that begins with MPSMTP_: the rest of its name is a
/// section's name and a key, in capitals, with "_" for whatever is neither letter nor digit.
/// MPSMTP_HANDLER_TREE_PATH is `path` of [handler:tree]. Sections without a name need not be in the
/// file; the longest section that fits wins.
[[nodiscard]] Overridden applyEnvironment(std::vector<IniSection>& sections,
                                          const Environment& environment);

/// Takes "section.key=value" as given to --set; the key begins behind the last dot in front of "=".
/// A section that is not there is made, at the end.
/// \return what has another form
[[nodiscard]] std::vector<delivery::Problem>
applySettings(std::vector<IniSection>& sections, const std::vector<std::string>& settings);

} // namespace mpsmtp::app

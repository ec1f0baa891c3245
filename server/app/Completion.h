// What may stand next on the command line: the answer to `mpsmtpd --complete WORD…`, which the completions of the shells ask
// (etc/completion). It comes from the tables that the program itself parses by, so nothing has to be generated or can be
// out of date. Leaves to others: keys and their values (SettingCompletion), quoting and files (the shells).
// Thread safety: [main].
#pragma once

#include "app/Surroundings.h"

#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::app
{

struct Candidate
{
    std::string word; ///< the whole word
    std::string doc;  ///< "" if there is nothing to say
};

/// Which names of the file system go on behind the last '=' of the word, too.
enum class PathKind
{
    None,
    Files,
    Folders
};

struct Completion
{
    std::vector<Candidate> candidates;
    PathKind paths = PathKind::None;

    void add(std::string word, std::string_view doc = {})
    {
        candidates.push_back({std::move(word), std::string(doc)});
    }
};

/// \param words those behind the program's name; the last one is being written, and may be empty
/// \return what begins as it does. Nothing in it fails: an unreadable file has no sections
[[nodiscard]] Completion complete(const std::vector<std::string>& words,
                                  const Surroundings& surroundings);

/// A line for each candidate, WORD or WORD TAB SENTENCE, and ":files" or ":folders" at the end.
[[nodiscard]] std::string shown(const Completion& completion);

} // namespace mpsmtp::app

#include "mbox/Recovery.h"

#include "mbox/MailboxPaths.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace mpsmtp::mbox
{

namespace fs = std::filesystem;

namespace
{

/// The mailbox that the entry is the note of, if a batch was noted and the mailbox is still there;
/// otherwise "".
std::string interruptedMailbox(const fs::directory_entry& entry)
{
    const std::string name = mailboxOfNote(entry.path().filename().string());
    if (name.empty())
        return {};
    std::error_code error;
    const fs::path mailbox = entry.path().parent_path() / name;
    const bool isNoted = fs::is_regular_file(entry.symlink_status(error)) && !error &&
                         entry.file_size(error) > 0 && !error;
    return isNoted && fs::is_regular_file(mailbox, error) ? mailbox.string() : std::string();
}

} // namespace

std::vector<std::string> interruptedMailboxes(const std::string& base, std::size_t depth)
{
    std::vector<std::string> found;
    std::error_code error;
    fs::recursive_directory_iterator entry(
        base, fs::directory_options::skip_permission_denied, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error))
    {
        if (static_cast<std::size_t>(entry.depth()) >= depth)
            entry.disable_recursion_pending();
        std::string mailbox = interruptedMailbox(*entry);
        if (!mailbox.empty())
            found.push_back(std::move(mailbox));
    }
    return found;
}

std::size_t levelsBelow(const std::string& base, const std::string& pathTemplate)
{
    const auto slashes = [](const std::string& text)
    { return static_cast<std::size_t>(std::count(text.begin(), text.end(), '/')); };
    const std::size_t above = base == "/" || base == "." ? 0 : slashes(base) + 1;
    const std::size_t all = slashes(pathTemplate) - (base == "/" ? 1 : 0);
    return all > above ? all - above : 0;
}

} // namespace mpsmtp::mbox

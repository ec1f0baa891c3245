#include "mbox/MailboxPaths.h"

#include "common/Folder.h"

#include <climits>
#include <string_view>

namespace mpsmtp::mbox
{

namespace
{

constexpr std::string_view noteSuffix = ".mpsmtp";

} // namespace

MailboxPaths::MailboxPaths(const std::string& path)
    : mailbox(path), folder(store::parentOf(path)), dotLock(path + ".lock")
{
    const std::size_t name = path.rfind('/') + 1; // npos + 1 is 0
    note = path.substr(0, name) + '.' + path.substr(name) + std::string(noteSuffix);
}

bool MailboxPaths::tooLong() const noexcept
{
    return note.size() - (note.rfind('/') + 1) > NAME_MAX;
}

std::string mailboxOfNote(const std::string& fileName)
{
    if (fileName.size() < noteSuffix.size() + 2 || fileName.front() != '.')
        return {};
    const std::size_t nameSize = fileName.size() - noteSuffix.size();
    return fileName.substr(nameSize) == noteSuffix ? fileName.substr(1, nameSize - 1)
                                                   : std::string();
}

} // namespace mpsmtp::mbox

#include "common/FileRestorer.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::store
{

namespace
{

/// What goes up or out of the store was never written by us.
void requireInside(std::string_view path)
{
    bool isInside = path.find('\0') == path.npos;
    for (std::size_t begin = 0; isInside && begin <= path.size();)
    {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view component = path.substr(begin, end - begin);
        isInside = !component.empty() && component != "." && component != "..";
        begin = end + 1;
    }
    if (!isInside)
        throw std::runtime_error("the journal names a file outside its store");
}

/// none if the file is not there or not a plain one; at most a little more than `most` octets.
[[nodiscard]] std::optional<std::string> contentOf(const std::string& path, std::size_t most)
{
    const FileDescriptor fd(
        ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));

    struct stat status
    {
    };

    if (!fd.isOpen() || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return std::nullopt;
    std::string octets(most + 1, '\0');
    std::size_t size = 0;
    while (size < octets.size())
    {
        const ssize_t got = ::read(fd.get(), octets.data() + size, octets.size() - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throwSystemError(errno, "cannot read", path);
        if (got == 0)
            break;
        size += static_cast<std::size_t>(got);
    }
    octets.resize(size);
    return octets;
}

constexpr std::size_t sectorOctets = 512;

/// It begins as it should, and then there are zeros, or nothing.
[[nodiscard]] bool isTornSector(std::string_view octets, std::string_view content)
{
    const auto difference =
        std::mismatch(octets.begin(), octets.end(), content.begin(), content.end()).first;
    return std::all_of(difference, octets.end(), [](char c) { return c == '\0'; });
}

/// As a crash leaves a file whose data had not all been written. Blocks go to the disk in any order,
/// so that there may be holes.
[[nodiscard]] bool isTorn(std::string_view octets, std::string_view content)
{
    if (octets.size() > content.size() || octets == content)
        return false;
    for (std::size_t at = 0; at < octets.size(); at += sectorOctets)
    {
        if (!isTornSector(octets.substr(at, sectorOctets), content.substr(at, sectorOctets)))
            return false;
    }
    return true;
}

} // namespace

FileRestorer::FileRestorer(const std::string& home,
                           const Storage& storage,
                           const Log& log,
                           Staging& staging,
                           MailboxLayout& layout) noexcept
    : _home(home), _storage(storage), _log(log), _staging(staging), _layout(layout)
{
}

void FileRestorer::restore(const journal::FilesRecord& record, bool isDistrusted)
{
    _isDistrusted = isDistrusted;
    for (const journal::FileEntry& file : record.files)
    {
        std::string path = _home;
        if (!file.folder.empty()) // "": mail goes to the store's own folder
        {
            requireInside(file.folder);
            path += "/" + std::string(file.folder);
        }
        requireInside(file.name);
        std::string content(file.fields);
        content += record.body;
        restore(path, std::string(file.name), file.inode, content);
    }
}

void FileRestorer::restore(const std::string& path,
                           const std::string& name,
                           std::uint64_t inode,
                           const std::string& content)
{
    const Mailbox mailbox = _layout.mailboxWith(path);
    const auto folder = _layout.open(mailbox);
    if (!folder)
    {
        _log.warning("the mailbox of a mail in the journal is gone, and may not be made: " + path);
        return;
    }
    const auto sightings = _layout.sightings(_listings, *folder, name, inode);
    for (const Sighting& sighting : sightings)
    {
        if (!keep(sighting, content))
            continue;
        if (_isDistrusted)
            replace(sighting.path, *folder, mailbox, content);
        return;
    }
    for (const Sighting& sighting : sightings)
    {
        if (replaceTorn(sighting, *folder, mailbox, content))
            return;
    }
    put(*folder, mailbox, name, content);
}

/// True if this is the mail, whole; no other record can then have the file.
bool FileRestorer::keep(const Sighting& sighting, const std::string& content)
{
    return contentOf(sighting.path, content.size()) == content &&
           _claimed.insert(sighting.path).second;
}

bool FileRestorer::replaceTorn(const Sighting& sighting,
                               const Folder& folder,
                               const Mailbox& mailbox,
                               const std::string& content)
{
    if (_claimed.count(sighting.path) != 0)
        return false;
    const auto octets = contentOf(sighting.path, content.size());
    if (!octets || (!sighting.isOnlyItsOwn && !isTorn(*octets, content)))
        return false;
    replace(sighting.path, folder, mailbox, content);
    _claimed.insert(sighting.path);
    return true;
}

void FileRestorer::replace(const std::string& path,
                           const Folder& folder,
                           const Mailbox& mailbox,
                           const std::string& content)
{
    const auto file = _staging.make(folder, _layout.hiddenFolder(mailbox), Staging::Kind::Named);
    file->write(content);
    file->sync(_storage);
    file->replace(path);
}

/// Under its old name, so that a second run finds it; a mail that another program has given this
/// name meanwhile keeps it.
void FileRestorer::put(const Folder& folder,
                       const Mailbox& mailbox,
                       const std::string& name,
                       const std::string& content)
{
    const auto file = _staging.make(folder, _layout.hiddenFolder(mailbox), Staging::Kind::Unnamed);
    file->write(content);
    file->sync(_storage);
    std::string placed = name;
    if (const int error = file->link(folder, name); error == EEXIST)
        placed = _layout.place(*file, folder);
    else if (error != 0)
        throwSystemError(error, "cannot put back a mail into", folder.path());
    _claimed.insert(folder.path() + "/" + placed);
}

} // namespace mpsmtp::store

#include "mh/MhLayout.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>

namespace mpsmtp::mh
{

namespace
{

/// Python's mailbox.MH cannot read a message in a folder without this file (up to 3.12:
/// FileNotFoundError); an empty one means no sequences, to every reader. Readers own it, so one
/// that exists is left alone.
void makeSequencesFile(const std::string& folder, mode_t mode)
{
    const std::string path = folder + "/.mh_sequences";
    const store::FileDescriptor fd(
        ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode));
    const int error = fd.isOpen() ? 0 : errno;
    if (error != 0 && error != EEXIST)
        store::throwSystemError(error, "cannot make", path);
    if (fd.isOpen())
        store::setMode(fd.get(), mode, path);
}

} // namespace

store::Mailbox MhLayout::mailboxOf(std::string path, const Recipient& /*recipient*/) const
{
    return {std::move(path), ""};
}

/// The folder is known to others from the moment when it is opened here, so it has to be whole by
/// then: they put mail into it at once.
std::shared_ptr<const store::Folder> MhLayout::open(const store::Mailbox& mailbox)
{
    if (auto folder = _folders.find(mailbox.path))
        return folder;
    if (!_folders.ensure(mailbox.path))
        return nullptr;
    makeSequencesFile(mailbox.path, _fileMode);
    return _folders.open(mailbox.path);
}

std::string MhLayout::hiddenFolder(const store::Mailbox& mailbox) const
{
    return mailbox.path;
}

std::string MhLayout::place(const store::StagedFile& file, const store::Folder& folder)
{
    constexpr int turns = 10000;
    constexpr int turnsBeforeReading =
        16; // someone else is at work: a few steps, or a look at how far they are
    for (int turn = 1; turn <= turns; ++turn)
    {
        std::string name = std::to_string(_numbers.take(folder));
        const int error = file.link(folder, name);
        if (error == 0)
            return name;
        if (error != EEXIST)
            store::throwSystemError(error, "cannot put a mail into", folder.path());
        if (turn % turnsBeforeReading == 0)
            _numbers.forget(folder);
    }
    store::throwSystemError(EEXIST, "cannot find a free number in", folder.path());
}

std::string MhLayout::newName(const store::StagedFile& /*file*/, const store::Folder& folder)
{
    return std::to_string(_numbers.take(folder));
}

store::Mailbox MhLayout::mailboxWith(const std::string& path) const
{
    return {path, ""};
}

/// Readers give mails new numbers (`folder -pack`), and numbers to other mails. An older mail with the
/// same content is another mail, so what counts is the file.
std::vector<store::Sighting> MhLayout::sightings(store::Listings& listings,
                                                 const store::Folder& folder,
                                                 const std::string& name,
                                                 std::uint64_t inode) const
{
    std::vector<store::Sighting> sightings{{folder.path() + "/" + name, false}};
    for (const auto& entry : listings.of(folder.path()))
    {
        if (entry.inode == inode && entry.name != name && numberOf(entry.name) != 0)
            sightings.push_back({folder.path() + "/" + entry.name, false});
    }
    return sightings;
}

} // namespace mpsmtp::mh

#include "common/StagedFiles.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::store
{

namespace
{

// A transaction may have a thousand recipients, and the server a thousand transactions: what holds
// a descriptor is limited for each of them.
constexpr std::size_t descriptorsPerTransaction = 32;

/// Runs `action` again if a folder vanished under it: the second time finds or makes another one.
template <class Action>
auto retryWhenGone(Action&& action)
{
    try
    {
        return action();
    }
    catch (const std::system_error& error)
    {
        if (error.code().value() != ENOENT)
            throw;
    }
    return action();
}

/// What follows `home` and a slash in `path`; "" if it is `home`. A path without a folder in front of
/// its values has no "./" either.
[[nodiscard]] std::string_view below(std::string_view home, std::string_view path)
{
    if (home == "." && path.substr(0, 2) != "./" && path != ".")
        return path;
    path.remove_prefix(std::min(home.size(), path.size()));
    if (!path.empty() && path.front() == '/')
        path.remove_prefix(1);
    return path;
}

} // namespace

Reply StagedFiles::add(const Envelope& envelope, const Recipient& recipient, const Message& message)
{
    const auto path = _store.path.expand(PathValues::of(envelope, recipient));
    if (!path)
        return mailboxNameTooLong();
    Mailbox mailbox = _store.layout.mailboxOf(*path, recipient);
    auto file = retryWhenGone([&] { return write(mailbox, envelope, recipient, message); });
    if (!file)
        return Reply::noSuchUser();
    _letters.push_back(
        {std::move(mailbox), std::move(file), nullptr, "", std::string(_writer.fields()), ""});
    return {};
}

/// \return nullptr if there is no such mailbox
std::shared_ptr<StagedFile> StagedFiles::write(const Mailbox& mailbox,
                                               const Envelope& envelope,
                                               const Recipient& recipient,
                                               const Message& message)
{
    const auto folder = _store.layout.openWhole(mailbox);
    if (!folder)
        return nullptr;
    const bool isShared = !_store.options.deliveredTo;
    if (auto file = isShared ? sharedFile(folder->device()) : nullptr)
        return file;
    std::shared_ptr<StagedFile> file = makeFile(*folder, mailbox);
    _writer.write(envelope, isShared ? nullptr : &recipient, message, *file);
    file->finish();
    _files.push_back(file);
    return file;
}

std::shared_ptr<StagedFile> StagedFiles::sharedFile(dev_t device) const
{
    const auto found =
        std::find_if(_files.begin(),
                     _files.end(),
                     [device](const auto& file) { return file->device() == device; });
    return found == _files.end() ? nullptr : *found;
}

std::shared_ptr<StagedFile> StagedFiles::makeFile(const Folder& folder, const Mailbox& mailbox)
{
    const auto kind =
        _files.size() < descriptorsPerTransaction ? Staging::Kind::Unnamed : Staging::Kind::Named;
    return _store.staging.make(folder, _store.layout.hiddenFolder(mailbox), kind);
}

void StagedFiles::persist()
{
    if (!writeToJournal())
        syncFiles();
}

void StagedFiles::syncFiles()
{
    for (const auto& file : _files)
        file->sync(_store.storage);
}

/// \return false if the journal cannot take this transaction
bool StagedFiles::writeToJournal()
{
    if (!_writer.isKept())
        return false;
    _journal = _store.journal.current();
    if (!_journal || !namePaths())
        return false;
    _entry = append(0);
    return _entry.has_value();
}

/// \return false if a mailbox is not on the journal's file system
bool StagedFiles::namePaths()
{
    for (Letter& letter : _letters)
    {
        const auto folder = _store.layout.open(letter.mailbox);
        if (!folder || folder->device() != _journal->device())
            return false;
        letter.path = folder->path() + "/" + _store.layout.newName(*letter.file, *folder);
    }
    return true;
}

std::optional<journal::Journal::Entry> StagedFiles::append(std::uint64_t replaces)
{
    journal::FilesRecord record;
    record.replaces = replaces;
    record.body = _writer.content();
    const std::string& home = _store.path.home();
    for (const Letter& letter : _letters)
    {
        const std::string_view path = letter.path;
        const std::size_t slash = path.rfind('/');
        record.files.push_back({below(home, path.substr(0, slash)),
                                path.substr(slash + 1),
                                letter.fields,
                                letter.file->inode()});
    }
    std::string payload;
    journal::encode(record, payload);
    return _journal->append(payload);
}

void StagedFiles::commit()
{
    try
    {
        for (std::size_t begin = 0; begin < _letters.size(); begin += descriptorsPerTransaction)
        {
            show(begin, std::min(begin + descriptorsPerTransaction, _letters.size()));
            releaseFolders(descriptorsPerTransaction, _letters.size());
        }
        if (_entry && _isChanged)
            journalAnew();
    }
    catch (...)
    {
        takeBack();
        throw;
    }
    _entry.reset();
}

/// All names first, then the folders: the first sync of a journaling file system takes the
/// others along.
void StagedFiles::show(std::size_t begin, std::size_t end)
{
    std::vector<std::shared_ptr<const Folder>> folders;
    for (std::size_t i = begin; i < end; ++i)
        folders.push_back(retryWhenGone([&] { return place(_letters[i]); }));
    std::sort(folders.begin(), folders.end());
    folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
    if (_entry)
        return;
    for (const auto& folder : folders)
        folder->sync(_store.storage);
}

void StagedFiles::releaseFolders(std::size_t begin, std::size_t end) noexcept
{
    for (std::size_t i = begin; i < end; ++i)
        _letters[i].folder.reset();
}

std::shared_ptr<const Folder> StagedFiles::place(Letter& letter)
{
    auto folder = _store.layout.open(letter.mailbox);
    if (!folder)
        throwSystemError(
            ENODEV, "the mailbox was removed during the delivery:", letter.mailbox.path);
    std::string shown = folder->path() + "/";
    shown.reserve(shown.size() + NAME_MAX); // what is in sight can be taken back without memory
    shown += placeOrCopy(letter, *folder);
    letter.shown = std::move(shown);
    letter.folder = folder;
    return folder;
}

/// Mailboxes of one transaction may turn out to lie on different mounts (EXDEV), or a file may
/// have as many names as it can (EMLINK).
std::string StagedFiles::placeOrCopy(Letter& letter, const Folder& folder)
{
    try
    {
        return placeAsPromised(letter, folder);
    }
    catch (const std::system_error& error)
    {
        if (error.code().value() != EXDEV && error.code().value() != EMLINK)
            throw;
    }
    letter.file = copyOf(letter, folder);
    _isChanged = true;
    return placeAsPromised(letter, folder);
}

/// Durable by itself.
std::shared_ptr<StagedFile> StagedFiles::copyOf(const Letter& letter, const Folder& folder)
{
    std::shared_ptr<StagedFile> copy = makeFile(folder, letter.mailbox);
    letter.file->copyTo(*copy);
    copy->finish();
    copy->sync(_store.storage);
    _files.push_back(copy);
    return copy;
}

/// The name that the journal knows, if there is one. It may know it although it has refused: a
/// record whose sync has failed can be on the disk.
std::string StagedFiles::placeAsPromised(const Letter& letter, const Folder& folder)
{
    if (letter.path.empty())
        return _store.layout.place(*letter.file, folder);
    std::string name = letter.path.substr(letter.path.rfind('/') + 1);
    const int error = letter.file->link(folder, name);
    if (error == 0)
        return name;
    if (error != EEXIST)
        throwSystemError(error, "cannot put a mail into", folder.path());
    _isChanged = true;
    return _store.layout.place(*letter.file, folder);
}

/// Someone has taken a name that the journal promised to us, or a copy has it: the journal must know that.
void StagedFiles::journalAnew()
{
    for (Letter& letter : _letters)
        letter.path = letter.shown;
    if (auto entry = isStillCovered() ? append(_entry->id()) : std::nullopt)
    {
        _entry = std::move(entry);
        return;
    }
    syncFiles();
    for (const Letter& letter : _letters)
    {
        if (const auto folder = letter.folder ? letter.folder : _store.layout.open(letter.mailbox))
            folder->sync(_store.storage);
    }
    _entry->cancel();
}

/// Each letter's file lies in its folder's file system.
bool StagedFiles::isStillCovered() const noexcept
{
    return std::all_of(_letters.begin(),
                       _letters.end(),
                       [this](const Letter& letter)
                       { return letter.file->device() == _journal->device(); });
}

/// The client will be told to send again, so what was shown goes, as far as that is possible.
void StagedFiles::takeBack() noexcept
{
    if (_entry)
        _entry->cancel();
    for (const Letter& letter : _letters)
    {
        if (!letter.shown.empty())
            removeShown(letter);
    }
}

/// By descriptor, and by inode: somebody may have moved the folder, and another mail may have the name in the new one.
void StagedFiles::removeShown(const Letter& letter) noexcept
{
    const int at = letter.folder ? letter.folder->fd() : AT_FDCWD;
    const char* const name =
        letter.shown.c_str() + (letter.folder ? letter.shown.rfind('/') + 1 : 0);
    struct stat status = {};
    if (::fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        status.st_dev == letter.file->device() && status.st_ino == letter.file->inode())
        (void)::unlinkat(at, name, 0);
}

void StagedFiles::abort() noexcept
{
    if (_entry)
        _entry->cancel();
}

} // namespace mpsmtp::store

#include "common/FileStore.h"

#include "common/FileRestorer.h"
#include "common/MessageWriter.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
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

class FileStore::StagedFiles : public Staged
{
public:
    explicit StagedFiles(FileStore& store) : _store(store), _writer(store._options) {}

    ~StagedFiles() override = default;

    /// \return the reply if the recipient gets nothing
    [[nodiscard]] Reply
    add(const Envelope& envelope, const Recipient& recipient, const Message& message)
    {
        const auto path = _store._path.expand(PathValues::of(envelope, recipient));
        if (!path)
            return mailboxNameTooLong();
        Mailbox mailbox = _store._layout.mailboxOf(*path, recipient);
        auto file = retryWhenGone([&] { return write(mailbox, envelope, recipient, message); });
        if (!file)
            return Reply::noSuchUser();
        _letters.push_back(
            {std::move(mailbox), std::move(file), "", std::string(_writer.fields()), ""});
        return {};
    }

    [[nodiscard]] bool isEmpty() const noexcept { return _letters.empty(); }

    /// A file with a hidden name has lost nothing yet either: it is synced when the journal cannot.
    void persist() override
    {
        if (!writeToJournal())
            syncFiles();
    }

    void commit() override
    {
        try
        {
            for (std::size_t begin = 0; begin < _letters.size(); begin += descriptorsPerTransaction)
                show(begin, std::min(begin + descriptorsPerTransaction, _letters.size()));
            if (_entry && _isRenamed)
                journalAnew();
        }
        catch (...)
        {
            takeBack();
            throw;
        }
        _entry.reset();
    }

    /// The files go with this object: nobody has seen them.
    void abort() noexcept override
    {
        if (_entry)
            _entry->cancel();
    }

private:
    struct Letter
    {
        Mailbox mailbox;
        std::shared_ptr<StagedFile> file; // several letters may share one
        std::string shown;                // the path in sight, once it has one
        std::string fields;               // what this file has in front of the content
        std::string path;                 // where the journal says that it will be; "": not there
    };

    using Folders = std::vector<std::shared_ptr<const Folder>>;

    /// nullptr if there is no such mailbox.
    [[nodiscard]] std::shared_ptr<StagedFile> write(const Mailbox& mailbox,
                                                    const Envelope& envelope,
                                                    const Recipient& recipient,
                                                    const Message& message)
    {
        const auto folder = _store._layout.open(mailbox);
        if (!folder)
            return nullptr;
        const bool isShared = !_store._options.deliveredTo;
        if (auto file = isShared ? sharedFile(folder->device()) : nullptr)
            return file;
        std::shared_ptr<StagedFile> file = makeFile(*folder, mailbox);
        _writer.write(envelope, isShared ? nullptr : &recipient, message, *file);
        file->finish();
        _files.push_back(file);
        return file;
    }

    [[nodiscard]] std::shared_ptr<StagedFile> sharedFile(dev_t device) const
    {
        const auto found =
            std::find_if(_files.begin(),
                         _files.end(),
                         [device](const auto& file) { return file->device() == device; });
        return found == _files.end() ? nullptr : *found;
    }

    [[nodiscard]] std::shared_ptr<StagedFile> makeFile(const Folder& folder, const Mailbox& mailbox)
    {
        const auto kind = _files.size() < descriptorsPerTransaction ? Staging::Kind::Unnamed
                                                                    : Staging::Kind::Named;
        return _store._staging.make(folder, _store._layout.hiddenFolder(mailbox), kind);
    }

    /// All names first, then the folders: the first sync of a journaling file system takes the
    /// others along.
    void show(std::size_t begin, std::size_t end)
    {
        Folders folders;
        for (std::size_t i = begin; i < end; ++i)
            folders.push_back(retryWhenGone([&] { return place(_letters[i]); }));
        std::sort(folders.begin(), folders.end());
        folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
        if (_entry)
            return;
        for (const auto& folder : folders)
            folder->sync(_store._storage);
    }

    void syncFiles()
    {
        for (const auto& file : _files)
            file->sync(_store._storage);
    }

    /// \return false if the journal cannot take this transaction
    [[nodiscard]] bool writeToJournal()
    {
        if (!_writer.isKept())
            return false;
        _journal = _store.currentJournal();
        if (!_journal || !namePaths())
            return false;
        _entry = append(0);
        return _entry.has_value();
    }

    /// \return false if a mailbox is not on the journal's file system
    [[nodiscard]] bool namePaths()
    {
        for (Letter& letter : _letters)
        {
            const auto folder = _store._layout.open(letter.mailbox);
            if (!folder || folder->device() != _journal->device())
                return false;
            letter.path = folder->path() + "/" + _store._layout.newName(*letter.file, *folder);
        }
        return true;
    }

    [[nodiscard]] std::optional<journal::Journal::Entry> append(std::uint64_t replaces)
    {
        journal::FilesRecord record;
        record.replaces = replaces;
        record.body = _writer.content();
        const std::string& home = _store._path.home();
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

    /// Someone has taken a name that the journal promised to us: it must know the new one.
    void journalAnew()
    {
        for (Letter& letter : _letters)
            letter.path = letter.shown;
        if (auto entry = append(_entry->id()))
        {
            _entry = std::move(entry);
            return;
        }
        syncFiles();
        for (const Letter& letter : _letters)
        {
            if (const auto folder = _store._layout.open(letter.mailbox))
                folder->sync(_store._storage);
        }
    }

    [[nodiscard]] std::shared_ptr<const Folder> place(Letter& letter)
    {
        auto folder = _store._layout.open(letter.mailbox);
        if (!folder)
            throwSystemError(
                ENODEV, "the mailbox was removed during the delivery:", letter.mailbox.path);
        std::string shown = folder->path() + "/";
        shown.reserve(shown.size() + NAME_MAX); // what is in sight can be taken back without memory
        shown += placeOrCopy(letter, *folder);
        letter.shown = std::move(shown);
        return folder;
    }

    /// The name that the journal knows, if there is one. It may know it although it has refused: a
    /// record whose sync has failed can be on the disk.
    [[nodiscard]] std::string placeAsPromised(const Letter& letter, const Folder& folder)
    {
        if (letter.path.empty())
            return _store._layout.place(*letter.file, folder);
        std::string name = letter.path.substr(letter.path.rfind('/') + 1);
        const int error = letter.file->link(folder, name);
        if (error == 0)
            return name;
        if (error != EEXIST)
            throwSystemError(error, "cannot put a mail into", folder.path());
        _isRenamed = true;
        return _store._layout.place(*letter.file, folder);
    }

    /// Mailboxes of one transaction may turn out to lie on different mounts (EXDEV), or a file may
    /// have as many names as it can (EMLINK).
    [[nodiscard]] std::string placeOrCopy(Letter& letter, const Folder& folder)
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
        const std::shared_ptr<StagedFile> copy = _store._staging.make(
            folder, _store._layout.hiddenFolder(letter.mailbox), Staging::Kind::Unnamed);
        letter.file->copyTo(*copy);
        copy->sync(_store._storage);
        return _store._layout.place(*copy, folder);
    }

    /// The client will be told to send again, so what was shown goes, as far as that is possible.
    void takeBack() noexcept
    {
        if (_entry)
            _entry->cancel();
        for (const Letter& letter : _letters)
        {
            if (!letter.shown.empty())
                (void)::unlink(letter.shown.c_str());
        }
    }

    FileStore& _store;
    MessageWriter _writer;
    std::vector<Letter> _letters;
    std::vector<std::shared_ptr<StagedFile>> _files; // each once
    std::shared_ptr<journal::Journal> _journal;      // outlives _entry
    std::optional<journal::Journal::Entry> _entry;   // if the journal has this transaction
    bool _isRenamed = false;                         // a file has another name than it says there
};

FileStore::FileStore(const Context& context,
                     const StoreOptions& options,
                     std::string type,
                     MailboxLayout& layout)
    : _type(std::move(type)),
      _storage(context.storage),
      _log(context.log),
      _options(options),
      _path(options.path),
      _staging(options.mode),
      _layout(layout)
{
}

/// A journal that an earlier run has left counts whatever `durability` says today.
void FileStore::start()
{
    if (!journal::Journal::exists(_path.home(), _type))
        return;
    const JournalPtr journal = openJournal();
    if (!_storage.wantsJournal())
        return;
    const std::lock_guard<std::mutex> lock(_mutex);
    _journal = journal;
}

void FileStore::stop() noexcept
{
    JournalPtr journal;
    const std::lock_guard<std::mutex> lock(_mutex);
    journal.swap(_journal);
}

/// \return nullptr if another process has it
FileStore::JournalPtr FileStore::openJournal()
{
    FileRestorer restorer(_path.home(), _storage, _log, _staging, _layout);
    auto journal = journal::Journal::open(_path.home(),
                                          _type,
                                          {_storage, _log, journal::currentBootId()},
                                          [&](const journal::FilesRecord& record, bool isDistrusted)
                                          { restorer.restore(record, isDistrusted); });
    if (!journal)
        _log.warning("another process has the journal in " + _path.home() +
                     ": each mail is synced by itself meanwhile");
    return journal;
}

/// Opened when there is a folder for it, and anew when somebody has removed that.
/// \return nullptr if there is none yet; tried again from time to time, by one thread
FileStore::JournalPtr FileStore::currentJournal()
{
    if (!_storage.wantsJournal())
        return nullptr;
    JournalPtr old; // its end is a checkpoint
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        if (_journal && !_journal->isRefusing())
            return _journal;
        old.swap(_journal);
        if (_isOpening || std::chrono::steady_clock::now() < _nextTry)
            return nullptr;
        _isOpening = true;
    }
    old.reset();
    const JournalPtr journal = tryOpen();
    const std::lock_guard<std::mutex> lock(_mutex);
    _isOpening = false;
    _journal = journal;
    if (!journal)
        _nextTry = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    return journal;
}

FileStore::JournalPtr FileStore::tryOpen() noexcept
{
    try
    {
        return openJournal();
    }
    catch (const std::exception& error)
    {
        _log.error(error.what());
    }
    return nullptr;
}

Verdict FileStore::judge(const Envelope& envelope, const Recipient& recipient)
{
    auto path = _path.expand(PathValues::of(envelope, recipient));
    if (!path)
        return Reject(mailboxNameTooLong());
    if (_options.create)
        return Continue;
    return _layout.open(_layout.mailboxOf(*std::move(path), recipient))
               ? Verdict(Continue)
               : Reject(Reply::noSuchUser());
}

Stage FileStore::stage(const Envelope& envelope,
                       const Recipients& recipients,
                       const Message& message)
{
    auto files = std::make_unique<StagedFiles>(*this);
    Report report;
    for (std::size_t i = 0; i < recipients.size(); ++i)
    {
        Reply reply = files->add(envelope, recipients[i], message);
        if (reply.code() != 0)
            report.fail(i, std::move(reply));
    }
    Stage stage(std::move(report));
    if (!files->isEmpty())
        stage.work = std::move(files);
    return stage;
}

} // namespace mpsmtp::store

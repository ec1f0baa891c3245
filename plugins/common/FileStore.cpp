#include "common/FileStore.h"

#include "common/MessageWriter.h"

#include <algorithm>
#include <cerrno>
#include <climits>
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
        _letters.push_back({std::move(mailbox), std::move(file), ""});
        return {};
    }

    [[nodiscard]] bool isEmpty() const noexcept { return _letters.empty(); }

    void persist() override
    {
        for (const auto& file : _files)
            file->sync(_store._storage);
    }

    void commit() override
    {
        try
        {
            for (std::size_t begin = 0; begin < _letters.size(); begin += descriptorsPerTransaction)
                show(begin, std::min(begin + descriptorsPerTransaction, _letters.size()));
        }
        catch (...)
        {
            takeBack();
            throw;
        }
    }

    void abort() noexcept override {} // the files go with this object: nobody has seen them

private:
    struct Letter
    {
        Mailbox mailbox;
        std::shared_ptr<StagedFile> file; // several letters may share one
        std::string shown;                // the name in sight, once it has one
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
        for (const auto& folder : folders)
            folder->sync(_store._storage);
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

    /// Mailboxes of one transaction may turn out to lie on different mounts (EXDEV), or a file may
    /// have as many names as it can (EMLINK).
    [[nodiscard]] std::string placeOrCopy(Letter& letter, const Folder& folder)
    {
        try
        {
            return _store._layout.place(*letter.file, folder);
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
};

FileStore::FileStore(const Context& context, const StoreOptions& options, MailboxLayout& layout)
    : _storage(context.storage),
      _options(options),
      _path(options.path),
      _staging(options.mode),
      _layout(layout)
{
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

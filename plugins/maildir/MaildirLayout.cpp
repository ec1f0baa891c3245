#include "maildir/MaildirLayout.h"

#include "common/PathComponent.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

namespace mpsmtp::maildir
{

namespace
{

[[nodiscard]] std::string root(const store::Mailbox& mailbox)
{
    return mailbox.subfolder.empty() ? mailbox.path : mailbox.path + "/" + mailbox.subfolder;
}

[[nodiscard]] bool has(const store::Folder& folder, const char* path) noexcept
{
    return ::faccessat(folder.fd(), path, F_OK, 0) == 0;
}

/// Maildir++: an empty file of this name tells readers that a maildir is a folder of another one.
void markAsFolder(const std::string& path, mode_t mode)
{
    const std::string marker = path + "/maildirfolder";
    const store::FileDescriptor fd(::open(marker.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, mode));
    if (!fd.isOpen())
        store::throwSystemError(errno, "cannot make", marker);
}

} // namespace

std::string hostForFileName(const std::string& host)
{
    std::string out;
    for (const char c : host)
    {
        if (c == '/')
            out += "\\057";
        else if (c == ':')
            out += "\\072";
        else if (c == ',')
            out += "\\054";
        else
            out += c;
    }
    return out;
}

MaildirLayout::MaildirLayout(store::FolderCache& folders, store::Staging& staging, Options options)
    : _folders(folders), _staging(staging), _options(std::move(options))
{
}

/// "ben+" has an empty detail: that is ben's inbox too.
store::Mailbox MaildirLayout::mailboxOf(std::string path, const Recipient& recipient) const
{
    const std::string_view local = recipient.localPart();
    const std::size_t plus = _options.detailFolders ? local.find('+') : std::string_view::npos;
    if (plus == std::string_view::npos || plus + 1 == local.size())
        return {std::move(path), ""};
    return {std::move(path), "." + store::encodeFolderName(local.substr(plus + 1))};
}

std::shared_ptr<const store::Folder> MaildirLayout::open(const store::Mailbox& mailbox)
{
    const std::string newFolder = root(mailbox) + "/new";
    if (auto folder = _folders.find(newFolder))
        return folder;
    if (_folders.policy().create && !makeRest(mailbox))
        return nullptr;
    _staging.sweep(hiddenFolder(mailbox));
    return _folders.open(newFolder);
}

/// Where new/ is a link, what lies beside its target is asked in vain, and made sure of each time.
std::shared_ptr<const store::Folder> MaildirLayout::openWhole(const store::Mailbox& mailbox)
{
    auto folder = open(mailbox);
    if (folder && _folders.policy().create && !(has(*folder, "../tmp") && has(*folder, "../cur")))
        (void)makeRest(mailbox);
    return folder;
}

/// Everything but new/, which comes last: who sees it sees a whole maildir.
bool MaildirLayout::makeRest(const store::Mailbox& mailbox)
{
    const std::string path = root(mailbox);
    const bool isInbox = mailbox.subfolder.empty();
    if (!isInbox && !open({mailbox.path, ""}))
        return false;
    if (!_folders.ensure(path + "/tmp") || !_folders.ensure(path + "/cur"))
        return false;
    if (!isInbox)
        markAsFolder(path, 0600);
    return true;
}

std::string MaildirLayout::hiddenFolder(const store::Mailbox& mailbox) const
{
    return root(mailbox) + "/tmp";
}

/// The name is new unless clock, process, inode and counter all repeat; a taken one is the sign of
/// a copied tree.
std::string MaildirLayout::place(const store::StagedFile& file, const store::Folder& folder)
{
    for (int turn = 0; turn < 100; ++turn)
    {
        std::string name = uniqueName(file);
        const int error = file.link(folder, name);
        if (error == 0)
            return name;
        if (error != EEXIST)
            store::throwSystemError(error, "cannot put a mail into", folder.path());
    }
    store::throwSystemError(EEXIST, "cannot find a free name in", folder.path());
}

/// SECONDS.MmicrosecondsPpidVdeviceIinode_counter.host,S=octets
std::string MaildirLayout::newName(const store::StagedFile& file, const store::Folder& /*folder*/)
{
    return uniqueName(file);
}

/// A folder of Maildir++ has a leading dot, which no mailbox's own path has.
store::Mailbox MaildirLayout::mailboxWith(const std::string& path) const
{
    const std::string root = store::parentOf(path);
    const std::string last = root.substr(root.rfind('/') + 1);
    if (last.empty() || last.front() != '.' || last.size() == 1)
        return {root, ""};
    return {store::parentOf(root), last};
}

/// A reader moves it to cur/ and puts its flags behind a colon.
std::vector<store::Sighting> MaildirLayout::sightings(store::Listings& listings,
                                                      const store::Folder& folder,
                                                      const std::string& name,
                                                      std::uint64_t /*inode*/) const
{
    std::vector<store::Sighting> sightings{{folder.path() + "/" + name, true}};
    if (::access(sightings.front().path.c_str(), F_OK) == 0)
        return sightings;
    const std::string cur = store::parentOf(folder.path()) + "/cur";
    for (const auto& entry : listings.of(cur))
    {
        if (entry.name.substr(0, entry.name.find(':')) == name)
            sightings.push_back({cur + "/" + entry.name, true});
    }
    return sightings;
}

std::string MaildirLayout::uniqueName(const store::StagedFile& file)
{
    timeval now{};
    (void)::gettimeofday(&now, nullptr);
    std::array<char, 128> name{};
    const int length = std::snprintf(name.data(),
                                     name.size(),
                                     "%lld.M%06ldP%ldV%llxI%llx_%llu.",
                                     static_cast<long long>(now.tv_sec),
                                     static_cast<long>(now.tv_usec),
                                     static_cast<long>(::getpid()),
                                     static_cast<unsigned long long>(file.device()),
                                     static_cast<unsigned long long>(file.inode()),
                                     static_cast<unsigned long long>(++_counter));
    return std::string(name.data(), static_cast<std::size_t>(length)) + _options.hostName +
           ",S=" + std::to_string(file.size());
}

} // namespace mpsmtp::maildir

#include "common/StagedFile.h"

#include "common/PathComponent.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::store
{

namespace
{

/// linkat() of a descriptor itself needs CAP_DAC_READ_SEARCH; through /proc everybody may.
[[nodiscard]] std::string procPath(int fd)
{
    return "/proc/self/fd/" + std::to_string(fd);
}

struct FolderCloser
{
    void operator()(DIR* folder) const noexcept { (void)::closedir(folder); }
};

/// True if the file system, not the folder, is why a file without a name cannot be made.
[[nodiscard]] bool isUnsupported(int error)
{
    return error == EOPNOTSUPP || error == EISDIR || error == EINVAL;
}

[[nodiscard]] bool isNumber(const std::string& text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// "PID.STARTTIME" of a running process, "" of none. The time tells a process from a later one of
/// the same id: in a container the daemon is process 1 each time. It is field 22 of stat (proc(5));
/// field 2 may hold blanks and ')'.
[[nodiscard]] std::string processStamp(const std::string& id)
{
    std::ifstream stat("/proc/" + id + "/stat");
    std::string text;
    if (!std::getline(stat, text))
        return "";
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    for (int field = 3; field <= 22; ++field)
        fields >> text;
    return id + "." + text;
}

/// Tells the objects of one process from each other, also those that are gone.
[[nodiscard]] std::string objectStamp()
{
    return std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
}

} // namespace

std::string hostName()
{
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0)
        return "localhost";
    return name.data();
}

StagedFile::StagedFile(FileDescriptor fd, std::string stagedPath, std::string description)
    : _fd(std::move(fd)), _stagedPath(std::move(stagedPath)), _description(std::move(description))
{
    struct stat status
    {
    };

    if (::fstat(_fd.get(), &status) != 0)
        throwSystemError(errno, "cannot examine", _description);
    _device = status.st_dev;
    _inode = status.st_ino;
}

StagedFile::~StagedFile()
{
    if (!_stagedPath.empty())
        (void)::unlink(_stagedPath.c_str());
}

void StagedFile::write(std::string_view octets)
{
    writeAll(_fd.get(), octets, _description);
    _size += octets.size();
}

void StagedFile::finish()
{
    if (!_stagedPath.empty())
        _fd = FileDescriptor();
}

void StagedFile::sync(const Storage& storage)
{
    const FileDescriptor own = _fd.isOpen() ? FileDescriptor() : reopen();
    try
    {
        storage.syncData(_fd.isOpen() ? _fd.get() : own.get());
    }
    catch (const std::system_error& error)
    {
        throwSystemError(error.code().value(), "cannot make durable", _description);
    }
}

int StagedFile::link(const Folder& folder, const std::string& name) const
{
    const std::string from = _stagedPath.empty() ? procPath(_fd.get()) : _stagedPath;
    const int flags = _stagedPath.empty() ? AT_SYMLINK_FOLLOW : 0;
    return ::linkat(AT_FDCWD, from.c_str(), folder.fd(), name.c_str(), flags) == 0 ? 0 : errno;
}

void StagedFile::replace(const std::string& path) const
{
    if (::rename(_stagedPath.c_str(), path.c_str()) != 0)
        throwSystemError(errno, "cannot replace", path);
}

void StagedFile::copyTo(OctetSink& sink) const
{
    const FileDescriptor own = _fd.isOpen() ? FileDescriptor() : reopen();
    const int fd = _fd.isOpen() ? _fd.get() : own.get();
    std::string buffer(std::size_t{64} * 1024, '\0');
    for (std::uint64_t at = 0; at < _size;)
    {
        const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(at));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            throwSystemError(got < 0 ? errno : EIO, "cannot read back", _description);
        sink.write({buffer.data(), static_cast<std::size_t>(got)});
        at += static_cast<std::uint64_t>(got);
    }
}

FileDescriptor StagedFile::reopen() const
{
    FileDescriptor fd(::open(_stagedPath.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd.isOpen())
        throwSystemError(errno, "cannot reopen", _stagedPath);
    return fd;
}

Staging::Staging(mode_t mode)
    : _mode(mode),
      _canLinkUnnamed(::access("/proc/self/fd", X_OK) == 0),
      _prefix(".mpsmtp-" + encodeValue(hostName()) + "-"),
      _process(processStamp(std::to_string(::getpid()))),
      _object(objectStamp())
{
}

std::unique_ptr<StagedFile>
Staging::make(const Folder& target, const std::string& hiddenFolder, Kind kind)
{
    auto file = kind == Kind::Unnamed && _canLinkUnnamed ? makeUnnamed(target) : nullptr;
    return file ? std::move(file) : makeNamed(hiddenFolder);
}

/// nullptr if the file system has no files without a name.
std::unique_ptr<StagedFile> Staging::makeUnnamed(const Folder& target) const
{
    const std::string description = "a new file in " + target.path();
    FileDescriptor fd(::openat(target.fd(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, _mode));
    if (!fd.isOpen())
    {
        const int error = errno;
        if (isUnsupported(error))
            return nullptr;
        // ext4 answers EPERM for a removed folder; callers know ENOENT as the sign to open it anew.
        throwSystemError(target.isInPlace() ? error : ENOENT, "cannot make", description);
    }
    setMode(fd.get(), _mode, description);
    return std::make_unique<StagedFile>(std::move(fd), "", description);
}

std::unique_ptr<StagedFile> Staging::makeNamed(const std::string& hiddenFolder)
{
    std::string path;
    FileDescriptor fd;
    do
    {
        path = hiddenFolder + "/" + _prefix + _process + "-" + _object + "." +
               std::to_string(++_counter);
        fd = FileDescriptor(::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, _mode));
    } while (!fd.isOpen() && errno == EEXIST);
    if (!fd.isOpen())
        throwSystemError(errno, "cannot make", path);
    const int raw = fd.get();
    auto file = std::make_unique<StagedFile>(std::move(fd), path, path);
    setMode(raw, _mode, path);
    return file;
}

bool Staging::isLeftover(const std::string& name) const
{
    if (name.compare(0, _prefix.size(), _prefix) != 0)
        return false;
    const std::string process = name.substr(_prefix.size(), name.rfind('-') - _prefix.size());
    const std::string id = process.substr(0, process.find('.'));
    return isNumber(id) && processStamp(id) != process;
}

/// Not with std::filesystem: libstdc++'s iterator ends the process when there is no memory for it.
void Staging::sweep(const std::string& folder) const
{
    const std::unique_ptr<DIR, FolderCloser> listing(::opendir(folder.c_str()));
    while (const dirent* const entry = listing ? ::readdir(listing.get()) : nullptr)
    {
        if (isLeftover(entry->d_name))
            (void)::unlinkat(::dirfd(listing.get()), entry->d_name, 0);
    }
}

} // namespace mpsmtp::store

// A mail that nobody sees yet: written, made durable, and given its name in one step that either
// happens or does not.
//
// It has no name at all (O_TMPFILE), so that a crash leaves nothing; or, where the file system
// cannot do that or a transaction has more files than descriptors should be held, a name that
// readers pass over. Such names carry host and process, and sweep() removes those of processes that
// are gone.
// Thread safety: Staging [any] (immutable but for a counter), StagedFile [connection].
#pragma once

#include "common/FileDescriptor.h"
#include "common/Folder.h"
#include "common/MessageWriter.h"

#include <mpsmtp/Context.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace mpsmtp::store
{

/// A file on its way. Its end without a link leaves nothing behind.
class StagedFile : public OctetSink
{
public:
    /// \param stagedPath  its hidden name, which goes with the object; "" if it has none
    /// \param description what an error calls it
    StagedFile(FileDescriptor fd, std::string stagedPath, std::string description);

    ~StagedFile() override;

    void write(std::string_view octets) override;

    /// Nothing more will be written. A file with a hidden name then holds no descriptor.
    void finish();

    /// Makes data and length durable.
    void sync(const Storage& storage);

    /// Gives the file the name `name` in `folder`; may be called again for further names.
    /// \return 0 or an errno value: EEXIST if the name is taken, EXDEV and EMLINK if only a copy
    ///   can have it
    [[nodiscard]] int link(const Folder& folder, const std::string& name) const;

    /// Gives a file that has a hidden name the name `path` instead, in place of the file there.
    /// \throws std::system_error
    void replace(const std::string& path) const;

    /// Appends the whole content to another sink.
    void copyTo(OctetSink& sink) const;

    [[nodiscard]] std::uint64_t size() const noexcept { return _size; }

    [[nodiscard]] dev_t device() const noexcept { return _device; }

    [[nodiscard]] ino_t inode() const noexcept { return _inode; }

private:
    [[nodiscard]] FileDescriptor reopen() const;

    FileDescriptor _fd;
    const std::string _stagedPath;
    const std::string _description;
    std::uint64_t _size = 0;
    dev_t _device = 0;
    ino_t _inode = 0;
};

/// Makes staged files.
class Staging
{
public:
    enum class Kind
    {
        Unnamed, ///< where the file system can; else as Named
        Named
    };

    /// \param mode  of the files, whatever the umask says
    explicit Staging(mode_t mode);

    /// \param target        the file will be linked into this folder (or one on the same file
    ///   system)
    /// \param hiddenFolder  path of the folder for a hidden name
    /// \throws std::system_error; ENOENT if the folder has been removed
    [[nodiscard]] std::unique_ptr<StagedFile>
    make(const Folder& target, const std::string& hiddenFolder, Kind kind);

    /// Removes the hidden files in `folder` that processes of this host have left which are gone.
    /// Nothing else is touched, and trouble is passed over: what stays is unseen and costs only its
    /// space.
    void sweep(const std::string& folder) const;

private:
    [[nodiscard]] std::unique_ptr<StagedFile> makeUnnamed(const Folder& target) const;
    [[nodiscard]] std::unique_ptr<StagedFile> makeNamed(const std::string& hiddenFolder);
    [[nodiscard]] bool isLeftover(const std::string& name) const;

    const mode_t _mode;
    const bool _canLinkUnnamed;
    const std::string _prefix; // ".mpsmtp-HOST-"
    // A hidden name is PREFIX PROCESS-OBJECT.NUMBER. No two files of a process ever have one: when somebody moves the
    // folder and makes another one in its place, the path of a file must not lead to the file of another mail.
    const std::string _process; // "PID.STARTTIME"
    const std::string _object;  // from when this object was made, in nanoseconds
    std::atomic<std::uint64_t> _counter{0};
};

/// The machine's name, for names of files: two machines may share a store.
[[nodiscard]] std::string hostName();

} // namespace mpsmtp::store

// One run of a program: started without a shell in a session of its own, fed through a pipe, listened
// to, and ended in time. Leaves what its end means to ExitStatus, and when it has to end to
// ExecHandler.
//
// Between fork and exec runs only posix_spawn's own code, so many threads may start programs at once.
// The child gets descriptors 0 to 2 and no other one, default signal dispositions and an empty signal
// mask: a program that inherits a blocked SIGTERM or an ignored SIGPIPE behaves oddly.
// Thread safety: ProgramRun [connection], Leftovers [any].
#pragma once

#include "common/FileDescriptor.h"
#include "common/MessageWriter.h"
#include "exec/Excerpt.h"

#include <mpsmtp/Context.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace mpsmtp::exec
{

/// Children that even SIGKILL has not ended in time (a setuid program, one that hangs in the kernel).
/// They are given up, and taken from the process table later.
class Leftovers
{
public:
    void add(pid_t child);

    /// Without waiting.
    void reap();

private:
    std::mutex _mutex;
    std::vector<pid_t> _children; // guarded by _mutex
};

struct Program
{
    std::vector<std::string> arguments; ///< the first is its path
    std::string directory;
    bool hasInput = true; ///< if not, it reads /dev/null
};

/// By Context::clock.
struct TimeLimit
{
    std::chrono::steady_clock::time_point terminateAt; ///< SIGTERM to its process group
    std::chrono::steady_clock::time_point killAt;      ///< SIGKILL
};

class ProgramRun : public store::OctetSink
{
public:
    /// How long it is waited for what SIGKILL was sent to.
    static constexpr std::chrono::seconds lastGrace{5};

    /// Starts it.
    /// \param environment NAME=value
    /// \throws std::system_error if it cannot be started: there is then no child
    ProgramRun(const Program& program,
               const std::vector<std::string>& environment,
               const TimeLimit& limit,
               const Clock& clock,
               Leftovers& leftovers);

    /// Ends it with SIGKILL if finish() has not been called.
    ~ProgramRun() override;

    /// To its standard input; goes on without an error if it has ended, does not read any more, or
    /// its time is over.
    void write(std::string_view octets) override;

    /// Its input ends. Waits until it has ended too; who else holds its output open is not waited for.
    void finish();

    /// After finish().
    [[nodiscard]] bool isTimedOut() const noexcept { return _stage != Stage::Running; }

    /// After finish(): of waitpid. Without meaning if it had to be given up.
    [[nodiscard]] int waitStatus() const noexcept { return _waitStatus; }

    [[nodiscard]] const Excerpt& output() const noexcept { return _output; }

    [[nodiscard]] const Excerpt& errors() const noexcept { return _errors; }

private:
    using TimePoint = std::chrono::steady_clock::time_point;

    enum class Stage : std::uint8_t
    {
        Running,
        Terminating,
        Killed,
        GivenUp
    };

    void start(const Program& program, const std::vector<std::string>& environment);
    void pump();
    void escalate(TimePoint now) noexcept;
    [[nodiscard]] int patience(TimePoint now) const noexcept;
    void look() noexcept;
    void reap() noexcept;

    [[nodiscard]] bool isOver() const noexcept { return _hasEnded || _stage == Stage::GivenUp; }

    TimeLimit _limit;
    const Clock _clock;
    Leftovers& _leftovers;
    pid_t _child = -1;
    bool _hasEnded = false; // is a zombie: its number, and its group's, are still ours
    Stage _stage = Stage::Running;
    int _waitStatus = 0;
    store::FileDescriptor _handle; // pidfd; none on a kernel without them
    store::FileDescriptor _inputPipe;
    store::FileDescriptor _outputPipe;
    store::FileDescriptor _errorPipe;
    Excerpt _output;
    Excerpt _errors;
};

} // namespace mpsmtp::exec

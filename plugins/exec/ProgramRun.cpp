#include "exec/ProgramRun.h"

#include "common/SigPipeBlock.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mpsmtp::exec
{

namespace
{

using store::FileDescriptor;

[[noreturn]] void fail(int error, const std::string& what)
{
    throw std::system_error(error, std::generic_category(), what);
}

void check(int error, const char* what)
{
    if (error != 0)
        fail(error, what);
}

/// Above 2, so that putting it in place as one of the child's three overwrites none of the others.
[[nodiscard]] FileDescriptor aboveStandard(FileDescriptor fd)
{
    if (fd.get() > STDERR_FILENO)
        return fd;
    FileDescriptor above(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!above.isOpen())
        fail(errno, "cannot make a pipe");
    return above;
}

struct Pipe
{
    Pipe()
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            fail(errno, "cannot make a pipe");
        FileDescriptor first(ends[0]);
        FileDescriptor second(ends[1]);
        in = aboveStandard(std::move(first));
        out = aboveStandard(std::move(second));
    }

    FileDescriptor in;
    FileDescriptor out;
};

/// Of our end only: the two ends of a pipe are separate open files.
[[nodiscard]] FileDescriptor nonBlocking(FileDescriptor fd)
{
    if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0)
        fail(errno, "cannot make a pipe non-blocking");
    return fd;
}

class FileActions
{
public:
    FileActions() { check(::posix_spawn_file_actions_init(&_actions), "cannot start a program"); }

    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;

    ~FileActions() { (void)::posix_spawn_file_actions_destroy(&_actions); }

    void put(const FileDescriptor& fd, int number)
    {
        check(::posix_spawn_file_actions_adddup2(&_actions, fd.get(), number), "dup2");
    }

    void readNothing()
    {
        check(::posix_spawn_file_actions_addopen(&_actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0),
              "open");
    }

    /// All descriptors above 2, also those that others have opened without O_CLOEXEC.
    void closeOthers()
    {
        check(::posix_spawn_file_actions_addclosefrom_np(&_actions, STDERR_FILENO + 1),
              "closefrom");
    }

    void changeTo(const std::string& directory)
    {
        check(::posix_spawn_file_actions_addchdir_np(&_actions, directory.c_str()), "chdir");
    }

    [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &_actions; }

private:
    posix_spawn_file_actions_t _actions{};
};

/// A session of its own, no signal blocked, none ignored.
class Attributes
{
public:
    Attributes()
    {
        check(::posix_spawnattr_init(&_attributes), "cannot start a program");
        sigset_t none, all;
        (void)::sigemptyset(&none);
        (void)::sigfillset(&all);
        (void)::posix_spawnattr_setsigmask(&_attributes, &none);
        (void)::posix_spawnattr_setsigdefault(&_attributes, &all);
        constexpr int flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        (void)::posix_spawnattr_setflags(&_attributes, static_cast<short>(flags));
    }

    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;

    ~Attributes() { (void)::posix_spawnattr_destroy(&_attributes); }

    [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &_attributes; }

private:
    posix_spawnattr_t _attributes{};
};

/// For C: valid as long as the texts.
[[nodiscard]] std::vector<char*> pointersTo(const std::vector<std::string>& texts)
{
    std::vector<char*> pointers;
    for (const std::string& text : texts)
        pointers.push_back(const_cast<char*>(text.c_str())); // NOLINT: exec's old signature
    pointers.push_back(nullptr);
    return pointers;
}

/// Takes what is there, up to what a pipe can hold, so that an endless writer does not keep us here.
/// Closes it at its end.
void drain(FileDescriptor& fd, Excerpt& excerpt)
{
    constexpr std::size_t mostOctets = std::size_t{1} << 20;
    std::array<char, 1 << 14> piece{};
    for (std::size_t taken = 0; fd.isOpen() && taken < mostOctets;)
    {
        const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
        if (got > 0)
        {
            excerpt.add({piece.data(), static_cast<std::size_t>(got)});
            taken += static_cast<std::size_t>(got);
        }
        else if (got == 0 || (errno != EINTR && errno != EAGAIN))
            fd = FileDescriptor();
        else if (errno == EAGAIN)
            return;
    }
}

} // namespace

void Leftovers::add(pid_t child)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    _children.push_back(child);
}

void Leftovers::reap()
{
    const std::lock_guard<std::mutex> lock(_mutex);
    const auto isGone = [](pid_t child) { return ::waitpid(child, nullptr, WNOHANG) != 0; };
    _children.erase(std::remove_if(_children.begin(), _children.end(), isGone), _children.end());
}

ProgramRun::ProgramRun(const Program& program,
                       const std::vector<std::string>& environment,
                       const TimeLimit& limit,
                       const Clock& clock,
                       Leftovers& leftovers)
    : _limit(limit), _clock(clock), _leftovers(leftovers)
{
    start(program, environment);
}

ProgramRun::~ProgramRun()
{
    if (_child < 0)
        return;
    (void)::kill(-_child, SIGKILL);
    reap();
}

void ProgramRun::start(const Program& program, const std::vector<std::string>& environment)
{
    Pipe input, output, errors;
    FileActions actions;
    if (program.hasInput)
        actions.put(input.in, STDIN_FILENO);
    else
        actions.readNothing();
    actions.put(output.out, STDOUT_FILENO);
    actions.put(errors.out, STDERR_FILENO);
    actions.closeOthers();
    actions.changeTo(program.directory);
    if (program.hasInput)
        _inputPipe = nonBlocking(std::move(input.out));
    _outputPipe = nonBlocking(std::move(output.in));
    _errorPipe = nonBlocking(std::move(errors.in));
    const auto arguments = pointersTo(program.arguments);
    const auto variables = pointersTo(environment);
    const Attributes attributes;
    pid_t child = -1;
    if (const int error = ::posix_spawn(&child,
                                        arguments[0],
                                        actions.get(),
                                        attributes.get(),
                                        arguments.data(),
                                        variables.data());
        error != 0)
        fail(error, "cannot run " + program.arguments[0]);
    _child = child;
    // It is not reaped yet, so that its number cannot be another one's by now.
    _handle = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
}

void ProgramRun::write(std::string_view octets)
{
    const store::SigPipeBlock block;
    while (!octets.empty() && _inputPipe.isOpen() && !isOver())
    {
        const ssize_t written = ::write(_inputPipe.get(), octets.data(), octets.size());
        if (written >= 0)
            octets.remove_prefix(static_cast<std::size_t>(written));
        else if (errno == EAGAIN)
            pump();
        else if (errno != EINTR)
            _inputPipe = FileDescriptor(); // EPIPE: it does not want to know more
    }
}

void ProgramRun::finish()
{
    _inputPipe = FileDescriptor();
    while (!isOver())
        pump();
    drain(_outputPipe, _output);
    drain(_errorPipe, _errors);
    // Its own end was in time, or it has obeyed SIGTERM; what it has left behind had as much time.
    if (isTimedOut())
        (void)::kill(-_child, SIGKILL);
    reap();
}

/// Waits until something happens: room in its input, output, its end, or a time to act.
void ProgramRun::pump()
{
    const TimePoint now = _clock.steady();
    escalate(now);
    std::array<pollfd, 4> events{{{_inputPipe.get(), POLLOUT, 0}, // -1 is passed over
                                  {_outputPipe.get(), POLLIN, 0},
                                  {_errorPipe.get(), POLLIN, 0},
                                  {_handle.get(), POLLIN, 0}}};
    const int ready = ::poll(events.data(), events.size(), patience(now));
    if (ready < 0 && errno != EINTR)
        fail(errno, "cannot wait for a program");
    drain(_outputPipe, _output);
    drain(_errorPipe, _errors);
    look();
}

void ProgramRun::escalate(TimePoint now) noexcept
{
    if (_stage == Stage::Running && now >= _limit.terminateAt)
    {
        _stage = Stage::Terminating;
        _inputPipe = FileDescriptor();
        (void)::kill(-_child, SIGTERM);
    }
    if (_stage == Stage::Terminating && now >= _limit.killAt)
    {
        _stage = Stage::Killed;
        (void)::kill(-_child, SIGKILL);
    }
    else if (_stage == Stage::Killed && now >= _limit.killAt + lastGrace)
        _stage = Stage::GivenUp;
}

/// Milliseconds until escalate() has something to do.
int ProgramRun::patience(TimePoint now) const noexcept
{
    using std::chrono::milliseconds;
    const TimePoint next = _stage == Stage::Running       ? _limit.terminateAt
                           : _stage == Stage::Terminating ? _limit.killAt
                                                          : _limit.killAt + lastGrace;
    constexpr milliseconds longest{1000}, withoutHandle{10};
    const milliseconds most = _handle.isOpen() ? longest : withoutHandle;
    if (next > now + most)
        return static_cast<int>(most.count());
    const auto left = std::chrono::duration_cast<milliseconds>(next - now);
    return static_cast<int>(std::max(left, milliseconds(0)).count()) + 1;
}

/// Whether it has ended. It stays a zombie, so that its group can still be signalled.
void ProgramRun::look() noexcept
{
    siginfo_t info{};
    const int result =
        ::waitid(P_PID, static_cast<id_t>(_child), &info, WEXITED | WNOHANG | WNOWAIT);
    _hasEnded = result == 0 ? info.si_pid == _child : errno != EINTR;
}

void ProgramRun::reap() noexcept
{
    const pid_t child = std::exchange(_child, -1);
    if (_stage == Stage::GivenUp)
        return _leftovers.add(child);
    pid_t ended = -1;
    do
        ended = ::waitpid(child, &_waitStatus, 0);
    while (ended < 0 && errno == EINTR);
    if (ended < 0) // someone else has taken its status: nobody knows it
        _waitStatus = SIGKILL;
}

} // namespace mpsmtp::exec

// What this is and its thread safety: PluginProbe.h.
#include "delivery/PluginProbe.h"

#include "delivery/Descriptor.h"
#include "delivery/PluginLibrary.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT: POSIX

namespace mpsmtp::delivery
{

namespace
{

/// Where the child writes its sentence: standard output is the plugin's.
constexpr int reportFd = 3;

constexpr int exitLoaded = 0;
constexpr int exitRefused = 1;

/// A plugin that ends the process with status 0 must not look as if it had been loaded.
const std::string loaded = "loaded";

/// Between two looks at a child that is still loading.
constexpr std::chrono::milliseconds lookInterval(1);

/// posix_spawn's parts, given back whatever happens.
class SpawnSettings
{
public:
    explicit SpawnSettings(int report)
    {
        ::posix_spawn_file_actions_init(&_actions);
        ::posix_spawn_file_actions_adddup2(&_actions, report, reportFd);
        ::posix_spawnattr_init(&_attributes);
        sigset_t none;
        ::sigemptyset(&none);
        sigset_t all;
        ::sigfillset(&all);
        // The server's blocked and ignored signals are not the child's.
        ::posix_spawnattr_setsigmask(&_attributes, &none);
        ::posix_spawnattr_setsigdefault(&_attributes, &all);
        ::posix_spawnattr_setpgroup(&_attributes, 0);
        ::posix_spawnattr_setflags(
            &_attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }

    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    ~SpawnSettings()
    {
        ::posix_spawn_file_actions_destroy(&_actions);
        ::posix_spawnattr_destroy(&_attributes);
    }

    [[nodiscard]] const posix_spawn_file_actions_t* actions() const noexcept { return &_actions; }

    [[nodiscard]] const posix_spawnattr_t* attributes() const noexcept { return &_attributes; }

private:
    posix_spawn_file_actions_t _actions{};
    posix_spawnattr_t _attributes{};
};

/// -1: no process could be made.
pid_t spawn(const std::string& program, const std::string& path, int report)
{
    const SpawnSettings settings(report);
    std::string name = program;
    std::string option = "--probe-plugin";
    std::string argument = path;
    const std::array<char*, 4> arguments{name.data(), option.data(), argument.data(), nullptr};
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid,
                                    program.c_str(),
                                    settings.actions(),
                                    settings.attributes(),
                                    arguments.data(),
                                    environ);
    return error == 0 ? pid : -1;
}

/// The child's wait status, or nothing if it has not ended within `patience`; it is killed then, with all that it started.
std::optional<int> awaitEnd(pid_t pid, std::chrono::milliseconds patience)
{
    const auto deadline = std::chrono::steady_clock::now() + patience;
    int status = 0;
    for (;;)
    {
        const pid_t ended = ::waitpid(pid, &status, WNOHANG);
        if (ended == pid)
            return status;
        if (ended < 0 && errno != EINTR)
            return exitLoaded; // somebody else has reaped it; the sentence tells
        if (std::chrono::steady_clock::now() >= deadline)
            break;
        std::this_thread::sleep_for(lookInterval);
    }
    ::kill(-pid, SIGKILL);
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR)
    {
    }
    return std::nullopt;
}

/// What is in the pipe; a sentence fits into it, so that the child never waits for us.
std::string readReport(int fd)
{
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    return count <= 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(count));
}

std::string signalName(int number)
{
    const char* name = ::sigabbrev_np(number);
    return name ? "SIG" + std::string(name) : "signal " + std::to_string(number);
}

} // namespace

ChildProbe::ChildProbe(std::string program, std::chrono::milliseconds patience)
    : _program(std::move(program)), _patience(patience)
{
}

std::string ChildProbe::mistake(const std::string& path)
{
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        return {};
    const Descriptor report(ends[0]);
    Descriptor ofChild(ends[1]);
    const pid_t pid = spawn(_program, path, ofChild.get());
    ofChild.reset();
    if (pid < 0)
        return {};
    const auto status = awaitEnd(pid, _patience);
    if (!status)
        return path + " did not finish loading within " + std::to_string(_patience.count() / 1000) +
               " s; do the work in start()";
    if (WIFSIGNALED(*status))
        return path + " crashed while loading (" + signalName(WTERMSIG(*status)) +
               "); look at the constructors of its global objects";
    const std::string sentence = readReport(report.get());
    if (sentence == loaded)
        return {};
    if (!sentence.empty())
        return sentence;
    return path + " ended the process while loading (exit status " +
           std::to_string(WEXITSTATUS(*status)) +
           "); look at the constructors of its global objects";
}

int reportProbe(const std::string& path)
{
    const PluginResult result = loadPlugin(path);
    const std::string& sentence = result.plugin ? loaded : result.mistake;
    (void)!::write(reportFd, sentence.data(), sentence.size());
    return result.plugin ? exitLoaded : exitRefused;
}

} // namespace mpsmtp::delivery

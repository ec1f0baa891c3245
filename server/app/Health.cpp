// What this is and its thread safety: Health.h.
#include "app/Health.h"

#include "delivery/FileCalls.h"
#include "delivery/SpoolFile.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/statvfs.h>

namespace mpsmtp::app
{

namespace
{

/// A reload starts handlers, which may take its time; a main thread that is gone for this long does not come back.
constexpr std::chrono::minutes longestSilence(5);

/// An answer of the file system is good for so long: probes are many, and each would make a file.
constexpr std::chrono::seconds answerAge(1);

/// A file system that has not answered after this time will not take mail either.
constexpr std::chrono::seconds longestAnswer(2);

/// If messages may be of any size.
constexpr std::uint64_t usualRoom = 50u << 20;

/// \return what is wrong, or ""
std::string askFileSystem(const std::string& directory, std::uint64_t leastRoom)
{
    const auto sentence = [&](int error)
    {
        return "the spool takes no message: " + directory + ": " +
               std::error_code(error, std::generic_category()).message();
    };
    delivery::SpoolFile probe(delivery::FileCalls::system());
    if (const int error = probe.create(directory); error != 0)
        return sentence(error);

    struct statvfs room
    {
    };

    if (::statvfs(directory.c_str(), &room) != 0)
        return sentence(errno);
    const std::uint64_t free = std::uint64_t{room.f_bavail} * room.f_frsize;
    if (free >= leastRoom)
        return {};
    return "the spool has too little room: " + directory + ": " + std::to_string(free) +
           " octets are free, a message may have " + std::to_string(leastRoom);
}

} // namespace

Health::Health() : Health(askFileSystem) {}

Health::Health(Ask ask) : _ask(std::move(ask)), _beat(Clock::now().time_since_epoch().count()) {}

void Health::serving(const std::string& spoolDirectory, std::uint64_t largestMessage)
{
    {
        const std::lock_guard lock(_mutex);
        _spoolDirectory = spoolDirectory;
        _leastRoom = largestMessage == 0 ? usualRoom : largestMessage;
        // The last answer, and one that is being waited for, are about another folder.
        ++_question;
        _asked = {};
        _isAsking = false;
    }
    beat();
    _state.store(State::Serving);
}

void Health::beat() noexcept
{
    _beat.store(Clock::now().time_since_epoch().count());
}

Health::Reasons Health::live() const
{
    const Clock::time_point last{Clock::duration(_beat.load())};
    if (_state.load() == State::Serving && Clock::now() - last > longestSilence)
        return {"the main thread has not been heard of for 5 minutes"};
    return {};
}

Health::Reasons Health::ready()
{
    switch (_state.load())
    {
    case State::Starting:
        return {"the server is starting"};
    case State::Stopping:
        return {"the server is stopping"};
    case State::Serving:
        break;
    }
    const std::string problem = spoolProblem();
    return problem.empty() ? Reasons() : Reasons{problem};
}

std::string Health::spoolProblem()
{
    std::unique_lock lock(_mutex);
    const auto age = Clock::now() - _asked;
    if (_isAsking && age > longestAnswer)
        return "the spool's file system does not answer: " + _spoolDirectory;
    if (_isAsking || (_asked != Clock::time_point() && age < answerAge))
        return _answer;
    const std::string directory = _spoolDirectory;
    const std::uint64_t leastRoom = _leastRoom;
    _isAsking = true;
    _asked = Clock::now();
    const unsigned question = ++_question;
    lock.unlock();
    std::string answer = _ask(directory, leastRoom);
    lock.lock();
    if (question != _question) // another folder has been named meanwhile
        return answer;
    _isAsking = false;
    _answer = answer;
    return answer;
}

} // namespace mpsmtp::app

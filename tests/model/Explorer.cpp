// See Explorer.h. `--expect` runs the search in a child process, since a violation ends it.
#include "Explorer.h"

#include "Scheduler.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <new>
#include <string_view>

#include <sys/wait.h>
#include <unistd.h>

namespace mpsmtp::model
{

namespace
{

int exploreAll(const std::vector<Scenario>& scenarios)
{
    for (const Scenario& scenario : scenarios)
    {
        const auto begin = std::chrono::steady_clock::now();
        std::cout << scenario.name << ": " << std::flush;
        const auto totals = Scheduler::instance().explore(scenario);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        std::cout << totals.states << " states, " << totals.runs << " runs of up to "
                  << totals.longest << " steps, " << took.count() << " s" << std::endl;
    }
    return 0;
}

/// All that the child prints.
std::string outputOfChild(const std::vector<Scenario>& scenarios)
{
    int ends[2];
    if (::pipe(ends) != 0)
        return "no pipe";
    const pid_t child = ::fork();
    if (child == 0)
    {
        ::dup2(ends[1], STDOUT_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        ::_exit(exploreAll(scenarios));
    }
    ::close(ends[1]);
    std::string output;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
        output.append(buffer, static_cast<std::size_t>(got));
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return output;
}

int expectViolation(const std::string& property, const std::vector<Scenario>& scenarios)
{
    const std::string output = outputOfChild(scenarios);
    std::cout << output;
    if (output.find("violated: " + property + "\n") != std::string::npos)
        return 0;
    std::cout << "not seen: a violation of \"" << property << "\"\n";
    return 1;
}

/// What a thread does to memory that is not there is told with the steps that lead there.
void failAtCrash(int)
{
    require(false, "no thread goes where there is no memory");
}

} // namespace

int check(int argc, char** argv, const std::vector<Scenario>& scenarios)
{
    std::signal(SIGSEGV, failAtCrash);
    if (argc == 3 && std::string_view(argv[1]) == "--expect")
        return expectViolation(argv[2], scenarios);
    return exploreAll(scenarios);
}

std::thread start(const char* label, std::function<void()> body)
{
    Scheduler::instance().setNextLabel(label);
    return std::thread(std::move(body));
}

void step(const void* object, const char* what)
{
    Scheduler::instance().step(object, what);
}

unsigned choose(unsigned count, const char* what)
{
    return Scheduler::instance().choose(count, what);
}

void require(bool holds, const char* property)
{
    Scheduler::instance().require(holds, property);
}

unsigned mutexesHeld()
{
    return Scheduler::instance().mutexesHeld();
}

std::size_t currentThread()
{
    return Scheduler::instance().currentThread();
}

void onAcquire(std::function<void(std::size_t)> call)
{
    Scheduler::instance().setOnAcquire(std::move(call));
}

MayFailToAllocate::MayFailToAllocate()
{
    Scheduler::instance().allowFailedAllocations(true);
}

MayFailToAllocate::~MayFailToAllocate()
{
    Scheduler::instance().allowFailedAllocations(false);
}

} // namespace mpsmtp::model

void* operator new(std::size_t octets)
{
    if (mpsmtp::model::Scheduler::instance().allocationFails())
        throw std::bad_alloc();
    if (void* const memory = std::malloc(octets == 0 ? 1 : octets))
        return memory;
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept
{
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
    std::free(memory);
}

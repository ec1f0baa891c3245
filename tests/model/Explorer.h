// Runs a scenario of several threads in every order in which they could take turns, and so finds each lost wake-up, race of
// protocol and deadlock that there is, where a stress test meets some by chance.
//
// The code under test is the real one, compiled as for the server: PthreadCalls.cpp takes the place of pthread_mutex_lock and
// its like, which std::mutex, std::condition_variable and std::thread are made of. Threads are coroutines of one thread,
// and change at these calls and at step() only. That is enough for code whose shared data is guarded by mutexes
// (TSan's part); what atomics alone guard is covered as far as Liberties::hasAtomics goes. Time stands still until a wait's
// limit passes, which is a decision.
//
// The search is depth first: a scenario runs from its beginning to its end again and again, each time with another decision
// at one place. It goes no further where it has been: two histories that differ only in the order of steps that do not touch
// the same mutex, condition or object lead to the same state (Mazurkiewicz traces), so a state is known by a
// hash of what each thread has seen happen before. Threads of one label are interchangeable.
// Thread safety: [main].
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace mpsmtp::model
{

/// What may happen beside what the code asks for, in each run.
struct Liberties
{
    unsigned spuriousWakes =
        1; ///< a condition's wait ends for no reason, a semaphore's by a signal
    unsigned failedAllocations = 0; ///< operator new throws inside mayFailToAllocate()
    unsigned timeOuts = 1;          ///< a wait's limit passes although another thread could go on
    unsigned steps = 5'000;         ///< more of them in one run: it goes on for ever
    /// Threads also change behind each release of a mutex, and the order counts of what they do from there to their next
    /// step: it may be with atomics, as a shared_ptr's count.
    bool hasAtomics = false;
};

struct Scenario
{
    const char* name;
    std::function<void()>
        run; ///< makes all it needs, starts threads with start(), joins them, and requires
    Liberties liberties;
};

/// Explores the scenarios one after the other and says what came out. `--expect PROPERTY`: that one has to be violated,
/// which shows that the check can fail.
/// \return the exit status of main()
[[nodiscard]] int check(int argc, char** argv, const std::vector<Scenario>& scenarios);

/// A thread of the scenario. `label`: what it is; threads of one label must do the same.
[[nodiscard]] std::thread start(const char* label, std::function<void()> body);

/// Something that other threads may see happens to `object` now; others may come before it.
void step(const void* object, const char* what);

/// One of 0 … count-1; each is tried.
[[nodiscard]] unsigned choose(unsigned count, const char* what);

/// Ends the search if `holds` is false.
void require(bool holds, const char* property);

/// How many mutexes the calling thread holds.
[[nodiscard]] unsigned mutexesHeld();

/// Who is running: 0 for the scenario, then in the order of start().
[[nodiscard]] std::size_t currentThread();

/// Is called at each mutex that is taken, with the thread that took it; set by the scenario anew in each run.
void onAcquire(std::function<void(std::size_t thread)> call);

/// While it lives, allocations of the calling thread may fail (Liberties::failedAllocations).
class MayFailToAllocate
{
public:
    MayFailToAllocate();
    MayFailToAllocate(const MayFailToAllocate&) = delete;
    MayFailToAllocate& operator=(const MayFailToAllocate&) = delete;
    ~MayFailToAllocate();
};

} // namespace mpsmtp::model

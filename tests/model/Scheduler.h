// The coroutines of a scenario and the decisions about their order. See Explorer.h for what it is about.
// Thread safety: [main].
#pragma once

#include "Explorer.h"

#include <array>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <ucontext.h>

namespace mpsmtp::model
{

using Hash = std::uint64_t;

class Scheduler
{
public:
    struct Totals
    {
        std::uint64_t runs = 0;
        std::uint64_t states = 0;
        std::size_t longest = 0; ///< steps of a run
    };

    /// The one that PthreadCalls.cpp speaks to.
    [[nodiscard]] static Scheduler& instance();

    [[nodiscard]] Totals explore(const Scenario& scenario);

    /// False outside of a scenario: calls are then the real ones.
    [[nodiscard]] bool isInside() const noexcept { return _current != nullptr; }

    void lock(pthread_mutex_t* mutex);
    [[nodiscard]] bool tryLock(pthread_mutex_t* mutex);
    void unlock(pthread_mutex_t* mutex);
    /// \param limit  time() at which it ends by itself; 0: none
    /// \return false: the time was up
    [[nodiscard]] bool wait(pthread_cond_t* condition, pthread_mutex_t* mutex, std::uint64_t limit);
    void wake(pthread_cond_t* condition, bool all);
    void destroy(pthread_cond_t* condition);
    void initialize(sem_t* semaphore, unsigned value);
    /// \return false: a signal has interrupted it
    [[nodiscard]] bool take(sem_t* semaphore);
    void give(sem_t* semaphore);
    void destroy(sem_t* semaphore);
    [[nodiscard]] std::size_t create(std::function<void()> body);
    void join(std::size_t thread);

    /// Nanoseconds; moves on when a wait's limit passes.
    [[nodiscard]] std::uint64_t time();

    void step(const void* object, const char* what);
    [[nodiscard]] unsigned choose(unsigned count, const char* what);
    void require(bool holds, const char* property);

    [[nodiscard]] unsigned mutexesHeld() const noexcept { return _current->held; }

    [[nodiscard]] std::size_t currentThread() const noexcept { return _current->number; }

    void setNextLabel(const char* label) { _nextLabel = label; }

    void setOnAcquire(std::function<void(std::size_t)> call) { _onAcquire = std::move(call); }

    [[nodiscard]] bool allocationFails();
    void allowFailedAllocations(bool isAllowed) noexcept;

private:
    enum class Status
    {
        Ready,
        Waiting, ///< for a condition
        Taking,  ///< a semaphore
        Joining,
        Done
    };

    struct Fiber
    {
        std::size_t number = 0;
        std::string label;
        ucontext_t context{}; ///< where it begins
        jmp_buf place{};      ///< where it goes on
        bool hasBegun = false;
        std::unique_ptr<char[]> stack;
        std::function<void()> body;
        Status status = Status::Ready;
        pthread_mutex_t* wanted = nullptr; ///< is taken before it goes on
        pthread_cond_t* condition = nullptr;
        sem_t* semaphore = nullptr;
        bool wasInterrupted = false;
        std::size_t joined = 0;
        std::uint64_t limit = 0; ///< of its wait
        bool timedOut = false;
        bool mayFailToAllocate = false;
        unsigned held = 0;
        Hash history = 0;
        const char* next = "begins";
        std::array<char, 16>
            exceptions{}; ///< the C++ runtime's state of exceptions, one for each thread
    };

    struct Object
    {
        Fiber* owner = nullptr;      ///< of a mutex
        std::vector<Fiber*> waiters; ///< of a condition
        unsigned value = 0;          ///< of a semaphore
        bool isAlive = false;        ///< a semaphore, from its begin to its end
        Hash history = 0;
    };

    enum class Kind
    {
        Run,
        SpuriousWake,
        TimeOut
    };

    struct Action
    {
        Kind kind;
        Fiber* fiber;
    };

    class OwnMemory;

    struct Decision
    {
        std::size_t taken;
        std::size_t count;
    };

    void runOnce();
    [[nodiscard]] bool backtrack();
    [[nodiscard]] std::vector<Action> enabled();
    void addTimeOuts(std::vector<Action>& actions) const;
    [[nodiscard]] bool canRun(const Fiber& fiber);
    [[nodiscard]] bool areAllDone() const;
    void perform(const Action& action);
    void resume(Fiber& fiber);
    static void enterOrContinue(Fiber& fiber);
    void pause(const char* next);
    void acquire(Fiber& fiber);
    void interrupt(Fiber& fiber);
    [[nodiscard]] Object& living(sem_t* semaphore);
    void wakeFiber(Fiber& fiber, Hash cause);
    void release(pthread_mutex_t* mutex);
    void meet(Fiber& fiber, const void* object);
    [[nodiscard]] std::size_t decide(std::size_t count, bool isBorder);
    [[nodiscard]] Hash state() const;
    [[noreturn]] void fail(const char* property);
    static void prepare(Fiber& fiber);
    static void enter();

    const Scenario* _scenario = nullptr;
    std::vector<std::unique_ptr<Fiber>> _fibers;
    std::vector<std::unique_ptr<char[]>> _spareStacks;
    std::unordered_map<const void*, Object> _objects;
    std::unordered_set<Hash> _seen;
    std::vector<Decision> _path;
    std::size_t _depth = 0;
    bool _isKnown = false; ///< this state has been explored: to the end without decisions
    unsigned _spuriousWakes = 0;
    unsigned _failedAllocations = 0;
    unsigned _timeOuts = 0;
    std::uint64_t _now = 0;
    std::vector<std::pair<std::size_t, const char*>> _trace;
    Fiber* _current = nullptr;
    jmp_buf _back{}; ///< into the search
    std::string _nextLabel;
    std::function<void(std::size_t)> _onAcquire;
};

} // namespace mpsmtp::model

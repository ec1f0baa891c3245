// See Scheduler.h.
#include "Scheduler.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <iostream>

#include <cxxabi.h>
#include <unistd.h>

namespace mpsmtp::model
{

namespace
{

constexpr std::size_t stackOctets = 128 * 1024;
constexpr std::uint64_t timeOfBegin = 1'000'000'000;

/// splitmix64's finalizer.
[[nodiscard]] Hash mix(Hash first, Hash second)
{
    Hash hash = first * 0x9E3779B97F4A7C15U + second + 0x7F4A7C159E3779B9U;
    hash = (hash ^ (hash >> 30U)) * 0xBF58476D1CE4E5B9U;
    hash = (hash ^ (hash >> 27U)) * 0x94D049BB133111EBU;
    return hash ^ (hash >> 31U);
}

} // namespace

/// What the search itself allocates does not fail.
class Scheduler::OwnMemory
{
public:
    explicit OwnMemory(Fiber* fiber)
        : _fiber(fiber), _before(fiber != nullptr && std::exchange(fiber->mayFailToAllocate, false))
    {
    }

    OwnMemory(const OwnMemory&) = delete;
    OwnMemory& operator=(const OwnMemory&) = delete;

    ~OwnMemory()
    {
        if (_fiber != nullptr)
            _fiber->mayFailToAllocate = _before;
    }

private:
    Fiber* const _fiber;
    const bool _before;
};

Scheduler& Scheduler::instance()
{
    static Scheduler scheduler;
    return scheduler;
}

Scheduler::Totals Scheduler::explore(const Scenario& scenario)
{
    _scenario = &scenario;
    _seen.clear();
    _path.clear();
    Totals totals;
    do
    {
        runOnce();
        ++totals.runs;
        totals.longest = std::max(totals.longest, _trace.size());
    } while (backtrack());
    totals.states = _seen.size();
    return totals;
}

void Scheduler::runOnce()
{
    for (auto& fiber : _fibers)
        _spareStacks.push_back(std::move(fiber->stack));
    _fibers.clear();
    _objects.clear();
    _trace.clear();
    _depth = 0;
    _isKnown = false;
    _spuriousWakes = _scenario->liberties.spuriousWakes;
    _failedAllocations = _scenario->liberties.failedAllocations;
    _timeOuts = _scenario->liberties.timeOuts;
    _now = timeOfBegin;
    _onAcquire = nullptr;
    _nextLabel = "scenario";
    (void)create(_scenario->run);
    while (!areAllDone())
    {
        const auto actions = enabled();
        if (actions.empty())
            fail("no thread is left waiting");
        if (_trace.size() > _scenario->liberties.steps)
            fail("everything comes to an end");
        perform(actions[decide(actions.size(), true)]);
    }
}

/// To the youngest decision that has an alternative left.
bool Scheduler::backtrack()
{
    while (!_path.empty() && ++_path.back().taken == _path.back().count)
        _path.pop_back();
    return !_path.empty();
}

/// \param isBorder  between two steps, where a state can be compared with others
std::size_t Scheduler::decide(std::size_t count, bool isBorder)
{
    if (count == 1)
        return 0;
    if (_depth < _path.size())
    {
        require(_path[_depth].count == count, "a run begins as the one before it did");
        return _path[_depth++].taken;
    }
    if (!_isKnown && isBorder && !_seen.insert(state()).second)
        _isKnown = true;
    if (_isKnown)
        return 0;
    _path.push_back({0, count});
    ++_depth;
    return 0;
}

/// A sum, so that threads of one label can be exchanged.
Hash Scheduler::state() const
{
    Hash sum = mix(mix(_spuriousWakes, _failedAllocations), mix(_timeOuts, _now));
    for (const auto& fiber : _fibers)
        sum += mix(mix(fiber->history, std::hash<std::string>()(fiber->label)),
                   static_cast<Hash>(fiber->status));
    return sum;
}

std::vector<Scheduler::Action> Scheduler::enabled()
{
    std::vector<Action> actions;
    for (const auto& fiber : _fibers)
        if (canRun(*fiber))
            actions.push_back({Kind::Run, fiber.get()});
    addTimeOuts(actions); // behind the others: a run without decisions must come to its end
    if (_spuriousWakes > 0 && !actions.empty())
        for (const auto& fiber : _fibers)
            if (fiber->status == Status::Waiting || fiber->status == Status::Taking)
                actions.push_back({Kind::SpuriousWake, fiber.get()});
    return actions;
}

/// Any wait with a limit, some times; when nothing else can happen, the first to come to its limit.
void Scheduler::addTimeOuts(std::vector<Action>& actions) const
{
    Fiber* first = nullptr;
    for (const auto& fiber : _fibers)
    {
        if (fiber->status != Status::Waiting || fiber->limit == 0)
            continue;
        if (_timeOuts > 0)
            actions.push_back({Kind::TimeOut, fiber.get()});
        if (first == nullptr || fiber->limit < first->limit)
            first = fiber.get();
    }
    if (actions.empty() && first != nullptr)
        actions.push_back({Kind::TimeOut, first});
}

bool Scheduler::canRun(const Fiber& fiber)
{
    switch (fiber.status)
    {
    case Status::Ready:
        return fiber.wanted == nullptr || _objects[fiber.wanted].owner == nullptr;
    case Status::Taking:
        return _objects[fiber.semaphore].value > 0;
    case Status::Joining:
        return _fibers[fiber.joined]->status == Status::Done;
    default:
        return false;
    }
}

bool Scheduler::areAllDone() const
{
    return std::all_of(_fibers.begin(),
                       _fibers.end(),
                       [](const auto& fiber) { return fiber->status == Status::Done; });
}

void Scheduler::perform(const Action& action)
{
    Fiber& fiber = *action.fiber;
    switch (action.kind)
    {
    case Kind::SpuriousWake:
        --_spuriousWakes;
        if (fiber.status == Status::Taking)
            return interrupt(fiber);
        _trace.emplace_back(fiber.number, "wakes up for no reason");
        return wakeFiber(fiber, 1);
    case Kind::TimeOut:
        _trace.emplace_back(fiber.number, "has waited long enough");
        fiber.timedOut = true;
        _now = std::max(_now, fiber.limit);
        _timeOuts -= _timeOuts > 0 ? 1 : 0;
        return wakeFiber(fiber, 2);
    case Kind::Run:
        break;
    }
    _trace.emplace_back(fiber.number, fiber.next);
    fiber.history = mix(fiber.history, 0);
    if (fiber.wanted != nullptr)
        acquire(fiber);
    resume(fiber);
}

void Scheduler::acquire(Fiber& fiber)
{
    _objects[fiber.wanted].owner = &fiber;
    meet(fiber, fiber.wanted);
    fiber.wanted = nullptr;
    ++fiber.held;
    if (_onAcquire)
        _onAcquire(fiber.number);
}

/// What happens to an object depends on what happened to it before, and so does the thread from then on.
void Scheduler::meet(Fiber& fiber, const void* object)
{
    Hash& history = _objects[object].history;
    history = fiber.history = mix(fiber.history, history);
}

void Scheduler::resume(Fiber& fiber)
{
    auto* const exceptions = abi::__cxa_get_globals();
    _current = &fiber;
    std::memcpy(static_cast<void*>(exceptions), fiber.exceptions.data(), fiber.exceptions.size());
    if (_setjmp(_back) == 0)
        enterOrContinue(fiber);
    std::memcpy(fiber.exceptions.data(), static_cast<void*>(exceptions), fiber.exceptions.size());
    _current = nullptr;
}

/// swapcontext() would ask the kernel for the signal mask each time: half of the search's time.
void Scheduler::enterOrContinue(Fiber& fiber)
{
    if (std::exchange(fiber.hasBegun, true))
        _longjmp(fiber.place, 1);
    ::setcontext(&fiber.context);
}

void Scheduler::pause(const char* next)
{
    Fiber& self = *_current;
    self.next = next;
    if (_setjmp(self.place) == 0)
        _longjmp(_back, 1);
}

void Scheduler::enter()
{
    Scheduler& self = instance();
    Fiber& fiber = *self._current;
    try
    {
        fiber.body();
    }
    catch (const std::exception& error)
    {
        std::cout << error.what() << '\n';
        self.fail("no exception leaves a thread");
    }
    fiber.body = nullptr;
    fiber.status = Status::Done;
    _longjmp(self._back, 1);
}

/// Apart from others, since the compiler takes getcontext() for setjmp().
void Scheduler::prepare(Fiber& fiber)
{
    ::getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = stackOctets;
    ::makecontext(&fiber.context, &Scheduler::enter, 0);
}

std::size_t Scheduler::create(std::function<void()> body)
{
    const OwnMemory own(_current);
    auto fiber = std::make_unique<Fiber>();
    fiber->number = _fibers.size();
    fiber->label = _nextLabel.empty() ? "thread " + std::to_string(fiber->number) : _nextLabel;
    _nextLabel.clear();
    fiber->body = std::move(body);
    if (_current != nullptr && _current->number != 0)
        fiber->history = _current->history;
    if (_spareStacks.empty())
        _spareStacks.push_back(std::make_unique<char[]>(stackOctets));
    fiber->stack = std::move(_spareStacks.back());
    _spareStacks.pop_back();
    prepare(*fiber);
    _fibers.push_back(std::move(fiber));
    return _fibers.size() - 1;
}

void Scheduler::join(std::size_t thread)
{
    _current->status = Status::Joining;
    _current->joined = thread;
    pause("joins a thread");
    _current->status = Status::Ready;
    _current->history = mix(_current->history, _fibers[thread]->history);
}

void Scheduler::lock(pthread_mutex_t* mutex)
{
    const OwnMemory own(_current);
    require(_objects[mutex].owner != _current, "no thread takes a mutex twice");
    _current->wanted = mutex;
    pause("takes a mutex");
}

bool Scheduler::tryLock(pthread_mutex_t* mutex)
{
    const OwnMemory own(_current);
    step(mutex, "tries to take a mutex");
    if (_objects[mutex].owner != nullptr)
        return false;
    _current->wanted = mutex;
    acquire(*_current);
    return true;
}

/// No border: what follows could as well come before the next thread that takes it, unless it is an atomic.
void Scheduler::unlock(pthread_mutex_t* mutex)
{
    const OwnMemory own(_current);
    release(mutex);
    if (_scenario->liberties.hasAtomics)
        step(this, "goes on behind a mutex");
}

void Scheduler::release(pthread_mutex_t* mutex)
{
    require(_objects[mutex].owner == _current, "only its owner releases a mutex");
    _objects[mutex].owner = nullptr;
    --_current->held;
    meet(*_current, mutex);
}

bool Scheduler::wait(pthread_cond_t* condition, pthread_mutex_t* mutex, std::uint64_t limit)
{
    const OwnMemory own(_current);
    Fiber& self = *_current;
    release(mutex);
    meet(self, condition);
    _objects[condition].waiters.push_back(&self);
    self.status = Status::Waiting;
    self.condition = condition;
    self.limit = limit;
    self.timedOut = false;
    self.wanted = mutex;
    pause("goes on behind its wait");
    return !self.timedOut;
}

void Scheduler::wake(pthread_cond_t* condition, bool all)
{
    const OwnMemory own(_current);
    // Under a mutex nobody can come between; without one, anybody.
    if (_current->held == 0)
        step(condition, "notifies");
    else
        meet(*_current, condition);
    auto& waiters = _objects[condition].waiters;
    if (!all && waiters.size() > 1)
    {
        const std::size_t chosen = decide(waiters.size(), false);
        _current->history = mix(_current->history, chosen);
        return wakeFiber(*waiters[chosen], _current->history);
    }
    while (!waiters.empty())
        wakeFiber(*waiters.front(), _current->history);
}

void Scheduler::wakeFiber(Fiber& fiber, Hash cause)
{
    auto& waiters = _objects[fiber.condition].waiters;
    waiters.erase(std::find(waiters.begin(), waiters.end(), &fiber));
    fiber.status = Status::Ready;
    fiber.history = mix(fiber.history, cause);
}

void Scheduler::destroy(pthread_cond_t* condition)
{
    const auto object = _objects.find(condition);
    require(object == _objects.end() || object->second.waiters.empty(),
            "no condition is destroyed while a thread waits for it");
}

void Scheduler::initialize(sem_t* semaphore, unsigned value)
{
    const OwnMemory own(_current);
    Object& object = _objects[semaphore];
    object.value = value;
    object.isAlive = true;
}

/// Goes on when its value is above 0.
bool Scheduler::take(sem_t* semaphore)
{
    const OwnMemory own(_current);
    Fiber& self = *_current;
    (void)living(semaphore);
    self.status = Status::Taking;
    self.semaphore = semaphore;
    self.wasInterrupted = false;
    pause("takes a semaphore");
    self.status = Status::Ready;
    if (!self.wasInterrupted)
        --_objects[semaphore].value;
    meet(self, semaphore);
    return !self.wasInterrupted;
}

void Scheduler::interrupt(Fiber& fiber)
{
    _trace.emplace_back(fiber.number, "is interrupted by a signal");
    fiber.wasInterrupted = true;
    resume(fiber);
}

/// A border behind it and none before: who is woken may be faster than what comes next here, and what
/// others do without it they can do behind it as well.
void Scheduler::give(sem_t* semaphore)
{
    const OwnMemory own(_current);
    meet(*_current, semaphore);
    ++living(semaphore).value;
    pause("goes on behind giving a semaphore");
}

void Scheduler::destroy(sem_t* semaphore)
{
    const OwnMemory own(_current);
    const bool isWanted =
        std::any_of(_fibers.begin(),
                    _fibers.end(),
                    [semaphore](const auto& fiber)
                    { return fiber->status == Status::Taking && fiber->semaphore == semaphore; });
    require(!isWanted, "no semaphore is destroyed while a thread waits for it");
    living(semaphore).isAlive = false;
}

/// Its thread may have gone on, and others may have its memory.
Scheduler::Object& Scheduler::living(sem_t* semaphore)
{
    Object& object = _objects[semaphore];
    require(object.isAlive, "no semaphore is used that is gone");
    return object;
}

/// What a thread does depends on the time that it has read.
std::uint64_t Scheduler::time()
{
    _current->history = mix(_current->history, _now);
    return _now;
}

void Scheduler::step(const void* object, const char* what)
{
    const OwnMemory own(_current);
    pause(what);
    meet(*_current, object);
}

unsigned Scheduler::choose(unsigned count, const char* what)
{
    const OwnMemory own(_current);
    const auto chosen = static_cast<unsigned>(decide(count, false));
    _current->history = mix(_current->history, chosen + 1);
    if (chosen > 0)
        _trace.emplace_back(_current->number, what);
    return chosen;
}

bool Scheduler::allocationFails()
{
    if (_current == nullptr || !_current->mayFailToAllocate || _failedAllocations == 0)
        return false;
    const bool fails = choose(2, "gets no memory") == 1;
    if (fails)
        --_failedAllocations;
    return fails;
}

void Scheduler::allowFailedAllocations(bool isAllowed) noexcept
{
    _current->mayFailToAllocate = isAllowed;
}

void Scheduler::require(bool holds, const char* property)
{
    if (!holds)
        fail(property);
}

/// Ends the process: nothing of the run can be taken down, since its threads are in the middle of something.
void Scheduler::fail(const char* property)
{
    std::cout << "violated: " << property << "\n";
    for (const auto& [number, what] : _trace)
        std::cout << "  " << _fibers[number]->label << ' ' << number << ' ' << what << '\n';
    std::cout << std::flush;
    ::_exit(1);
}

} // namespace mpsmtp::model

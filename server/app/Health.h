// Whether the server is alive and ready, for the probes of load balancers and orchestrators.
//   alive   this process can still get better by itself; if not, restart it. Nothing that a restart does not mend counts.
//   ready   a client that connects now will be served: the handlers have started, the listeners accept, the server is not
//           stopping, and the spool takes a message. Being busy does not count: a full server tells its clients 421, and
//           taking it out would put its load on the others.
// Thread safety: changes [main], questions [any].
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace mpsmtp::app
{

class Health
{
public:
    using Reasons = std::vector<std::string>;

    /// \return what is wrong with this folder, or ""; may take long
    using Ask = std::function<std::string(const std::string& directory, std::uint64_t leastRoom)>;

    Health();

    /// For tests: asks something else than the file system.
    explicit Health(Ask ask);

    /// Clients are served from now on; or by another configuration.
    void serving(const std::string& spoolDirectory, std::uint64_t largestMessage);

    void stopping() noexcept { _state.store(State::Stopping); }

    /// The main thread goes about its work. To be called at least every minute while serving.
    void beat() noexcept;

    /// Why a restart is needed; empty: it is not.
    [[nodiscard]] Reasons live() const;

    /// Why not; empty: ready. Two who ask at the same time get one answer; a file system that does not answer holds up one.
    [[nodiscard]] Reasons ready();

private:
    enum class State
    {
        Starting,
        Serving,
        Stopping
    };

    using Clock = std::chrono::steady_clock;

    [[nodiscard]] std::string spoolProblem();

    const Ask _ask;
    std::atomic<State> _state{State::Starting};
    std::atomic<Clock::rep> _beat;
    std::mutex _mutex; // guards what follows; not held while the file system is asked
    std::string _spoolDirectory;
    std::uint64_t _leastRoom = 0; ///< octets
    unsigned _question = 0;       ///< counts what was asked, and the configurations
    bool _isAsking = false;
    Clock::time_point _asked; ///< when somebody began to ask
    std::string _answer;      ///< the last one
};

} // namespace mpsmtp::app

// The handler `exec`: runs a program for each message and hands it the mail on its standard input.
// One-phase: what a program has done cannot be taken back.
// Thread safety: [any].
#pragma once

#include "common/StoreOptions.h"
#include "exec/ProgramRun.h"

#include <mpsmtp/Handler.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace mpsmtp::exec
{

class ExecHandler : public Handler
{
public:
    /// Between SIGTERM and SIGKILL.
    static constexpr std::chrono::seconds termGrace{2};

    /// Most octets of recipients that one run is told: the kernel takes 128 KiB in one variable.
    static constexpr std::size_t mostRecipientOctets = 100'000;

    /// \throws std::runtime_error with all mistakes of the options, one a line
    explicit ExecHandler(const Context& context);

    [[nodiscard]] Report
    deliver(Envelope& envelope, const Recipients& recipients, Message& message) override;

private:
    class Mistakes;

    /// Recipients of one run.
    struct Batch
    {
        std::size_t begin;
        std::size_t end;
    };

    [[nodiscard]] Batch nextBatch(const Recipients& recipients, std::size_t begin) const;
    [[nodiscard]] Reply run(const Envelope& envelope,
                            const Recipients& recipients,
                            Batch batch,
                            const Message& message);
    [[nodiscard]] std::vector<std::string> environmentOf(const Envelope& envelope,
                                                         const Recipients& recipients,
                                                         Batch batch,
                                                         const Message& message) const;
    [[nodiscard]] TimeLimit limitOf(const Envelope& envelope) const noexcept;
    [[nodiscard]] Reply outcome(const Envelope& envelope, const ProgramRun& run) const;
    void logFailure(const Envelope& envelope, const std::string& what) const;

    const Log _log;
    const Clock _clock;
    Program _program;
    std::chrono::milliseconds _timeout;
    bool _isForEachRecipient;
    store::StoreOptions _form;
    std::vector<std::string> _environment; // NAME=value, passed on
    std::vector<int> _successes;
    Leftovers _leftovers;
};

} // namespace mpsmtp::exec

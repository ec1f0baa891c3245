// Log lines about what handlers answered. A plugin's text is escaped: it may hold a client's. Thread safety: [any].
#pragma once

#include "delivery/HookAnswer.h"
#include "delivery/LoadedHandler.h"

#include <string_view>

namespace mpsmtp::delivery
{

/// One call of a hook.
struct HookCall
{
    const LoadedHandler& handler;
    const char* hook;
    std::string_view id; ///< of the transaction
};

/// Logs an answer that is not Success under the handler's name: its own refusals as information, faults and bugs as errors.
void logAnswer(const HookCall& call,
               AnswerKind kind,
               const smtp::Reply& reply,
               std::string_view detail);

} // namespace mpsmtp::delivery

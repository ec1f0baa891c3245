// Log lines about what handlers answered. What clients and plugins said is escaped. Thread safety: [any].
#pragma once

#include "delivery/HookAnswer.h"
#include "delivery/LoadedHandler.h"

#include <mpsmtp/abi.h>

#include <string_view>

namespace mpsmtp::delivery
{

/// One call of a hook. All is borrowed.
struct HookCall
{
    const LoadedHandler& handler;
    const char* hook;
    std::string_view id{};                   ///< of the transaction, or "" before MAIL
    const mpsmtp_session* session = nullptr; ///< told if there is no transaction
    std::string_view recipient{};            ///< that was judged, or ""
};

/// Logs an answer that is not Success under the handler's name: its own refusals as information, faults and bugs as errors.
/// \param isSkipped the answer does not count (`on_error = skip`)
void logAnswer(const HookCall& call,
               AnswerKind kind,
               const smtp::Reply& reply,
               std::string_view detail,
               bool isSkipped = false);

} // namespace mpsmtp::delivery

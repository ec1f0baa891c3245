// What this is and its thread safety: PolicyChain.h.
#include "delivery/PolicyChain.h"

namespace mpsmtp::delivery
{

namespace
{

constexpr std::array<PolicyHook, 7> hooks{PolicyHook::Connect,
                                          PolicyHook::Helo,
                                          PolicyHook::Auth,
                                          PolicyHook::Mail,
                                          PolicyHook::Rcpt,
                                          PolicyHook::Data,
                                          PolicyHook::Message};

constexpr std::array<std::uint32_t, 7> bits{MPSMTP_HOOK_CONNECT,
                                            MPSMTP_HOOK_HELO,
                                            MPSMTP_HOOK_AUTH,
                                            MPSMTP_HOOK_MAIL,
                                            MPSMTP_HOOK_RCPT,
                                            MPSMTP_HOOK_DATA,
                                            MPSMTP_HOOK_MESSAGE};

} // namespace

std::uint32_t bitOf(PolicyHook hook) noexcept
{
    return bits[static_cast<std::size_t>(hook)];
}

PolicyChain::PolicyChain(const List& filters)
{
    for (const PolicyHook hook : hooks)
        for (LoadedHandler* filter : filters)
            if (filter->has(bitOf(hook)))
                _lists[static_cast<std::size_t>(hook)].push_back(filter);
}

} // namespace mpsmtp::delivery

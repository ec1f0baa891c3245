// Checks a `[handler:NAME]` section against the option table that its plugin declares, before the handler is made.
// Thread safety: check [main]; OptionValues [any] (immutable).
#pragma once

#include "delivery/DeliveryConfig.h"

#include <mpsmtp/abi.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::delivery
{

/// The canonical values of one handler, defaults included.
class OptionValues
{
public:
    void set(std::string_view key, std::string value)
    {
        _values[std::string(key)] = std::move(value);
    }

    /// nullptr if the key has neither a value nor a default.
    [[nodiscard]] const std::string* find(std::string_view key) const noexcept
    {
        const auto found = _values.find(key);
        return found == _values.end() ? nullptr : &found->second;
    }

private:
    std::map<std::string, std::string, std::less<>> _values;
};

/// Checks `section` against the table of `plugin`. Every mistake is added to `problems`: unknown and repeated keys, values
/// of the wrong type, keys that are missing, defaults of the plugin itself that are wrong.
/// \return the values; to be used only if no problem was added
[[nodiscard]] OptionValues checkOptions(const mpsmtp_plugin& plugin,
                                        const HandlerConfig& section,
                                        const std::string& baseDirectory,
                                        std::vector<Problem>& problems);

} // namespace mpsmtp::delivery

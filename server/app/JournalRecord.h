// A log entry as a datagram of journald's native protocol: lines "NAME=value", or, where the value holds an octet that such a
// line cannot, NAME, a line end, the length as 64 bits with the lowest octet first, the value and a line end
// (systemd's "Native Journal Protocol").
// Leaves to others: sending it (LogSocket).
// Thread safety: [connection].
#pragma once

#include "log/Entry.h"

#include <Poco/Message.h>

#include <string>
#include <string_view>

namespace mpsmtp::app
{

class JournalRecord final : public log::FieldSink
{
public:
    JournalRecord(const Poco::Message& message, const log::FieldSource* fields);

    void text(log::Field field, std::string_view value) override;
    void number(log::Field field, std::uint64_t value) override;

    [[nodiscard]] const std::string& octets() const noexcept { return _octets; }

private:
    void add(std::string_view name, std::string_view value);

    std::string _octets;
};

/// "MPSMTP_TRANSACTION"
[[nodiscard]] std::string journalName(log::Field field);

} // namespace mpsmtp::app

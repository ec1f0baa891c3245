// What this is and its thread safety: KeyTable.h.
#include "app/KeyTable.h"

#include <algorithm>

namespace mpsmtp::app
{

namespace
{

constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t gibibyte = 1ll << 30;
constexpr std::int64_t mostThreads = 100'000;

} // namespace

const std::vector<SectionSpec>& sectionTable()
{
    static const std::vector<SectionSpec> table{
        {"server", false, true},
        {"listener", true, true},
        {"limits", false, true},
        {"spool", false, true},
        {"logging", false, true},
        {"http", false, true},
        {"handler", true, true},
        {"filters", false, true},
        {"route", true, true},
        {"tls", false, false},
    };
    return table;
}

const std::vector<ReservedKey>& reservedKeys()
{
    static const std::vector<ReservedKey> table{
        {"listener", "protocol", "smtp"},
        {"listener", "tls", "none"},
        {"listener", "auth", "none"},
        {"listener", "proxy_protocol", "off"},
    };
    return table;
}

// clang-format off
const std::vector<KeySpec>& keyTable()
{
    using T = KeyType;
    static const std::vector<KeySpec> table{
        {"server", "hostname", T::DomainName, "", "the machine's name", "",
         "The server's name in its greeting and in Received fields."},
        {"server", "plugin_dir", T::Path, "", "the plugins that came with mpsmtpd", "",
         "The folder that holds TYPE.so for every handler with type = TYPE."},
        {"server", "threads", T::Integer, "1000", "", "connections",
         "Most connections served at the same time; each has a thread of its own.",
         "", 1, mostThreads},
        {"server", "shutdown_grace", T::Duration, "30s", "", "",
         "How long transactions in progress may go on after SIGTERM or Ctrl-C.", "", 0, 24 * hour},
        {"server", "spin", T::Integer, "8", "", "attempts",
         "Attempts to read before a connection's thread goes to sleep; 0 saves CPU time, more saves latency.",
         "", 0, 1000},
        {"server", "user", T::Text, "", "who starts it", "",
         "Who the server becomes, once it has bound its addresses; before it opens its log and makes its handlers."},
        {"server", "group", T::Text, "", "the group of user", "",
         "The group that it becomes with user."},
        {"server", "umask", T::Octal, "", "that of who starts it", "",
         "The permissions that no file of the server or its handlers gets, in octal.", "", 0, 0777},
        {"server", "run_as_root", T::Bool, "no", "", "",
         "Run handlers as root although mail may come from other machines."},

        {"listener", "address", T::AddressList, "", "", "",
         "Where to listen: HOST:PORT, [IPV6]:PORT, *:PORT, unix:/PATH or systemd:NAME, parted by commas."},
        {"listener", "bare_newline", T::Choice, "",
         "keep if every address is loopback or unix, else reject", "",
         "What becomes of a CR or LF that stands alone in mail data: stored as sent, made a CRLF, or 554.",
         "keep|normalize|reject"},
        {"listener", "strict_addresses", T::Bool, "no", "", "",
         "Refuse addresses that RFC 5321 does not allow: no brackets, a space behind the colon, no domain."},

        {"listener", "filters", T::List, "", "[filters] chain", "",
         "Handlers that judge this listener's sessions, in place of [filters] chain."},

        {"limits", "message_size", T::Size, "50M", "", "octets",
         "Largest message; 0 is no limit."},
        {"limits", "recipients", T::Integer, "1000", "", "recipients",
         "Most recipients of one message; RFC 5321 wants at least 100.", "", 1, 1'000'000},
        {"limits", "connections", T::Integer, "1000", "", "connections",
         "Most connections open at the same time, all listeners together; the next client gets 421.",
         "", 1, mostThreads},
        {"limits", "connections_per_client", T::Integer, "0", "", "connections",
         "Most connections of one client address; 0 is no limit.", "", 0, mostThreads},
        {"limits", "command_timeout", T::Duration, "5m", "", "",
         "Longest wait for a command.", "", 1, 24 * hour},
        {"limits", "data_timeout", T::Duration, "10m", "", "",
         "Longest time for the data of one message; min_data_rate prolongs it.", "", 1, 24 * hour},
        {"limits", "min_data_rate", T::Size, "1000", "", "octets a second",
         "Each second's worth of these octets prolongs data_timeout by one second; 0 never does.",
         "", 0, gibibyte},
        {"limits", "errors", T::Integer, "20", "", "commands",
         "Bad commands of one connection before 421; 0 is no limit.", "", 0, 1'000'000},
        {"limits", "line_size", T::Size, "4K", "", "octets",
         "Longest command line with its CRLF.", "", 512, 1 << 20},
        {"limits", "reply_timeout", T::Duration, "5m", "", "",
         "Time that handlers have from a command or the end of a message to its reply; then 451.",
         "", 1, 24 * hour},

        {"spool", "directory", T::Path, "", "$TMPDIR, or else /var/tmp", "",
         "Where large messages wait while they are received, as files without a name."},
        {"spool", "memory", T::Size, "256K", "", "octets",
         "Messages up to this size stay in memory while they are received.", "", 0, gibibyte},
        {"spool", "durability", T::Choice, "journal", "", "",
         "What 250 promises: the mail is on the disk, in the store's journal (journal) or file by file (fsync), or the kernel has it (none, for tests).",
         "journal|fsync|none"},

        {"logging", "level", T::LogLevel, "information", "", "",
         "The least important lines that are logged; LOG_LEVEL in the environment goes before it."},
        {"logging", "format", T::Choice, "text", "", "",
         "One line of text, or one JSON object, for each event.", "text|json"},
        {"logging", "target", T::Text, "stderr", "", "",
         "stderr, syslog, journal, or a file's path; the file is opened anew on SIGHUP and SIGUSR1."},
        {"logging", "level_server", T::LogLevel, "", "the value of level", "",
         "The same for what the server says of itself: start, reloads, end, mistakes in the configuration."},
        {"logging", "level_net", T::LogLevel, "", "the value of level", "",
         "The same for connections."},
        {"logging", "level_transaction", T::LogLevel, "", "the value of level", "",
         "The same for the line of each transaction: refused ones are notice, others information."},
        {"logging", "level_delivery", T::LogLevel, "", "the value of level", "",
         "The same for routes, the spool, and faults of the delivery itself."},
        {"logging", "level_handler", T::LogLevel, "", "the value of level", "",
         "The same for all handlers; log_level of a handler's section goes before it."},
        {"logging", "level_transcript", T::LogLevel, "", "the value of level", "",
         "The same for transcripts, which are information."},
        {"logging", "transcript", T::NetworkList, "", "nobody", "",
         "Clients whose sessions are written down line by line, without mail and passwords: addresses, networks, unix."},
        {"logging", "repeats", T::Integer, "100", "", "lines",
         "How often the same thing is said in repeat_interval before it is only counted; 0 is no limit.",
         "", 0, 1'000'000},
        {"logging", "repeat_interval", T::Duration, "60s", "", "",
         "How long it is counted before one line tells the number.", "", 1000, 24 * hour},
        {"logging", "journal_socket", T::Path, "/run/systemd/journal/socket", "", "",
         "Where journald takes entries, for target = journal and for a standard error that goes there."},

        {"http", "address", T::AddressList, "", "none, and no HTTP", "",
         "Where to serve /metrics, /livez and /readyz by HTTP: addresses as of a listener, parted by commas."},

        {"handler", "type", T::Text, "", "none; one of type and plugin must be set", "",
         "A plugin of plugin_dir: console, discard, exec, faults, headers, maildir, mbox, mh, recipients."},
        {"handler", "plugin", T::Path, "", "none; one of type and plugin must be set", "",
         "A shared object of your own."},
        {"handler", "required", T::Bool, "yes", "", "",
         "no: mail is accepted even if this handler fails, which is logged."},
        {"handler", "on_error", T::Choice, "defer", "", "",
         "What a filter that fails means for the client: 451, as if it were not there, or 554.",
         "defer|skip|reject"},
        {"handler", "log_level", T::LogLevel, "", "the value of [logging] level_handler", "",
         "The least important lines of this handler that are logged."},
        {"handler", "concurrency", T::Integer, "0", "", "threads",
         "Most threads inside this handler at the same time; 0 is no limit.", "", 0, mostThreads},
        {"handler", "slot_timeout", T::Duration, "30s", "", "",
         "Longest wait for one of these; then 451.", "", 0, 24 * hour},

        {"filters", "chain", T::List, "", "empty", "",
         "Handlers that judge clients, recipients and messages before delivery, in this order."},

        {"route", "to", T::List, "", "every recipient", "",
         "Recipients: user@domain, help@*, *@domain, postmaster, * or file:PATH; ! in front excludes."},
        {"route", "from", T::List, "", "every client and sender", "",
         "Clients or senders: an address, a network, unix, listener:NAME, *@domain, <> or file:PATH; ! in front excludes."},
        {"route", "deliver", T::List, "", "none; one of deliver and reject must be set", "",
         "Handlers that get the mail; ? behind a name makes it optional."},
        {"route", "reject", T::Text, "", "none; one of deliver and reject must be set", "",
         "The reply that refuses the recipient: 4xx or 5xx, an enhanced code, a text."},
    };
    return table;
}

// clang-format on

const KeySpec* findKey(std::string_view section, std::string_view key) noexcept
{
    const auto& table = keyTable();
    const auto found = std::find_if(table.begin(),
                                    table.end(),
                                    [&](const KeySpec& each)
                                    { return each.section == section && each.key == key; });
    return found == table.end() ? nullptr : &*found;
}

const ReservedKey* findReserved(std::string_view section, std::string_view key) noexcept
{
    const auto& table = reservedKeys();
    const auto found = std::find_if(table.begin(),
                                    table.end(),
                                    [&](const ReservedKey& each)
                                    { return each.section == section && each.key == key; });
    return found == table.end() ? nullptr : &*found;
}

const SectionSpec* findSection(std::string_view kind) noexcept
{
    const auto& table = sectionTable();
    const auto found = std::find_if(
        table.begin(), table.end(), [&](const SectionSpec& each) { return each.name == kind; });
    return found == table.end() ? nullptr : &*found;
}

std::vector<std::string_view> keysOf(std::string_view section)
{
    std::vector<std::string_view> keys;
    for (const KeySpec& each : keyTable())
        if (each.section == section)
            keys.push_back(each.key);
    for (const ReservedKey& each : reservedKeys())
        if (each.section == section)
            keys.push_back(each.key);
    return keys;
}

SectionName splitSectionName(std::string_view section) noexcept
{
    const auto colon = section.find(':');
    if (colon == std::string_view::npos)
        return {section, {}};
    return {section.substr(0, colon), section.substr(colon + 1)};
}

} // namespace mpsmtp::app

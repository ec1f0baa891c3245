// What this is and its thread safety: ConfigurationBuilder.h.
#include "app/ConfigurationBuilder.h"

#include "app/KeyTable.h"
#include "app/ListenAddress.h"
#include "app/LogLevel.h"
#include "app/SectionValues.h"
#include "app/Transcript.h"
#include "delivery/RouteTargets.h"
#include "delivery/Values.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

namespace mpsmtp::app
{

using delivery::DeliveryConfig;
using delivery::HandlerConfig;
using delivery::RouteConfig;

namespace
{

delivery::Durability durability(const std::string& word)
{
    return word == "none"      ? delivery::Durability::None
           : word == "journal" ? delivery::Durability::Journal
                               : delivery::Durability::Fsync;
}

class Builder
{
public:
    Builder(const std::vector<IniSection>& sections, const Surroundings& surroundings)
        : _sections(sections), _surroundings(surroundings)
    {
    }

    Configuration build(const std::string& source) const;

private:
    SectionValues values(std::string_view name) const;
    std::vector<const IniSection*> named(std::string_view kind) const;
    std::string absolute(const std::string& path) const;
    std::string hostname() const;
    std::string spoolDirectory() const;
    net::ServerConfig server() const;
    smtp::SessionOptions session() const;
    net::ListenerConfig listener(const IniSection& section) const;
    DeliveryConfig delivery() const;
    LoggingConfig logging() const;
    ProcessConfig process() const;
    std::vector<std::pair<std::string, Poco::Message::Priority>> logLevels() const;
    HandlerConfig handler(const IniSection& section) const;
    static RouteConfig route(const IniSection& section);

    const std::vector<IniSection>& _sections;
    const Surroundings& _surroundings;
};

Configuration Builder::build(const std::string& source) const
{
    return {source, server(), delivery(), logging(), process(), values("http").list("address")};
}

SectionValues Builder::values(std::string_view name) const
{
    const auto found = std::find_if(_sections.begin(),
                                    _sections.end(),
                                    [name](const IniSection& each) { return each.name == name; });
    return {name, found == _sections.end() ? nullptr : &*found};
}

std::vector<const IniSection*> Builder::named(std::string_view kind) const
{
    std::vector<const IniSection*> result;
    for (const IniSection& each : _sections)
        if (const auto [eachKind, name] = splitSectionName(each.name);
            eachKind == kind && !name.empty())
            result.push_back(&each);
    return result;
}

std::string Builder::absolute(const std::string& path) const
{
    return (std::filesystem::path(_surroundings.currentDirectory) / path)
        .lexically_normal()
        .string();
}

std::string Builder::hostname() const
{
    const auto server = values("server");
    if (server.isSet("hostname"))
        return server.text("hostname");
    return isDomainName(_surroundings.hostname) ? _surroundings.hostname : "localhost";
}

std::string Builder::spoolDirectory() const
{
    const auto spool = values("spool");
    if (spool.isSet("directory"))
        return absolute(spool.text("directory"));
    for (const auto& [name, value] : _surroundings.environment)
        if (name == "TMPDIR" && !value.empty())
            return absolute(value);
    return "/var/tmp"; // rather than /tmp, which may be memory
}

net::ServerConfig Builder::server() const
{
    const auto server = values("server");
    const auto limits = values("limits");
    net::ServerConfig config;
    config.hostname = hostname();
    config.threads = static_cast<std::size_t>(server.integer("threads"));
    config.connections = static_cast<std::size_t>(limits.integer("connections"));
    config.connectionsPerClient =
        static_cast<std::size_t>(limits.integer("connections_per_client"));
    config.commandTimeout = limits.duration("command_timeout");
    config.dataTimeout = limits.duration("data_timeout");
    config.minDataRate = limits.octets("min_data_rate");
    config.shutdownGrace = server.duration("shutdown_grace");
    config.spin = static_cast<unsigned>(server.integer("spin"));
    config.observers = transcripts(values("logging").list("transcript"));
    for (const IniSection* section : named("listener"))
        config.listeners.push_back(listener(*section));
    return config;
}

smtp::SessionOptions Builder::session() const
{
    const auto limits = values("limits");
    smtp::SessionOptions options;
    options.maxMessageOctets = limits.octets("message_size");
    options.maxRecipients = static_cast<std::size_t>(limits.integer("recipients"));
    options.maxErrors = static_cast<unsigned>(limits.integer("errors"));
    options.maxLineOctets = static_cast<std::size_t>(limits.octets("line_size"));
    return options;
}

smtp::BareNewline bareNewline(const SectionValues& listener,
                              const std::vector<std::string>& addresses)
{
    const auto word = listener.text("bare_newline");
    if (word == "keep")
        return smtp::BareNewline::Keep;
    if (word == "normalize")
        return smtp::BareNewline::Normalize;
    // People who send to their own machine look at what their program sends; from elsewhere a bare
    // newline is a mistake or an attempt to smuggle.
    const bool isLocal = std::all_of(addresses.begin(), addresses.end(), isLocalAddress);
    return word.empty() && isLocal ? smtp::BareNewline::Keep : smtp::BareNewline::Reject;
}

net::ListenerConfig Builder::listener(const IniSection& section) const
{
    const SectionValues settings("listener", &section);
    net::ListenerConfig config;
    config.name = splitSectionName(section.name).name;
    config.addresses = settings.list("address");
    config.session = session();
    config.session.bareNewline = bareNewline(settings, config.addresses);
    config.session.strictAddresses = settings.boolean("strict_addresses");
    return config;
}

std::vector<std::pair<std::string, Poco::Message::Priority>> Builder::logLevels() const
{
    std::vector<std::pair<std::string, Poco::Message::Priority>> levels;
    const auto add = [&levels](std::string name, const std::string& word)
    {
        if (const auto level = parseLogLevel(word))
            levels.emplace_back(std::move(name), *level);
    };
    for (const std::string_view channel : logChannels())
        add(std::string(channel), values("logging").text("level_" + std::string(channel)));
    for (const IniSection* section : named("handler"))
        add("handler." + std::string(splitSectionName(section->name).name),
            SectionValues("handler", section).text("log_level"));
    return levels;
}

LoggingConfig Builder::logging() const
{
    const auto settings = values("logging");
    LoggingConfig config;
    config.level = parseLogLevel(settings.text("level")).value_or(config.level);
    config.format = settings.text("format") == "json" ? LogFormat::Json : LogFormat::Text;
    config.target = settings.text("target");
    if (config.target != "stderr" && config.target != "syslog" && config.target != "journal")
        config.target = absolute(config.target);
    config.journalSocket = absolute(settings.text("journal_socket"));
    config.journalStream = journalStream(_surroundings.environment);
    config.repeats = {static_cast<std::uint64_t>(settings.integer("repeats")),
                      settings.duration("repeat_interval")};
    config.levels = logLevels();
    return config;
}

ProcessConfig Builder::process() const
{
    const auto server = values("server");
    ProcessConfig config;
    config.user = server.text("user");
    config.group = server.text("group");
    if (server.isSet("umask"))
        config.umask = delivery::parseOctal(server.text("umask"));
    config.runAsRoot = server.boolean("run_as_root");
    return config;
}

DeliveryConfig Builder::delivery() const
{
    const auto server = values("server");
    const auto spool = values("spool");
    DeliveryConfig config;
    config.hostname = hostname();
    config.pluginDirectory = server.isSet("plugin_dir") ? absolute(server.text("plugin_dir"))
                                                        : _surroundings.pluginDirectory;
    config.baseDirectory = _surroundings.currentDirectory;
    for (const IniSection* section : named("handler"))
        if ((section->find("type") != nullptr) != (section->find("plugin") != nullptr))
            config.handlers.push_back(handler(*section));
    config.filterChain = values("filters").list("chain");
    config.filterChainOrigin = values("filters").origin("chain");
    for (const IniSection* section : named("listener"))
        if (const SectionValues settings("listener", section); settings.isSet("filters"))
            config.listenerFilters.push_back({std::string(splitSectionName(section->name).name),
                                              settings.list("filters"),
                                              settings.origin("filters")});
    config.replyTimeout = values("limits").duration("reply_timeout");
    for (const IniSection* section : named("route"))
        config.routes.push_back(route(*section));
    for (const IniSection* section : named("listener"))
        config.listeners.emplace_back(splitSectionName(section->name).name);
    config.spoolDirectory = spoolDirectory();
    config.spoolMemoryOctets = static_cast<std::size_t>(spool.octets("memory"));
    config.durability = durability(spool.text("durability"));
    return config;
}

delivery::OnError onError(const std::string& word)
{
    return word == "skip"     ? delivery::OnError::Skip
           : word == "reject" ? delivery::OnError::Reject
                              : delivery::OnError::Defer;
}

HandlerConfig Builder::handler(const IniSection& section) const
{
    const SectionValues settings("handler", &section);
    HandlerConfig config;
    config.name = splitSectionName(section.name).name;
    config.type = settings.text("type");
    if (settings.isSet("plugin"))
        config.plugin = absolute(settings.text("plugin"));
    config.required = settings.boolean("required");
    config.onError = onError(settings.text("on_error"));
    config.concurrency = static_cast<std::size_t>(settings.integer("concurrency"));
    config.slotTimeout = settings.duration("slot_timeout");
    config.origin = section.origin;
    config.serverKeys = keysOf("handler");
    for (const delivery::Setting& each : section.settings)
        if (findKey("handler", each.key) == nullptr)
            config.settings.push_back(each);
    return config;
}

RouteConfig Builder::route(const IniSection& section)
{
    const SectionValues settings("route", &section);
    RouteConfig config;
    config.name = splitSectionName(section.name).name;
    config.to = settings.list("to");
    config.from = settings.list("from");
    for (const std::string& item : settings.list("deliver"))
        config.deliver.push_back(delivery::parseRouteTarget(item));
    config.reject = settings.text("reject");
    config.origin = section.origin;
    config.toOrigin = settings.origin("to");
    config.fromOrigin = settings.origin("from");
    config.deliverOrigin = settings.origin("deliver");
    config.rejectOrigin = settings.origin("reject");
    return config;
}

} // namespace

Configuration buildConfiguration(const std::string& source,
                                 const std::vector<IniSection>& sections,
                                 const Surroundings& surroundings)
{
    return Builder(sections, surroundings).build(source);
}

} // namespace mpsmtp::app

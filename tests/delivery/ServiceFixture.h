// A delivery service with the test plugins, for suites that send whole transactions through it.
#pragma once

#include "Paths.h"
#include "delivery/DeliveryService.h"
#include "delivery/TestSupport.h"

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>
#include <Poco/Logger.h>
#include <Poco/Message.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpsmtp::delivery::test
{

/// Keeps the log lines: "SOURCE: TEXT".
class LogMemory : public Poco::Channel
{
public:
    void log(const Poco::Message& message) override
    {
        const std::lock_guard lock(_mutex);
        _lines.push_back(message.getSource() + ": " + message.getText());
    }

    /// The lines of one source.
    std::vector<std::string> of(const std::string& source)
    {
        const std::lock_guard lock(_mutex);
        std::vector<std::string> found;
        for (const std::string& line : _lines)
            if (line.rfind(source + ": ", 0) == 0)
                found.push_back(line.substr(source.size() + 2));
        return found;
    }

private:
    std::mutex _mutex;
    std::vector<std::string> _lines;
};

/// The time stands still, or jumps.
class FixedClock : public Clock
{
public:
    std::chrono::system_clock::time_point now() override
    {
        return std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000));
    }

    /// Each look is 5 ms after the last one.
    std::chrono::steady_clock::time_point steady() override
    {
        return std::chrono::steady_clock::time_point(std::chrono::milliseconds(5 * ++_looks));
    }

private:
    std::atomic<int> _looks{0};
};

class ServiceFixture
{
public:
    ServiceFixture()
    {
        _log = new LogMemory;
        Poco::Logger::
            root(); // setChannel() reaches only loggers that exist; new ones inherit from the root
        Poco::Logger::setChannel("", _log);
        Poco::Logger::setLevel("", Poco::Message::PRIO_TRACE);
        config.hostname = "mx.example.com";
        config.pluginDirectory = mpsmtp::test::inBuild("/tests/delivery-plugins");
        config.baseDirectory = folder.path();
        config.spoolDirectory = folder.path("spool");
        config.durability = Durability::None;
    }

    ~ServiceFixture()
    {
        sink.reset();
        service.reset();
        Poco::Logger::setChannel("", nullptr);
    }

    using Keys = std::vector<std::pair<std::string, std::string>>;

    /// A section on the next line of the file; each records its calls into "record".
    HandlerConfig& add(const std::string& type, const std::string& name, const Keys& keys = {})
    {
        HandlerConfig section;
        section.name = name;
        section.type = type;
        section.origin = {"test.ini", ++_line};
        section.settings.push_back({"record", "record", {"test.ini", ++_line}});
        for (const auto& [key, value] : keys)
            section.settings.push_back({key, value, {"test.ini", ++_line}});
        config.handlers.push_back(section);
        if (type == "filter" || type == "policy")
            config.filterChain.push_back(name);
        return config.handlers.back();
    }

    /// The problems of load(), each "LINE: TEXT".
    std::vector<std::string> load()
    {
        std::vector<Problem> problems;
        service = DeliveryService::load(
            config, {problems, warnings}, {*files, clock, SyncCalls::system(), nullptr});
        return shown(problems);
    }

    /// Loads, starts and makes a sink.
    /// \return true if there was no problem
    bool run()
    {
        if (!load().empty() || !service->start().empty())
            return false;
        sink = service->newSink();
        return true;
    }

    static std::vector<std::string> shown(const std::vector<Problem>& problems)
    {
        std::vector<std::string> texts;
        for (const Problem& problem : problems)
            texts.push_back(std::to_string(problem.origin.line) + ": " + problem.text);
        return texts;
    }

    static std::string shown(const smtp::Reply& reply)
    {
        return std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text;
    }

    static smtp::SessionInfo session()
    {
        smtp::SessionInfo info;
        info.clientAddress = "192.0.2.1";
        info.hostname = "mx.example.com";
        info.helo = "client.example.com";
        info.esmtp = true;
        return info;
    }

    static smtp::Recipient recipient(const std::string& user)
    {
        smtp::Recipient result;
        result.path.localPart = user;
        result.path.domain = "example.com";
        result.path.address = user + "@example.com";
        return result;
    }

    /// Puts octets into a sink as the session does. \return false as soon as the sink does
    static bool put(smtp::MessageSink& to, std::string_view content)
    {
        while (!content.empty())
        {
            const auto room = to.writable();
            const std::size_t count = std::min(room.size, content.size());
            std::memcpy(room.data, content.data(), count);
            if (!to.written(count))
                return false;
            content.remove_prefix(count);
        }
        return true;
    }

    /// As the session does it. \return the refusal
    static std::optional<smtp::Reply>
    add(smtp::MessageSink& to, smtp::Envelope& envelope, const smtp::Recipient& recipient)
    {
        auto refusal = to.recipient(session(), envelope, recipient);
        if (!refusal)
            envelope.recipients.push_back(recipient);
        return refusal;
    }

    /// One transaction up to its data.
    static void open(smtp::MessageSink& to, smtp::Envelope& envelope, std::size_t recipients = 2)
    {
        envelope.clear();
        envelope.reversePath.localPart = "from";
        envelope.reversePath.domain = "example.org";
        envelope.reversePath.address = "from@example.org";
        (void)to.begin(session(), envelope);
        for (std::size_t i = 0; i < recipients; ++i)
            (void)add(to, envelope, recipient("to" + std::to_string(i)));
        (void)to.open(session(), envelope);
    }

    /// A whole transaction, with the work after its reply. \return the reply, its id replaced by ID
    std::string send(const std::string& content = "A: 1\r\n\r\nbody\r\n")
    {
        smtp::Envelope envelope;
        open(*sink, envelope);
        (void)put(*sink, content);
        const auto info = session();
        std::string reply = shown(sink->complete(info, envelope));
        if (sink->hasWorkAfterReply())
            sink->replied();
        if (const auto at = reply.find(envelope.id); at != std::string::npos)
            reply.replace(at, envelope.id.size(), "ID");
        return reply;
    }

    /// What the handlers recorded since the last call: "a stage, b deliver".
    std::string calls()
    {
        std::string text = readFile(folder.path("record"));
        std::filesystem::remove(folder.path("record"));
        std::string joinedLines;
        for (const char c : text)
            joinedLines += c == '\n' ? std::string(", ") : std::string(1, c);
        return joinedLines.substr(
            0, joinedLines.size() - std::min<std::size_t>(joinedLines.size(), 2));
    }

    std::vector<std::string> log(const std::string& source) { return _log->of(source); }

    TempFolder folder;
    std::vector<Problem> warnings; ///< of load()
    DeliveryConfig config;
    FixedClock clock;
    FileCalls* files = &FileCalls::system();
    std::unique_ptr<DeliveryService> service;
    std::unique_ptr<smtp::MessageSink> sink;

private:
    Poco::AutoPtr<LogMemory> _log;
    unsigned _line = 0;
};

} // namespace mpsmtp::delivery::test

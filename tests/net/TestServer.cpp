// See TestServer.h.
#include "TestServer.h"

#include "smtp/MessageSink.h"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <optional>
#include <utility>

#include <cstdlib>

namespace mpsmtp::net::test
{

namespace
{

class MemorySink : public smtp::MessageSink
{
public:
    explicit MemorySink(Mailbox& mailbox) : _mailbox(mailbox) { ++_mailbox.sinks; }

    ~MemorySink() override { --_mailbox.sinks; }

    std::optional<smtp::Reply> begin(const smtp::SessionInfo&, smtp::Envelope& envelope) override
    {
        envelope.id = "test";
        return std::nullopt;
    }

    std::optional<smtp::Reply>
    recipient(const smtp::SessionInfo&, const smtp::Envelope&, const smtp::Recipient&) override
    {
        return std::nullopt;
    }

    std::optional<smtp::Reply> open(const smtp::SessionInfo&, const smtp::Envelope&) override
    {
        _message.clear();
        return std::nullopt;
    }

    smtp::Buffer writable() override { return {_room.data(), _room.size()}; }

    bool written(std::size_t count) override
    {
        _message.append(_room.data(), count);
        return true;
    }

    smtp::Reply complete(const smtp::SessionInfo&, const smtp::Envelope&) override
    {
        if (_mailbox.onComplete)
            _mailbox.onComplete();
        _mailbox.add(_message);
        return {250, "2.6.0", "taken"};
    }

    [[nodiscard]] bool hasWorkAfterReply() const noexcept override { return false; }

    void replied() override {}

    void drop(const smtp::SessionInfo&, const smtp::Envelope&, const smtp::Reply*) override
    {
        _mailbox.drop();
    }

private:
    Mailbox& _mailbox;
    std::string _message;
    std::array<char, 16384> _room{};
};

std::size_t entriesOf(const char* folder)
{
    const std::filesystem::directory_iterator entries(folder);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

std::filesystem::path makeFolder()
{
    std::string name = (std::filesystem::temp_directory_path() / "mpsmtp-net-XXXXXX").string();
    CPPUNIT_ASSERT(::mkdtemp(name.data()) != nullptr);
    return name;
}

} // namespace

void Mailbox::add(std::string message)
{
    const std::lock_guard lock(_mutex);
    _messages.push_back(std::move(message));
}

void Mailbox::drop()
{
    const std::lock_guard lock(_mutex);
    ++_drops;
}

std::vector<std::string> Mailbox::messages() const
{
    const std::lock_guard lock(_mutex);
    return _messages;
}

std::size_t Mailbox::drops() const
{
    const std::lock_guard lock(_mutex);
    return _drops;
}

SinkFactory sinkFactoryOf(Mailbox& mailbox)
{
    return [&mailbox]
    {
        if (mailbox.onConnect)
            mailbox.onConnect();
        return std::make_unique<MemorySink>(mailbox);
    };
}

ServerConfig testConfig()
{
    ServerConfig config;
    config.hostname = "mx.example.com";
    config.listeners = {{"main", {"127.0.0.1:0"}, {}}};
    config.threads = 20;
    config.connections = 20;
    config.shutdownGrace = std::chrono::seconds(10);
    return config;
}

TestServer::TestServer(ServerConfig config)
    : server(std::move(config), sinkFactoryOf(mailbox), stock)
{
    server.start();
}

void TestServer::assertServes()
{
    TestClient client = connect();
    client.openData();
    CPPUNIT_ASSERT_EQUAL(std::string("250 2.6.0 taken"), client.ask("Subject: x\r\n\r\nbody\r\n."));
    CPPUNIT_ASSERT_EQUAL(std::string("221"), client.ask("QUIT").substr(0, 3));
    CPPUNIT_ASSERT_EQUAL(std::string(), client.rest());
}

HangingDelivery::HangingDelivery(TestServer& server) : client(server.connect())
{
    server.mailbox.onComplete = [this]
    {
        _isInside = true;
        _end.get_future().wait();
    };
    client.openData();
    client.send("x\r\n.\r\n");
    const bool isInside = eventually([this] { return _isInside.load(); });
    if (!isInside)
        release(); // whoever is on the way there finds the end
    CPPUNIT_ASSERT(isInside);
}

void HangingDelivery::release()
{
    if (!std::exchange(_isReleased, true))
        _end.set_value();
}

TemporaryFolder::TemporaryFolder() : path(makeFolder()) {}

TemporaryFolder::~TemporaryFolder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
}

std::size_t openDescriptors()
{
    return entriesOf("/proc/self/fd");
}

std::size_t runningThreads()
{
    return entriesOf("/proc/self/task");
}

} // namespace mpsmtp::net::test

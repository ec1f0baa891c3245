// A server on loopback with a sink that keeps messages in memory, and the temp folders that tests
// need.
#pragma once

#include "TestClient.h"
#include "net/SmtpServer.h"
#include "net/SocketStock.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mpsmtp::net::test
{

/// What all sinks of one server have taken. Thread safety: [any].
class Mailbox
{
public:
    void add(std::string message);
    void drop();

    [[nodiscard]] std::vector<std::string> messages() const;
    [[nodiscard]] std::size_t drops() const;

    /// Run inside complete() of each message, before its reply; for handlers that take their time.
    std::function<void()> onComplete;

    /// How many there are.
    std::atomic<int> sinks{0};

    /// Run when a sink is made; for sinks that cannot be.
    std::function<void()> onConnect;

private:
    mutable std::mutex _mutex;
    std::vector<std::string> _messages; // guarded by _mutex
    std::size_t _drops = 0;             // guarded by _mutex
};

[[nodiscard]] SinkFactory sinkFactoryOf(Mailbox& mailbox);

/// One listener at 127.0.0.1, port 0, with timeouts that no test meets by accident.
[[nodiscard]] ServerConfig testConfig();

class TestServer
{
public:
    explicit TestServer(ServerConfig config = testConfig());

    [[nodiscard]] TestClient connect() const { return TestClient(address()); }

    [[nodiscard]] std::string address() const { return server.addresses().front(); }

    /// Sends one message on a connection of its own and asserts that it is taken.
    void assertServes();

    Mailbox mailbox;
    SocketStock stock;
    SmtpServer server;
};

/// A client whose message is inside a handler that does not return before release().
class HangingDelivery
{
public:
    /// Asserts that the handler has been reached.
    explicit HangingDelivery(TestServer& server);
    HangingDelivery(const HangingDelivery&) = delete;
    HangingDelivery& operator=(const HangingDelivery&) = delete;

    ~HangingDelivery() { release(); }

    void release();

    TestClient client;

private:
    std::promise<void> _end;
    std::atomic<bool> _isInside{false};
    bool _isReleased = false;
};

class TemporaryFolder
{
public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    const std::filesystem::path path;
};

[[nodiscard]] std::size_t openDescriptors();
[[nodiscard]] std::size_t runningThreads();

} // namespace mpsmtp::net::test

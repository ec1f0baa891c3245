// A blocking SMTP client for tests. Every wait has a deadline; a test that meets it fails instead
// of hanging.
#pragma once

#include "net/Descriptor.h"
#include "net/Endpoint.h"

#include <chrono>
#include <string>
#include <string_view>

namespace mpsmtp::net::test
{

class TestClient
{
public:
    /// Connects to an address as SmtpServer::addresses() gives it.
    /// \throws std::system_error
    explicit TestClient(const std::string& address);

    struct Later
    {
    };

    /// Has its descriptor, but connects only in connect().
    TestClient(const std::string& address, Later);

    void connect();
    void connect(const std::string& address);

    /// Sends all, or as much as the server takes until it closes.
    void send(std::string_view octets);

    /// One reply, all its lines, without the last CRLF. "" at the end of input, "reset" after a
    /// reset.
    [[nodiscard]] std::string reply();

    /// send() and reply().
    [[nodiscard]] std::string ask(std::string_view command);

    /// All until the server closes; ends in "reset" if it was not a clean close.
    [[nodiscard]] std::string rest();

    /// Waits for input for a while.
    [[nodiscard]] bool hasInput(std::chrono::milliseconds wait) const;

    /// Goes until after a complete DATA line was answered by 354.
    void openTransaction();
    void openData();

    void halfClose();

    /// Closes with a TCP reset.
    void reset();

    /// Keeps the kernel from taking replies that the test does not read.
    void shrinkReceiveBuffer();

private:
    [[nodiscard]] bool fill();

    Descriptor _socket;
    Endpoint _server;
    std::string _buffer;
    std::string _end; ///< what reply() gives when nothing more comes
};

/// Waits until `condition` holds, for 5 seconds at most.
template <typename Condition>
[[nodiscard]] bool eventually(Condition condition);

/// Sleeps a moment between two looks at a condition.
void pauseBetweenLooks();

template <typename Condition>
bool eventually(Condition condition)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!condition())
    {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        pauseBetweenLooks();
    }
    return true;
}

} // namespace mpsmtp::net::test

// See TestClient.h.
#include "TestClient.h"

#include <cppunit/Asserter.h>
#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <system_error>
#include <thread>

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace mpsmtp::net::test
{

namespace
{

constexpr int patienceMilliseconds = 5000;

} // namespace

TestClient::TestClient(const std::string& address) : TestClient(address, Later())
{
    connect();
}

TestClient::TestClient(const std::string& address, Later) : _server(resolve(address).front())
{
    _socket.reset(::socket(_server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
}

void TestClient::connect()
{
    if (::connect(_socket.get(), _server.get(), _server.length) != 0)
        throw std::system_error(errno, std::generic_category(), "connect " + toText(_server));
}

void TestClient::connect(const std::string& address)
{
    _server = resolve(address).front();
    connect();
}

void TestClient::send(std::string_view octets)
{
    while (!octets.empty())
    {
        const ssize_t sent = ::send(_socket.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        octets.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string TestClient::reply()
{
    std::size_t begin = 0;
    for (;;)
    {
        const std::size_t end = _buffer.find("\r\n", begin);
        if (end == std::string::npos)
        {
            if (!fill())
                return std::exchange(_buffer, {}) + _end;
            continue;
        }
        const bool isLast = end < begin + 4 || _buffer[begin + 3] != '-';
        begin = end + 2;
        if (!isLast)
            continue;
        std::string reply = _buffer.substr(0, end);
        _buffer.erase(0, begin);
        return reply;
    }
}

std::string TestClient::ask(std::string_view command)
{
    send(std::string(command) + "\r\n");
    return reply();
}

std::string TestClient::rest()
{
    while (fill())
    {
    }
    return std::exchange(_buffer, {}) + _end;
}

bool TestClient::fill()
{
    pollfd input{_socket.get(), POLLIN, 0};
    if (::poll(&input, 1, patienceMilliseconds) <= 0)
        CPPUNIT_FAIL("nothing came from the server in time; so far: " + _buffer);
    std::array<char, 16384> octets{};
    const ssize_t count = ::recv(_socket.get(), octets.data(), octets.size(), 0);
    if (count < 0)
        _end = "reset";
    if (count <= 0)
        return false;
    _buffer.append(octets.data(), static_cast<std::size_t>(count));
    return true;
}

bool TestClient::hasInput(std::chrono::milliseconds wait) const
{
    pollfd input{_socket.get(), POLLIN, 0};
    return ::poll(&input, 1, static_cast<int>(wait.count())) > 0;
}

void TestClient::openTransaction()
{
    CPPUNIT_ASSERT_EQUAL(std::string("220"), reply().substr(0, 3));
    CPPUNIT_ASSERT_EQUAL(std::string("250"), ask("EHLO client.example").substr(0, 3));
    CPPUNIT_ASSERT_EQUAL(std::string("250"), ask("MAIL FROM:<a@example.com>").substr(0, 3));
    CPPUNIT_ASSERT_EQUAL(std::string("250"), ask("RCPT TO:<b@example.com>").substr(0, 3));
}

void TestClient::openData()
{
    openTransaction();
    CPPUNIT_ASSERT_EQUAL(std::string("354"), ask("DATA").substr(0, 3));
}

void TestClient::halfClose()
{
    ::shutdown(_socket.get(), SHUT_WR);
}

void TestClient::reset()
{
    const linger abort{1, 0};
    ::setsockopt(_socket.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    _socket.reset();
}

void TestClient::shrinkReceiveBuffer()
{
    const int octets = 2048;
    ::setsockopt(_socket.get(), SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
}

void pauseBetweenLooks()
{
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

} // namespace mpsmtp::net::test

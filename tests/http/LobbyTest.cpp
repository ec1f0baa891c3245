// What one look at those who have not asked yet may cost, whatever they send.
#include "http/Lobby.h"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/socket.h>

using namespace mpsmtp::http;
using mpsmtp::net::Descriptor;

namespace
{

constexpr std::string_view request = "GET / HTTP/1.1\r\n\r\n";
constexpr std::chrono::minutes longest(1);
const Lobby::Clock::time_point now = Lobby::Clock::now();

/// A client that is in the lobby.
class Client
{
public:
    explicit Client(Lobby& lobby)
    {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
            throw std::system_error(errno, std::generic_category(), "socketpair");
        _socket.reset(ends[0]);
        lobby.enter(Descriptor(ends[1]), now);
    }

    void send(std::string_view octets) const
    {
        (void)::send(_socket.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
    }

    /// What the lobby itself has said so far.
    [[nodiscard]] std::string answer() const
    {
        std::array<char, 4096> octets{};
        const ssize_t count = ::recv(_socket.get(), octets.data(), octets.size(), MSG_DONTWAIT);
        return {octets.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
    }

private:
    Descriptor _socket;
};

} // namespace

class LobbyTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LobbyTest);
    CPPUNIT_TEST(aRequestMayComeInSoManyPieces);
    CPPUNIT_TEST(whoAsksInMorePiecesIsRefused);
    CPPUNIT_TEST(aLookHearsOfSoManyAndTheNextOfTheOthers);
    CPPUNIT_TEST_SUITE_END();

public:
    void aRequestMayComeInSoManyPieces()
    {
        Lobby lobby(1, longest);
        const Client client(lobby);
        client.send("G");
        lobby.look(now);
        for (int piece = 2; piece < Lobby::mostPieces; ++piece)
        {
            client.send(piece == 2 ? "ET /" : "x");
            lobby.look(now);
        }
        client.send(request.substr(5));
        lobby.look(now);
        CPPUNIT_ASSERT(lobby.hasAsker());
        CPPUNIT_ASSERT_EQUAL(std::string(), client.answer());
    }

    /// Each piece is a look at all that there is so far.
    void whoAsksInMorePiecesIsRefused()
    {
        Lobby lobby(1, longest);
        const Client client(lobby);
        for (int piece = 0; piece < Lobby::mostPieces; ++piece)
        {
            CPPUNIT_ASSERT_EQUAL(std::string(), client.answer());
            CPPUNIT_ASSERT(lobby.isFull());
            client.send("x");
            lobby.look(now);
        }
        CPPUNIT_ASSERT_EQUAL(std::string("HTTP/1.1 408"), client.answer().substr(0, 12));
        CPPUNIT_ASSERT_MESSAGE("its place is free", !lobby.isFull());
    }

    /// Or those who send all the time could keep it from ending.
    void aLookHearsOfSoManyAndTheNextOfTheOthers()
    {
        constexpr int crowd = 200;
        Lobby lobby(crowd, longest);
        std::deque<Client> clients;
        for (int i = 0; i < crowd; ++i)
            clients.emplace_back(lobby).send(request);
        const auto heard = [&]
        {
            int askers = 0;
            for (lobby.look(now); lobby.hasAsker(); ++askers)
                (void)lobby.nextAsker();
            return askers;
        };
        CPPUNIT_ASSERT_EQUAL(128, heard());
        CPPUNIT_ASSERT_EQUAL(crowd - 128, heard());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LobbyTest);

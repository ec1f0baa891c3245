// What this is and its thread safety: Program.h.
#include "app/Program.h"
#include "Paths.h"

#include <cppunit/TestAssert.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mpsmtp::test
{

namespace
{

using Clock = std::chrono::steady_clock;

std::vector<char*> pointers(std::vector<std::string>& strings)
{
    std::vector<char*> result;
    for (std::string& each : strings)
        result.push_back(each.data());
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> childEnvironment(std::vector<std::string> environment)
{
    // Sanitizers are steered by theirs.
    for (const char* name : {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"})
        if (const char* value = std::getenv(name))
            environment.push_back(std::string(name) + "=" + value);
    return environment;
}

std::array<int, 2> makePipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::system_error(errno, std::generic_category(), "pipe2");
    return ends;
}

/// At the end of the input it is closed.
void readInto(std::string& text, int& fd)
{
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count > 0)
        text.append(buffer.data(), static_cast<std::size_t>(count));
    else
        ::close(std::exchange(fd, -1));
}

} // namespace

Program::Program(const std::vector<std::string>& arguments,
                 const std::string& folder,
                 const std::vector<std::string>& environment)
{
    std::vector<std::string> words{inBuild("/bin/mpsmtpd")};
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto variables = childEnvironment(environment);
    const auto out = makePipe();
    const auto err = makePipe();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    const int error = ::posix_spawn(&_process,
                                    words[0].c_str(),
                                    &actions,
                                    nullptr,
                                    pointers(words).data(),
                                    pointers(variables).data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    ::close(err[1]);
    _outPipe = out[0];
    _errPipe = err[0];
    if (error != 0)
        throw std::system_error(error, std::generic_category(), words[0]);
}

Program::~Program()
{
    if (_process > 0)
    {
        ::kill(_process, SIGKILL);
        ::waitpid(_process, nullptr, 0);
    }
    for (const int fd : {_outPipe, _errPipe})
        if (fd >= 0)
            ::close(fd);
}

bool Program::readSome(std::chrono::milliseconds longest)
{
    std::array<pollfd, 2> polled{{{_outPipe, POLLIN, 0}, {_errPipe, POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), static_cast<int>(longest.count())) > 0)
    {
        if (polled[0].revents != 0)
            readInto(_out, _outPipe);
        if (polled[1].revents != 0)
            readInto(_err, _errPipe);
    }
    return _outPipe >= 0 || _errPipe >= 0;
}

void Program::awaitError(std::string_view text)
{
    const auto deadline = Clock::now() + patience;
    while (_err.find(text) == std::string::npos)
    {
        const bool isOpen = readSome(std::chrono::milliseconds(100));
        const bool isThere = _err.find(text) != std::string::npos;
        CPPUNIT_ASSERT_MESSAGE("no \"" + std::string(text) + "\" in:\n" + _err,
                               isThere || (isOpen && Clock::now() < deadline));
    }
}

unsigned Program::port()
{
    awaitError("Ctrl-C stops it");
    const std::string_view before = "listening on 127.0.0.1:";
    const auto at = _err.find(before);
    CPPUNIT_ASSERT_MESSAGE(_err, at != std::string::npos);
    return static_cast<unsigned>(std::stoul(_err.substr(at + before.size())));
}

void Program::signal(int number) const
{
    if (_process > 0) // kill(-1) would mean every process
        ::kill(_process, number);
}

bool Program::hasEnded()
{
    if (_process < 0)
        return true;
    if (::waitpid(_process, &_status, WNOHANG) != _process)
        return false;
    _process = -1;
    return true;
}

int Program::wait()
{
    const auto deadline = Clock::now() + patience;
    while (readSome(std::chrono::milliseconds(100)))
        CPPUNIT_ASSERT_MESSAGE("does not end:\n" + _err, Clock::now() < deadline);
    while (!hasEnded())
        CPPUNIT_ASSERT_MESSAGE("does not end:\n" + _err, Clock::now() < deadline);
    return WIFEXITED(_status) ? WEXITSTATUS(_status) : -1;
}

int Program::signalUntilEnd(int number)
{
    const auto deadline = Clock::now() + patience;
    while (!hasEnded())
    {
        CPPUNIT_ASSERT_MESSAGE("does not end:\n" + _err, Clock::now() < deadline);
        signal(number);
        readSome(std::chrono::milliseconds(50));
    }
    return wait();
}

Client::Client(unsigned port) : _socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(_socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::system_error(errno, std::generic_category(), "connect");
}

Client::~Client()
{
    ::close(_socket);
}

void Client::send(std::string_view octets) const
{
    CPPUNIT_ASSERT_EQUAL(static_cast<ssize_t>(octets.size()),
                         ::send(_socket, octets.data(), octets.size(), MSG_NOSIGNAL));
}

std::string Client::expect(std::string_view code)
{
    std::string reply;
    for (;;)
    {
        const auto end = _input.find("\r\n");
        if (end != std::string::npos)
        {
            const std::string line = _input.substr(0, end);
            _input.erase(0, end + 2);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(line, std::string(code), line.substr(0, code.size()));
            reply += line + "\n";
            if (line.size() < 4 || line[3] != '-')
                return reply;
            continue;
        }
        pollfd polled{_socket, POLLIN, 0};
        const auto longest = std::chrono::milliseconds(patience).count();
        CPPUNIT_ASSERT_MESSAGE("no reply", ::poll(&polled, 1, static_cast<int>(longest)) == 1);
        std::array<char, 4096> buffer{};
        const ssize_t count = ::recv(_socket, buffer.data(), buffer.size(), 0);
        CPPUNIT_ASSERT_MESSAGE("connection closed", count > 0);
        _input.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

void sendMail(unsigned port, const std::string& recipient, const std::string& content)
{
    Client client(port);
    client.expect("220");
    client.send("EHLO localhost\r\n");
    client.expect("250");
    client.send("MAIL FROM:<ann@example.org>\r\n");
    client.expect("250");
    client.send("RCPT TO:<" + recipient + ">\r\n");
    client.expect("250");
    client.send("DATA\r\n");
    client.expect("354");
    client.send(content + ".\r\n");
    client.expect("250");
    client.send("QUIT\r\n");
    client.expect("221");
}

TemporaryFolder::TemporaryFolder()
{
    std::string name = (std::filesystem::temp_directory_path() / "mpsmtp-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::system_error(errno, std::generic_category(), name);
    _path = name;
}

TemporaryFolder::~TemporaryFolder()
{
    std::error_code ignored;
    std::filesystem::remove_all(_path, ignored);
}

void TemporaryFolder::write(const std::string& name, const std::string& text) const
{
    std::ofstream(_path + "/" + name, std::ios::binary) << text;
}

std::string TemporaryFolder::listing() const
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(_path))
        names.push_back(entry.path().string().substr(_path.size() + 1));
    std::sort(names.begin(), names.end());
    std::string text;
    for (const std::string& name : names)
        text += name + "\n";
    return text;
}

std::string readFile(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace mpsmtp::test

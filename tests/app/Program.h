// A run of the real mpsmtpd, and a client for it. Thread safety: one thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace mpsmtp::test
{

/// Nothing here waits longer.
inline constexpr std::chrono::seconds patience(30);

/// Started by the constructor, killed by the destructor if it still runs.
class Program
{
public:
    /// \param folder where it is started
    /// \param environment "NAME=VALUE", besides PATH
    Program(const std::vector<std::string>& arguments,
            const std::string& folder,
            const std::vector<std::string>& environment = {});
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program();

    /// Reads standard error up to the line that holds `text`; fails the test if it ends before.
    void awaitError(std::string_view text);

    /// The port that it says it is listening on.
    unsigned port();

    void signal(int number) const;

    /// Reads the rest of both outputs. \return the exit status, or -1 if a signal ended it
    int wait();

    /// Sends `number` until it has ended: for what a first signal only begins.
    int signalUntilEnd(int number);

    [[nodiscard]] const std::string& out() const { return _out; }

    [[nodiscard]] const std::string& err() const { return _err; }

private:
    /// \return false at the end of both outputs
    bool readSome(std::chrono::milliseconds longest);
    bool hasEnded();

    pid_t _process = -1;
    int _outPipe = -1;
    int _errPipe = -1;
    int _status = 0;
    std::string _out;
    std::string _err;
};

/// A client's connection to 127.0.0.1.
class Client
{
public:
    explicit Client(unsigned port);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    void send(std::string_view octets) const;

    /// Reads up to the end of a reply that begins with `code`; fails the test at any other.
    std::string expect(std::string_view code);

private:
    int _socket;
    std::string _input;
};

/// One whole session with one message.
void sendMail(unsigned port,
              const std::string& recipient,
              const std::string& content = "Subject: hello\r\n\r\nworld\r\n");

/// A folder for one test, removed at its end.
class TemporaryFolder
{
public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    [[nodiscard]] const std::string& path() const { return _path; }

    void write(const std::string& name, const std::string& text) const;

    /// Every file and folder in it, sorted, one a line.
    [[nodiscard]] std::string listing() const;

private:
    std::string _path;
};

[[nodiscard]] std::string readFile(const std::string& path);

} // namespace mpsmtp::test

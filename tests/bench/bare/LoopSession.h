// What the event loop knows of one connection: the least that can answer a client that makes no mistakes. Mail is thrown away.
// Thread safety: [one thread].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::bench
{

class LoopSession
{
public:
    /// Adds the replies to `octets`, as they came, to `out`. What is not whole yet is kept until the next time.
    /// \return false after QUIT
    [[nodiscard]] bool feed(std::string_view octets, std::string& out);

private:
    [[nodiscard]] std::size_t take(std::string_view octets, std::string& out);
    [[nodiscard]] std::size_t takeCommand(std::string_view octets, std::string& out);
    [[nodiscard]] std::size_t takeData(std::string_view octets, std::string& out);

    std::string _rest;
    bool _isData = false;
    bool _isOver = false;
};

} // namespace mpsmtp::bench

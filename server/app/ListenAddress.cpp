// What this is and its thread safety: ListenAddress.h.
#include "app/ListenAddress.h"

#include "delivery/Values.h"

#include <algorithm>
#include <cctype>

#include <sys/un.h>

namespace mpsmtp::app
{

namespace
{

constexpr std::string_view unixPrefix = "unix:";
constexpr std::string_view systemdPrefix = "systemd:";
constexpr std::size_t longestUnixPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t longestSocketName = 255;
constexpr std::size_t longestDomain = 255; // RFC 5321 4.5.3.1.2

bool startsWith(std::string_view text, std::string_view prefix) noexcept
{
    return text.substr(0, prefix.size()) == prefix;
}

bool isHostCharacter(char c) noexcept
{
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
}

bool isHostName(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= longestDomain &&
           std::all_of(text.begin(), text.end(), isHostCharacter);
}

bool isPort(std::string_view text) noexcept
{
    if (text.find_first_not_of("0123456789") != std::string_view::npos)
        return false;
    const auto port = delivery::parseInteger(text);
    return port && *port <= 65535;
}

bool isIpAddress(std::string_view text) noexcept
{
    return text.find('/') == std::string_view::npos && delivery::isNetwork(text);
}

bool isIpv6(std::string_view text) noexcept
{
    return text.find(':') != std::string_view::npos && isIpAddress(text);
}

std::string unixPathProblem(std::string_view path)
{
    if (path.empty() || path.front() != '/')
        return "unix: needs the absolute path of a socket, as in unix:/run/mpsmtp.sock";
    if (path.size() > longestUnixPath)
        return "the path of a Unix socket has at most " + std::to_string(longestUnixPath) +
               " octets";
    return {};
}

/// What FileDescriptorName= of systemd.socket(5) takes.
std::string socketNameProblem(std::string_view name)
{
    const auto isAllowed = [](char c) { return c > ' ' && c < 0x7f && c != ':'; };
    if (name.empty() || name.size() > longestSocketName ||
        !std::all_of(name.begin(), name.end(), isAllowed))
        return "systemd: needs the FileDescriptorName= of a socket unit, as in systemd:smtp";
    return {};
}

std::string hostProblem(std::string_view host)
{
    if (host == "*" || isHostName(host))
        return {};
    if (host.size() > 2 && host.front() == '[' && host.back() == ']' &&
        isIpv6(host.substr(1, host.size() - 2)))
        return {};
    if (isIpv6(host))
        return "an IPv6 address is written in brackets: [" + std::string(host) + "]:PORT";
    return "\"" + std::string(host) + "\" is not a host name or an address";
}

} // namespace

std::string listenAddressProblem(std::string_view address)
{
    if (startsWith(address, systemdPrefix))
        return socketNameProblem(address.substr(systemdPrefix.size()));
    if (startsWith(address, unixPrefix))
        return unixPathProblem(address.substr(unixPrefix.size()));
    const auto colon = address.rfind(':');
    if (colon == std::string_view::npos || address.back() == ']')
        return "\"" + std::string(address) + "\" has no port; write HOST:PORT or unix:/PATH";
    if (!isPort(address.substr(colon + 1)))
        return "\"" + std::string(address.substr(colon + 1)) +
               "\" is not a port; it is a number from 0 to 65535";
    return hostProblem(address.substr(0, colon));
}

bool isLocalAddress(std::string_view address) noexcept
{
    if (startsWith(address, unixPrefix))
        return true;
    const auto host = address.substr(0, address.rfind(':'));
    return host == "localhost" || host == "[::1]" ||
           (startsWith(host, "127.") && isIpAddress(host));
}

bool isAnyPort(std::string_view address) noexcept
{
    const auto port = address.substr(address.rfind(':') + 1);
    return !startsWith(address, unixPrefix) && !startsWith(address, systemdPrefix) &&
           delivery::parseInteger(port) == 0;
}

std::string joinHostPort(std::string_view host, std::string_view port)
{
    const bool needsBrackets = isIpv6(host);
    return (needsBrackets ? "[" : "") + std::string(host) + (needsBrackets ? "]:" : ":") +
           std::string(port);
}

bool isDomainName(std::string_view text) noexcept
{
    if (text.size() > 2 && text.front() == '[' && text.back() == ']')
    {
        const auto literal = text.substr(1, text.size() - 2);
        constexpr std::string_view ipv6Tag = "IPv6:";
        return isIpAddress(startsWith(literal, ipv6Tag) ? literal.substr(ipv6Tag.size()) : literal);
    }
    return isHostName(text);
}

} // namespace mpsmtp::app

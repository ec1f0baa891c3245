// See DialogScript.h and dialogs/README.md.
#include "smtp/DialogScript.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace mpsmtp::smtp
{

namespace
{

using Action = DialogScript::Action;

/// If `line` begins with `prefix`, takes it off.
bool takePrefix(std::string_view& line, std::string_view prefix)
{
    if (line.substr(0, prefix.size()) != prefix)
        return false;
    line.remove_prefix(prefix.size());
    if (!line.empty() && line.front() == ' ')
        line.remove_prefix(1);
    return true;
}

/// \r \n \0 \\ and \xHH.
std::string unescape(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i)
    {
        if (text[i] != '\\')
        {
            result.push_back(text[i]);
            continue;
        }
        const char letter = i + 1 < text.size() ? text[++i] : '?';
        if (letter == 'x' && i + 2 < text.size())
        {
            result.push_back(
                static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
            i += 2;
        }
        else if (letter == 'r' || letter == 'n' || letter == '0' || letter == '\\')
            result.push_back(letter == 'r'   ? '\r'
                             : letter == 'n' ? '\n'
                             : letter == '0' ? '\0'
                                             : '\\');
        else
            throw std::invalid_argument("unknown escape");
    }
    return result;
}

BareNewline bareNewline(const std::string& value)
{
    if (value == "reject")
        return BareNewline::Reject;
    if (value == "normalize")
        return BareNewline::Normalize;
    if (value == "keep")
        return BareNewline::Keep;
    throw std::invalid_argument("bare_newline is keep, normalize or reject");
}

void setOption(SessionOptions& options, const std::string& setting)
{
    const std::size_t equals = setting.find('=');
    const std::string key = setting.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : setting.substr(equals + 1);
    if (key == "bare_newline")
        options.bareNewline = bareNewline(value);
    else if (key == "message_size")
        options.maxMessageOctets = std::stoull(value);
    else if (key == "recipients")
        options.maxRecipients = std::stoull(value);
    else if (key == "errors")
        options.maxErrors = static_cast<unsigned>(std::stoul(value));
    else if (key == "strict_addresses")
        options.strictAddresses = value == "yes";
    else
        throw std::invalid_argument("unknown option");
}

class Reader
{
public:
    explicit Reader(DialogScript& script) : _script(script) {}

    void read(std::string_view line, unsigned number)
    {
        _number = number;
        if (line.empty() || line.front() == '#')
            return;
        if (!readClient(line) && !readServer(line) && !readOther(line))
            throw std::invalid_argument("unknown kind of line");
    }

private:
    void add(Action action, std::string text)
    {
        _script.steps.push_back({action, std::move(text), _number});
    }

    bool readClient(std::string_view line)
    {
        if (takePrefix(line, "C:"))
            add(Action::Send, std::string(line) + "\r\n");
        else if (takePrefix(line, "C<LF>:"))
            add(Action::Send, std::string(line) + "\n");
        else if (takePrefix(line, "C<RAW>:"))
            add(Action::Send, unescape(line));
        else if (line == "C<END>")
            add(Action::HalfClose, "");
        else
            return false;
        return true;
    }

    bool readServer(std::string_view line)
    {
        if (takePrefix(line, "S:"))
            add(Action::ExpectLine, std::string(line));
        else if (takePrefix(line, "S*:"))
            add(Action::ExpectReply, std::string(line));
        else if (line == "S<END>")
            add(Action::ExpectClosed, "");
        else
            return false;
        return true;
    }

    bool readOther(std::string_view line)
    {
        if (takePrefix(line, "option"))
            setOption(_script.options, std::string(line));
        else if (takePrefix(line, "accepted"))
            _script.accepted = std::stoul(std::string(line));
        else if (takePrefix(line, "M:"))
            _script.mailData = _script.mailData.value_or("") + std::string(line) + "\r\n";
        else if (takePrefix(line, "M<RAW>:"))
            _script.mailData = _script.mailData.value_or("") + unescape(line);
        else
            return false;
        return true;
    }

    DialogScript& _script;
    unsigned _number = 0;
};

} // namespace

DialogScript DialogScript::read(const std::string& path)
{
    DialogScript script;
    script.name = std::filesystem::path(path).filename().string();
    std::ifstream file(path, std::ios::binary);
    Reader reader(script);
    unsigned number = 0;
    for (std::string line; std::getline(file, line);)
    {
        ++number;
        try
        {
            reader.read(line, number);
        }
        catch (const std::exception& error)
        {
            throw std::runtime_error(path + ':' + std::to_string(number) + ": " + error.what());
        }
    }
    if (script.steps.empty())
        throw std::runtime_error(path + ": no steps");
    return script;
}

std::string DialogScript::octets() const
{
    std::string result;
    for (const Step& step : steps)
        if (step.action == Action::Send)
            result += step.text;
    return result;
}

bool DialogScript::halfCloses() const
{
    return std::any_of(steps.begin(),
                       steps.end(),
                       [](const Step& step) { return step.action == Action::HalfClose; });
}

} // namespace mpsmtp::smtp

#include "exec/ExitStatus.h"

#include "common/ReplyText.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <sys/wait.h>
#include <sysexits.h>

namespace mpsmtp::exec
{

namespace
{

struct Row
{
    int status;
    const char* name;
    unsigned code;
    const char* enhanced;
    const char* text;
};

constexpr std::array<Row, 15> table{
    {{EX_USAGE, "EX_USAGE", 554, "5.3.0", "The program was called wrongly"},
     {EX_DATAERR, "EX_DATAERR", 554, "5.6.0", "The message is not in the form it should be"},
     {EX_NOINPUT, "EX_NOINPUT", 554, "5.3.0", "An input is missing"},
     {EX_NOUSER, "EX_NOUSER", 550, "5.1.1", "No such user here"},
     {EX_NOHOST, "EX_NOHOST", 550, "5.1.2", "No such host"},
     {EX_UNAVAILABLE, "EX_UNAVAILABLE", 554, "5.3.0", "The service is not available"},
     {EX_SOFTWARE, "EX_SOFTWARE", 554, "5.3.0", "The program has failed"},
     {EX_OSERR, "EX_OSERR", 451, "4.3.0", "The system has failed, try again later"},
     {EX_OSFILE, "EX_OSFILE", 554, "5.3.0", "A file of the system is missing"},
     {EX_CANTCREAT, "EX_CANTCREAT", 550, "5.2.0", "The mailbox cannot be made"},
     {EX_IOERR, "EX_IOERR", 451, "4.3.0", "Reading or writing has failed, try again later"},
     {EX_TEMPFAIL, "EX_TEMPFAIL", 451, "4.3.0", "Cannot deliver now, try again later"},
     {EX_PROTOCOL, "EX_PROTOCOL", 554, "5.5.0", "The other side broke the protocol"},
     {EX_NOPERM, "EX_NOPERM", 550, "5.7.0", "Not permitted"},
     {EX_CONFIG, "EX_CONFIG", 554, "5.3.5", "The program is not set up"}}};

[[nodiscard]] const Row* find(int status) noexcept
{
    const auto* row = std::find_if(
        table.begin(), table.end(), [=](const Row& each) { return each.status == status; });
    return row == table.end() ? nullptr : row;
}

} // namespace

Reply replyTo(int exitStatus, std::string_view output)
{
    const Row* row = find(exitStatus);
    if (!row)
        return Reply::defer();
    const auto own = store::parseReplyText(output);
    // 421 would close the connection, which is not for a program to say (RFC 5321 3.8).
    if (!own || own->enhanced.empty() || own->enhanced[0] != row->enhanced[0] || own->code == 421)
        return {row->code, row->enhanced, row->text};
    return {own->code != 0 ? own->code : row->code,
            own->enhanced,
            own->text.empty() ? row->text : own->text};
}

std::string describe(int waitStatus)
{
    if (WIFSIGNALED(waitStatus))
    {
        const int number = WTERMSIG(waitStatus);
        const char* name = ::sigdescr_np(number);
        return "killed by signal " + std::to_string(number) +
               (name ? std::string(" (") + name + ")" : "");
    }
    const int status = WEXITSTATUS(waitStatus);
    const Row* row = find(status);
    return "exit status " + std::to_string(status) +
           (row ? std::string(" (") + row->name + ")" : "");
}

} // namespace mpsmtp::exec

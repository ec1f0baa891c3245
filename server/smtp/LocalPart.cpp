// See LocalPart.h.
#include "smtp/LocalPart.h"

#include <algorithm>

namespace mpsmtp::smtp
{

// Dot-string = Atom *("." Atom)
bool isDotString(std::string_view localPart) noexcept
{
    return !localPart.empty() && localPart.front() != '.' && localPart.back() != '.' &&
           localPart.find("..") == localPart.npos &&
           std::all_of(localPart.begin(), localPart.end(), isDotStringOctet);
}

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE
void appendLocalPart(std::string& out, std::string_view localPart)
{
    if (isDotString(localPart))
    {
        out += localPart;
        return;
    }
    out += '"';
    for (const char octet : localPart)
    {
        if (octet == '"' || octet == '\\')
            out += '\\';
        out += octet;
    }
    out += '"';
}

} // namespace mpsmtp::smtp

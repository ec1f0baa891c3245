#!/bin/sh
# Prints the manual page mpsmtp-HANDLER(7) made of docs/handlers/HANDLER.md, which stays the only source.
#   handler-page.sh FILE VERSION DATE DOCDIR
# The page's first line is the name, the third what stands behind it in NAME. lowdown does the rest; it knows neither of these
# nor where what is linked has been installed.
set -eu

file=$1 version=$2 date=$3 docs=$4
name=$(basename "$file" .md)
summary=$(sed -n '3s/\.$//p' "$file" | awk '{ print tolower(substr($0, 1, 1)) substr($0, 2) }')
[ -n "$summary" ] || { echo "$file: line 3 is not a sentence" >&2; exit 1; }

body()
{
    awk -v docs="$docs" '
        NR < 4 { next }
        /^```/ { code = !code }
        !code && /^## / { print "# " toupper(substr($0, 4)); next }
        !code { while (match($0, /\[[^]]*\]\(\.\.\/[a-z-]+\.md\)/)) {
            link = substr($0, RSTART, RLENGTH); sub(/.*\.\.\//, "", link); sub(/\)$/, "", link)
            $0 = substr($0, 1, RSTART - 1) "`" docs "/" link "`" substr($0, RSTART + RLENGTH) } }
        { print }' "$file"
}

see_also()
{
    printf '.SH SEE ALSO\n.BR mpsmtp.ini (5),\n.BR mpsmtpd (8)\n'
}

# lowdown writes the heading on a line of its own, fonts that terminals do not have, and tables as wide as the page.
roff()
{
    body | lowdown -Tman | sed -e '/^\.SH$/{N;s/\n\(.*\)/ \1/;}' -e 's/\\f(CB/\\fB/g; s/\\f(CI/\\fI/g; s/\\fC/\\fB/g' \
        -e 's/^tab(|) expand allbox;/tab(|);/' | awk '!(/^\.[LP]P$/ && heading) { print } { heading = /^\.SH/ }'
}

printf "'\\\\\" t\n.\\\\\" Made of docs/handlers/%s.md by docs/man/handler-page.sh.\n" "$name"
printf '.TH MPSMTP-%s 7 %s "mpsmtpd %s"\n' "$(printf '%s' "$name" | tr '[:lower:]' '[:upper:]')" "$date" "$version"
printf '.nh\n.ad l\n.SH NAME\nmpsmtp-%s \\- %s\n' "$name" "$summary"
printf '.SH SYNOPSIS\n.nf\n[handler:\\fINAME\\fR]\ntype = %s\n.fi\n' "$name"
roff
see_also

#!/bin/sh
# Pipes one whole session into telnet and leaves without QUIT, as a quick check by hand does; the mail must arrive.
#   tests/mail_sender.sh [HOST [PORT]]
# Needs netkit's telnet (package telnet-ssl): that of inetutils leaves before it has read its input.
telnet=$(command -v telnet-ssl || command -v telnet) || exit 69
"$telnet" "${1:-localhost}" "${2:-8081}" <<'SESSION'
helo localhost
mail from: a@a.com
rcpt to: b@a.com
data

Good morning from a script.
.
SESSION

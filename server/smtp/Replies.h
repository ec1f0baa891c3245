// The replies that the session itself gives (RFC 5321 4.2.2, 4.2.3 with the enhanced codes of RFC 3463). Those that
// parsers give stand with the parsers. docs/protocol.md lists all of them. Thread safety: [any] (constants).
#pragma once

#include "smtp/Reply.h"

namespace mpsmtp::smtp::replies
{

// Positive.
constexpr FixedReply sender{250, "2.1.0", "Sender OK"};
constexpr FixedReply recipient{250, "2.1.5", "Recipient OK"};
constexpr FixedReply reset{250, "2.0.0", "Reset"};
constexpr FixedReply noop{250, "2.0.0", "OK"};
constexpr FixedReply notVerified{252, "2.5.2", "Not verified; send mail to find out"};
constexpr FixedReply help{214,
                          "2.0.0",
                          "Commands: EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT\n"
                          "A mail: EHLO name, MAIL FROM:<sender>, RCPT TO:<recipient>, DATA,\n"
                          "the message, and a line that holds a single dot (RFC 5321)"};
constexpr FixedReply goodbye{221, "2.0.0", "closing connection"}; // behind the host's name
constexpr FixedReply startData{354, "", "Send the message, end it with <CRLF>.<CRLF>"};

// 421: the connection is closed behind it (RFC 5321 3.8). The host's name comes first.
constexpr FixedReply shuttingDown{421, "4.3.2", "is shutting down, try again later"};
constexpr FixedReply timedOut{421, "4.4.2", "timed out waiting for you, closing connection"};
constexpr FixedReply tooManyErrors{421, "4.7.0", "saw too many errors, closing connection"};
constexpr FixedReply endlessLine{421, "4.7.0", "saw a line without end, closing connection"};

// Transient.
constexpr FixedReply tooManyRecipients{452, "4.5.3", "Too many recipients"};

// Mistakes in commands. What was sent is not repeated: it may be anything.
constexpr FixedReply unrecognized{500, "5.5.2", "Command unrecognized"};
constexpr FixedReply controlOctet{500, "5.5.2", "Control character in command"};
constexpr FixedReply lineTooLong{500, "5.5.2", "Line too long"};
constexpr FixedReply heloSyntax{501, "", "Syntax: EHLO or HELO, then a domain or address literal"};
constexpr FixedReply noArgument{501, "5.5.4", "No argument allowed"};
constexpr FixedReply vrfySyntax{501, "5.5.4", "Syntax: VRFY address"};
constexpr FixedReply bdatSyntax{501, "5.5.4", "Syntax: BDAT octets [LAST]"};
constexpr FixedReply notImplemented{502, "5.5.1", "Command not implemented"};
constexpr FixedReply heloFirst{503, "5.5.1", "Send EHLO or HELO first"};
constexpr FixedReply serviceRefused{503, "5.5.1", "You are refused here; send QUIT"};
constexpr FixedReply mailFirst{503, "5.5.1", "Send MAIL first"};
constexpr FixedReply recipientFirst{503, "5.5.1", "Send RCPT first"};
constexpr FixedReply nestedMail{503, "5.5.1", "Mail transaction in progress; RSET ends it"};
constexpr FixedReply chunksOnly{503, "5.5.1", "Chunks in progress: send BDAT or RSET"};
constexpr FixedReply chunkFailed{503, "5.5.1", "An earlier chunk failed: send RSET"};
constexpr FixedReply binaryNeedsBdat{503, "5.5.1", "BODY=BINARYMIME needs BDAT"};
constexpr FixedReply parametersNeedEhlo{555, "5.5.4", "Parameters need EHLO"};

// Refusals.
constexpr FixedReply noValidRecipients{554, "5.5.1", "No valid recipients"};
constexpr FixedReply messageTooBig{552, "5.3.4", "Message size exceeds the limit"};
constexpr FixedReply bareNewline{554, "5.6.0", "Bare CR or LF in the message (RFC 5321 2.3.8)"};
constexpr FixedReply httpRequest{554, "5.5.1", "This port speaks SMTP, not HTTP"};
constexpr FixedReply tlsHello{554, "5.5.1", "This port speaks plain SMTP, not TLS"};

} // namespace mpsmtp::smtp::replies

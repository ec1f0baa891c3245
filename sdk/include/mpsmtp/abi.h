/* mpsmtp/abi.h - the binary border between mpsmtpd and a plugin, in C.
 *
 * Authors of plugins include <mpsmtp/Plugin.h> and never need this file. It is what makes a plugin
 * that was compiled by another compiler, another C++ standard or against another std::string load
 * into every 1.x server: nothing but the types below crosses the border. No exception, no C++
 * type, no RTTI.
 *
 * Promise: within major version 1, a struct only grows at its end, a function or constant never
 * changes its meaning, and nothing is removed. Every struct begins with `size`, the number of
 * octets its maker knew of; read a member that is newer than 1.0 only after MPSMTP_HAS(type,
 * pointer, member).
 *
 * Ownership: whatever is passed to a function is borrowed for that call unless its comment says
 * otherwise.
 * Threads: the functions of one handler are called by many threads at once; the calls
 * that concern one session come one after another, though not always on the same thread.
 * Text: octets with a length, not NUL-terminated, UTF-8 where it is not ASCII.
 */
/* Members and their comments are set in columns by hand. */
/* clang-format off */
#ifndef MPSMTP_ABI_H
#define MPSMTP_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define MPSMTP_NOEXCEPT noexcept
extern "C" {
#else
#define MPSMTP_NOEXCEPT
#endif

#define MPSMTP_ABI_MAJOR 1u
#define MPSMTP_ABI_MINOR 0u

/* "mpsm" in ASCII: tells a plugin's descriptor from any other symbol of the same name. */
#define MPSMTP_ABI_MAGIC 0x6d70736du

/* True if the struct of `type` at `pointer` is long enough to hold `member`. */
#define MPSMTP_HAS(type, pointer, member) \
    ((pointer)->size >= offsetof(type, member) + sizeof((pointer)->member))

typedef struct mpsmtp_string
{
    const char* data; /* may be NULL when size is 0 */
    size_t size;
} mpsmtp_string;

/* Opaque to the plugin; handed back in calls of the host table. */
typedef struct mpsmtp_reply_target mpsmtp_reply_target; /* where a handler puts its answer */
typedef struct mpsmtp_host_data mpsmtp_host_data;       /* one per handler: name, log, options */
typedef struct mpsmtp_message_data mpsmtp_message_data;

/* ------------------------------------------------------------------ values handed to hooks */

/* An ESMTP parameter of MAIL or RCPT as sent: "SIZE=1000" is {"SIZE", "1000"}. Keywords are in
 * upper case. */
typedef struct mpsmtp_parameter
{
    uint32_t size;
    mpsmtp_string keyword;
    mpsmtp_string value;
} mpsmtp_parameter;

/* One SMTP connection. */
typedef struct mpsmtp_session
{
    uint32_t size;
    uint32_t esmtp;               /* 1 after EHLO, 0 after HELO */
    uint64_t id;                  /* unique within this run of the server */
    mpsmtp_string client_address; /* "192.0.2.1", "2001:db8::1", "unix" */
    mpsmtp_string helo;           /* argument of HELO/EHLO, printable */
    mpsmtp_string listener;       /* name of the [listener:NAME] section */
    mpsmtp_string server_name;    /* [server] hostname */
    uint32_t client_port;         /* 0 where there is none */
} mpsmtp_session;

/* Octets of the message that MAIL's BODY parameter declares (RFC 6152, RFC 3030). */
enum
{
    MPSMTP_BODY_7BIT = 0,
    MPSMTP_BODY_8BITMIME = 1,
    MPSMTP_BODY_BINARYMIME = 2
};

typedef struct mpsmtp_recipient
{
    uint32_t size;
    uint32_t parameter_count;
    mpsmtp_string address;    /* forward-path, no brackets or source route; lower-case domain */
    mpsmtp_string local_part; /* without quoting; case as sent */
    mpsmtp_string domain;     /* ASCII letters in lower case; never empty */
    const mpsmtp_parameter* const* parameters;
} mpsmtp_recipient;

/* One mail transaction (RFC 5321 3.3): everything but the mail data. */
typedef struct mpsmtp_envelope
{
    uint32_t size;
    uint32_t body; /* MPSMTP_BODY_… */
    const mpsmtp_session* session;
    mpsmtp_string id;           /* printable ASCII, unique, in the log and in the 250 */
    mpsmtp_string reverse_path; /* "" for the null reverse-path; without brackets */
    uint32_t parameter_count;
    uint32_t recipient_count;
    const mpsmtp_parameter* const* parameters; /* of MAIL */
    const mpsmtp_recipient* const* recipients; /* every accepted one, in order of RCPT */
    uint32_t smtputf8;                         /* 1 if the client said SMTPUTF8 (RFC 6531) */
    uint32_t reserved;
    int64_t received_at; /* seconds since 1970-01-01 UTC, when the mail data was complete */
} mpsmtp_envelope;

/* One header field; name and value are views into the message. The value is raw: it starts behind
 * the colon and ends before the field's last line end, folding included. */
typedef struct mpsmtp_header
{
    uint32_t size;
    uint32_t reserved;
    mpsmtp_string name;
    mpsmtp_string value;
} mpsmtp_header;

/* The mail data, one immutable copy for all handlers. Its lines end as they were sent (CRLF,
 * unless the listener keeps bare newlines). */
typedef struct mpsmtp_message
{
    uint32_t size;
    uint32_t segment_count;
    const mpsmtp_string* segments; /* the content: what the client sent, with filters' edits */
    uint64_t content_size;         /* octets of all segments */
    mpsmtp_string trace;           /* the server's Received field, to go above the content */
    mpsmtp_message_data* data;
} mpsmtp_message;

/* ------------------------------------------------------------------ answers */

/* RFC 5321 4.2 and RFC 3463. `code` 0 means "no reply chosen: use the default of the situation". */
typedef struct mpsmtp_reply
{
    uint32_t size;
    uint32_t code;          /* 200..599, or 0 */
    mpsmtp_string enhanced; /* "5.1.1", or "" for the default of the code */
    mpsmtp_string text;     /* lines parted by LF; the host checks and splits them */
} mpsmtp_reply;

enum
{
    MPSMTP_CONTINUE = 0,
    MPSMTP_ACCEPT = 1,
    MPSMTP_DISCARD = 2,
    MPSMTP_REJECT = 3,
    MPSMTP_DEFER = 4,
    MPSMTP_DISCONNECT = 5
};

enum
{
    MPSMTP_LOG_ERROR = 3,
    MPSMTP_LOG_WARNING = 4,
    MPSMTP_LOG_NOTICE = 5,
    MPSMTP_LOG_INFORMATION = 6,
    MPSMTP_LOG_DEBUG = 7
};

enum
{
    MPSMTP_EDIT_PREPEND = 0, /* name, value: a new field above all others */
    MPSMTP_EDIT_INSERT = 1,  /* index, name, value: a new field in front of field `index` */
    MPSMTP_EDIT_CHANGE = 2,  /* index, name, value: field `index` of the original gets this value */
    MPSMTP_EDIT_DELETE = 3,  /* index: field `index` of the original goes */
    MPSMTP_EDIT_BODY = 4     /* value: the body, line ends as they shall be stored */
};

/* What sync() shall make durable. */
enum
{
    MPSMTP_SYNC_DATA = 0,  /* a file's data and its length */
    MPSMTP_SYNC_FOLDER = 1 /* a folder's entries; concurrent calls for one folder share one fsync */
};

/* ------------------------------------------------------------------ what the server offers */

typedef struct mpsmtp_host
{
    uint32_t size;
    uint32_t abi_minor;

    /* The value of an option that the plugin declared, validated and in canonical form: numbers in
     * decimal, sizes in octets, durations in milliseconds, bools as "1" or "0", lists with one
     * item a line. Valid until the handler is destroyed. Returns 0 if the option is neither set
     * nor has a default. Thread safety: any. */
    int32_t (*option)(mpsmtp_host_data*, mpsmtp_string key, mpsmtp_string* value) MPSMTP_NOEXCEPT;

    /* Writes one log line under the handler's name; control octets are escaped. Thread safety:
     * any. */
    void (*log)(mpsmtp_host_data*, int32_t level, mpsmtp_string text) MPSMTP_NOEXCEPT;

    /* Blocks until what was written through `fd` (or into the folder `fd`) is on stable storage,
     * as [spool] durability says. Returns 0, or an errno value; on an error nothing may be assumed
     * durable. Thread safety: any. */
    int32_t (*sync)(mpsmtp_host_data*, int32_t fd, int32_t what) MPSMTP_NOEXCEPT;

    /* Sets the answer of the hook that was given `target`: a whole transaction's, or recipient
     * `index`'s. The text is copied. MPSMTP_ALL_RECIPIENTS names them all. Thread safety: the
     * hook's own thread. */
    void (*reply)(mpsmtp_reply_target* target, uint32_t index, const mpsmtp_reply*) MPSMTP_NOEXCEPT;

    /* Tells that the hook threw. `text` is logged with handler, hook and transaction and never
     * sent. */
    void (*fault)(mpsmtp_reply_target* target, mpsmtp_string text) MPSMTP_NOEXCEPT;

    /* Header fields of the content, parsed once a message. Valid as long as the message. Returns
     * their number. */
    size_t (*headers)(mpsmtp_message_data*, const mpsmtp_header* const** fields) MPSMTP_NOEXCEPT;

    /* A read-only descriptor of the content, made for the caller, who closes it. -1 - errno on
     * failure. */
    int32_t (*open)(mpsmtp_message_data*) MPSMTP_NOEXCEPT;

    /* Records an edit; only inside on_message, and seen by the hooks that follow. Returns 0, or
     * EINVAL for a field name or index that cannot be. */
    int32_t (*edit)(mpsmtp_message_data*, int32_t kind, size_t index, mpsmtp_string name,
                    mpsmtp_string value) MPSMTP_NOEXCEPT;
} mpsmtp_host;

#define MPSMTP_ALL_RECIPIENTS 0xffffffffu

/* ------------------------------------------------------------------ what the plugin offers */

enum
{
    MPSMTP_OPTION_STRING = 0,
    MPSMTP_OPTION_PATH = 1,     /* made absolute against the current directory */
    MPSMTP_OPTION_TEMPLATE = 2, /* a path with %{…}; checked, kept as written but absolute */
    MPSMTP_OPTION_INT = 3,
    MPSMTP_OPTION_BOOL = 4,
    MPSMTP_OPTION_SIZE = 5,     /* 10, 10K, 10M, 10G; octets */
    MPSMTP_OPTION_DURATION = 6, /* 10ms, 10s, 10m, 10h, 10d; plain numbers are seconds */
    MPSMTP_OPTION_OCTAL = 7,    /* a file mode, 0600 */
    MPSMTP_OPTION_ENUM = 8,     /* one of `choices` */
    MPSMTP_OPTION_LIST = 9,     /* parted by commas */
    MPSMTP_OPTION_CIDR = 10,    /* a list of addresses and networks */
    MPSMTP_OPTION_SECRET = 11   /* a string that is never logged or shown */
};

typedef struct mpsmtp_option
{
    uint32_t size;
    int32_t type;
    mpsmtp_string key;
    uint32_t required;
    uint32_t has_default;
    mpsmtp_string default_value;
    mpsmtp_string doc;     /* one sentence, shown by --list-plugins */
    mpsmtp_string choices; /* of MPSMTP_OPTION_ENUM, parted by '|' */
} mpsmtp_option;

/* Bits of mpsmtp_handler.hooks. */
enum
{
    MPSMTP_HOOK_MESSAGE = 1 << 0,
    MPSMTP_HOOK_STAGE = 1 << 1,
    MPSMTP_HOOK_DELIVER = 1 << 2,
    MPSMTP_HOOK_ACCEPTED = 1 << 3
};

/* One configured handler. Made by create(), its functions are called with `self` as their first
 * argument. A function whose bit in `hooks` is not set may be NULL and is not called. */
typedef struct mpsmtp_handler
{
    uint32_t size;
    uint32_t hooks;
    void* self;

    /* Last call; no other is in progress. */
    void (*destroy)(void* self) MPSMTP_NOEXCEPT;

    /* Before the server listens; fault() stops the start. */
    void (*start)(void* self, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /* After the last session. */
    void (*stop)(void* self, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /* Complete message, before delivery. Returns MPSMTP_CONTINUE, _REJECT, _DEFER, _DISCARD or
     * _DISCONNECT. */
    int32_t (*on_message)(void* self, const mpsmtp_envelope*, const mpsmtp_message*,
                          mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /* Two-phase delivery to `count` recipients, given by their index in the envelope. Envelope,
     * recipients and message stay valid until release(). Does all that can fail and shows nothing.
     * Returns an object for the functions below, or NULL if it staged nothing (it then has
     * replied). */
    void* (*stage)(void* self, const mpsmtp_envelope*, const uint32_t* recipients, size_t count,
                   const mpsmtp_message*, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /* After every required handler has staged: puts the staged data on stable storage. The message
     * is still valid. */
    void (*persist)(void* self, void* staged, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /* After every required handler has persisted: shows the mail and returns when its name is
     * durable too. */
    void (*commit)(void* self, void* staged, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /* Instead of commit: leaves nothing behind. */
    void (*abort)(void* self, void* staged) MPSMTP_NOEXCEPT;

    /* Last call for `staged`, after commit or abort. */
    void (*release)(void* self, void* staged) MPSMTP_NOEXCEPT;

    /* One-phase delivery. */
    void (*deliver)(void* self, const mpsmtp_envelope*, const uint32_t* recipients, size_t count,
                    const mpsmtp_message*, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /* The 250 has been sent. */
    void (*on_accepted)(void* self, const mpsmtp_envelope*, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;
} mpsmtp_handler;

/* The one exported symbol: `extern const mpsmtp_plugin mpsmtp_plugin_descriptor;` */
typedef struct mpsmtp_plugin
{
    uint32_t magic; /* MPSMTP_ABI_MAGIC */
    uint32_t size;
    uint32_t abi_major;
    uint32_t abi_minor; /* what the plugin was built with */
    mpsmtp_string type; /* its name: lower-case letters, digits, '-' and '_' */
    mpsmtp_string version;
    const mpsmtp_option* const* options;
    size_t option_count;

    /* Makes a handler for one ini section. `host` and `data` live longer than the handler. On
     * failure calls host->fault() on the target and returns NULL. */
    const mpsmtp_handler* (*create)(const mpsmtp_host* host, mpsmtp_host_data* data,
                                    mpsmtp_string name, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;
} mpsmtp_plugin;

#define MPSMTP_PLUGIN_SYMBOL "mpsmtp_plugin_descriptor"

#ifdef __cplusplus
}
#endif

#endif

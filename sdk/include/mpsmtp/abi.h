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
#define MPSMTP_ABI_MINOR 1u

/** "mpsm" in ASCII: tells a plugin's descriptor from any other symbol of the same name. */
#define MPSMTP_ABI_MAGIC 0x6d70736du

/** True if the struct of `type` at `pointer` is long enough to hold `member`. */
#define MPSMTP_HAS(type, pointer, member) \
    ((pointer)->size >= offsetof(type, member) + sizeof((pointer)->member))

/** Borrowed octets, not NUL-terminated. */
typedef struct mpsmtp_string
{
    const char* data; /**< may be NULL when size is 0 */
    size_t size;      /**< octets */
} mpsmtp_string;

/** Opaque to the plugin; handed back in calls of the host table. */
typedef struct mpsmtp_reply_target mpsmtp_reply_target; /**< where a handler puts its answer */
typedef struct mpsmtp_host_data mpsmtp_host_data;       /**< one per handler: name, log, options */
typedef struct mpsmtp_message_data mpsmtp_message_data;
typedef struct mpsmtp_scope mpsmtp_scope; /**< a session's or a transaction's life */

/* ------------------------------------------------------------------ values handed to hooks */

/** An ESMTP parameter of MAIL or RCPT as sent: "SIZE=1000" is {"SIZE", "1000"}. Keywords are in
 * upper case. */
typedef struct mpsmtp_parameter
{
    uint32_t size;         /**< octets that its maker knew of */
    mpsmtp_string keyword; /**< upper case */
    mpsmtp_string value;   /**< "" if it has none */
} mpsmtp_parameter;

/** Bits of mpsmtp_session.flags. */
enum
{
    MPSMTP_SESSION_ESMTP = 1 << 0,         /**< the client said EHLO, not HELO */
    MPSMTP_SESSION_TLS = 1 << 1,           /**< encrypted */
    MPSMTP_SESSION_AUTHENTICATED = 1 << 2, /**< RFC 4954 */
    MPSMTP_SESSION_LMTP = 1 << 3           /**< RFC 2033 */
};

/** One SMTP connection. */
typedef struct mpsmtp_session
{
    uint32_t size;                /**< octets that its maker knew of */
    uint32_t flags;               /**< MPSMTP_SESSION_… */
    uint64_t id;                  /**< unique within this run of the server */
    mpsmtp_string client_address; /**< "192.0.2.1", "2001:db8::1", "unix" */
    mpsmtp_string helo;           /**< argument of HELO/EHLO, printable; "" before it */
    mpsmtp_string listener;       /**< name of the [listener:NAME] section */
    mpsmtp_string server_name;    /**< [server] hostname */
    uint32_t client_port;         /**< 0 where there is none */
    uint32_t reserved;            /**< 0 */
    mpsmtp_string tls_version;    /**< "TLSv1.3"; this and the next two are "" without TLS */
    mpsmtp_string tls_cipher;     /**< as OpenSSL names it */
    mpsmtp_string tls_client;     /**< subject of the client's verified certificate, or "" */
    mpsmtp_string auth_mechanism; /**< "PLAIN"; "" without AUTH */
    mpsmtp_string auth_identity;  /**< who the client has proved to be; "" without AUTH */
    int64_t connected_at;         /**< seconds since 1970-01-01 UTC */
    int64_t deadline;             /**< nanoseconds of the monotonic clock; by then the call in
                                       progress shall have returned; 0: no limit */
    mpsmtp_scope* scope;          /**< for local(), set_local() and throttle() */
} mpsmtp_session;

/** What a client offers with AUTH (RFC 4954), for on_auth. */
typedef struct mpsmtp_credentials
{
    uint32_t size;               /**< octets that its maker knew of */
    uint32_t reserved;           /**< 0 */
    mpsmtp_string mechanism;     /**< "PLAIN" */
    mpsmtp_string authorization; /**< identity to act as; "" if the same as `user` */
    mpsmtp_string user;          /**< whose password it is */
    mpsmtp_string password;      /**< a secret: never to be logged */
} mpsmtp_credentials;

/** Octets of the message that MAIL's BODY parameter declares (RFC 6152, RFC 3030). */
enum
{
    MPSMTP_BODY_7BIT = 0,
    MPSMTP_BODY_8BITMIME = 1,
    MPSMTP_BODY_BINARYMIME = 2
};

/** One forward-path with the parameters of its RCPT. */
typedef struct mpsmtp_recipient
{
    uint32_t size;                             /**< octets that its maker knew of */
    uint32_t parameter_count;                  /**< of `parameters` */
    mpsmtp_string address;                     /**< no brackets or source route; lower-case domain */
    mpsmtp_string local_part;                  /**< without quoting; case as sent */
    mpsmtp_string domain;                      /**< ASCII letters in lower case; never empty */
    const mpsmtp_parameter* const* parameters; /**< of RCPT, as sent */
    mpsmtp_string original;                    /**< what the client gave; another one than
                                                    `address` if a hook redirected it */
} mpsmtp_recipient;

/** One mail transaction (RFC 5321 3.3): everything but the mail data. */
typedef struct mpsmtp_envelope
{
    uint32_t size;                             /**< octets that its maker knew of */
    uint32_t body;                             /**< MPSMTP_BODY_… */
    const mpsmtp_session* session;             /**< that it belongs to */
    mpsmtp_string id;                          /**< printable ASCII, unique, in log and 250 */
    mpsmtp_string reverse_path;                /**< without brackets; "" for the null one */
    uint32_t parameter_count;                  /**< of `parameters` */
    uint32_t recipient_count;                  /**< of `recipients`; 0 in on_mail */
    const mpsmtp_parameter* const* parameters; /**< of MAIL */
    const mpsmtp_recipient* const* recipients; /**< every accepted one, in order of RCPT */
    uint32_t smtputf8;                         /**< 1 if the client said SMTPUTF8 (RFC 6531) */
    uint32_t reserved;                         /**< 0 */
    int64_t received_at;                       /**< seconds since 1970-01-01 UTC, when the mail
                                                    data was complete; until then, when MAIL came */
    mpsmtp_scope* scope;                       /**< for local() and set_local() */
} mpsmtp_envelope;

/** One header field; name and value are views into the message. The value is raw: it starts behind
 * the colon and ends before the field's last line end, folding included. */
typedef struct mpsmtp_header
{
    uint32_t size;       /**< octets that its maker knew of */
    uint32_t reserved;   /**< 0 */
    mpsmtp_string name;  /**< as sent, without the colon */
    mpsmtp_string value; /**< raw */
} mpsmtp_header;

/** The mail data, one immutable copy for all handlers. Its lines end as they were sent (CRLF,
 * unless the listener keeps bare newlines). */
typedef struct mpsmtp_message
{
    uint32_t size;                 /**< octets that its maker knew of */
    uint32_t segment_count;        /**< of `segments` */
    const mpsmtp_string* segments; /**< the content: what the client sent, with filters' edits */
    uint64_t content_size;         /**< octets of all segments */
    mpsmtp_string trace;           /**< the server's Received field, to go above the content */
    mpsmtp_message_data* data;     /**< for headers(), open() and edit() */
} mpsmtp_message;

/* ------------------------------------------------------------------ answers */

/** RFC 5321 4.2 and RFC 3463. `code` 0 means "no reply chosen: use the default of the situation". */
typedef struct mpsmtp_reply
{
    uint32_t size;          /**< octets that its maker knew of */
    uint32_t code;          /**< 200..599, or 0 */
    mpsmtp_string enhanced; /**< "5.1.1", or "" for the default of the code */
    mpsmtp_string text;     /**< lines parted by LF; the host checks and splits them */
} mpsmtp_reply;

enum
{
    MPSMTP_CONTINUE = 0,   /**< no opinion: ask the next handler */
    MPSMTP_ACCEPT = 1,     /**< on_rcpt: known; on_auth: proved. Ends the chain */
    MPSMTP_DISCARD = 2,    /**< on_message: answer 250 and store nothing */
    MPSMTP_REJECT = 3,     /**< 5xx */
    MPSMTP_DEFER = 4,      /**< 4xx */
    MPSMTP_DISCONNECT = 5, /**< 421, then close */
    MPSMTP_DROP = 6        /**< close without a word; for those who test clients */
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
    MPSMTP_EDIT_PREPEND = 0, /**< name, value: a new field above all others */
    MPSMTP_EDIT_INSERT = 1,  /**< index, name, value: a new field in front of field `index` */
    MPSMTP_EDIT_CHANGE = 2,  /**< index, name, value: field `index` of the original gets this value */
    MPSMTP_EDIT_DELETE = 3,  /**< index: field `index` of the original goes */
    MPSMTP_EDIT_BODY = 4     /**< value: the body, line ends as they shall be stored */
};

/** Which time clock() tells. */
enum
{
    MPSMTP_CLOCK_REALTIME = 0, /**< since 1970-01-01 UTC; may jump */
    MPSMTP_CLOCK_MONOTONIC = 1 /**< since some point in the past; never set back */
};

/** What sync() shall make durable. */
enum
{
    MPSMTP_SYNC_DATA = 0,  /**< a file's data and its length */
    MPSMTP_SYNC_FOLDER = 1, /**< a folder's entries; concurrent calls for one folder share one fsync */
    MPSMTP_SYNC_FILE_SYSTEM = 2 /**< all of the file system that the descriptor lies on; since 1.1 */
};

/** What [spool] durability says; since 1.1. */
enum
{
    MPSMTP_DURABILITY_FSYNC = 0,  /**< each file, before the 250 */
    MPSMTP_DURABILITY_NONE = 1,   /**< sync() does nothing */
    MPSMTP_DURABILITY_JOURNAL = 2 /**< a store that has a journal uses it; for others as FSYNC */
};

/* ------------------------------------------------------------------ what the server offers */

/** What the server offers: one table for all plugins, valid as long as the process. */
typedef struct mpsmtp_host
{
    uint32_t size;      /**< octets that its maker knew of */
    uint32_t abi_minor; /**< what the server was built with */

    /** The value of an option that the plugin declared, validated and in canonical form: numbers in
     * decimal, sizes in octets, durations in milliseconds, bools as "1" or "0", lists with one
     * item a line. Valid until the handler is destroyed. Returns 0 if the option is neither set
     * nor has a default. Thread safety: any. */
    int32_t (*option)(mpsmtp_host_data*, mpsmtp_string key, mpsmtp_string* value) MPSMTP_NOEXCEPT;

    /** Writes one log line under the handler's name; control octets are escaped. Thread safety:
     * any. */
    void (*log)(mpsmtp_host_data*, int32_t level, mpsmtp_string text) MPSMTP_NOEXCEPT;

    /** Blocks until what was written through `fd` (or into the folder `fd`) is on stable storage,
     * as [spool] durability says. Returns 0, or an errno value; on an error nothing may be assumed
     * durable. Thread safety: any. */
    int32_t (*sync)(mpsmtp_host_data*, int32_t fd, int32_t what) MPSMTP_NOEXCEPT;

    /** Sets the answer of the hook that was given `target`: a whole transaction's, or recipient
     * `index`'s. The text is copied. MPSMTP_ALL_RECIPIENTS names them all. Thread safety: the
     * hook's own thread. */
    void (*reply)(mpsmtp_reply_target* target, uint32_t index, const mpsmtp_reply*) MPSMTP_NOEXCEPT;

    /** Tells that the hook threw. `text` is logged with handler, hook and transaction and never
     * sent. */
    void (*fault)(mpsmtp_reply_target* target, mpsmtp_string text) MPSMTP_NOEXCEPT;

    /** Header fields of the content, parsed once a message. Valid as long as the message. Returns
     * their number. */
    size_t (*headers)(mpsmtp_message_data*, const mpsmtp_header* const** fields) MPSMTP_NOEXCEPT;

    /** A read-only descriptor of the content, made for the caller, who closes it. -1 - errno on
     * failure. */
    int32_t (*open)(mpsmtp_message_data*) MPSMTP_NOEXCEPT;

    /** Records an edit; only inside on_message, and seen by the hooks that follow. Returns 0, or
     * EINVAL for a field name or index that cannot be. */
    int32_t (*edit)(mpsmtp_message_data*, int32_t kind, size_t index, mpsmtp_string name,
                    mpsmtp_string value) MPSMTP_NOEXCEPT;

    /** What set_local() has stored in this scope for `owner` (the handler) and `kind` (the type), or
     * NULL. Thread safety: calls for one session come one after another. */
    void* (*local)(mpsmtp_scope*, const void* owner, const void* kind) MPSMTP_NOEXCEPT;

    /** Keeps `value` until the scope ends and gives it to `destroy` then. Returns 0, or an errno
     * value if it could not be kept: it is still the caller's. */
    int32_t (*set_local)(mpsmtp_scope*, const void* owner, const void* kind, void* value,
                         void (*destroy)(void*)) MPSMTP_NOEXCEPT;

    /** Only inside on_rcpt: delivers to `address` ("local@domain") in place of the client's
     * forward-path; several calls, several addresses. The host routes and adds them if the chain
     * accepts the recipient; no filter is asked about them. Returns 0, EINVAL if that is no
     * address, or ENOMEM. */
    int32_t (*redirect)(mpsmtp_reply_target*, mpsmtp_string address) MPSMTP_NOEXCEPT;

    /** From now on this session moves at most so many octets a second each way; 0: no limit. For
     * those who test clients. `session` is a session's scope. */
    void (*throttle)(mpsmtp_scope* session, uint64_t octets_per_second) MPSMTP_NOEXCEPT;

    /** Nanoseconds of a clock (MPSMTP_CLOCK_…). Thread safety: any. */
    int64_t (*clock)(mpsmtp_host_data*, int32_t which) MPSMTP_NOEXCEPT;

    /** MPSMTP_DURABILITY_…; since 1.1. Thread safety: any. */
    int32_t (*durability)(mpsmtp_host_data*) MPSMTP_NOEXCEPT;
} mpsmtp_host;

#define MPSMTP_ALL_RECIPIENTS 0xffffffffu

/* ------------------------------------------------------------------ what the plugin offers */

enum
{
    MPSMTP_OPTION_STRING = 0,
    MPSMTP_OPTION_PATH = 1,     /**< made absolute against the current directory */
    MPSMTP_OPTION_TEMPLATE = 2, /**< a path with %{…}; checked, kept as written but absolute */
    MPSMTP_OPTION_INT = 3,
    MPSMTP_OPTION_BOOL = 4,
    MPSMTP_OPTION_SIZE = 5,     /**< 10, 10K, 10M, 10G; octets */
    MPSMTP_OPTION_DURATION = 6, /**< 10ms, 10s, 10m, 10h, 10d; plain numbers are seconds */
    MPSMTP_OPTION_OCTAL = 7,    /**< a file mode, 0600 */
    MPSMTP_OPTION_ENUM = 8,     /**< one of `choices` */
    MPSMTP_OPTION_LIST = 9,     /**< parted by commas */
    MPSMTP_OPTION_CIDR = 10,    /**< a list of addresses and networks */
    MPSMTP_OPTION_SECRET = 11   /**< a string that is never logged or shown */
};

/** One key of a plugin's section. All strings live as long as the plugin. */
typedef struct mpsmtp_option
{
    uint32_t size;               /**< octets that its maker knew of */
    int32_t type;                /**< MPSMTP_OPTION_… */
    mpsmtp_string key;           /**< its name in the ini file */
    uint32_t required;           /**< 1 if a section must have it */
    uint32_t has_default;        /**< 1 if `default_value` holds */
    mpsmtp_string default_value; /**< as it would stand in the ini file */
    mpsmtp_string doc;           /**< one sentence, shown by --list-plugins */
    mpsmtp_string choices;       /**< of MPSMTP_OPTION_ENUM, parted by '|' */
} mpsmtp_option;

/** Bits of mpsmtp_handler.hooks. */
enum
{
    MPSMTP_HOOK_MESSAGE = 1 << 0,
    MPSMTP_HOOK_STAGE = 1 << 1,
    MPSMTP_HOOK_DELIVER = 1 << 2,
    MPSMTP_HOOK_ACCEPTED = 1 << 3,
    MPSMTP_HOOK_CONNECT = 1 << 4,
    MPSMTP_HOOK_HELO = 1 << 5,
    MPSMTP_HOOK_AUTH = 1 << 6,
    MPSMTP_HOOK_MAIL = 1 << 7,
    MPSMTP_HOOK_RCPT = 1 << 8,
    MPSMTP_HOOK_DATA = 1 << 9,
    MPSMTP_HOOK_RESET = 1 << 10,
    MPSMTP_HOOK_DISCONNECT = 1 << 11
};

/** One configured handler. Made by create(), its functions are called with `self` as their first
 * argument. A function whose bit in `hooks` is not set may be NULL and is not called. */
typedef struct mpsmtp_handler
{
    uint32_t size;  /**< octets that its maker knew of */
    uint32_t hooks; /**< MPSMTP_HOOK_…: those to be called */
    void* self;     /**< the first argument of all functions */

    /** Last call; no other is in progress. */
    void (*destroy)(void* self) MPSMTP_NOEXCEPT;

    /** Before the server listens; fault() stops the start. */
    void (*start)(void* self, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** After the last session. */
    void (*stop)(void* self, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** Complete message, before delivery. Returns MPSMTP_CONTINUE, _REJECT, _DEFER, _DISCARD,
     * _DISCONNECT or _DROP. */
    int32_t (*on_message)(void* self, const mpsmtp_envelope*, const mpsmtp_message*,
                          mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** Two-phase delivery to `count` recipients, given by their index in the envelope. Envelope,
     * recipients and message stay valid until release(). Does all that can fail and shows nothing.
     * Returns an object for the functions below, or NULL if it staged nothing (it then has
     * replied). */
    void* (*stage)(void* self, const mpsmtp_envelope*, const uint32_t* recipients, size_t count,
                   const mpsmtp_message*, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** After every required handler has staged: puts the staged data on stable storage. The message
     * is still valid. */
    void (*persist)(void* self, void* staged, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** After every required handler has persisted: shows the mail and returns when its name is
     * durable too. */
    void (*commit)(void* self, void* staged, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** Instead of commit: leaves nothing behind. */
    void (*abort)(void* self, void* staged) MPSMTP_NOEXCEPT;

    /** Last call for `staged`, after commit or abort. */
    void (*release)(void* self, void* staged) MPSMTP_NOEXCEPT;

    /** One-phase delivery. */
    void (*deliver)(void* self, const mpsmtp_envelope*, const uint32_t* recipients, size_t count,
                    const mpsmtp_message*, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** The 250 has been sent. */
    void (*on_accepted)(void* self, const mpsmtp_envelope*, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /* Policy. Each returns MPSMTP_CONTINUE, _REJECT, _DEFER, _DISCONNECT or _DROP, on_rcpt and
     * on_auth also _ACCEPT. The first one other than CONTINUE ends the chain for that hook. */

    /** Before the greeting. */
    int32_t (*on_connect)(void* self, const mpsmtp_session*, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** HELO or EHLO, well formed. */
    int32_t (*on_helo)(void* self, const mpsmtp_session*, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** AUTH. No handler that answers ACCEPT: 535. */
    int32_t (*on_auth)(void* self, const mpsmtp_session*, const mpsmtp_credentials*,
                       mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** MAIL; the envelope has no recipients yet. */
    int32_t (*on_mail)(void* self, const mpsmtp_envelope*, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** RCPT, after routing; the envelope has the recipients that were accepted before. Filters are
     * asked first, then the handlers that would deliver to it. */
    int32_t (*on_rcpt)(void* self, const mpsmtp_envelope*, const mpsmtp_recipient*,
                       mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** DATA or the first BDAT, before any octet of the message. */
    int32_t (*on_data)(void* self, const mpsmtp_envelope*, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /* Notifications. */

    /** The transaction ended without being accepted: RSET, EHLO, a refusal, or the client is gone. */
    void (*on_reset)(void* self, const mpsmtp_envelope*, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;

    /** The session is over; what on_connect was called for. */
    void (*on_disconnect)(void* self, const mpsmtp_session*, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;
} mpsmtp_handler;

/** The one exported symbol: `extern const mpsmtp_plugin mpsmtp_plugin_descriptor;` */
typedef struct mpsmtp_plugin
{
    uint32_t magic;                      /**< MPSMTP_ABI_MAGIC */
    uint32_t size;                       /**< octets that its maker knew of */
    uint32_t abi_major;                  /**< what the plugin was built with, and must fit */
    uint32_t abi_minor;                  /**< what the plugin was built with */
    mpsmtp_string type;                  /**< its name: lower-case letters, digits, '-' and '_' */
    mpsmtp_string version;               /**< its own; shown, not compared */
    const mpsmtp_option* const* options; /**< may be NULL if there are none */
    size_t option_count;                 /**< of `options` */

    /** Makes a handler for one ini section. `host` and `data` live longer than the handler. On
     * failure calls host->fault() on the target and returns NULL. */
    const mpsmtp_handler* (*create)(const mpsmtp_host* host, mpsmtp_host_data* data,
                                    mpsmtp_string name, mpsmtp_reply_target*) MPSMTP_NOEXCEPT;
} mpsmtp_plugin;

#define MPSMTP_PLUGIN_SYMBOL "mpsmtp_plugin_descriptor"

#ifdef __cplusplus
}
#endif

#endif

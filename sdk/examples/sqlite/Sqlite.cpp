// An example: a store that keeps each message in a SQLite database, with its envelope and its header fields.
//
// It is two-phase. stage() begins a transaction and inserts the rows; nobody else sees them. persist() writes them to the
// disk, so that a full disk is found while all can still be undone. commit() commits, durably; abort() rolls back.
//
// There is one connection, lent to one mail at a time. A connection for each thread would gain nothing: SQLite has one
// writer at a time, and the others would wait for its lock just the same, only by polling.
#include <mpsmtp/Plugin.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace
{

constexpr const char* schema = R"(
    CREATE TABLE IF NOT EXISTS message (
        id INTEGER PRIMARY KEY, transaction_id TEXT NOT NULL, received_at INTEGER NOT NULL,
        client TEXT NOT NULL, helo TEXT NOT NULL, sender TEXT NOT NULL,
        trace TEXT NOT NULL, content BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS recipient (
        message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE, address TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS header (
        message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE, position INTEGER NOT NULL,
        name TEXT NOT NULL, value TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS recipient_of ON recipient (message);
    CREATE INDEX IF NOT EXISTS header_of ON header (message);
)";

/// An open database. Whatever fails throws; the server then answers 451 and logs the reason.
/// One thread at a time: Sqlite sees to it.
class Database
{
public:
    Database(const std::string& path, std::chrono::milliseconds timeout)
    {
        sqlite3* opened = nullptr;
        const int result = ::sqlite3_open(path.c_str(), &opened);
        _connection.reset(opened); // it must be closed even if it could not be opened
        if (result != SQLITE_OK)
            throw std::runtime_error(path + ": " + ::sqlite3_errstr(result));
        // For the locks of other programs that write to it.
        ::sqlite3_busy_timeout(opened, static_cast<int>(timeout.count()));
        // WAL: readers and the writer do not wait for each other. FULL: COMMIT returns when it is on the disk.
        run("PRAGMA journal_mode = WAL");
        run("PRAGMA synchronous = FULL");
        run(schema);
    }

    void run(const char* sql)
    {
        check(::sqlite3_exec(_connection.get(), sql, nullptr, nullptr, nullptr));
    }

    static void check(int result)
    {
        if (result != SQLITE_OK && result != SQLITE_DONE)
            throw std::runtime_error(std::string("SQLite: ") + ::sqlite3_errstr(result));
    }

    [[nodiscard]] sqlite3* get() const { return _connection.get(); }

    [[nodiscard]] bool isInTransaction() const
    {
        return ::sqlite3_get_autocommit(_connection.get()) == 0;
    }

private:
    struct Close
    {
        void operator()(sqlite3* connection) const { ::sqlite3_close_v2(connection); }
    };

    std::unique_ptr<sqlite3, Close> _connection;
};

/// A statement with parameters, run once. Values never become part of the SQL text: a sender may be called
/// "'); DROP TABLE message".
class Insert
{
public:
    Insert(Database& database, const char* sql) : _database(database)
    {
        sqlite3_stmt* prepared = nullptr;
        _database.check(::sqlite3_prepare_v2(_database.get(), sql, -1, &prepared, nullptr));
        _statement.reset(prepared);
    }

    Insert& add(std::string_view text)
    {
        // Of an empty view data() may be null, which SQLite would take for NULL.
        const char* data = text.empty() ? "" : text.data();
        _database.check(::sqlite3_bind_text64(
            _statement.get(), ++_bound, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
        return *this;
    }

    Insert& addBlob(const std::string& octets)
    {
        _database.check(::sqlite3_bind_blob64(
            _statement.get(), ++_bound, octets.data(), octets.size(), SQLITE_TRANSIENT));
        return *this;
    }

    Insert& add(std::int64_t number)
    {
        _database.check(::sqlite3_bind_int64(_statement.get(), ++_bound, number));
        return *this;
    }

    void run() { _database.check(::sqlite3_step(_statement.get())); }

private:
    struct Finalize
    {
        void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
    };

    Database& _database;
    std::unique_ptr<sqlite3_stmt, Finalize> _statement;
    int _bound = 0;
};

std::string contentOf(const mpsmtp::Message& message)
{
    std::string content;
    content.reserve(message.size());
    for (std::size_t i = 0; i < message.segmentCount(); ++i)
        content += message.segment(i);
    return content;
}

void insertMail(Database& database,
                const mpsmtp::Envelope& envelope,
                const mpsmtp::Recipients& recipients,
                const mpsmtp::Message& message)
{
    const auto received = envelope.receivedAt().time_since_epoch();
    Insert(
        database,
        "INSERT INTO message (transaction_id, received_at, client, helo, sender, trace, content) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)")
        .add(envelope.id())
        .add(std::chrono::duration_cast<std::chrono::seconds>(received).count())
        .add(envelope.session().clientAddress())
        .add(envelope.session().helo())
        .add(envelope.reversePath())
        .add(message.trace())
        .addBlob(contentOf(message))
        .run();
    const std::int64_t id = ::sqlite3_last_insert_rowid(database.get());
    for (const mpsmtp::Recipient recipient : recipients)
        Insert(database, "INSERT INTO recipient VALUES (?, ?)")
            .add(id)
            .add(recipient.address())
            .run();
    for (std::size_t i = 0; i < message.headerCount(); ++i)
    {
        const auto [name, value] = message.header(i);
        Insert(database, "INSERT INTO header VALUES (?, ?, ?, ?)")
            .add(id)
            .add(static_cast<std::int64_t>(i))
            .add(name)
            .add(value)
            .run();
    }
}

class Sqlite : public mpsmtp::Handler
{
public:
    explicit Sqlite(const mpsmtp::Context& context)
        : _path(context.config.string("path")), _timeout(context.config.duration("timeout"))
    {
        if (_timeout > std::chrono::hours(1))
            throw std::invalid_argument("timeout must be at most 1h");
    }

    /// Not in the constructor: mpsmtpd --check-config makes a handler too, and shall make no file.
    void start() override { _database = std::make_unique<Database>(_path, _timeout); }

    void stop() override { _database.reset(); }

    mpsmtp::Stage stage(mpsmtp::Envelope& envelope,
                        const mpsmtp::Recipients& recipients,
                        mpsmtp::Message& message) override
    {
        auto transaction = std::make_unique<Transaction>(*this);
        if (!transaction->begin(envelope.session().deadline()))
            return mpsmtp::Report(mpsmtp::Reply::defer("The database is busy, try again later"));
        insertMail(*_database, envelope, recipients, message);
        return transaction;
    }

private:
    /// One mail on its way in. Once begun it has the database until it is destroyed, whatever happens.
    class Transaction : public mpsmtp::Staged
    {
    public:
        explicit Transaction(Sqlite& owner) : _owner(owner) {}

        ~Transaction() override
        {
            if (!_hasBorrowed)
                return;
            rollBack(); // unless it was committed
            _owner.giveBack();
        }

        /// \return false if the database was not free in time
        [[nodiscard]] bool begin(std::chrono::steady_clock::time_point deadline)
        {
            _hasBorrowed = _owner.borrow(deadline);
            if (_hasBorrowed)
                database().run("BEGIN IMMEDIATE");
            return _hasBorrowed;
        }

        void persist() override { database().check(::sqlite3_db_cacheflush(database().get())); }

        void commit() override { database().run("COMMIT"); }

        void abort() noexcept override { rollBack(); }

    private:
        [[nodiscard]] Database& database() const { return *_owner._database; }

        void rollBack() noexcept
        {
            if (database().isInTransaction())
                ::sqlite3_exec(database().get(), "ROLLBACK", nullptr, nullptr, nullptr);
        }

        Sqlite& _owner;
        bool _hasBorrowed = false;
    };

    [[nodiscard]] bool borrow(std::chrono::steady_clock::time_point deadline)
    {
        const auto latest = std::min(deadline, std::chrono::steady_clock::now() + _timeout);
        std::unique_lock<std::mutex> lock(_mutex);
        if (!_isFree.wait_until(lock, latest, [this] { return !_isLent; }))
            return false;
        _isLent = true;
        return true;
    }

    void giveBack() noexcept
    {
        {
            const std::lock_guard<std::mutex> lock(_mutex);
            _isLent = false;
        }
        _isFree.notify_one();
    }

    const std::string _path;
    const std::chrono::milliseconds _timeout;
    std::unique_ptr<Database> _database; ///< used only by whoever has borrowed it
    std::mutex _mutex;                   ///< guards _isLent; held for no longer than that
    std::condition_variable _isFree;
    bool _isLent = false;
};

} // namespace

MPSMTP_PLUGIN(Sqlite,
              "sqlite",
              "1.0",
              {{"path",
                mpsmtp::Option::Path,
                mpsmtp::Required,
                nullptr,
                "the database; made if it is not there"},
               {"timeout",
                mpsmtp::Option::Duration,
                mpsmtp::Optional,
                "10s",
                "longest wait for the database, then 451"}})

// What the mbox tests share: a host that records, a folder that goes, and mail transactions against
// one handler, run as the server runs them. Thread safety: MboxHost and MboxServer [any], the
// others [connection].
#pragma once

#include "mbox/MboxHandler.h"
#include "plugins/TestFolder.h"

#include <mpsmtp/Handler.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mboxtest
{

using TempFolder = mpsmtp::test::TestFolder;
using mpsmtp::test::writeFile;

/// "" if there is no such file.
inline std::string readFile(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The server's side of one handler. Syncs nothing, unless told what to do instead. Of the folders above the mailbox's
/// own, which are synced once, it does not tell.
class MboxHost
{
public:
    using Options = std::map<std::string, std::string>;
    using Sync = std::function<int(int fd, int what)>;

    explicit MboxHost(Options options, Sync sync = {})
        : _options(std::move(options)), _sync(std::move(sync))
    {
        _table.size = sizeof(_table);
        _table.option = &option;
        _table.log = &log;
        _table.sync = &sync_;
    }

    MboxHost(const MboxHost&) = delete;
    MboxHost& operator=(const MboxHost&) = delete;
    ~MboxHost() = default;

    [[nodiscard]] mpsmtp::Context context() { return {_table, data(), "box"}; }

    [[nodiscard]] const mpsmtp_host& table() const noexcept { return _table; }

    [[nodiscard]] std::string logText()
    {
        const std::lock_guard<std::mutex> guard(_mutex);
        return _log;
    }

private:
    [[nodiscard]] mpsmtp_host_data* data() { return reinterpret_cast<mpsmtp_host_data*>(this); }

    static MboxHost& self(mpsmtp_host_data* data) { return *reinterpret_cast<MboxHost*>(data); }

    static std::int32_t
    option(mpsmtp_host_data* data, mpsmtp_string key, mpsmtp_string* value) noexcept
    {
        const auto found = self(data)._options.find(std::string(mpsmtp::detail::fromAbi(key)));
        if (found == self(data)._options.end())
            return 0;
        *value = mpsmtp::detail::toAbi(found->second);
        return 1;
    }

    static void log(mpsmtp_host_data* data, std::int32_t, mpsmtp_string text) noexcept
    {
        const std::lock_guard<std::mutex> guard(self(data)._mutex);
        self(data)._log += std::string(mpsmtp::detail::fromAbi(text)) + '\n';
    }

    static std::int32_t sync_(mpsmtp_host_data* data, std::int32_t fd, std::int32_t what) noexcept
    {
        const MboxHost& host = self(data);
        return host._sync && !host.isAboveMailbox(fd) ? host._sync(fd, what) : 0;
    }

    [[nodiscard]] bool isAboveMailbox(int fd) const
    {
        const std::string link = "/proc/self/fd/" + std::to_string(fd);
        const std::string folder = (std::filesystem::read_symlink(link) / "").string();
        const auto path = _options.find("path");
        if (path == _options.end())
            return false;
        const std::string own = std::filesystem::path(path->second).parent_path() / "";
        return own != folder && own.compare(0, folder.size(), folder) == 0;
    }

    const Options _options;
    const Sync _sync;
    mpsmtp_host _table{};
    std::mutex _mutex; // guards _log
    std::string _log;
};

/// What a client sends.
struct Mail
{
    std::string reversePath = "sender@example.org";
    std::vector<std::string> recipients = {"ben@example.com"};
    std::vector<std::string> segments = {"Subject: one\r\n\r\nbody\r\n"};
    std::string trace = "Received: from c by s; Thu, 1 Jan 1970 00:00:00 +0000\r\n";
};

/// The separator that every Mail without a sender of its own gets.
inline const std::string separator = "From sender@example.org Thu Jan  1 00:00:00 1970\n";

/// Our fields as stored above the content of a Mail to ben.
inline const std::string fields = "Return-Path: <sender@example.org>\n"
                                  "Delivered-To: ben@example.com\n"
                                  "Received: from c by s; Thu, 1 Jan 1970 00:00:00 +0000\n";

/// The message in the mailbox for a Mail with that content.
inline std::string stored(const std::string& content)
{
    return separator + fields + content + "\n";
}

/// One mail transaction.
class Transaction
{
public:
    Transaction(mpsmtp::Handler& handler, const mpsmtp_host& host, Mail mail)
        : _handler(handler), _mail(std::move(mail))
    {
        makeEnvelope();
        makeMessage();
        _view = std::make_unique<Views>(*this, host);
    }

    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() = default;

    /// \return the code of the first failure, or 250
    unsigned stage()
    {
        mpsmtp::Stage stage = _handler.stage(_view->envelope, _view->recipients, _view->message);
        _work = std::move(stage.work);
        const auto& failures = stage.report.failures();
        return failures.empty() ? 250 : failures.front().reply.code();
    }

    void persist() { _work->persist(); }

    void commit() { _work->commit(); }

    void abort() { _work->abort(); }

    /// All of it, as the server does it; what is thrown becomes a code.
    unsigned run()
    {
        try
        {
            const unsigned code = stage();
            if (code != 250)
                return code;
            persist();
            commit();
            return 250;
        }
        catch (const mpsmtp::Error& error)
        {
            return error.reply().code();
        }
        catch (const std::exception&)
        {
            return 451;
        }
    }

private:
    struct Views
    {
        Views(const Transaction& of, const mpsmtp_host& host)
            : envelope(host, of._envelope),
              recipients(of._envelope, of._indices.data(), of._indices.size()),
              message(host, of._message)
        {
        }

        mpsmtp::Envelope envelope;
        mpsmtp::Recipients recipients;
        mpsmtp::Message message;
    };

    void makeEnvelope()
    {
        using mpsmtp::detail::toAbi;
        _rawRecipients.resize(_mail.recipients.size());
        for (std::size_t i = 0; i < _mail.recipients.size(); ++i)
        {
            const std::string_view address = _mail.recipients[i];
            const std::size_t at = address.rfind('@');
            _rawRecipients[i] = {sizeof(mpsmtp_recipient),
                                 0,
                                 toAbi(address),
                                 toAbi(address.substr(0, at)),
                                 toAbi(address.substr(at + 1)),
                                 nullptr,
                                 toAbi(address)};
            _recipientPointers.push_back(&_rawRecipients[i]);
            _indices.push_back(static_cast<std::uint32_t>(i));
        }
        _session.size = sizeof(_session);
        _envelope.size = sizeof(_envelope);
        _envelope.session = &_session;
        _envelope.id = toAbi("T1");
        _envelope.reverse_path = toAbi(_mail.reversePath);
        _envelope.recipient_count = static_cast<std::uint32_t>(_rawRecipients.size());
        _envelope.recipients = _recipientPointers.data();
    }

    void makeMessage()
    {
        for (const std::string& segment : _mail.segments)
        {
            _segments.push_back(mpsmtp::detail::toAbi(segment));
            _message.content_size += segment.size();
        }
        _message.size = sizeof(_message);
        _message.segment_count = static_cast<std::uint32_t>(_segments.size());
        _message.segments = _segments.data();
        _message.trace = mpsmtp::detail::toAbi(_mail.trace);
    }

    mpsmtp::Handler& _handler;
    const Mail _mail;
    mpsmtp_session _session{};
    mpsmtp_envelope _envelope{};
    mpsmtp_message _message{};
    std::vector<mpsmtp_recipient> _rawRecipients;
    std::vector<const mpsmtp_recipient*> _recipientPointers;
    std::vector<std::uint32_t> _indices;
    std::vector<mpsmtp_string> _segments;
    std::unique_ptr<Views> _view;
    std::unique_ptr<mpsmtp::Staged> _work;
};

/// An mbox handler with its host.
class MboxServer
{
public:
    explicit MboxServer(const std::string& path,
                        const MboxHost::Options& options = {},
                        MboxHost::Sync sync = {})
        : _host(complete(path, options), std::move(sync)), _handler(_host.context())
    {
        _handler.start();
    }

    [[nodiscard]] mpsmtp::mbox::MboxHandler& handler() noexcept { return _handler; }

    [[nodiscard]] MboxHost& host() noexcept { return _host; }

    [[nodiscard]] std::unique_ptr<Transaction> transaction(Mail mail)
    {
        return std::make_unique<Transaction>(_handler, _host.table(), std::move(mail));
    }

    /// \return the code of the reply
    unsigned deliver(Mail mail) { return transaction(std::move(mail))->run(); }

    unsigned deliverContent(std::vector<std::string> segments)
    {
        Mail mail;
        mail.segments = std::move(segments);
        return deliver(std::move(mail));
    }

private:
    static MboxHost::Options complete(const std::string& path, const MboxHost::Options& options)
    {
        MboxHost::Options all = options;
        all.insert({{"path", path},
                    {"line_ending", "lf"},
                    {"trace", "1"},
                    {"delivered_to", "1"},
                    {"mode", std::to_string(0600)},
                    {"create", "1"},
                    {"dot_lock", "1"},
                    {"lock_timeout", "10000"}});
        return all;
    }

    MboxHost _host;
    mpsmtp::mbox::MboxHandler _handler;
};

} // namespace mboxtest

/// \file
/// What every store must do, as a suite for any handler with a stage() hook: nothing visible before
/// commit, nothing left by abort, every octet kept, durable at 250, safe against names and against
/// company. The author says how to make the handler and how to read what it holds:
///
///     mpsmtp::testing::StoreConformance suite{{
///         [](const std::string& folder) { return std::make_unique<Harness>(…); },
///         [](const std::string& folder, const Address& recipient) { return …; }}};
///     return suite.report(std::cout);
///
/// Leaves out what is a store's own: its format, its readers, its locks. Thread safety: [main].
#pragma once

#include <mpsmtp/Message.h>
#include <mpsmtp/Testing.h>
#include <mpsmtp/testing/StoreFolder.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace mpsmtp::testing
{

/// How the suite makes and reads a store.
struct Store
{
    /// Makes the handler for a folder that is empty, or that another one made by this is using.
    std::function<std::unique_ptr<Harness>(const std::string& folder)> open;

    /// What a reader of the store finds in a recipient's mailbox, mail by mail, our fields on top
    /// included and quoting undone. No mailbox: none. Order means nothing.
    std::function<std::vector<std::string>(const std::string& folder, const Address& recipient)>
        list;

    /// How the lines of stored mail end.
    Eol lineEnds = Eol::Lf;

    /// True if a last line without an end gets one (mbox).
    bool completesLastLine = false;

    /// False if "Ben" and "ben" share a mailbox on purpose.
    bool partsCases = true;
};

/// One thing that was checked.
struct Check
{
    std::string name;        ///< "abort leaves nothing"
    bool passed;             ///< as the explanation says
    std::string explanation; ///< what must hold; if it does not, what was seen
};

/// The suite. Each check has a store folder of its own below the temporary directory.
class StoreConformance
{
public:
    /// \throws std::invalid_argument if `open` or `list` is empty
    explicit StoreConformance(Store store) : _store(std::move(store))
    {
        if (!_store.open || !_store.list)
            throw std::invalid_argument("the suite needs both `open` and `list` of the store");
    }

    /// All checks; what one of them throws fails it alone.
    [[nodiscard]] std::vector<Check> run() const
    {
        std::vector<Check> checks;
        for (const Row& row : rows())
            checks.push_back(run(row));
        return checks;
    }

    /// One check by its name, for the debugger. \throws std::out_of_range if there is none
    [[nodiscard]] Check run(std::string_view name) const
    {
        for (const Row& row : rows())
            if (row.name == name)
                return run(row);
        throw std::out_of_range("no check is called \"" + std::string(name) + '"');
    }

    /// Runs all checks and tells of each. \return for main(): 0 if all have passed, else 1
    [[nodiscard]] int report(std::ostream& out) const
    {
        int status = 0;
        for (const Check& check : run())
        {
            out << (check.passed ? "ok      " : "FAILED  ") << check.name << ": "
                << check.explanation << '\n';
            status = check.passed ? status : 1;
        }
        return status;
    }

private:
    struct Row
    {
        const char* name;
        const char* sentence;
        void (StoreConformance::*check)() const;
    };

    /// Why a check has failed.
    struct Finding : std::runtime_error
    {
        using std::runtime_error::runtime_error;
    };

    [[nodiscard]] static const std::array<Row, 12>& rows()
    {
        using Self = StoreConformance;
        static const std::array<Row, 12> all{{
            {"commit shows the mail", "after a 250 there is one whole mail more", &Self::commits},
            {"nothing is seen before commit",
             "a reader finds nothing after stage() and after persist()",
             &Self::hidesUntilCommit},
            {"abort after stage leaves nothing",
             "neither a mail nor a file with octets in it",
             &Self::abortsAfterStage},
            {"abort after persist leaves nothing",
             "neither a mail nor a file with octets in it",
             &Self::abortsAfterPersist},
            {"content is kept octet for octet",
             "our fields on top, then what the client sent, its line ends as the store says",
             &Self::keepsOctets},
            {"commit is durable",
             "data, names and new folders were synced before commit() returned",
             &Self::isDurable},
            {"hostile local parts stay apart",
             "none leaves the folder, none shares another one's mailbox; or it is refused with 5xx",
             &Self::standsNames},
            {"100 recipients get a mail each", "one transaction, one 250", &Self::standsRecipients},
            {"a failing sync is no 250",
             "and no torn mail is seen; the next mail is stored",
             &Self::standsFailingSync},
            {"a full disk is no 250",
             "and nothing of the mail is seen; the next mail is stored",
             &Self::standsFullDisk},
            {"threads lose nothing", "8 threads, 100 mails each, all there once", &Self::isShared},
            {"a second server loses nothing",
             "two handlers on one store at once, all mails there once",
             &Self::isSharedByTwo},
        }};
        return all;
    }

    [[nodiscard]] Check run(const Row& row) const
    {
        try
        {
            (this->*row.check)();
            return {row.name, true, row.sentence};
        }
        catch (const Finding& finding)
        {
            return {row.name, false, finding.what()};
        }
        catch (const std::exception& error)
        {
            return {row.name, false, std::string("the check ended with: ") + error.what()};
        }
    }

    // ---------------------------------------------------------------- the checks

    void commits() const
    {
        const detail::StoreFolder folder;
        const auto harness = open(folder);
        for (std::size_t number = 1; number <= 3; ++number)
        {
            const std::string content = mail("number " + std::to_string(number));
            expectAccepted(harness->rcpt(ben).message(content).run());
            expectCount(folder, ben, number);
            expectOnce(folder, ben, content);
        }
    }

    void hidesUntilCommit() const
    {
        const detail::StoreFolder folder;
        const auto harness = open(folder);
        expectAccepted(harness->rcpt(ben).message(mail("first")).run());
        const auto look = [&](const std::string& hook)
        {
            if (hook == "stage" || hook == "persist")
                expectCount(folder, ben, 1, "after " + hook);
        };
        expectAccepted(harness->rcpt(ben).message(mail("second")).afterEach(look).run());
        expectCount(folder, ben, 2);
    }

    void abortsAfterStage() const { aborts(Ending::AbortedAfterStage); }

    void abortsAfterPersist() const { aborts(Ending::AbortedAfterPersist); }

    /// In a mailbox that is there already, and in one that is not.
    void aborts(Ending ending) const
    {
        const detail::StoreFolder folder;
        const auto harness = open(folder);
        expectAccepted(harness->rcpt(ben).message(mail("kept")).run());
        const detail::Snapshot before = detail::snapshot(folder.path());
        const Result result =
            harness->rcpt(ben).rcpt(ann).message(mail("aborted")).abortInstead(ending).run();
        if (result.isAccepted() || !result.hasCalled("abort"))
            throw Finding("abort() was not called; the hooks were: " + result.hooks());
        expectCount(folder, ben, 1, "after abort()");
        expectCount(folder, ann, 0, "after abort()");
        const std::string left = detail::newFile(before, detail::snapshot(folder.path()));
        if (!left.empty())
            throw Finding("abort() has left " + left);
        expectAccepted(harness->rcpt(ben).message(mail("after the abort")).run());
        expectCount(folder, ben, 2, "after the mail that followed");
    }

    void keepsOctets() const
    {
        const detail::StoreFolder folder;
        const auto harness = open(folder);
        std::size_t number = 0;
        for (const auto& [why, content] : contents())
        {
            const std::string address = "c" + std::to_string(++number) + "@example.com";
            expectAccepted(
                harness->rcpt(address).body(BodyType::EightBitMime).message(content).run());
            const auto found = list(folder, address);
            if (found.size() != 1 || !isWhole(found[0], content))
                throw Finding(why + ": " +
                              (found.empty() ? std::string("nothing is stored")
                                             : "stored was " + shown(found[0])));
        }
    }

    [[nodiscard]] static std::vector<std::pair<std::string, std::string>> contents()
    {
        using namespace std::string_literals;
        const std::string head = "Subject: x\r\n\r\n";
        return {{"an ordinary mail", head + "Hello\r\n"},
                {"8-bit octets", head + "\xe4\xf6\xfc \xc3\xa4 \xff\r\n"},
                {"a NUL", head + "a\0b\r\n"s},
                {"an empty message", ""},
                {"a header without body", "Subject: x\r\n"},
                {"a body without header", "hey there!\r\n"},
                {"an empty line first", "\r\nHello\r\n"},
                {"lone dots", head + ".\r\n..\r\n.x\r\n"},
                {"lines that begin with From", head + "From me\r\n\r\nFrom you\r\n>From x\r\n"},
                {"From in the first line", "From x@y Thu Jan  1 00:00:00 1970\r\n" + head},
                {"no end of the last line", head + "Hello"},
                {"bare line ends", head + "a\nb\rc\r\n"},
                {"empty lines at the end", head + "Hello\r\n\r\n\r\n"},
                {"a line of 1 MB", head + std::string(1u << 20, 'x') + "\r\n"},
                {"many lines", head + lines(20'000)}};
    }

    [[nodiscard]] static std::string lines(unsigned count)
    {
        std::string text;
        for (unsigned i = 0; i < count; ++i)
            text += "line " + std::to_string(i) + "\r\n";
        return text;
    }

    void isDurable() const
    {
        const detail::StoreFolder folder;
        const auto harness = open(folder);
        for (const char* which : {"the first mail of a mailbox", "the second mail of a mailbox"})
        {
            detail::Observer observer;
            harness->onSync([&](const Sync& sync) { observer.see(sync); });
            const detail::Snapshot before = detail::snapshot(folder.path());
            const auto look = [&](const std::string& hook)
            {
                const std::string missing =
                    hook == "commit" ? observer.missing(folder.path(), before) : std::string();
                if (!missing.empty())
                    throw Finding(std::string(which) + ": " + missing);
            };
            expectAccepted(harness->rcpt(ben).message(mail(which)).afterEach(look).run());
            harness->onSync({});
        }
        if (harness->syncs().empty())
            throw Finding("it has synced nothing");
    }

    void standsNames() const
    {
        const detail::StoreFolder folder;
        const auto harness = open(folder);
        std::vector<std::pair<Address, std::string>> stored;
        for (const std::string& name : names())
        {
            const Address address = makeAddress(name, "example.com");
            const std::string content = mail("for number " + std::to_string(stored.size()) + ".");
            const Result result = harness->transaction().rcpt(address).message(content).run();
            if (folder.hasEscaped())
                throw Finding("mail for " + shown(name) + " has left the folder");
            if (result.isAccepted())
                stored.emplace_back(address, content);
            else if (result.code() < 500)
                throw Finding(shown(name) + " was answered \"" + result.reply() +
                              "\"; it will not be better later");
        }
        for (const auto& [address, content] : stored)
        {
            expectCount(folder, address, 1);
            expectOnce(folder, address, content);
        }
    }

    /// What a client can put in front of the "@", quoted: no control octets (RFC 5321 4.1.2).
    [[nodiscard]] std::vector<std::string> names() const
    {
        std::vector<std::string> all{"ben",
                                     "..",
                                     ".",
                                     "...",
                                     "../../x",
                                     "/",
                                     "a/b",
                                     "a_b",
                                     "a%2Fb",
                                     "a%2fb",
                                     "%",
                                     "a\\b",
                                     "/tmp/x",
                                     "a@b",
                                     "a@b@c",
                                     "ben ",
                                     " ben",
                                     " ",
                                     ".ben",
                                     "ben.",
                                     "ben.lock",
                                     ".lock",
                                     "new",
                                     "cur",
                                     "tmp",
                                     ".mh_sequences",
                                     "1",
                                     "-rf",
                                     "$(id)",
                                     "*",
                                     "~",
                                     "~root",
                                     "a\"b",
                                     "'",
                                     "a:b",
                                     "a,b",
                                     "&AOk-",
                                     "${x}",
                                     "%{rcpt}",
                                     "j\xC3\xBCrgen",
                                     "a b",
                                     "con",
                                     "\xE2\x80\xAE"
                                     "cod"};
        if (_store.partsCases)
            all.insert(all.end(), {"Ben", "BEN", "a%2FB"});
        for (const std::size_t octets : {64u, 65u, 200u, 255u, 256u, 300u})
            all.push_back(std::string(octets, 'x'));
        all.push_back(std::string(64, '.'));
        all.push_back(std::string(64, '/'));
        return all;
    }

    void standsRecipients() const
    {
        const detail::StoreFolder folder;
        const auto harness = open(folder);
        const std::string content = mail("for a hundred");
        Transaction transaction = harness->transaction().message(content);
        for (int i = 0; i < 100; ++i)
            transaction.rcpt("r" + std::to_string(i) + "@example.com");
        expectAccepted(transaction.run());
        for (int i = 0; i < 100; ++i)
        {
            const std::string address = "r" + std::to_string(i) + "@example.com";
            expectCount(folder, address, 1);
            expectOnce(folder, address, content);
        }
    }

    void standsFailingSync() const
    {
        const std::size_t syncs = syncsOfFirstMail();
        if (syncs == 0)
            throw Finding("it has synced nothing");
        for (unsigned number = 1; number <= syncs; ++number)
        {
            const detail::StoreFolder folder;
            const auto harness = open(folder);
            harness->failSync(number, EIO);
            const std::string which = "with sync " + std::to_string(number) + " failing";
            expectFailure(folder, harness->rcpt(ben).message(mail("failing")).run(), which);
            harness->failSync(0, 0);
            expectRecovery(folder, *harness, which);
        }
    }

    [[nodiscard]] std::size_t syncsOfFirstMail() const
    {
        const detail::StoreFolder folder;
        const auto harness = open(folder);
        harness->forgetSyncs(); // those of the start are not a mail's
        expectAccepted(harness->rcpt(ben).message(mail("counted")).run());
        return harness->syncs().size();
    }

    void standsFullDisk() const
    {
        const detail::StoreFolder folder;
        const auto harness = open(folder);
        harness->diskFullAfter(4096);
        const std::string large = mail("failing") + std::string(1u << 20, 'x') + "\r\n";
        expectFailure(folder, harness->rcpt(ben).message(large).run(), "on a full disk");
        expectCount(folder, ben, 0, "on a full disk");
        harness->diskHasRoom();
        expectRecovery(folder, *harness, "on a full disk");
    }

    void expectFailure(const detail::StoreFolder& folder,
                       const Result& result,
                       const std::string& which) const
    {
        if (result.code() / 100 != 4)
            throw Finding(which + " the answer was \"" + result.reply() + "\" and not 4xx");
        for (const std::string& stored : list(folder, ben))
            if (!isWhole(stored, mail("failing")))
                throw Finding(which + " a torn mail was stored: " + shown(stored));
    }

    void expectRecovery(const detail::StoreFolder& folder,
                        Harness& harness,
                        const std::string& which) const
    {
        const Result result = harness.rcpt(ben).message(mail("next")).run();
        if (!result.isAccepted())
            throw Finding("after a failure " + which + " the next mail was answered \"" +
                          result.reply() + "\"");
        expectOnce(folder, ben, mail("next"));
    }

    void isShared() const
    {
        const detail::StoreFolder folder;
        const auto harness = open(folder);
        expectAllAccepted(send(*harness, "one", 8, 100), 800);
        expectAllThere(folder, "one", 8, 100);
    }

    void isSharedByTwo() const
    {
        const detail::StoreFolder folder;
        const auto one = open(folder);
        const auto two = open(folder);
        Summary second;
        std::exception_ptr failure;
        std::thread other(
            [&]
            {
                try
                {
                    second = send(*two, "two", 2, 25);
                }
                catch (...)
                {
                    failure = std::current_exception();
                }
            });
        const Summary first = send(*one, "one", 2, 25);
        other.join();
        if (failure)
            std::rethrow_exception(failure);
        expectAllAccepted(first, 50);
        expectAllAccepted(second, 50);
        expectAllThere(folder, "one", 2, 25);
        expectAllThere(folder, "two", 2, 25);
    }

    // ---------------------------------------------------------------- helpers

    [[nodiscard]] static std::string shared(unsigned thread)
    {
        return "shared" + std::to_string(thread % 2) + "@example.com";
    }

    [[nodiscard]] static std::string
    numbered(const std::string& who, unsigned thread, unsigned number)
    {
        return mail(who + " " + std::to_string(thread) + " " + std::to_string(number) + ".");
    }

    /// Threads meet in two mailboxes.
    [[nodiscard]] static Summary
    send(Harness& harness, const std::string& who, unsigned threads, unsigned messages)
    {
        return harness.concurrently(
            threads,
            messages,
            [&](unsigned thread, unsigned number)
            { return harness.rcpt(shared(thread)).message(numbered(who, thread, number)); });
    }

    static void expectAllAccepted(const Summary& summary, std::size_t total)
    {
        if (summary.accepted() != total)
            throw Finding(std::to_string(total - summary.accepted()) + " of " +
                          std::to_string(total) + " mails were not accepted");
    }

    void expectAllThere(const detail::StoreFolder& folder,
                        const std::string& who,
                        unsigned threads,
                        unsigned messages) const
    {
        const std::array<std::vector<std::string>, 2> found{list(folder, shared(0)),
                                                            list(folder, shared(1))};
        for (unsigned thread = 0; thread < threads; ++thread)
            for (unsigned number = 0; number < messages; ++number)
                expectOnce(found[thread % 2], shared(thread), numbered(who, thread, number));
    }

    [[nodiscard]] std::unique_ptr<Harness> open(const detail::StoreFolder& folder) const
    {
        return _store.open(folder.path());
    }

    [[nodiscard]] std::vector<std::string> list(const detail::StoreFolder& folder,
                                                const Address& recipient) const
    {
        return _store.list(folder.path(), recipient);
    }

    [[nodiscard]] std::vector<std::string> list(const detail::StoreFolder& folder,
                                                const std::string& recipient) const
    {
        return list(folder, *parseAddress(recipient));
    }

    [[nodiscard]] static std::string mail(const std::string& text)
    {
        return "Subject: conformance\r\n\r\nThis is the mail " + text + "\r\n";
    }

    /// Octets as a reader of the report sees them, not too many.
    [[nodiscard]] static std::string shown(const std::string& text)
    {
        std::string result = "\"";
        for (const char c : text.substr(0, 400))
            result += c == '\n' ? "\\n" : c == '\r' ? "\\r" : c >= ' ' ? std::string(1, c) : "?";
        return result + (text.size() > 400 ? "\"…" : "\"");
    }

    [[nodiscard]] std::string expected(std::string_view content) const
    {
        std::string text;
        for (std::size_t i = 0; i < content.size(); ++i)
            if (_store.lineEnds == Eol::AsSent || content.substr(i, 2) != "\r\n")
                text += content[i];
        if (_store.completesLastLine && !text.empty() && text.back() != '\n')
            text += '\n';
        return text;
    }

    /// Our fields and the content, nothing else.
    [[nodiscard]] bool isWhole(const std::string& stored, const std::string& content) const
    {
        const std::string end = expected(content);
        if (stored.size() < end.size() ||
            stored.compare(stored.size() - end.size(), end.size(), end) != 0)
            return false;
        std::string_view fields(stored);
        for (fields.remove_suffix(end.size()); !fields.empty();)
        {
            const auto field = detail::firstField(fields);
            if (!field || field->raw.back() != '\n')
                return false;
            fields.remove_prefix(field->raw.size());
        }
        return true;
    }

    static void expectAccepted(const Result& result)
    {
        if (result.isAccepted())
            return;
        std::string log;
        for (const std::string& line : result.log())
            log += "; " + line;
        throw Finding("a mail was answered \"" + result.reply() + "\"" + log);
    }

    template <class Recipient>
    void expectCount(const detail::StoreFolder& folder,
                     const Recipient& recipient,
                     std::size_t count,
                     const std::string& when = "after commit()") const
    {
        const std::size_t found = list(folder, recipient).size();
        if (found != count)
            throw Finding("there are " + std::to_string(found) + " mails for " +
                          shown(addressOf(recipient)) + " in place of " + std::to_string(count) +
                          ' ' + when);
    }

    [[nodiscard]] static std::string addressOf(const Address& address) { return address.address; }

    [[nodiscard]] static std::string addressOf(const std::string& address) { return address; }

    template <class Recipient>
    void expectOnce(const detail::StoreFolder& folder,
                    const Recipient& recipient,
                    const std::string& content) const
    {
        expectOnce(list(folder, recipient), addressOf(recipient), content);
    }

    void expectOnce(const std::vector<std::string>& stored,
                    const std::string& recipient,
                    const std::string& content) const
    {
        const auto count =
            std::count_if(stored.begin(),
                          stored.end(),
                          [&](const std::string& each) { return isWhole(each, content); });
        if (count != 1)
            throw Finding(shown(expected(content)) + " is there " + std::to_string(count) +
                          " times for " + shown(recipient));
    }

    const std::string ben = "ben@example.com";
    const std::string ann = "ann@example.com";
    const Store _store;
};

} // namespace mpsmtp::testing

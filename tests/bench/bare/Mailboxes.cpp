#include "bench/bare/Mailboxes.h"

#include "bench/bare/MboxWay.h"
#include "bench/base/Arguments.h"

namespace mpsmtp::bench
{

namespace
{

class Discard : public Mailboxes
{
public:
    void store(std::size_t, std::string_view) override {}
};

class Maildirs : public Mailboxes
{
public:
    explicit Maildirs(const StorePlan& plan)
        : _way(plan, {Placement::Rename, FilePlan::FileSync::All, FilePlan::FolderSync::Each})
    {
    }

    void store(std::size_t box, std::string_view content) override
    {
        _way.put(box, _next++, content);
    }

private:
    FileWay _way;
    std::atomic<std::uint64_t> _next{0};
};

class Mboxes : public Mailboxes
{
public:
    explicit Mboxes(std::string folder) : _folder(std::move(folder)) {}

    void store(std::size_t box, std::string_view content) override
    {
        appendLocked(_folder + "/box" + std::to_string(box) + ".mbox", mboxEntry(content));
    }

private:
    const std::string _folder;
};

/// True if the line that begins at `at` is `>*From `.
[[nodiscard]] bool needsQuote(std::string_view content, std::size_t at)
{
    const std::size_t text = content.find_first_not_of('>', at);
    return text != std::string_view::npos && content.compare(text, 5, "From ") == 0;
}

} // namespace

std::string mboxEntry(std::string_view content)
{
    std::string entry = "From load@example.com Thu Jan  1 00:00:00 2026\n";
    entry.reserve(entry.size() + content.size() + 2);
    // Lines one by one only where one might need a quote; that is almost never.
    std::size_t begin = 0;
    while (content.find("From ", begin) != std::string_view::npos && begin < content.size())
    {
        if (needsQuote(content, begin))
            entry += '>';
        const std::size_t end = content.find('\n', begin);
        const std::size_t next = end == std::string_view::npos ? content.size() : end + 1;
        entry.append(content.substr(begin, next - begin));
        begin = next;
    }
    entry.append(content.substr(begin));
    return entry += "\n";
}

std::unique_ptr<Mailboxes>
makeMailboxes(const std::string& way, const std::string& folder, std::size_t boxes)
{
    if (way == "discard")
        return std::make_unique<Discard>();
    if (way == "mbox")
        return std::make_unique<Mboxes>(folder);
    if (way != "maildir")
        throw UsageMistake("--way is maildir, mbox or discard, not " + way);
    StorePlan plan;
    plan.folder = folder;
    plan.boxes = boxes;
    return std::make_unique<Maildirs>(plan);
}

} // namespace mpsmtp::bench

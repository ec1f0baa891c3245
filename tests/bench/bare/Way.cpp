#include "bench/bare/Way.h"

#include "bench/bare/JournalWay.h"
#include "bench/bare/MboxWay.h"
#include "bench/base/Arguments.h"

#include <map>

namespace mpsmtp::bench
{

namespace
{

using Maker = std::unique_ptr<Way> (*)(const StorePlan&);

template <Placement placement, FilePlan::FileSync file, FilePlan::FolderSync folder>
std::unique_ptr<Way> makeFileWay(const StorePlan& plan)
{
    return std::make_unique<FileWay>(plan, FilePlan{placement, file, folder});
}

template <class Kind>
std::unique_ptr<Way> make(const StorePlan& plan)
{
    return std::make_unique<Kind>(plan);
}

const std::map<std::string, Maker>& makers()
{
    using File = FilePlan::FileSync;
    using Folder = FilePlan::FolderSync;
    static const std::map<std::string, Maker> known = {
        {"classic", makeFileWay<Placement::Rename, File::All, Folder::Each>},
        {"tmpfile-group", makeFileWay<Placement::TmpFile, File::Data, Folder::Group>},
        {"create-sync", makeFileWay<Placement::InPlace, File::All, Folder::None>},
        {"nosync-tmpfile", makeFileWay<Placement::TmpFile, File::None, Folder::None>},
        {"nosync-rename", makeFileWay<Placement::Rename, File::None, Folder::None>},
        {"nosync-hidden", makeFileWay<Placement::Hidden, File::None, Folder::None>},
        {"mbox-each", make<MboxEachWay>},
        {"mbox-group", make<MboxGroupWay>},
        {"journal", make<JournalWay>},
    };
    return known;
}

} // namespace

const std::vector<std::string>& wayNames()
{
    static const std::vector<std::string> names = []
    {
        std::vector<std::string> all;
        for (const auto& [name, maker] : makers())
            all.push_back(name);
        return all;
    }();
    return names;
}

std::unique_ptr<Way> makeWay(const StorePlan& plan)
{
    const auto found = makers().find(plan.way);
    if (found == makers().end())
        throw UsageMistake("there is no way " + plan.way);
    return found->second(plan);
}

Placement placementOf(const std::string& name)
{
    if (name == "tmpfile")
        return Placement::TmpFile;
    if (name == "rename")
        return Placement::Rename;
    if (name == "hidden")
        return Placement::Hidden;
    throw UsageMistake("there is no placement " + name);
}

} // namespace mpsmtp::bench

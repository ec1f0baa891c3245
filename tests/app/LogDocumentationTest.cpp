// docs/logging.md and the code name the same fields and the same channels.
#include "app/JournalRecord.h"
#include "app/KeyTable.h"
#include "app/LoggingConfig.h"
#include "log/Field.h"

#include "Paths.h"
#include "Program.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

using namespace mpsmtp;
using log::FieldKind;
using log::FieldSpec;

namespace
{

/// The lines between a heading and the next one that begin with `begin`.
std::vector<std::string> rows(const std::string& heading, const std::string& begin)
{
    std::istringstream page(test::readFile(test::inSource("/docs/logging.md")));
    std::vector<std::string> found;
    bool isInside = false;
    for (std::string line; std::getline(page, line);)
    {
        if (line.substr(0, 3) == "## ")
            isInside = line.substr(3) == heading;
        else if (isInside && line.substr(0, begin.size()) == begin)
            found.push_back(line);
    }
    return found;
}

std::string kindName(FieldKind kind)
{
    return kind == FieldKind::Text ? "text" : kind == FieldKind::Number ? "number" : "list";
}

} // namespace

class LogDocumentationTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LogDocumentationTest);
    CPPUNIT_TEST(fieldsAreThoseOfTheTable);
    CPPUNIT_TEST(channelsAreThoseOfTheTable);
    CPPUNIT_TEST(everyChannelHasAKey);
    CPPUNIT_TEST_SUITE_END();

    void fieldsAreThoseOfTheTable()
    {
        const auto shown = rows("JSON and the journal: fields", "| `");
        CPPUNIT_ASSERT_EQUAL(log::fieldCount, shown.size());
        for (std::size_t i = 0; i < shown.size(); ++i)
        {
            const FieldSpec& spec = log::fieldTable()[i];
            CPPUNIT_ASSERT_EQUAL("| `" + std::string(spec.name) + "` | `" +
                                     app::journalName(spec.field) + "` | " + kindName(spec.kind) +
                                     " | " + std::string(spec.doc) + " |",
                                 shown[i]);
        }
    }

    void channelsAreThoseOfTheTable()
    {
        const auto shown = rows("Levels", "| `");
        CPPUNIT_ASSERT_EQUAL(app::logChannels().size(), shown.size());
        for (std::size_t i = 0; i < shown.size(); ++i)
        {
            const std::string begin = "| `" + std::string(app::logChannels()[i]) + "` | ";
            CPPUNIT_ASSERT_EQUAL(begin, shown[i].substr(0, begin.size()));
        }
    }

    void everyChannelHasAKey()
    {
        std::size_t keys = 0;
        for (const app::KeySpec& spec : app::keyTable())
            keys += spec.section == "logging" && spec.key.substr(0, 6) == "level_" ? 1 : 0;
        CPPUNIT_ASSERT_EQUAL(app::logChannels().size(), keys);
        for (const std::string_view channel : app::logChannels())
            CPPUNIT_ASSERT(app::findKey("logging", "level_" + std::string(channel)) != nullptr);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogDocumentationTest);

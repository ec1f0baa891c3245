// Who the server would become. That it really does is system/test_privileges.py.
#include "app/Privileges.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <variant>

using namespace mpsmtp::app;

namespace
{

constexpr uid_t root = 0;
constexpr uid_t somebody = 4711;

Configuration configuration(const std::string& address, const ProcessConfig& process)
{
    Configuration result;
    result.server.listeners.emplace_back();
    result.server.listeners.back().addresses = {address};
    result.process = process;
    return result;
}

/// Of a user who was started as such.
gid_t groupOf(uid_t user)
{
    const auto found = findIdentity(std::to_string(user), "");
    const auto* const identity = std::get_if<Identity>(&found);
    return identity != nullptr ? identity->group : static_cast<gid_t>(user);
}

} // namespace

class PrivilegesTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(PrivilegesTest);
    CPPUNIT_TEST(usersAreFoundByNameAndNumber);
    CPPUNIT_TEST(whatCannotBeMeantHasASentence);
    CPPUNIT_TEST(whatCanBeMeantIsDone);
    CPPUNIT_TEST_SUITE_END();

    void usersAreFoundByNameAndNumber()
    {
        const auto byName = std::get<Identity>(findIdentity("nobody", ""));
        const auto byNumber = std::get<Identity>(findIdentity(std::to_string(byName.user), ""));
        CPPUNIT_ASSERT_EQUAL(byName.group, byNumber.group);
        CPPUNIT_ASSERT_EQUAL(std::string("nobody"), byNumber.name);
        const auto strange = std::get<Identity>(findIdentity("40000017", "40000018"));
        CPPUNIT_ASSERT_EQUAL(std::string("(40000017:40000018)"), shown(strange));
        CPPUNIT_ASSERT_EQUAL(gid_t(0), std::get<Identity>(findIdentity("nobody", "root")).group);
    }

    void whatCannotBeMeantHasASentence()
    {
        const struct
        {
            const char* why;
            const char* address;
            ProcessConfig process;
            uid_t as;
            const char* expected;
        } rows[] = {
            {"root, and others send",
             "*:25",
             {},
             root,
             "handlers would run as root, with mail from other machines:"},
            {"root, and what systemd holds is not known",
             "systemd:smtp",
             {},
             root,
             "handlers would run as root"},
            {"nobody of this name",
             "*:25",
             {"no-such-user", "", {}, false},
             root,
             "user = no-such-user: there is no such user"},
            {"nor of this group",
             "*:25",
             {"nobody", "no-such-group", {}, false},
             root,
             "group = no-such-group: there is no such group"},
            {"a number without a group",
             "*:25",
             {"40000017", "", {}, false},
             root,
             "user = 40000017: the system knows no group for this number"},
            {"a group alone",
             "*:25",
             {"", "nogroup", {}, false},
             root,
             "group = nogroup needs user"},
            {"root by name", "127.0.0.1:25", {"root", "", {}, false}, root, "user = root is root:"},
            {"who is not root cannot",
             "127.0.0.1:25",
             {"nobody", "", {}, false},
             somebody,
             "user = nobody: only root can become another user"},
            {"nor take a group that is not its own",
             "127.0.0.1:25",
             {"nobody", "root", {}, false},
             std::get<Identity>(findIdentity("nobody", "")).user,
             "group = root: only root can change its group"},
        };

        for (const auto& row : rows)
        {
            const Intent intent =
                intentOf(configuration(row.address, row.process), {"", row.as, groupOf(row.as)});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why,
                std::string(row.expected),
                intent.problem.substr(0, std::string(row.expected).size()));
            CPPUNIT_ASSERT_MESSAGE(row.why, !intent.identity);
        }
    }

    void whatCanBeMeantIsDone()
    {
        const auto nobody = std::get<Identity>(findIdentity("nobody", ""));

        const struct
        {
            const char* why;
            const char* address;
            ProcessConfig process;
            uid_t as;
            bool becomes;
        } rows[] = {
            {"a usual user", "*:2525", {}, somebody, false},
            {"root, for this machine only", "127.0.0.1:25", {}, root, false},
            {"root, for this machine only", "unix:/run/x", {}, root, false},
            {"root, and told so", "*:25", {"", "", {}, true}, root, false},
            {"the usual case", "*:25", {"nobody", "", {}, false}, root, true},
            {"who is it already", "*:2525", {"nobody", "", {}, false}, nobody.user, false},
        };

        for (const auto& row : rows)
        {
            const Intent intent =
                intentOf(configuration(row.address, row.process), {"", row.as, groupOf(row.as)});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::string(), intent.problem);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.becomes, intent.identity.has_value());
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PrivilegesTest);

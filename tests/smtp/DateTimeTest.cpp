// Dates of header fields, checked against known days and against a calendar that counts day by day.
#include "smtp/DateTime.h"

#include <cppunit/extensions/HelperMacros.h>

#include <clocale>
#include <vector>

using namespace mpsmtp::smtp;

namespace
{

std::string date(std::chrono::system_clock::time_point time)
{
    return std::string(Rfc5322Date(time).text());
}

std::string date(long long seconds)
{
    return date(std::chrono::system_clock::time_point(std::chrono::seconds(seconds)));
}

} // namespace

class DateTimeTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DateTimeTest);
    CPPUNIT_TEST(knownMoments);
    CPPUNIT_TEST(everyDayFollowsTheOneBefore);
    CPPUNIT_TEST(fractionsOfASecondAreCutOff);
    CPPUNIT_TEST(theLocaleDoesNotMatter);
    CPPUNIT_TEST_SUITE_END();

public:
    void knownMoments()
    {
        const std::vector<std::pair<long long, std::string>> rows{
            {0, "Thu, 1 Jan 1970 00:00:00 +0000"},
            {-1, "Wed, 31 Dec 1969 23:59:59 +0000"},
            {951782399, "Mon, 28 Feb 2000 23:59:59 +0000"},
            {951782400, "Tue, 29 Feb 2000 00:00:00 +0000"},
            {951868800, "Wed, 1 Mar 2000 00:00:00 +0000"},
            {1000000000, "Sun, 9 Sep 2001 01:46:40 +0000"},
            {1704067199, "Sun, 31 Dec 2023 23:59:59 +0000"},
            {1735603200, "Tue, 31 Dec 2024 00:00:00 +0000"},
            {2147483648, "Tue, 19 Jan 2038 03:14:08 +0000"},
            {4107542400, "Mon, 1 Mar 2100 00:00:00 +0000"},
            {-2203891200, "Thu, 1 Mar 1900 00:00:00 +0000"},
        };
        for (const auto& [seconds, expected] : rows)
            CPPUNIT_ASSERT_EQUAL(expected, date(seconds));
    }

    void everyDayFollowsTheOneBefore()
    {
        const char* const dayNames[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        const char* const monthNames[] = {
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        int year = 1970;
        int month = 0;
        int day = 1;
        for (long long number = 0; number < 90000;
             ++number) // until 2216: no leap years in 2100 and 2200
        {
            const std::string expected = std::string(dayNames[(number + 4) % 7]) + ", " +
                                         std::to_string(day) + " " + monthNames[month] + " " +
                                         std::to_string(year) + " 12:34:56 +0000";
            if (date(number * 86400 + 45296) != expected)
                CPPUNIT_ASSERT_EQUAL(expected, date(number * 86400 + 45296));
            const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            if (++day > lengths[month] + (month == 1 && leap ? 1 : 0))
            {
                day = 1;
                month = (month + 1) % 12;
                year += month == 0 ? 1 : 0;
            }
        }
    }

    void fractionsOfASecondAreCutOff()
    {
        using namespace std::chrono;
        CPPUNIT_ASSERT_EQUAL(date(0), date(system_clock::time_point(milliseconds(999))));
        CPPUNIT_ASSERT_EQUAL(date(-1), date(system_clock::time_point(milliseconds(-1))));
    }

    void theLocaleDoesNotMatter()
    {
        const std::string before = date(0);
        const std::string old = std::setlocale(LC_ALL, nullptr);
        std::setlocale(LC_ALL, "");
        CPPUNIT_ASSERT_EQUAL(before, date(0));
        std::setlocale(LC_ALL, old.c_str());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DateTimeTest);

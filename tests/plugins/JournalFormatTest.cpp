// Reading a journal's octets: what was written comes back, and whatever a crash, a fault of the disk
// or a mail's sender may have put there never gives a record that was not written.
#include "common/journal/Format.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace mpsmtp::store::journal;

namespace
{

constexpr std::uint64_t key = 0x1122334455667788;

std::string recordOf(std::uint64_t id, const std::string& payload, std::uint64_t withKey = key)
{
    const RecordHeader header = makeRecordHeader(
        withKey, id, static_cast<std::uint32_t>(payload.size()), checksum(payload));
    return std::string(header.data(), header.size()) + payload;
}

std::string padded(std::string batch)
{
    batch.resize(wholeBlocks(batch.size()), '\0');
    return batch;
}

std::string segmentOf(const std::vector<std::string>& batches)
{
    std::string segment = encodeHeader({7, key, "boot", false});
    for (const std::string& batch : batches)
        segment += padded(batch);
    return segment;
}

/// "ID:PAYLOAD " of each record.
std::string read(const std::string& segment)
{
    std::string text;
    RecordReader reader(segment, key);
    while (const auto record = reader.next())
        text += std::to_string(record->id) + ":" + std::string(record->payload) + " ";
    return text;
}

FilesRecord twoFiles()
{
    FilesRecord record;
    record.replaces = 3;
    record.files = {{"example.com/ben/new", "1.M2P3.host,S=9", "Delivered-To: ben\n"},
                    {"", "17", ""}};
    record.body = "Subject: x\n\nbody\n";
    return record;
}

} // namespace

class JournalFormatTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(JournalFormatTest);
    CPPUNIT_TEST(aHeaderComesBack);
    CPPUNIT_TEST(noOctetOfAHeaderMayDiffer);
    CPPUNIT_TEST(aHeaderOfSequenceZeroIsNoUse);
    CPPUNIT_TEST(recordsComeBackInTheirOrder);
    CPPUNIT_TEST(aSegmentEndsAtItsFirstTornRecord);
    CPPUNIT_TEST(aFlippedOctetEndsTheSegment);
    CPPUNIT_TEST(recordsOfAnEarlierUseArePassedOver);
    CPPUNIT_TEST(aMailCannotForgeARecord);
    CPPUNIT_TEST(filesComeBack);
    CPPUNIT_TEST(aShortenedOrLengthenedPayloadIsMalformed);
    CPPUNIT_TEST(theSizeIsKnownBefore);
    CPPUNIT_TEST_SUITE_END();

public:
    void aHeaderComesBack()
    {
        const auto header = decodeHeader(encodeHeader({7, key, "1234-boot", true}));
        CPPUNIT_ASSERT(header);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, header->sequence);
        CPPUNIT_ASSERT_EQUAL(key, header->key);
        CPPUNIT_ASSERT_EQUAL(std::string("1234-boot"), header->bootId);
        CPPUNIT_ASSERT(header->isDistrusted);
    }

    void noOctetOfAHeaderMayDiffer()
    {
        const std::string block = encodeHeader({7, key, "1234-boot", false});
        const std::size_t used = block.find_last_not_of('\0') + 1;
        for (std::size_t i = 0; i < used; ++i)
        {
            std::string changed = block;
            changed[i] = static_cast<char>(changed[i] ^ 0x10);
            CPPUNIT_ASSERT_MESSAGE(std::to_string(i), !decodeHeader(changed));
            CPPUNIT_ASSERT_MESSAGE(std::to_string(i), !decodeHeader(block.substr(0, i)));
        }
    }

    void aHeaderOfSequenceZeroIsNoUse()
    {
        CPPUNIT_ASSERT(!decodeHeader(encodeHeader({})));
        CPPUNIT_ASSERT(!decodeHeader(""));
        CPPUNIT_ASSERT(!decodeHeader(std::string(blockOctets, '\0')));
    }

    void recordsComeBackInTheirOrder()
    {
        const std::string large(2 * blockOctets, 'x');
        CPPUNIT_ASSERT_EQUAL(
            "1:a 2:b 3:" + large + " 4: ",
            read(segmentOf(
                {recordOf(1, "a") + recordOf(2, "b"), recordOf(3, large), recordOf(4, "")})));
        CPPUNIT_ASSERT_EQUAL(std::string(), read(segmentOf({})));
    }

    void aSegmentEndsAtItsFirstTornRecord()
    {
        const std::string segment = segmentOf({recordOf(1, "first"), recordOf(2, "second")});
        const std::size_t second = 2 * blockOctets;
        const std::size_t end = second + recordHeaderOctets + 6;
        for (std::size_t size = blockOctets; size < segment.size(); ++size)
        {
            const std::string expected = size < blockOctets + recordHeaderOctets + 5 ? ""
                                         : size < end                                ? "1:first "
                                                      : "1:first 2:second ";
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                std::to_string(size), expected, read(segment.substr(0, size)));
        }
    }

    void aFlippedOctetEndsTheSegment()
    {
        const std::string segment = segmentOf({recordOf(1, "first"), recordOf(2, "second")});
        const std::size_t used = recordHeaderOctets + 5;
        for (std::size_t i = blockOctets; i < blockOctets + used; ++i)
        {
            std::string changed = segment;
            changed[i] = static_cast<char>(changed[i] ^ 1);
            // The next batch begins at a block, so it is found; nobody was told of one behind a torn
            // one, and one that is whole may be delivered.
            const std::string text = read(changed);
            CPPUNIT_ASSERT_MESSAGE(std::to_string(i) + text, text.find("1:") == text.npos);
        }
    }

    void recordsOfAnEarlierUseArePassedOver()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("1:now "),
                             read(segmentOf({recordOf(1, "now"), recordOf(9, "then", key + 1)})));
    }

    /// A sender who knows all but the key, and a torn record that lets the reader look at the mail.
    void aMailCannotForgeARecord()
    {
        std::string mail(blockOctets - recordHeaderOctets, 'x');
        mail += recordOf(2, "forged", key + 1);
        std::string record = recordOf(1, mail);
        record[0] = '\0';
        CPPUNIT_ASSERT_EQUAL(std::string(), read(segmentOf({record})));
    }

    void filesComeBack()
    {
        std::string payload;
        encode(twoFiles(), payload);
        const auto record = decode(payload);
        CPPUNIT_ASSERT(record);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, record->replaces);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, record->files.size());
        CPPUNIT_ASSERT(record->files[0].folder == "example.com/ben/new");
        CPPUNIT_ASSERT(record->files[0].name == "1.M2P3.host,S=9");
        CPPUNIT_ASSERT(record->files[0].fields == "Delivered-To: ben\n");
        CPPUNIT_ASSERT(record->files[1].name == "17");
        CPPUNIT_ASSERT(record->body == "Subject: x\n\nbody\n");
    }

    void aShortenedOrLengthenedPayloadIsMalformed()
    {
        std::string payload;
        encode(twoFiles(), payload);
        for (std::size_t size = 0; size < payload.size(); ++size)
            CPPUNIT_ASSERT_MESSAGE(std::to_string(size), !decode(payload.substr(0, size)));
        CPPUNIT_ASSERT(!decode(payload + "x"));
        CPPUNIT_ASSERT(!decode(std::string(16, '\xFF')));
    }

    void theSizeIsKnownBefore()
    {
        std::string payload;
        encode(twoFiles(), payload);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{payload.size()}, encodedSize(twoFiles()));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(JournalFormatTest);

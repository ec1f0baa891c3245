// Tests of delivery/MessageView and MessageEdits.
#include "delivery/MessageView.h"
#include "delivery/TestSupport.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

using namespace mpsmtp::delivery;
using namespace mpsmtp::delivery::test;
using namespace std::string_literals;

namespace
{

/// A message with its spool.
class Shown
{
public:
    explicit Shown(const std::string& content, std::size_t memoryOctets = 1024)
        : _limits{_folder.path(), memoryOctets},
          _message(_pool, FileCalls::system(), _limits),
          _view(_message, FileCalls::system(), _limits)
    {
        for (std::string_view rest = content; !rest.empty();)
        {
            const auto room = _message.writable();
            const auto count = std::min(room.size, rest.size());
            std::memcpy(room.data, rest.data(), count);
            CPPUNIT_ASSERT(_message.written(count));
            rest.remove_prefix(count);
        }
        CPPUNIT_ASSERT(_message.complete());
        _view.reset("Received: x\r\n");
    }

    MessageView& view() { return _view; }

    [[nodiscard]] std::string content() const
    {
        const auto& abi = _view.abi();
        const std::string text = joined({abi.segments, abi.segments + abi.segment_count});
        CPPUNIT_ASSERT_EQUAL(abi.content_size, std::uint64_t{text.size()});
        return text;
    }

    /// One filter's edits.
    void edit(const std::function<void(MessageView&)>& edits)
    {
        _view.allowEdits();
        edits(_view);
        _view.applyEdits();
    }

    [[nodiscard]] std::string names()
    {
        const mpsmtp_header* const* fields = nullptr;
        const std::size_t count = _view.headers(&fields);
        std::string text;
        for (std::size_t i = 0; i < count; ++i)
            text.append(fields[i]->name.data, fields[i]->name.size).append(" ");
        return text;
    }

private:
    TempFolder _folder;
    BufferPool _pool;
    SpoolLimits _limits;
    SpooledMessage _message;
    MessageView _view;
};

const std::string usual = "A: 1\r\nB: 2\r\nC: 3\r\n\r\nbody\r\n";

} // namespace

class MessageViewTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MessageViewTest);
    CPPUNIT_TEST(messageIsShownInPlace);
    CPPUNIT_TEST(headersAreParsedOnce);
    CPPUNIT_TEST(editsChangeTheContent);
    CPPUNIT_TEST(nextFilterSeesTheEditedContent);
    CPPUNIT_TEST(editsAreOnlyForFilters);
    CPPUNIT_TEST(impossibleEditsAreRefused);
    CPPUNIT_TEST(valuesCannotInjectFields);
    CPPUNIT_TEST(descriptorHoldsTheEditedContent);
    CPPUNIT_TEST(fieldAcrossABorderCanBeEdited);
    CPPUNIT_TEST(clearForgetsAll);
    CPPUNIT_TEST_SUITE_END();

public:
    void messageIsShownInPlace()
    {
        Shown shown(usual);
        CPPUNIT_ASSERT_EQUAL(usual, shown.content());
        CPPUNIT_ASSERT_EQUAL(1u, shown.view().abi().segment_count);
        CPPUNIT_ASSERT_EQUAL(
            std::string("Received: x\r\n"),
            std::string(shown.view().abi().trace.data, shown.view().abi().trace.size));
        CPPUNIT_ASSERT_EQUAL(std::string("A B C "), shown.names());
    }

    void headersAreParsedOnce()
    {
        Shown shown(usual);
        const mpsmtp_header* const* first = nullptr;
        const mpsmtp_header* const* again = nullptr;
        CPPUNIT_ASSERT_EQUAL(shown.view().headers(&first), shown.view().headers(&again));
        CPPUNIT_ASSERT(first == again);
    }

    void editsChangeTheContent()
    {
        struct Row
        {
            const char* why;
            std::string content;
            std::function<void(MessageView&)> edits;
            std::string expected;
        };

        const auto set =
            [](std::int32_t kind, std::size_t index, const char* name, const char* value)
        {
            return [=](MessageView& view)
            { CPPUNIT_ASSERT_EQUAL(0, view.edit(kind, index, name, value)); };
        };
        const auto both = [](auto first, auto second)
        {
            return [=](MessageView& view)
            {
                first(view);
                second(view);
            };
        };
        for (const Row& row :
             {Row{"none", usual, [](MessageView&) {}, usual},
              Row{"prepend", usual, set(MPSMTP_EDIT_PREPEND, 0, "X", "y"), "X: y\r\n" + usual},
              Row{"the last prepended is on top",
                  usual,
                  both(set(MPSMTP_EDIT_PREPEND, 0, "X", "1"),
                       set(MPSMTP_EDIT_PREPEND, 0, "Y", "2")),
                  "Y: 2\r\nX: 1\r\n" + usual},
              Row{"insert",
                  usual,
                  set(MPSMTP_EDIT_INSERT, 1, "X", "y"),
                  "A: 1\r\nX: y\r\nB: 2\r\nC: 3\r\n\r\nbody\r\n"},
              Row{"insert at the end",
                  usual,
                  set(MPSMTP_EDIT_INSERT, 3, "X", "y"),
                  "A: 1\r\nB: 2\r\nC: 3\r\nX: y\r\n\r\nbody\r\n"},
              Row{"inserts keep their order",
                  usual,
                  both(set(MPSMTP_EDIT_INSERT, 0, "X", "1"), set(MPSMTP_EDIT_INSERT, 0, "Y", "2")),
                  "X: 1\r\nY: 2\r\n" + usual},
              Row{"change",
                  usual,
                  set(MPSMTP_EDIT_CHANGE, 1, "", "new"),
                  "A: 1\r\nB: new\r\nC: 3\r\n\r\nbody\r\n"},
              Row{"delete",
                  usual,
                  set(MPSMTP_EDIT_DELETE, 0, "", ""),
                  "B: 2\r\nC: 3\r\n\r\nbody\r\n"},
              Row{"index stays that of the original",
                  usual,
                  both(set(MPSMTP_EDIT_DELETE, 0, "", ""), set(MPSMTP_EDIT_CHANGE, 2, "", "x")),
                  "B: 2\r\nC: x\r\n\r\nbody\r\n"},
              Row{"body",
                  usual,
                  set(MPSMTP_EDIT_BODY, 0, "", "new\nbody"),
                  "A: 1\r\nB: 2\r\nC: 3\r\n\r\nnew\nbody"},
              Row{"empty value", usual, set(MPSMTP_EDIT_PREPEND, 0, "X", ""), "X: \r\n" + usual},
              Row{"value with its blank",
                  usual,
                  set(MPSMTP_EDIT_PREPEND, 0, "X", " y"),
                  "X: y\r\n" + usual},
              Row{"empty message", "", set(MPSMTP_EDIT_PREPEND, 0, "X", "y"), "X: y\r\n"},
              Row{"message without header",
                  "hello\r\n",
                  set(MPSMTP_EDIT_PREPEND, 0, "X", "y"),
                  "X: y\r\n\r\nhello\r\n"},
              Row{"message that begins with the empty line",
                  "\r\nhello\r\n",
                  set(MPSMTP_EDIT_PREPEND, 0, "X", "y"),
                  "X: y\r\n\r\nhello\r\n"},
              Row{"header without line end",
                  "A: 1",
                  set(MPSMTP_EDIT_INSERT, 1, "X", "y"),
                  "A: 1\r\nX: y\r\n"},
              Row{"last field without line end stays so",
                  "A: 1",
                  set(MPSMTP_EDIT_PREPEND, 0, "X", "y"),
                  "X: y\r\nA: 1"},
              Row{"body for a header without end",
                  "A: 1",
                  set(MPSMTP_EDIT_BODY, 0, "", "b"),
                  "A: 1\r\n\r\nb"},
              Row{"bare newlines stay",
                  "A: 1\nB: 2\n\nb\n",
                  set(MPSMTP_EDIT_DELETE, 0, "", ""),
                  "B: 2\n\nb\n"}})
        {
            Shown shown(row.content);
            shown.edit(row.edits);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, shown.content());
        }
    }

    void nextFilterSeesTheEditedContent()
    {
        Shown shown(usual);
        shown.edit(
            [](MessageView& view)
            {
                CPPUNIT_ASSERT_EQUAL(0, view.edit(MPSMTP_EDIT_PREPEND, 0, "X", "y"));
                CPPUNIT_ASSERT_EQUAL(0, view.edit(MPSMTP_EDIT_DELETE, 2, "", ""));
            });
        CPPUNIT_ASSERT_EQUAL(std::string("X A B "), shown.names());
        shown.edit([](MessageView& view)
                   { CPPUNIT_ASSERT_EQUAL(0, view.edit(MPSMTP_EDIT_CHANGE, 0, "", "z")); });
        CPPUNIT_ASSERT_EQUAL(std::string("X: z\r\nA: 1\r\nB: 2\r\n\r\nbody\r\n"), shown.content());
    }

    void editsAreOnlyForFilters()
    {
        Shown shown(usual);
        CPPUNIT_ASSERT_EQUAL(EPERM, shown.view().edit(MPSMTP_EDIT_PREPEND, 0, "X", "y"));
        shown.edit([](MessageView&) {});
        CPPUNIT_ASSERT_EQUAL(EPERM, shown.view().edit(MPSMTP_EDIT_PREPEND, 0, "X", "y"));
        CPPUNIT_ASSERT_EQUAL(usual, shown.content());
    }

    void impossibleEditsAreRefused()
    {
        struct Row
        {
            const char* why;
            std::int32_t kind;
            std::size_t index;
            std::string name;
            std::string value;
        };

        Shown shown(usual);
        shown.view().allowEdits();
        for (const Row& row : {Row{"no name", MPSMTP_EDIT_PREPEND, 0, "", "x"},
                               Row{"colon", MPSMTP_EDIT_PREPEND, 0, "A:", "x"},
                               Row{"blank", MPSMTP_EDIT_PREPEND, 0, "A B", "x"},
                               Row{"line end", MPSMTP_EDIT_PREPEND, 0, "A\r\nB", "x"},
                               Row{"8-bit", MPSMTP_EDIT_INSERT, 0, "\xc3\xa4", "x"},
                               Row{"NUL", MPSMTP_EDIT_PREPEND, 0, "A", "x\0y"s},
                               Row{"NUL in a change", MPSMTP_EDIT_CHANGE, 0, "", "\0"s},
                               Row{"insert too far", MPSMTP_EDIT_INSERT, 4, "A", "x"},
                               Row{"change too far", MPSMTP_EDIT_CHANGE, 3, "", "x"},
                               Row{"delete too far", MPSMTP_EDIT_DELETE, 3, "", ""},
                               Row{"unknown kind", 9, 0, "A", "x"}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, EINVAL, shown.view().edit(row.kind, row.index, row.name, row.value));
        shown.view().applyEdits();
        CPPUNIT_ASSERT_EQUAL(usual, shown.content());
    }

    void valuesCannotInjectFields()
    {
        struct Row
        {
            const char* why;
            std::string value;
            std::string expected;
        };

        for (const Row& row : {Row{"plain", "a b", "a b"},
                               Row{"folded already", "a\r\n b", "a\r\n b"},
                               Row{"folded with a tab", "a\r\n\tb", "a\r\n\tb"},
                               Row{"CRLF", "a\r\nB: b", "a\r\n B: b"},
                               Row{"bare LF", "a\nb", "a\r\n b"},
                               Row{"bare CR", "a\rb", "a\r\n b"},
                               Row{"end of the header", "a\r\n\r\nbody", "a\r\n body"},
                               Row{"line of blanks", "a\r\n \r\n\tb", "a\r\n\tb"},
                               Row{"at the end", "a\r\n", "a"},
                               Row{"blanks at the end", "a\r\n \r\n ", "a"},
                               Row{"at the beginning", "\r\na", " a"},
                               Row{"nothing else", "\r\n\n\r", ""}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, foldedValue(row.value));
    }

    void descriptorHoldsTheEditedContent()
    {
        for (const std::size_t memory : {std::size_t{1024}, std::size_t{10}})
        {
            Shown shown(usual, memory);
            CPPUNIT_ASSERT_EQUAL(usual, readDescriptor(shown.view().open()));
            shown.edit([](MessageView& view)
                       { CPPUNIT_ASSERT_EQUAL(0, view.edit(MPSMTP_EDIT_PREPEND, 0, "X", "y")); });
            CPPUNIT_ASSERT_EQUAL("X: y\r\n" + usual, readDescriptor(shown.view().open()));
        }
    }

    void fieldAcrossABorderCanBeEdited()
    {
        const std::string filler(BufferPool::blockOctets - 10, 'x');
        const std::string content = "A:" + filler + "\r\nB: across the border\r\n\r\nbody";
        Shown shown(content, 10 * BufferPool::blockOctets);
        CPPUNIT_ASSERT_EQUAL(2u, shown.view().abi().segment_count);
        shown.edit([](MessageView& view)
                   { CPPUNIT_ASSERT_EQUAL(0, view.edit(MPSMTP_EDIT_DELETE, 0, "", "")); });
        CPPUNIT_ASSERT_EQUAL(std::string("B: across the border\r\n\r\nbody"), shown.content());
    }

    void clearForgetsAll()
    {
        Shown shown(usual);
        shown.edit([](MessageView& view)
                   { CPPUNIT_ASSERT_EQUAL(0, view.edit(MPSMTP_EDIT_PREPEND, 0, "X", "y")); });
        shown.view().reset("");
        CPPUNIT_ASSERT_EQUAL(usual, shown.content());
        CPPUNIT_ASSERT_EQUAL(std::string("A B C "), shown.names());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MessageViewTest);

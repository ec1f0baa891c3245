#include "bench/load/LoadPlan.h"

#include "bench/load/MailMaker.h"

namespace mpsmtp::bench
{

namespace
{

[[nodiscard]] Pipelining pipeliningOf(const std::string& name)
{
    if (name == "none")
        return Pipelining::None;
    if (name == "transaction")
        return Pipelining::Transaction;
    if (name == "next")
        return Pipelining::Next;
    throw UsageMistake("--pipeline is none, transaction or next, not " + name);
}

} // namespace

std::vector<OptionRow> loadOptions()
{
    using Kind = OptionRow::Kind;
    return {{"to", Kind::Text, "", "HOST:PORT or unix:PATH"},
            {"connections", Kind::Number, "1", "at once"},
            {"messages", Kind::Number, "1000", "of all connections together"},
            {"octets", Kind::Number, "1024", "of a message, header and line ends included"},
            {"per-connection", Kind::Number, "0", "messages before QUIT; 0: no limit"},
            {"recipients", Kind::Number, "1", "of each message"},
            {"mailboxes", Kind::Number, "1", "boxN@example.com, one after the other"},
            {"pipeline", Kind::Text, "none", "none, transaction or next"},
            {"bdat", Kind::Switch, "", "BDAT instead of DATA"},
            {"chunk", Kind::Number, "0", "octets of a BDAT; 0: the whole message"},
            {"lmtp", Kind::Switch, "", "LHLO, and a reply for each recipient"},
            {"idle", Kind::Number, "0", "further connections, greeted and silent"},
            {"threads", Kind::Number, "1", "that share the connections"},
            {"seed", Kind::Number, "1", "of ids and contents"},
            {"timeout", Kind::Number, "60", "seconds without a reply"},
            {"acknowledged", Kind::Text, "", "file for the ids of acknowledged messages"}};
}

LoadPlan loadPlanOf(const Arguments& arguments)
{
    LoadPlan plan;
    plan.target = arguments.required("to");
    plan.connections = arguments.positive("connections");
    plan.messages = arguments.positive("messages");
    plan.octets = arguments.positive("octets");
    plan.perConnection = arguments.number("per-connection");
    plan.recipients = arguments.positive("recipients");
    plan.mailboxes = arguments.positive("mailboxes");
    plan.pipelining = pipeliningOf(arguments.text("pipeline"));
    plan.usesBdat = arguments.has("bdat");
    plan.chunk = arguments.number("chunk");
    plan.speaksLmtp = arguments.has("lmtp");
    plan.idle = arguments.number("idle");
    plan.threads = arguments.positive("threads");
    plan.seed = arguments.number("seed");
    plan.timeout = std::chrono::seconds(arguments.positive("timeout"));
    plan.acknowledgedFile = arguments.text("acknowledged");
    if (plan.octets < MailMaker::smallest)
        throw UsageMistake("--octets is at least " + std::to_string(MailMaker::smallest));
    return plan;
}

} // namespace mpsmtp::bench

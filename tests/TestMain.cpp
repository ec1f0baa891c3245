// Runs CppUnit suites by name: `smtp_tests`, `smtp_tests PathTest`, `smtp_tests --list`.
// A run that executes no test fails: an empty registry must not look like success.
#include <cppunit/TestResultCollector.h>
#include <cppunit/extensions/TestFactoryRegistry.h>
#include <cppunit/ui/text/TestRunner.h>

#include <exception>
#include <iostream>
#include <string>

namespace
{

int list(const CppUnit::Test& registry)
{
    for (int i = 0; i < registry.getChildTestCount(); ++i)
        std::cout << registry.getChildTestAt(i)->getName() << '\n';
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    CppUnit::Test* registry = CppUnit::TestFactoryRegistry::getRegistry().makeTest();
    const std::string wanted = argc > 1 ? argv[1] : "";
    CppUnit::TextUi::TestRunner runner;
    runner.addTest(registry); // owns it
    if (wanted == "--list")
        return list(*registry);
    try
    {
        const bool passed = runner.run(wanted, false, true, false);
        return passed && runner.result().runTests() > 0 ? 0 : 1;
    }
    catch (const std::exception& error)
    {
        std::cerr << "no such suite: " << wanted << " (" << error.what() << ")\n";
        return 2;
    }
}

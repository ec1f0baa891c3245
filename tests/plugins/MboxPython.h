// A Python program beside the test, on the other side of two pipes: the mail reader that nobody
// here wrote. Thread safety: [connection].
#pragma once

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mboxtest
{

class Python
{
public:
    /// Runs `program`; its arguments are sys.argv[1:].
    Python(const std::string& program, const std::vector<std::string>& arguments)
    {
        int in[2];
        int out[2];
        if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
            throw std::runtime_error("pipe2");
        std::vector<std::string> words = {"python3", "-c", program};
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<char*> argv;
        for (std::string& word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        _pid = ::fork();
        if (_pid == 0)
        {
            ::dup2(in[0], 0);
            ::dup2(out[1], 1);
            ::execvp(argv[0], argv.data());
            ::_exit(127);
        }
        ::close(in[0]);
        ::close(out[1]);
        _in = in[1];
        _out = ::fdopen(out[0], "r");
    }

    Python(const Python&) = delete;
    Python& operator=(const Python&) = delete;

    ~Python()
    {
        if (_pid > 0)
            ::kill(_pid, SIGKILL);
        (void)finish();
        (void)std::fclose(_out);
    }

    /// The next line that it prints, without the line end; "" at the end.
    [[nodiscard]] std::string readLine()
    {
        std::string line;
        for (int c = 0; (c = std::fgetc(_out)) != EOF && c != '\n';)
            line += static_cast<char>(c);
        return line;
    }

    /// Ends the program's standard input, which is how it is told to go on.
    void closeInput()
    {
        if (_in >= 0)
            ::close(_in);
        _in = -1;
    }

    /// \return its exit status
    int finish()
    {
        closeInput();
        int status = -1;
        while (_pid > 0 && ::waitpid(_pid, &status, 0) < 0 && errno == EINTR)
            ;
        _pid = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t _pid = -1;
    int _in = -1;
    std::FILE* _out = nullptr;
};

} // namespace mboxtest

# Every target of ours links mpsmtp_warnings; libraries' headers are SYSTEM and stay silent.
add_library(mpsmtp_warnings INTERFACE)
target_compile_options(mpsmtp_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual)
if(MPSMTP_WERROR)
    target_compile_options(mpsmtp_warnings INTERFACE -Werror)
endif()

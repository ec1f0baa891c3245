# -DMPSMTP_SANITIZE=address,undefined or =thread; scripts/test --sanitize uses these.
if(MPSMTP_SANITIZE)
    # -O1 and line tables: the tables of the tests take minutes a file at -O2 -g with a sanitizer.
    string(REPLACE "-O2 -g" "-O1 -g1" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
    add_compile_options(-fsanitize=${MPSMTP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${MPSMTP_SANITIZE})
endif()

# -DMPSMTP_SANITIZE=address,undefined or =thread; scripts/test --sanitize uses these.
if(MPSMTP_SANITIZE)
    add_compile_options(-fsanitize=${MPSMTP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${MPSMTP_SANITIZE})
endif()

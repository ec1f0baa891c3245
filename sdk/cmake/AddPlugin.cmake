# mpsmtp_add_plugin(NAME source… [INSTALL] [TEST source…] [LINK library…])
#
# Builds NAME.so, a plugin of mpsmtpd. Leaves warnings and the standard (C++17 or later) to the project.
#   INSTALL  `cmake --install` puts it where the mpsmtpd of the same prefix finds it by `type = NAME`
#   TEST     builds NAME_test from these and the plugin's own sources, so that <mpsmtp/Testing.h> finds the plugin in
#            the program, and makes it the CTest test NAME; left out with BUILD_TESTING=OFF
#   LINK     libraries for both
function(mpsmtp_add_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 PLUGIN "INSTALL" "" "TEST;LINK")
    if(NOT PLUGIN_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "mpsmtp_add_plugin(${name}): no source file is given")
    endif()
    foreach(list TEST LINK)
        if(list IN_LIST PLUGIN_KEYWORDS_MISSING_VALUES)
            message(FATAL_ERROR "mpsmtp_add_plugin(${name}): nothing stands behind ${list}")
        endif()
    endforeach()

    add_library(${name} MODULE ${PLUGIN_UNPARSED_ARGUMENTS})
    target_link_libraries(${name} PRIVATE mpsmtp::plugin ${PLUGIN_LINK})
    # All but the descriptor stays inside: two plugins may have classes of the same name.
    set_target_properties(${name} PROPERTIES
        PREFIX "" SUFFIX ".so" POSITION_INDEPENDENT_CODE ON
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    _mpsmtp_is_sanitized(is_sanitized)
    if(NOT is_sanitized)
        # What is missing is told by the linker, not by the first mail. A sanitizer's run time is in the program, not in
        # the plugin, so that its symbols are undefined here.
        target_link_options(${name} PRIVATE LINKER:-z,defs)
    endif()
    if(PLUGIN_INSTALL)
        install(TARGETS ${name} LIBRARY DESTINATION ${MPSMTP_PLUGIN_INSTALL_DIR})
    endif()
    if(PLUGIN_TEST AND (BUILD_TESTING OR NOT DEFINED BUILD_TESTING))
        _mpsmtp_add_plugin_test()
    endif()
endfunction()

# Sees the variables of mpsmtp_add_plugin().
function(_mpsmtp_add_plugin_test)
    set(sources ${PLUGIN_TEST} ${PLUGIN_UNPARSED_ARGUMENTS})
    list(REMOVE_DUPLICATES sources)
    add_executable(${name}_test ${sources})
    find_package(Threads REQUIRED)
    target_link_libraries(${name}_test PRIVATE mpsmtp::sdk Threads::Threads ${PLUGIN_LINK})
    add_test(NAME ${name} COMMAND ${name}_test)
endfunction()

# True if a sanitizer is among the flags of this folder.
function(_mpsmtp_is_sanitized result)
    string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
    get_directory_property(options COMPILE_OPTIONS)
    set(flags "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}} ${CMAKE_MODULE_LINKER_FLAGS} ${options}")
    if(flags MATCHES "-fsanitize=")
        set(${result} TRUE PARENT_SCOPE)
    else()
        set(${result} FALSE PARENT_SCOPE)
    endif()
endfunction()

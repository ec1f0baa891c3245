/// \file
/// The only header a plugin includes. It ends a source file with
///
/// MPSMTP_PLUGIN(MyHandler, "my-handler", "1.0", {{"path", mpsmtp::Option::Path, mpsmtp::Required,
/// nullptr, "where"}})
///
/// which makes the shared object a plugin: one exported symbol, described in abi.h, with thunks
/// that let no exception and no C++ type out.
#pragma once

#include <mpsmtp/Handler.h>
#include <mpsmtp/Option.h>
#include <mpsmtp/detail/Thunks.h>

/// Makes `Class`, a mpsmtp::Handler with a constructor from const mpsmtp::Context&, the handler of
/// this plugin. The arguments behind `version` are the option table: {} or {{key, type, presence,
/// default, doc}, …}.
#define MPSMTP_PLUGIN(Class, type, version, ...)                                                   \
    namespace                                                                                      \
    {                                                                                              \
    const auto mpsmtpOptionTable = ::mpsmtp::detail::optionTable(__VA_ARGS__);                     \
    }                                                                                              \
    extern "C"                                                                                     \
    {                                                                                              \
        __attribute__((                                                                            \
            visibility("default"))) extern const mpsmtp_plugin mpsmtp_plugin_descriptor;           \
    }                                                                                              \
    const mpsmtp_plugin mpsmtp_plugin_descriptor =                                                 \
        ::mpsmtp::detail::Thunks<Class>::describe(type, version, mpsmtpOptionTable);

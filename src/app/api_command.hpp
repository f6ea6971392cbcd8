// What commands over the API share: ask, print, exit code. One thread.
#pragma once
#include <CLI/App.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <string>

#include "app/api_client.hpp"
#include "app/command_line.hpp"

namespace son1k::app {

// Opens the API, calls `ask`, and prints what it gives: as JSON with --json, else by `show`.
// errc::cancelled without a message is somebody's "no" to a question: nothing is printed.
using api_ask = std::function<result<api_reply>(api_client&)>;
using api_show = std::function<void(const api_reply&)>;
int run_on_api(const client_flags& flags, const api_ask& ask, const api_show& show,
               bool may_create = false);
error declined();

// The members of a reply, for tables: texts as they are, other values as JSON, absent ones empty.
std::string cell(const boost::json::value& of, std::string_view name);
std::int64_t number(const boost::json::value& of, std::string_view name);
// The value at "a.b" or null.
const boost::json::value& member(const boost::json::value& of, std::string_view path);
// "2026-11-22 08:16:17" of an ISO time; empty stays empty.
std::string when(const boost::json::value& of, std::string_view name);

// "?a=x&b=y" of what is not empty.
std::string query_of(std::initializer_list<std::pair<std::string_view, std::string>> parameters);

}  // namespace son1k::app

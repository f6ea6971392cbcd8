// PostgreSQL's SQLSTATE codes as errors of the product: one table, one sentence in each language.
// Stateless, thread-safe.
#pragma once
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace son1k::store {

// `state` is the five characters of SQLSTATE, empty where the client library gave up by itself;
// `detail` the server's own words without anything secret; `place` the server and database the
// error is about.
error postgres_failure(std::string_view state, std::string_view detail, const std::string& place);

// Five letters or digits after "FATAL: ", as verbose messages of a refused connection have them;
// empty if there are none.
std::string_view sqlstate_of(std::string_view verbose_message);

// The server is going or gone: nothing more comes from this connection.
bool ends_connection(std::string_view state);
// Chance, not a fault of the statements: the same transaction may pass when it is run again.
bool worth_again(std::string_view state);
// The session does not have the prepared statements it should: a pooler stands in between.
bool lost_statement(std::string_view state);

}  // namespace son1k::store

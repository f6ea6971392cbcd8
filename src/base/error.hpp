// Errors are values. A function that can fail in an expected way returns result<T>; the error says
// what kind it is (errc, stable), which field or thing it is about, and a sentence for a person in
// English and Spanish. One table in api maps errc to HTTP; one in app maps it to an exit code.
#pragma once
#include <boost/json/object.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <string_view>

namespace son1k {

enum class errc {
  validation,         // the caller's input is wrong; `field` names it
  malformed,          // the input cannot be parsed at all (broken JSON, bad UTF-8, bad header)
  unauthenticated,    // nobody showed who they are
  token_expired,      // it showed who they are once
  forbidden,          // known, but not allowed
  not_found,          // no such thing, or not the caller's
  conflict,           // the thing is in another state than the call needs
  payload_too_large,  // a bound on size was passed
  unsupported_media,  // the content type is not served here
  range_invalid,      // a byte range that the file does not have
  rate_limited,       // too many calls
  quota_exceeded,     // what the tier allows in a day or month is used up
  lease_lost,         // the job belongs to a newer start (fencing)
  cancelled,          // stopped because somebody asked
  timeout,            // a time limit passed
  unavailable,        // a backend is absent or busy; trying again may help
  storage_full,       // the disk or a quota of it is full
  storage_corrupt,    // stored data is damaged or not ours; never repaired silently
  schema_newer,       // the database was written by a newer program
  internal,           // a fault of ours
};

// The stable name of a code, as it stands in logs and job records ("lease_lost").
std::string_view name_of(errc code);

// A sentence in the two languages of the product. An empty `es` falls back to `en`.
struct text {
  text() = default;
  text(std::string english) : en(std::move(english)) {}
  text(const char* english) : en(english) {}
  text(std::string english, std::string spanish) : en(std::move(english)), es(std::move(spanish)) {}
  const std::string& in(bool spanish) const { return spanish && !es.empty() ? es : en; }
  std::string en;
  std::string es;
};

struct error {
  error() = default;
  error(errc c, text m) : code(c), message(std::move(m)) {}
  error(errc c, std::string f, text m) : code(c), field(std::move(f)), message(std::move(m)) {}
  // "field: message" in English, for logs and terminals.
  std::string what() const;

  errc code = errc::internal;
  std::string field;  // the input field, path or setting it is about; may be empty
  text message;
  boost::json::object details;  // more facts for the caller; never secrets
};

[[noreturn]] void throw_exception_from_error(const error& e, const boost::source_location& where);

template <class T>
using result = boost::system::result<T, error>;

}  // namespace son1k

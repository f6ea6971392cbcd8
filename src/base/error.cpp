#include "base/error.hpp"

#include <stdexcept>

namespace son1k {

std::string_view name_of(errc code) {
  switch (code) {
    case errc::validation:
      return "validation";
    case errc::malformed:
      return "malformed";
    case errc::unauthenticated:
      return "unauthenticated";
    case errc::token_expired:
      return "token_expired";
    case errc::forbidden:
      return "forbidden";
    case errc::not_found:
      return "not_found";
    case errc::conflict:
      return "conflict";
    case errc::payload_too_large:
      return "payload_too_large";
    case errc::unsupported_media:
      return "unsupported_media";
    case errc::range_invalid:
      return "range_invalid";
    case errc::rate_limited:
      return "rate_limited";
    case errc::quota_exceeded:
      return "quota_exceeded";
    case errc::lease_lost:
      return "lease_lost";
    case errc::cancelled:
      return "cancelled";
    case errc::timeout:
      return "timeout";
    case errc::unavailable:
      return "unavailable";
    case errc::storage_full:
      return "storage_full";
    case errc::storage_corrupt:
      return "storage_corrupt";
    case errc::schema_newer:
      return "schema_newer";
    case errc::internal:
      return "internal";
  }
  return "internal";
}

std::string error::what() const {
  return field.empty() ? message.en : field + ": " + message.en;
}

void throw_exception_from_error(const error& e, const boost::source_location&) {
  throw std::runtime_error(e.what());
}

}  // namespace son1k

// Certificates of provenance: what this installation vouches for of a piece, signed (Ed25519), and
// their verification, which needs nothing but the document. docs/listings.md has the bytes.
// Pure but for reading files; thread-safe.
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/signing/signing_keys.hpp"
#include "api/generation_records.hpp"
#include "base/error.hpp"

namespace son1k::api {

struct certified {
  const generation_record& piece;  // finished
  std::string author;              // as the author wants to be called; may be empty
  std::string audio_sha256;        // 64 hexadecimal digits
  std::string audio_format;        // "mp3"
  std::int64_t issued_at_ms = 0;
};

// The document: {"certificate":{…},"algorithm":"Ed25519","publicKey","signature"}. internal: the
// stored request or result cannot be read.
result<std::string> make_certificate(const certified& what, const accounts::signing_key& key);

// The bytes that are signed: "son1k-provenance-v1", a line feed, and the member "certificate" as
// RFC 8785 writes it. Nothing: it holds a number with a fraction, which certificates never do.
std::optional<std::string> signed_bytes(const boost::json::value& certificate);

struct verified {
  boost::json::object certificate;
  std::string public_key;  // 32 bytes, that of the document
  std::string key_id;
};
// malformed: no certificate · validation, field "signature": it does not fit · "key": it is signed
// by another key than `expected` (32 bytes; empty: whichever).
result<verified> verify_certificate(std::string_view document, std::string_view expected);

// 64 hexadecimal digits. not_found, unavailable. Blocking, about 1 s a GB.
result<std::string> sha256_of_file(const std::filesystem::path& file);

}  // namespace son1k::api

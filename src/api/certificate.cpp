#include "api/certificate.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <memory>
#include <vector>

#include "accounts/signing/ed25519.hpp"
#include "base/base64.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "music/compose/compose.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

constexpr std::string_view domain = "son1k-provenance-v1\n";
constexpr std::string_view algorithm = "Ed25519";
constexpr std::string_view type_name = "son1k-provenance";
constexpr std::size_t document_bytes_max = 262'144;

// RFC 8785 for what certificates hold: objects by the order of their names, whole numbers. Boost
// writes strings as it asks: the short escapes, \u00xx in lower case, nothing else escaped.
bool append_canonical(const json::value& v, std::string& out) {
  if (const auto* object = v.if_object()) {
    std::vector<std::string_view> names;
    for (const auto& member : *object) names.push_back(member.key());
    std::sort(names.begin(), names.end());
    out += '{';
    for (std::size_t n = 0; n < names.size(); ++n) {
      if (n > 0) out += ',';
      out += json::serialize(json::value(names[n])) + ":";
      if (!append_canonical(object->at(names[n]), out)) return false;
    }
    out += '}';
    return true;
  }
  if (const auto* list = v.if_array()) {
    out += '[';
    for (std::size_t n = 0; n < list->size(); ++n) {
      if (n > 0) out += ',';
      if (!append_canonical((*list)[n], out)) return false;
    }
    out += ']';
    return true;
  }
  if (v.is_double()) return false;
  out += json::serialize(v);
  return true;
}

std::string encoded(std::string_view bytes) {
  std::string out;
  append_base64url(out, bytes);
  return out;
}

std::string text_at(const json::value& from, std::string_view pointer) {
  boost::system::error_code ec;
  const auto* v = from.find_pointer(pointer, ec);
  return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
}

// What was asked for and what of it was understood; texts and whole numbers.
json::object brief_of(const json::value& request, const json::value& facts) {
  json::object out;
  for (const auto& member : request.get_object()) {
    const bool own = member.key() == "generationId" || member.key() == "owner";
    if (!own && !member.value().is_double()) out[member.key()] = member.value();
  }
  out["key"] = text_at(facts, "/key");
  out["metre"] = text_at(facts, "/metre");
  out["playedStyle"] = text_at(facts, "/understood/style/value");
  boost::system::error_code ec;
  if (const auto* tempo = facts.find_pointer("/tempo", ec); tempo != nullptr && tempo->is_number())
    out["tempo"] = fmt::format("{:g}", tempo->to_number<double>());
  return out;
}

error malformed_document(text why) {
  return {errc::malformed, "certificate", std::move(why)};
}

struct opened {
  json::value document;
  std::string public_key;
  std::string signature;
};

result<opened> open_document(std::string_view bytes) {
  if (bytes.size() > document_bytes_max)
    return malformed_document({"is too large", "es demasiado grande"});
  auto parsed = parse_json(bytes);
  if (!parsed) return parsed.error();
  // The API's own reply is taken as well as the document in it.
  boost::system::error_code ec;
  if (const auto* inner = parsed->find_pointer("/data/certificate", ec);
      inner != nullptr && inner->is_object()) {
    json::value data = parsed->at("data");
    *parsed = std::move(data);
  }
  const auto certificate = parsed->find_pointer("/certificate", ec);
  auto key = from_base64url(text_at(*parsed, "/publicKey"));
  auto signature = from_base64url(text_at(*parsed, "/signature"));
  if (certificate == nullptr || !certificate->is_object() || !key || !signature ||
      text_at(*parsed, "/algorithm") != algorithm || text_at(*certificate, "/type") != type_name) {
    return malformed_document({"is no certificate of provenance of son1k",
                               "no es un certificado de procedencia de son1k"});
  }
  return opened{std::move(*parsed), std::move(*key), std::move(*signature)};
}

}  // namespace

std::optional<std::string> signed_bytes(const json::value& certificate) {
  std::string out(domain);
  if (!append_canonical(certificate, out)) return std::nullopt;
  return out;
}

result<std::string> make_certificate(const certified& what, const accounts::signing_key& key) {
  const error broken(errc::internal, "request", text("the stored piece cannot be read"));
  boost::system::error_code ec;
  const auto request = json::parse(what.piece.request, ec);
  if (ec || !request.is_object()) return broken;
  const auto facts = json::parse(what.piece.result, ec);
  if (ec || !facts.is_object()) return broken;
  json::object payload{{"type", type_name},
                       {"version", 1},
                       {"generationId", what.piece.id},
                       {"title", what.piece.title},
                       {"authorId", what.piece.owner},
                       {"author", what.author},
                       {"brief", brief_of(request, facts)},
                       {"engineVersion", music::engine_version},
                       {"audioSha256", what.audio_sha256},
                       {"audioFormat", what.audio_format},
                       {"createdAt", iso_time(what.piece.finished_at_ms).chars},
                       {"issuedAt", iso_time(what.issued_at_ms).chars},
                       {"keyId", key.id}};
  if (const auto* seed = request.get_object().if_contains("seed")) payload["seed"] = *seed;
  const auto message = signed_bytes(payload);
  if (!message) return broken;
  const json::object document{{"certificate", payload},
                              {"algorithm", algorithm},
                              {"publicKey", encoded(key.public_key)},
                              {"signature", encoded(accounts::ed25519_sign(key.secret, *message))}};
  return json::serialize(document);
}

result<verified> verify_certificate(std::string_view document, std::string_view expected) {
  auto read = open_document(document);
  if (!read) return read.error();
  const auto& payload = read->document.at("certificate");
  if (!expected.empty() && read->public_key != expected) {
    return error(errc::validation, "key",
                 text("the certificate is signed by another key than the given one",
                      "el certificado está firmado por otra clave que la indicada"));
  }
  const auto message = signed_bytes(payload);
  const auto id = accounts::key_id_of(read->public_key);
  if (!message || text_at(payload, "/keyId") != id ||
      !accounts::ed25519_verify(read->public_key, *message, read->signature)) {
    return error(errc::validation, "signature",
                 text("the signature does not fit: the certificate was changed, or never signed",
                      "la firma no corresponde: el certificado fue alterado o nunca se firmó"));
  }
  return verified{payload.get_object(), std::move(read->public_key), id};
}

result<std::string> sha256_of_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return error(errc::not_found, "file",
                 text("cannot be read: " + file.filename().string(),
                      "no se puede leer: " + file.filename().string()));
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(),
                                                                     &EVP_MD_CTX_free);
  bool ok = hash && EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) == 1;
  std::vector<char> block(65'536);
  while (ok && in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    ok = EVP_DigestUpdate(hash.get(), block.data(), static_cast<std::size_t>(in.gcount())) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  ok = ok && in.eof() && EVP_DigestFinal_ex(hash.get(), digest.data(), &size) == 1;
  if (!ok) return error(errc::unavailable, "file", text("cannot be read", "no se puede leer"));
  std::string out;
  for (unsigned int n = 0; n < size; ++n) out += fmt::format("{:02x}", digest[n]);
  return out;
}

}  // namespace son1k::api

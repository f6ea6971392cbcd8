// son1k verify: whether a certificate of provenance holds, with no server and no network.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Option.hpp>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "api/certificate.hpp"
#include "app/command_line.hpp"
#include "base/base64.hpp"

namespace son1k::app {
namespace json = boost::json;
namespace {

constexpr std::size_t file_bytes_max = 1'048'576;

struct verify_flags {
  common_flags common;
  std::string certificate;
  std::string audio;
  std::string key;
};

result<std::string> read_small_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string out;
  if (in) out.assign(std::istreambuf_iterator<char>(in), {});
  if (!in || out.size() > file_bytes_max) {
    return error(
        errc::not_found, path,
        text("cannot be read, or is too large", "no se puede leer, o es demasiado grande"));
  }
  return out;
}

// The 32 bytes of a key as GET /api/nft/key tells it; empty for none.
result<std::string> read_public_key(const std::string& given) {
  if (given.empty()) return std::string();
  auto bytes = from_base64url(given);
  if (bytes && bytes->size() == 32) return std::move(*bytes);
  return error(errc::validation, "--key",
               text("must be a public key as GET /api/nft/key tells it (43 characters)",
                    "debe ser una clave pública como la da GET /api/nft/key (43 caracteres)"));
}

result<api::verified> check(const verify_flags& flags) {
  auto expected = read_public_key(flags.key);
  if (!expected) return expected.error();
  auto document = read_small_file(flags.certificate);
  if (!document) return document.error();
  auto told = api::verify_certificate(*document, *expected);
  if (!told || flags.audio.empty()) return told;
  auto digest = api::sha256_of_file(flags.audio);
  if (!digest) return digest.error();
  const auto* certified = told->certificate.if_contains("audioSha256");
  if (certified != nullptr && certified->is_string() && certified->get_string() == *digest)
    return told;
  return error(errc::validation, flags.audio,
               text("is not the audio that the certificate is about",
                    "no es el audio del que trata el certificado"));
}

std::string word_of(const json::object& from, std::string_view name) {
  const auto* v = from.if_contains(name);
  return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string("-");
}

void tell(const verify_flags& flags, const api::verified& told) {
  const auto& c = told.certificate;
  const auto line = [](const text& name, const std::string& what) {
    fmt::print("{:<10} {}\n", say(name), what);
  };
  fmt::print("{}\n", say({"The certificate holds.", "El certificado es válido."}));
  line({"title", "título"}, word_of(c, "title"));
  line({"author", "autor"}, word_of(c, "author") + " (" + word_of(c, "authorId") + ")");
  line({"made", "hecha"}, word_of(c, "createdAt"));
  line({"issued", "emitido"}, word_of(c, "issuedAt"));
  line({"audio", "audio"}, "SHA-256 " + word_of(c, "audioSha256"));
  line({"key", "clave"}, told.key_id);
  if (flags.audio.empty()) {
    fmt::print("{}\n", say({"No audio was given, so none was compared.",
                            "No se dio audio, así que no se comparó ninguno."}));
  } else {
    fmt::print("{}\n",
               say({"The audio is the one that it is about.", "El audio es aquel del que trata."}));
  }
  if (!flags.key.empty()) return;
  fmt::print("{}\n", say({"Whose key that is was not checked: compare it with the issuer's "
                          "(GET /api/nft/key), or give it with --key.",
                          "No se comprobó de quién es la clave: compárela con la del emisor "
                          "(GET /api/nft/key), o indíquela con --key."}));
}

int verify(const verify_flags& flags) {
  auto told = check(flags);
  if (!told) {
    const bool usage = told.error().field == "--key";
    const int code = fail(told.error(), flags.common.json);
    return usage ? code : static_cast<int>(exit_failed);
  }
  if (flags.common.json) {
    print_json({{"success", true},
                {"data",
                 {{"valid", true},
                  {"keyId", told->key_id},
                  {"keyGiven", !flags.key.empty()},
                  {"audioCompared", !flags.audio.empty()},
                  {"certificate", told->certificate}}}});
  } else {
    tell(flags, *told);
  }
  return exit_ok;
}

}  // namespace

void add_verify(CLI::App& program, command_run& run) {
  auto flags = std::make_shared<verify_flags>();
  auto* command = program.add_subcommand(
      "verify", "Whether a certificate of provenance holds, without any server");
  command->add_option("certificate", flags->certificate, "The certificate, a JSON file")
      ->required();
  command->add_option("audio", flags->audio, "The audio that it is said to be about");
  command->add_option("--key", flags->key, "The issuer's public key, which must have signed it");
  add_common_flags(*command, flags->common, {});
  command->footer("Example:  son1k verify certificate.json piece.mp3 --key hXz…");
  command->callback([&run, flags] { run = [flags] { return verify(*flags); }; });
}

}  // namespace son1k::app

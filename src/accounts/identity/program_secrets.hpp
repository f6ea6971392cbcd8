// The program's own secrets: those that a deployment sets, refused where they are guessable, and
// those that the program makes for itself and keeps in its database, shared by all its processes.
// Thread-safe.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::accounts {

inline constexpr std::size_t set_secret_bytes_min = 32;

// validation with the field: shorter than 32 bytes, or a word that stands in every example.
result<void> check_set_secret(std::string_view field, std::string_view secret);
// The parts of a list between commas, without spaces; each is checked.
result<std::vector<std::string>> read_set_secrets(std::string_view field, std::string_view list);

// The secret of that name: 256 random bits in base64url, made at the first call of all. Blocking,
// for the program's start.
result<std::string> kept_secret(store::database& db, const std::string& name);

}  // namespace son1k::accounts

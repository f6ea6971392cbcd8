// The addresses that accounts want to be told at. Statements only; calls run inside a unit of work
// or a read of the database, on its threads. What is someone else's is not found.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::webhooks {

inline constexpr std::int64_t webhooks_of_account_max = 10;
inline constexpr std::string_view ping_event = "webhook.ping";
inline constexpr std::string_view disabled_event = "webhook.disabled";
// What one may ask to be told of; a ping comes when it is asked for.
inline constexpr std::array<std::string_view, 4> event_names{
    "generation.completed", "generation.failed", "generation.cancelled", disabled_event};

struct webhook {
  std::string id;  // UUIDv7
  std::string owner;
  std::string url;
  std::vector<std::string> events;  // none: all
  std::string description;
  bool active = true;
  std::string secret;
  std::string secret_before;  // signs too, until its time
  std::int64_t before_until_ms = 0;
  std::int64_t failures = 0;        // deliveries in a row that were given up
  std::int64_t disabled_at_ms = 0;  // by the program; 0: not
  std::string disabled_why;
  std::int64_t version = 1;
  std::int64_t created_at_ms = 0;
  std::int64_t updated_at_ms = 0;
  bool takes_events() const { return active && disabled_at_ms == 0; }
};

struct webhook_change {
  std::optional<std::string> url;
  std::optional<std::vector<std::string>> events;
  std::optional<std::string> description;
  std::optional<bool> active;  // true also ends that it is disabled
};

// conflict: the account has as many as it may; rolls the unit of work back, as the others do.
void stage_webhook(store::transaction& tx, webhook what);
// not_found · conflict: it is no longer of the version `only` (0: whichever).
void stage_webhook_change(store::transaction& tx, std::string owner, std::string id,
                          webhook_change to, std::int64_t only, std::int64_t now_ms);
// The secret of now signs beside the new one until `until_ms`. not_found.
void stage_new_secret(store::transaction& tx, std::string owner, std::string id, std::string secret,
                      std::int64_t until_ms, std::int64_t now_ms);
// Its log goes with its time; what still waits is dropped. not_found.
void stage_webhook_removal(store::transaction& tx, std::string owner, std::string id);

// By age; with their secrets.
result<std::vector<webhook>> list_webhooks(store::connection& db, std::string_view owner);
// An empty owner is anybody. not_found.
result<webhook> find_webhook(store::connection& db, std::string_view owner, std::string_view id);

}  // namespace son1k::webhooks

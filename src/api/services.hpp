// What the resources call. Owned by the wiring in app; outlives the server. Thread-safe by its
// parts.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "accounts/identity/identity.hpp"
#include "accounts/keys/key_uses.hpp"
#include "accounts/limits/limiter.hpp"
#include "accounts/quota/recent_refusals.hpp"
#include "accounts/tiers/tier_table.hpp"
#include "api/own_site.hpp"
#include "base/clock.hpp"
#include "net/http_message.hpp"
#include "net/reach.hpp"
#include "queue/history/dead_letters.hpp"
#include "queue/history/history.hpp"
#include "queue/queue.hpp"
#include "queue/schedules/schedules.hpp"
#include "store/database.hpp"

namespace son1k::api {

struct account_engines;

struct services {
  store::database& database;
  queue::queue_port& queue;
  const clock_port& clock;
  std::filesystem::path artifacts;  // folder of the finished pieces
  std::string version;
  std::string owner = "local";  // the user of this machine's own commands
  std::size_t local_slots = 1;  // pieces that are made at the same time in this process
  bool workers_here = true;     // false: `serve --workers 0`
  // Runs blocking work on the compute pool; false if it is full.
  std::function<bool(std::function<void()>)> offload;
  queue::job_history* history = nullptr;  // null: searches answer that it is not open
  queue::dead_letters* letters = nullptr;
  // Stages the domain's part of a job that ends without its worker, or runs again: what its kind
  // says.
  queue::settle_function settle;
  std::shared_ptr<queue::schedules> schedules;
  std::vector<std::string> queues;  // of the registered kinds
  accounts::tier_table tiers;
  // Accounts that lately came to the end of their quota.
  std::shared_ptr<accounts::recent_refusals> refusals =
      std::make_shared<accounts::recent_refusals>();
  const account_engines* accounts = nullptr;  // null: no accounts are kept
  // How often callers may call, and where from; see api::gate::parts.
  accounts::limiter* limiter = nullptr;
  net::reach reach;  // where messages to webhooks may go
  accounts::key_uses* key_uses = nullptr;  // null: requests of keys are not counted
  std::function<std::string(const net::http_request&)> client_address;
  own_site site;
  std::filesystem::path sound_font;  // of what is rendered on demand; empty: the usual places
};

}  // namespace son1k::api

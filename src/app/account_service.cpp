#include "app/account_service.hpp"

#include <unistd.h>

#include "accounts/identity/account_identities.hpp"
#include "accounts/identity/program_secrets.hpp"
#include "accounts/identity/secrets.hpp"
#include "accounts/jwt/external_tokens.hpp"
#include "app/setup_file.hpp"
#include "queue/compute_pool.hpp"

namespace son1k::app {
namespace {

// At 64 MiB each; what waits behind them waits for seconds, so not for many.
constexpr std::size_t hashes_at_once = 2;
constexpr std::size_t hashes_waiting_max = 32;

// Null: no other issuer is trusted.
result<std::unique_ptr<accounts::external_tokens>> other_issuer(const settings& config,
                                                                const clock_port& clock) {
  if (config.text("supabase_url").empty()) return std::unique_ptr<accounts::external_tokens>();
  auto issuer =
      accounts::supabase_issuer(config.text("supabase_url"), config.text("supabase_jwt_secret"));
  if (!issuer) return issuer.error();
  return accounts::make_external_tokens(clock, std::move(*issuer));
}

accounts::vouched facts_of(const accounts::claims& told) {
  return {told.subject, told.session, told.email, told.expires_at_ms};
}

}  // namespace

struct account_service::parts {
  parts(const settings& config, store::database& db, const clock_port& clock,
        accounts::tier_table known, accounts::token_issuer issuer,
        std::unique_ptr<accounts::external_tokens> others, std::vector<std::string> services)
      : folder(config.text("data_dir")),
        tiers(std::move(known)),
        tokens(std::move(issuer)),
        external(std::move(others)),
        pool(hashes_at_once, hashes_waiting_max),
        revocations(db, clock),
        passwords([this](std::function<void()> work) {
          return pool.submit(std::move(work)).has_value();
        }),
        users({db, clock, passwords, revocations,
               [this](std::string_view tier) { return tiers.find(tier) != nullptr; }}),
        sessions(db, clock, revocations),
        keys(db, clock, revocations),
        setup(db, clock, passwords),
        local_token(accounts::new_secret("lt_")),
        engines{users, sessions, keys, setup, tokens, config.boolean("registration"), {}},
        identities(identity_parts(db, clock, std::move(services))) {
    engines.on_setup_done = [file = setup_file_of(folder)] { ::unlink(file.c_str()); };
  }

  accounts::account_identities::parts identity_parts(store::database& db, const clock_port& clock,
                                                     std::vector<std::string> services) {
    const auto own = [this](std::string_view token,
                            std::int64_t now_ms) -> result<accounts::vouched> {
      auto told = tokens.verify(token, now_ms);
      if (!told) return told.error();
      return facts_of(*told);
    };
    accounts::account_identities::parts out{db,  clock, users,       revocations,
                                            own, {},    local_token, std::move(services)};
    if (external) {
      out.external = [this](std::string token) { return told_elsewhere(std::move(token)); };
    }
    return out;
  }

  boost::asio::awaitable<result<accounts::vouched>> told_elsewhere(std::string token) {
    auto told = co_await external->verify(std::move(token));
    if (!told) co_return told.error();
    co_return facts_of(*told);
  }

  const std::filesystem::path folder;
  const accounts::tier_table tiers;
  const accounts::token_issuer tokens;
  const std::unique_ptr<accounts::external_tokens> external;
  queue::compute_pool pool;
  accounts::revocations revocations;
  accounts::password_hasher passwords;
  accounts::users users;
  accounts::sessions sessions;
  accounts::api_keys keys;
  accounts::setup setup;
  const std::string local_token;
  api::account_engines engines;
  accounts::account_identities identities;
};

result<std::unique_ptr<account_service>> account_service::open(const settings& config,
                                                               store::database& db,
                                                               const clock_port& clock,
                                                               bool shared) {
  auto tiers = accounts::tier_table::parse(config.text("tiers"));
  if (!tiers) return tiers.error();
  auto services = accounts::read_set_secrets("backend_secret", config.text("backend_secret"));
  if (!services) return services.error();
  auto before =
      accounts::read_set_secrets("backend_secret_previous", config.text("backend_secret_previous"));
  if (!before) return before.error();
  services->insert(services->end(), before->begin(), before->end());
  auto secret = config.text("jwt_secret");
  if (secret.empty()) {
    auto kept = accounts::kept_secret(db, "jwt");
    if (!kept) return kept.error();
    secret = std::move(*kept);
  } else if (auto ok = accounts::check_set_secret("jwt_secret", secret); !ok) {
    return ok.error();
  }
  auto issuer = accounts::token_issuer::make({secret});
  if (!issuer) return issuer.error();
  auto others = other_issuer(config, clock);
  if (!others) return others.error();
  std::unique_ptr<account_service> out(new account_service(
      std::make_unique<parts>(config, db, clock, std::move(*tiers), std::move(*issuer),
                              std::move(*others), std::move(*services))));
  if (auto ok = out->parts_->users.ensure_own(); !ok) return ok.error();
  // Alone, this process tells itself all there is to tell.
  if (shared) {
    if (auto ok = out->parts_->revocations.start(); !ok) return ok.error();
  }
  return out;
}

account_service::account_service(std::unique_ptr<parts> p) : parts_(std::move(p)) {}

account_service::~account_service() {
  stop();
}

const api::account_engines& account_service::engines() const {
  return parts_->engines;
}

accounts::identities& account_service::identities() {
  return parts_->identities;
}

const std::string& account_service::local_token() const {
  return parts_->local_token;
}

result<std::optional<std::string>> account_service::begin_setup(const std::string& address) {
  auto secret = parts_->setup.begin();
  if (!secret) return secret.error();
  const auto file = setup_file_of(parts_->folder);
  if (!*secret) {
    ::unlink(file.c_str());
    return std::optional<std::string>();
  }
  // After the #, so that it is in no server's log.
  auto link = address + "/#setup=" + **secret;
  if (auto ok = write_private_file(file, link + "\n"); !ok) return ok.error();
  return std::optional<std::string>(std::move(link));
}

void account_service::stop() {
  parts_->revocations.stop();
  parts_->pool.stop();
}

}  // namespace son1k::app

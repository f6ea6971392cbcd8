#include "store/postgres/postgres_figures.hpp"

namespace son1k::store {

void postgres_figures::collect(std::vector<metrics::family>& out) const {
  using metrics::family_type;
  auto figure = [&out](const char* name, const char* help, family_type type, auto value) {
    metrics::add_figure(out, name, help, type, static_cast<double>(value));
  };
  figure("son1k_database_connections", "Open connections to PostgreSQL.", family_type::gauge,
         connections.load());
  figure("son1k_database_connections_reading", "Connections in use by reads.", family_type::gauge,
         reading.load());
  figure("son1k_database_reconnects_total", "Connections opened in place of a lost one.",
         family_type::counter, reconnects.load());
  figure("son1k_database_refused_connects_total", "Attempts to connect that failed.",
         family_type::counter, refused_connects.load());
  figure("son1k_database_away_seconds_total",
         "Time that connections were wanted and could not be had, until they came back.",
         family_type::counter, static_cast<double>(away_ms.load()) / 1'000.0);
  figure("son1k_database_unknown_outcomes_total",
         "Transactions whose COMMIT was sent and never answered.", family_type::counter,
         unknown_outcomes.load());
  figure("son1k_database_groups_again_total",
         "Groups run again after a lost connection or a deadlock.", family_type::counter,
         groups_again.load());
  out.push_back(
      {"son1k_database_group_size", "Transactions in one commit.", family_type::histogram, {}});
  out.back().add({}, group_size);
}

}  // namespace son1k::store

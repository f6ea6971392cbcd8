// The cluster of one process: usually a single node, which needs no other; several share a place
// for tests. What is kept is in memory and goes with the process.
#pragma once
#include "base/clock.hpp"
#include "realtime/socketio/cluster.hpp"

namespace son1k::realtime {

struct local_cluster_settings {
  std::size_t messages_max = 10'000;  // kept for since()
  std::size_t message_bytes_max = 64u << 20;
  std::size_t sessions_max = 100'000;
};

// What the nodes share. Thread-safe.
class local_place;
std::shared_ptr<local_place> make_local_place(const clock_port& clock,
                                              local_cluster_settings settings = {});

// A lone node gives offsets at once; broadcast() of several hands messages on in the order of their
// offsets.
std::unique_ptr<cluster> make_local_cluster(std::shared_ptr<local_place> place);

}  // namespace son1k::realtime

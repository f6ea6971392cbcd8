// What a broken queue does wrong: each switch breaks one promise of the contract, to show that the
// suite sees it.
#pragma once
#include <array>
#include <optional>
#include <string_view>

namespace son1k::test {

enum class memory_fault {
  none,
  late_writes_taken,    // a lost lease is as good as a newer one
  fence_not_raised,     // a later start has the number of the first
  order_reversed,       // the newest job first
  claimed_twice,        // a claim leaves its jobs where they were
  ageing_off,           // old jobs wait for ever
  groups_forgotten,     // no turns between groups
  limits_ignored,       // more runs than allowed
  pause_ignored,        // a paused queue hands out jobs
  dedup_forgotten,      // owned ids are added again
  expired_run,          // jobs run that waited too long
  parent_not_released,  // the end of a child is not told to its parent
  events_swapped,       // neighbours in the wrong order
  stall_spends_try,     // a lost lease costs an attempt
  suspects_mixed,       // suspects run beside others
  settle_ignored,       // a refused domain write does not keep the job
  cancel_forgotten,     // a cancel changes nothing
  restart_forgets,      // what was acknowledged is gone after a restart
  rates_forgotten,      // a rate begins anew after a restart
  retention_off,        // ended jobs are kept for ever
  progress_backwards,   // a lower percent stands
  clean_takes_all,      // clean does not look at the age
  records_lost,         // runs that end are not told to the history
  workers_never_leave,  // a silent worker is listed for ever
};

inline constexpr std::array<std::pair<std::string_view, memory_fault>, 23> memory_faults{{
    {"late_writes_taken", memory_fault::late_writes_taken},
    {"fence_not_raised", memory_fault::fence_not_raised},
    {"order_reversed", memory_fault::order_reversed},
    {"claimed_twice", memory_fault::claimed_twice},
    {"ageing_off", memory_fault::ageing_off},
    {"groups_forgotten", memory_fault::groups_forgotten},
    {"limits_ignored", memory_fault::limits_ignored},
    {"pause_ignored", memory_fault::pause_ignored},
    {"dedup_forgotten", memory_fault::dedup_forgotten},
    {"expired_run", memory_fault::expired_run},
    {"parent_not_released", memory_fault::parent_not_released},
    {"events_swapped", memory_fault::events_swapped},
    {"stall_spends_try", memory_fault::stall_spends_try},
    {"suspects_mixed", memory_fault::suspects_mixed},
    {"settle_ignored", memory_fault::settle_ignored},
    {"cancel_forgotten", memory_fault::cancel_forgotten},
    {"restart_forgets", memory_fault::restart_forgets},
    {"rates_forgotten", memory_fault::rates_forgotten},
    {"retention_off", memory_fault::retention_off},
    {"progress_backwards", memory_fault::progress_backwards},
    {"clean_takes_all", memory_fault::clean_takes_all},
    {"records_lost", memory_fault::records_lost},
    {"workers_never_leave", memory_fault::workers_never_leave},
}};

inline std::optional<memory_fault> fault_of(std::string_view name) {
  for (const auto& [known, fault] : memory_faults)
    if (known == name) return fault;
  return std::nullopt;
}

}  // namespace son1k::test

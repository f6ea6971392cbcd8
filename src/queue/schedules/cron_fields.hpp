// The fields of a cron pattern and how one is read. Pure; see cron.hpp for the notation.
#pragma once
#include <span>
#include <string_view>

#include "queue/schedules/cron.hpp"

namespace son1k::queue {

struct cron_field_rule {
  std::string_view name;    // in messages
  std::string_view nombre;  // the same in Spanish
  int low;
  int high;
  std::span<const std::string_view> words;  // the first stands for `low`
  bool days = false;                        // `?` and `L` have a meaning
};
// second, minute, hour, day of month, month, day of week
std::span<const cron_field_rule> cron_field_rules();

// validation, field "cron".
result<cron::field> read_cron_field(std::string_view text, const cron_field_rule& rule);

}  // namespace son1k::queue

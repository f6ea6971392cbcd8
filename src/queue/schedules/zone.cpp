#include "queue/schedules/zone.hpp"

#include <date/tz.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace son1k::queue {
namespace {

using std::chrono::seconds;
constexpr std::size_t name_bytes_max = 64;

std::int64_t count(date::sys_seconds t) {
  return t.time_since_epoch().count();
}

bool have_tables() {
  try {
    (void)date::get_tzdb();
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace

result<zone> zone::find(std::string_view name) {
  if (!have_tables()) {
    return error(errc::unavailable, "zone",
                 text("this machine has no time zone tables; install the package tzdata",
                      "esta máquina no tiene tablas de zonas horarias; instale el paquete tzdata"));
  }
  try {
    // "localtime" is whatever the machine is set to, so it would mean another zone elsewhere.
    if (name.size() <= name_bytes_max && name != "localtime") return zone(date::locate_zone(name));
  } catch (const std::runtime_error&) {
  }
  const std::string shown(name.substr(0, name_bytes_max));
  return error(errc::validation, "zone",
               text("\"" + shown + "\" is not an IANA time zone, as \"America/Santiago\" is",
                    "\"" + shown + "\" no es una zona horaria IANA, como \"America/Santiago\""));
}

zone::span zone::at(std::int64_t instant) const {
  const auto info = of_->get_info(date::sys_seconds(seconds(instant)));
  return {count(info.begin), count(info.end), info.offset.count()};
}

std::int64_t zone::when(std::int64_t local) const {
  const auto info = of_->get_info(date::local_seconds(seconds(local)));
  if (info.result == date::local_info::nonexistent) return count(info.first.end);
  return local - info.first.offset.count();
}

std::string zone::name() const {
  return of_->name();
}

}  // namespace son1k::queue

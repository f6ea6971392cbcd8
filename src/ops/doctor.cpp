#include "ops/doctor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "music/produce.hpp"

namespace son1k::ops {
namespace fs = std::filesystem;
namespace {

constexpr double megabyte = 1e6;
constexpr double disk_bad_mb = 100;
constexpr double disk_warning_mb = 1'000;
constexpr double fsync_warning_ms = 20;
constexpr rlim_t descriptors_wanted = 4'096;

// A file of our own in the folder, gone again with this object.
class trial_file {
 public:
  explicit trial_file(const fs::path& folder)
      : path_(folder / (".doctor-" + std::to_string(::getpid()))),
        descriptor_(::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {}
  ~trial_file() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink(path_.c_str());
  }
  trial_file(const trial_file&) = delete;
  trial_file& operator=(const trial_file&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  fs::path path_;
  int descriptor_;
};

}  // namespace

std::string_view name_of(verdict v) {
  static constexpr std::array<std::string_view, 3> names{"ok", "warning", "bad"};
  return names[static_cast<std::size_t>(v)];
}

finding check_folder(const fs::path& data_dir) {
  const trial_file trial(data_dir);
  const auto where = data_dir.string();
  if (trial.descriptor() >= 0) {
    return {"data folder",
            verdict::good,
            text(where + " can be written to", "se puede escribir en " + where),
            {}};
  }
  return {"data folder", verdict::bad,
          text(where + " cannot be written to", "no se puede escribir en " + where),
          text("give this user the folder, or name another with --data-dir",
               "dé permiso a este usuario, o indique otra con --data-dir")};
}

finding check_disk(const fs::path& data_dir) {
  std::error_code ec;
  const auto space = fs::space(data_dir, ec);
  if (ec) {
    return {"disk",
            verdict::bad,
            text("free space cannot be read: " + ec.message(),
                 "no se puede leer el espacio libre: " + ec.message()),
            {}};
  }
  const double free_mb = static_cast<double>(space.available) / megabyte;
  const auto how = free_mb < disk_bad_mb       ? verdict::bad
                   : free_mb < disk_warning_mb ? verdict::warning
                                               : verdict::good;
  return {"disk", how,
          text(fmt::format("{:.0f} MB free", free_mb), fmt::format("{:.0f} MB libres", free_mb)),
          how == verdict::good ? text{}
                               : text("a piece takes 1 to 10 MB a minute: make room",
                                      "una pieza ocupa de 1 a 10 MB por minuto: haga espacio")};
}

finding check_fsync(const fs::path& data_dir) {
  const trial_file trial(data_dir);
  if (trial.descriptor() < 0) {
    return {"durable write", verdict::bad, text("could not be tried", "no se pudo probar"), {}};
  }
  std::array<double, 20> took_ms{};
  const std::array<char, 4'096> page{};
  for (auto& ms : took_ms) {
    const auto begin = std::chrono::steady_clock::now();
    const bool good = ::pwrite(trial.descriptor(), page.data(), page.size(), 0) ==
                          static_cast<ssize_t>(page.size()) &&
                      ::fdatasync(trial.descriptor()) == 0;
    if (!good) {
      return {"durable write", verdict::bad, text("failed", "falló"),
              text("look at the disk's health", "revise el estado del disco")};
    }
    ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  }
  std::nth_element(took_ms.begin(), took_ms.begin() + took_ms.size() / 2, took_ms.end());
  const double median = took_ms[took_ms.size() / 2];
  const bool slow = median > fsync_warning_ms;
  return {"durable write", slow ? verdict::warning : verdict::good,
          text(fmt::format("{:.2f} ms", median)),
          slow ? text("each accepted job waits for this: a faster disk helps",
                      "cada trabajo aceptado espera esto: un disco más rápido ayuda")
               : text{}};
}

finding check_sound_font(const fs::path& configured) {
  const auto font = music::find_sound_font(configured);
  if (font) return {"sound font", verdict::good, text(font->string()), {}};
  return {"sound font", verdict::bad, font.error().message,
          text("install the package fluid-soundfont-gm", "instale el paquete fluid-soundfont-gm")};
}

finding check_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const bool few = limit.rlim_cur < descriptors_wanted;
  return {"open files", few ? verdict::warning : verdict::good,
          text(fmt::format("up to {}", limit.rlim_cur), fmt::format("hasta {}", limit.rlim_cur)),
          few ? text("connections are bounded by it: raise it with ulimit -n or LimitNOFILE",
                     "limita las conexiones: súbalo con ulimit -n o LimitNOFILE")
              : text{}};
}

finding check_database(const std::string& about, const fs::path& file, const open_database& open) {
  std::error_code ec;
  if (!file.empty() && !fs::exists(file, ec)) {
    return {about,
            verdict::good,
            text(file.string() + " will be made at the first start",
                 file.string() + " se creará en el primer arranque"),
            {}};
  }
  auto opened = open();
  if (!opened) {
    const bool in_use = !file.empty() && opened.error().code == errc::unavailable;
    return {about, in_use ? verdict::warning : verdict::bad, opened.error().message, {}};
  }
  const auto rows = (*opened)->migrations();
  (*opened)->stop();
  if (!rows) return {about, verdict::bad, rows.error().message, {}};
  const auto pending =
      std::count_if(rows->begin(), rows->end(), [](const auto& row) { return !row.applied; });
  return {about, pending == 0 ? verdict::good : verdict::warning,
          text(fmt::format("{} migrations applied, {} pending",
                           rows->size() - static_cast<std::size_t>(pending), pending),
               fmt::format("{} migraciones aplicadas, {} pendientes",
                           rows->size() - static_cast<std::size_t>(pending), pending)),
          pending == 0 ? text{}
                       : text("the next `son1k serve` applies them, or `son1k migrate up`",
                              "el próximo `son1k serve` las aplica, o `son1k migrate up`")};
}

}  // namespace son1k::ops

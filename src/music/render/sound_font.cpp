// find_sound_font() of produce.hpp.
#include <array>
#include <cstdlib>
#include <fstream>
#include <string>

#include "music/produce.hpp"

namespace son1k::music {
namespace {

constexpr std::array usual_places = {
    "/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2", "/usr/share/soundfonts/default.sf2",
    "/usr/share/sounds/sf2/TimGM6mb.sf2",   "/usr/share/sounds/sf3/default-GM.sf3",
};

// A whole RIFF container of the form "sfbk" (SoundFont 2.04, section 4).
bool looks_like_sound_font(const std::filesystem::path& file) {
  std::array<char, 12> head{};
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), head.size());
  const std::string_view bytes(head.data(), head.size());
  if (in.gcount() != 12 || !bytes.starts_with("RIFF") || bytes.substr(8) != "sfbk") return false;
  std::uint64_t length = 8;
  for (std::size_t i = 0; i < 4; ++i)
    length += static_cast<std::uint64_t>(static_cast<unsigned char>(head[4 + i])) << (8 * i);
  std::error_code code;
  return std::filesystem::file_size(file, code) >= length && !code;
}

error unusable(const std::filesystem::path& file, const char* why, const char* why_es) {
  return {errc::unavailable, "sound_font",
          text{"the sound font " + file.string() + " " + why +
                   "; install fluid-soundfont-gm or set SON1K_SOUND_FONT to a SoundFont 2 file",
               "la fuente de sonido " + file.string() + " " + why_es +
                   "; instale fluid-soundfont-gm o ponga en SON1K_SOUND_FONT un archivo "
                   "SoundFont 2"}};
}

result<std::filesystem::path> checked(const std::filesystem::path& file) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(file, code))
    return unusable(file, "does not exist", "no existe");
  if (!looks_like_sound_font(file))
    return unusable(file, "is not a whole SoundFont 2 file",
                    "no es un archivo SoundFont 2 completo");
  return file;
}

}  // namespace

result<std::filesystem::path> find_sound_font(const std::filesystem::path& configured) {
  if (!configured.empty()) return checked(configured);
  if (const char* set = std::getenv("SON1K_SOUND_FONT"); set != nullptr && *set != '\0')
    return checked(set);
  for (const auto* place : usual_places)
    if (looks_like_sound_font(place)) return std::filesystem::path(place);
  return error{errc::unavailable, "sound_font",
               text{"no sound font was found; install fluid-soundfont-gm or set SON1K_SOUND_FONT "
                    "to a SoundFont 2 file",
                    "no se encontró ninguna fuente de sonido; instale fluid-soundfont-gm o ponga "
                    "en SON1K_SOUND_FONT un archivo SoundFont 2"}};
}

}  // namespace son1k::music

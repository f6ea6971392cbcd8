#include "music/styles/style.hpp"

namespace son1k::music {

const std::vector<style>& all_styles() {
  static const std::vector<style> styles = [] {
    std::vector<style> all;
    for (auto family_of : {pop_styles, rock_styles, metal_styles, jazz_styles, blues_styles,
                           classical_styles, electronic_styles, hip_hop_styles, lofi_styles,
                           funk_styles, soul_styles, country_styles, folk_styles, reggae_styles,
                           latin_styles, brazilian_styles, ambient_styles, cinematic_styles}) {
      for (style& s : family_of()) {
        all.push_back(std::move(s));
      }
    }
    return all;
  }();
  return styles;
}

const style* find_style(std::string_view id) {
  for (const style& s : all_styles()) {
    if (s.id == id) {
      return &s;
    }
  }
  return nullptr;
}

const style& usual_style(genre g) {
  for (const style& s : all_styles()) {
    if (s.kind == g) {
      return s;
    }
  }
  return all_styles().front();
}

}  // namespace son1k::music

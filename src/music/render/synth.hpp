// FluidSynth in process: a timeline and a sound font become one dry stereo signal a bus. One object
// is one synthesiser without driver, reverb and chorus; it is owned by one call and used by one
// thread. Several may live at once: FluidSynth shares the samples of one font between them.
#pragma once
#include <filesystem>
#include <memory>

#include "base/error.hpp"
#include "music/render/audio.hpp"
#include "music/render/timeline.hpp"
#include "music/request.hpp"

namespace son1k::music::render {

class synth {
 public:
  // Events take effect at the next multiple of `grain` frames.
  static constexpr std::size_t grain = 64;

  // `t` and `s` must outlive the synth. Error: unavailable, field "sound_font".
  static result<synth> open(const std::filesystem::path& font, const score& s, const timeline& t,
                            int sample_rate, quality grade);

  // Fills one buffer a bus with the next `frames` frames (a multiple of grain).
  void render(std::vector<stereo_buffer>& buses, std::size_t frames);

  synth(synth&&) noexcept;
  synth& operator=(synth&&) noexcept;
  ~synth();

 private:
  struct state;
  explicit synth(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

}  // namespace son1k::music::render

#include <algorithm>
#include <cmath>

#include "music/brief/choices.hpp"
#include "music/brief/lexicon.hpp"
#include "music/brief/readers.hpp"
#include "music/instruments.hpp"

namespace son1k::music {
namespace {

constexpr std::size_t prompt_limit = 2000;

error malformed(const std::string& field) {
  return {errc::malformed, field, text("is not valid UTF-8", "no es UTF-8 válido")};
}

error invalid(const std::string& field, std::string english, std::string spanish) {
  return {errc::validation, field, text(std::move(english), std::move(spanish))};
}

result<std::vector<char32_t>> checked_text(const std::string& value, const std::string& field,
                                           bool required) {
  const auto decoded = decode_utf8(value);
  if (!decoded) return malformed(field);
  std::vector<char32_t> trimmed = trim(*decoded);
  if (required && trimmed.empty()) {
    return invalid(field, "is empty: say what the music should be like",
                   "está vacío: di cómo debe ser la música");
  }
  if (decoded->size() > prompt_limit) {
    return invalid(field, "has more than 2000 characters", "tiene más de 2000 caracteres");
  }
  return trimmed;
}

// What the words said, before anything is chosen.
struct heard {
  std::vector<std::pair<std::string_view, bool>> styles;  // id, weak
  std::vector<const mood_word*> moods;
  const tempo_word* tempo = nullptr;
  std::optional<mode> scale;
  bool waltz = false;
  bool ballad = false;
  bool vocals = false;
  int spanish = 0;
  int english = 0;
};

bool has_percussion(const instrument_word& w) {
  return w.program < 0;
}

// Soft or loud words, "lead" and "solo", beside the instrument at `from` .. `to`.
void qualify(const std::vector<token>& t, std::size_t from, std::size_t to, instrument_wish& wish,
             bool& only) {
  const auto apply = [&](std::size_t i, bool before) {
    if (i >= t.size() || t[i].what != token::kind::word) return;
    token plain = t[i];
    plain.used = false;
    for (const match& m : look_up({plain}, 0)) {
      if (m.from != table::small) continue;
      switch (small_words()[m.row].what) {
        case small::soft:
          wish.gain_db = -4.0;
          break;
        case small::loud:
          wish.gain_db = 2.5;
          break;
        case small::lead:
          wish.part = part_wish::lead;
          only = only || (plain.folded == "solo" && before);
          break;
        case small::accompaniment:
          wish.part = part_wish::accompaniment;
          break;
        case small::only:
          only = true;
          break;
        default:
          break;
      }
    }
  };
  if (from > 0) apply(from - 1, true);
  apply(to, false);
}

void add_instrument(brief& b, const instrument_word& w, instrument_wish wish) {
  wish.name = std::string(w.name);
  wish.program = std::max(w.program, 0);
  wish.percussion = has_percussion(w);
  for (instrument_wish& known : b.instruments) {
    if (known.name == wish.name) {
      if (wish.gain_db != 0.0) known.gain_db = wish.gain_db;
      return;
    }
  }
  b.instruments.push_back(std::move(wish));
}

// "no guitars" means every guitar, "no jazz guitar" that one.
void exclude(brief& b, const instrument_word& w, std::string_view phrase) {
  static const std::vector<std::string_view> broad = {
      "guitar",  "guitars",  "guitarra",     "guitarras",      "piano",      "pianos",
      "bass",    "bajo",     "strings",      "cuerdas",        "drums",      "drum",
      "bateria", "tambores", "brass",        "metales",        "percussion", "percusion",
      "synth",   "synths",   "sintetizador", "sintetizadores", "organ",      "organo",
      "choir",   "coro",     "orchestra",    "orquesta",       "pads",       "pad"};
  const auto put = [&b](std::string_view name) {
    if (std::find(b.excluded.begin(), b.excluded.end(), name) == b.excluded.end()) {
      b.excluded.emplace_back(name);
    }
  };
  if (w.program < 0) {
    put(w.name == "drums" || w.name == "percussion" ? w.name : std::string_view(w.name));
    if (w.name == "drums") put("percussion");
    return;
  }
  if (std::find(broad.begin(), broad.end(), phrase) != broad.end()) {
    put(name_of(instrument_of(w.program).kind));
    if (phrase.substr(0, 5) == "synth" || phrase.substr(0, 6) == "sintet") put("synth pad");
    return;
  }
  put(w.name);
}

// Walks over the words once; `negative` starts true for a list of negative tags.
class listener {
 public:
  listener(brief& b, heard& h) : b_(b), h_(h) {}

  void listen(std::vector<token>& t, bool all_negative) {
    bool negative = all_negative;
    for (std::size_t i = 0; i < t.size();) {
      if (t[i].what == token::kind::stop) {
        negative = all_negative;
        ++i;
        continue;
      }
      if (t[i].used) {
        ++i;
        continue;
      }
      const std::vector<match> found = look_up(t, i);
      if (found.empty()) {
        negative = all_negative;
        ++i;
        continue;
      }
      const std::size_t length = found.front().length;
      negative = hear(t, i, found, negative, all_negative);
      for (std::size_t k = i; k < i + length; ++k) t[k].used = true;
      i += length;
    }
  }

 private:
  static const match* of(const std::vector<match>& found, table from) {
    for (const match& m : found) {
      if (m.from == from) return &m;
    }
    return nullptr;
  }

  static bool only_small(const std::vector<match>& found, small what) {
    return std::any_of(found.begin(), found.end(), [&](const match& m) {
      return m.from == table::small && small_words()[m.row].what == what;
    });
  }

  static bool names_instrument(const std::vector<token>& t, std::size_t i) {
    return i < t.size() && of(look_up(t, i), table::instrument) != nullptr;
  }

  // Takes in one phrase; returns whether what follows is still negated.
  bool hear(const std::vector<token>& t, std::size_t i, const std::vector<match>& found,
            bool negative, bool all_negative) {
    const bool both = std::any_of(found.begin(), found.end(),
                                  [&](const match& m) { return m.spanish != found[0].spanish; });
    if (!both) (found.front().spanish ? h_.spanish : h_.english) += 1;
    if (only_small(found, small::negator)) return true;
    if (only_small(found, small::only) && names_instrument(t, i + found.front().length)) {
      b_.only_asked = true;
    }
    if (only_small(found, small::vocals)) {
      h_.vocals = h_.vocals || !negative;
      return negative;
    }
    if (const match* m = of(found, table::instrument)) {
      hear_instrument(t, i, *m, negative);
      return negative;
    }
    const bool quality = only_small(found, small::soft) || only_small(found, small::loud);
    if (quality && names_instrument(t, i + found.front().length)) return negative;
    if (only_small(found, small::joiner) || only_small(found, small::filler)) return negative;
    if (negative) return all_negative;
    if (const match* m = of(found, table::style)) hear_style(*m);
    if (const match* m = of(found, table::mood)) h_.moods.push_back(&mood_words()[m->row]);
    if (const match* m = of(found, table::tempo); m != nullptr && h_.tempo == nullptr) {
      h_.tempo = &tempo_words()[m->row];
    }
    if (const match* m = of(found, table::mode); m != nullptr && !h_.scale) {
      h_.scale = mode_words()[m->row].scale;
    }
    return all_negative;
  }

  void hear_instrument(const std::vector<token>& t, std::size_t i, const match& m, bool negative) {
    const instrument_word& w = instrument_words()[m.row];
    if (negative) {
      exclude(b_, w, t[i].folded);
      return;
    }
    instrument_wish wish;
    qualify(t, i, i + m.length, wish, b_.only_asked);
    add_instrument(b_, w, wish);
  }

  void hear_style(const match& m) {
    const style_word& w = style_words()[m.row];
    h_.waltz = h_.waltz || w.style == "waltz";
    h_.ballad = h_.ballad || w.style == "ballad";
    h_.styles.emplace_back(w.style, w.weak);
  }

  brief& b_;
  heard& h_;
};

void settle_style(brief& b, const heard& h) {
  for (bool weak : {false, true}) {
    for (const auto& [id, is_weak] : h.styles) {
      if (is_weak == weak && b.style.empty()) {
        b.style = std::string(id);
        b.style_from = origin::prompt;
      }
    }
  }
  if (b.style == "jazz" && h.ballad) b.style = "jazz ballad";
  if (b.style == "blues" && h.tempo != nullptr && h.tempo->pace < 0) b.style = "slow blues";
}

void settle_mood(brief& b, const heard& h) {
  if (h.moods.empty()) return;
  double valence = 0.0;
  double energy = 0.0;
  for (const mood_word* m : h.moods) {
    valence += m->valence / 100.0;
    energy += m->energy / 100.0;
    const std::string name(m->name);
    if (std::find(b.mood.words.begin(), b.mood.words.end(), name) == b.mood.words.end()) {
      b.mood.words.push_back(name);
    }
  }
  b.mood.valence = valence / static_cast<double>(h.moods.size());
  b.mood.energy = energy / static_cast<double>(h.moods.size());
}

void drop_excluded_wishes(brief& b) {
  std::erase_if(b.instruments, [&](const instrument_wish& w) {
    const auto is = [&](std::string_view name) {
      return std::find(b.excluded.begin(), b.excluded.end(), name) != b.excluded.end();
    };
    return is(w.name) || (!w.percussion && is(name_of(instrument_of(w.program).kind))) ||
           (w.percussion && is("drums"));
  });
}

result<void> settle_duration(brief& b, const piece_request& r, std::optional<double> from_prompt) {
  const bool given = r.duration_seconds.has_value();
  if (!given && !from_prompt) return {};
  const double seconds = given ? *r.duration_seconds : *from_prompt;
  if (!(seconds >= 5.0 && seconds <= 600.0)) {
    return invalid(given ? "duration" : "prompt", "the duration must be 5 to 600 seconds",
                   "la duración debe ser de 5 a 600 segundos");
  }
  b.duration_seconds = static_cast<int>(std::lround(seconds));
  b.duration_from = given ? origin::field : origin::prompt;
  return {};
}

result<void> settle_tempo(brief& b, std::optional<double> bpm) {
  if (!bpm) return {};
  if (!(*bpm >= 30.0 && *bpm <= 300.0)) {
    return invalid("prompt", "the tempo must be 30 to 300 bpm",
                   "el tempo debe ser de 30 a 300 ppm");
  }
  b.bpm = *bpm;
  b.bpm_from = origin::prompt;
  return {};
}

result<void> settle_metre(brief& b, std::optional<metre_reading> m) {
  if (!m) return {};
  const bool unit = m->unit == 2 || m->unit == 4 || m->unit == 8;
  if (!unit || m->beats < 2 || m->beats > 12) {
    return invalid("prompt", "the metre must be 2 to 12 beats of halves, quarters or eighths",
                   "el compás debe tener de 2 a 12 tiempos de blanca, negra o corchea");
  }
  b.beats_per_bar = m->beats;
  b.beat_unit = m->unit;
  b.metre_from = origin::prompt;
  return {};
}

void collect_ignored(brief& b, const std::vector<token>& tokens) {
  for (const token& t : tokens) {
    if (!t.used && b.ignored.size() < 100) b.ignored.push_back(t.original);
  }
}

void settle_key(brief& b, const key_reading& key, const heard& h) {
  if (key.tonic) {
    b.key_tonic = *key.tonic;
    b.flat_spelling = key.flats;
    b.tonic_from = origin::prompt;
  }
  const std::optional<mode> scale = key.scale ? key.scale : h.scale;
  if (scale) {
    b.key_mode = *scale;
    b.mode_from = origin::prompt;
  }
}

}  // namespace

result<brief> understand(const piece_request& request) {
  const auto prompt = checked_text(request.prompt, "prompt", true);
  if (!prompt) return prompt.error();
  const auto style_text = checked_text(request.style, "style", false);
  if (!style_text) return style_text.error();
  const auto negatives = checked_text(request.negative_tags, "negative_tags", false);
  if (!negatives) return negatives.error();
  const auto title = checked_text(request.title, "title", false);
  if (!title) return title.error();
  const auto lyrics = decode_utf8(request.lyrics);
  if (!lyrics) return malformed("lyrics");

  brief b;
  b.prompt = encode_utf8(*prompt);
  b.grade = request.grade;
  b.seed = request.seed;
  std::vector<char32_t> all = *prompt;
  all.push_back(U'\n');
  all.insert(all.end(), style_text->begin(), style_text->end());
  std::vector<token> tokens = tokenize(all);
  std::vector<token> unwanted = tokenize(*negatives);

  const auto bpm = read_tempo(tokens);
  const auto duration = read_duration(tokens);
  const auto metre = read_metre(tokens);
  const key_reading key = read_key(tokens);
  heard h;
  listener(b, h).listen(tokens, false);
  listener(b, h).listen(unwanted, true);
  drop_excluded_wishes(b);
  if (b.instruments.empty()) b.only_asked = false;
  collect_ignored(b, tokens);
  collect_ignored(b, unwanted);

  if (auto ok = settle_duration(b, request, duration); !ok) return ok.error();
  if (auto ok = settle_tempo(b, bpm); !ok) return ok.error();
  if (auto ok = settle_metre(b, metre); !ok) return ok.error();
  settle_style(b, h);
  settle_mood(b, h);
  settle_key(b, key, h);
  if (h.waltz && !metre) {
    b.beats_per_bar = 3;
    b.beat_unit = 4;
    b.metre_from = origin::prompt;
  }
  b.tongue = h.spanish > h.english   ? language::spanish
             : h.english > h.spanish ? language::english
                                     : language::unknown;
  if (h.vocals || !request.lyrics.empty() || !request.instrumental) {
    b.notes.push_back(text("No voice sings here: the piece is instrumental.",
                           "Aquí no canta ninguna voz: la pieza es instrumental."));
  }
  b.title = encode_utf8(*title);
  b.title_from = b.title.empty() ? origin::chosen : origin::field;
  const tempo_wish wish{h.tempo != nullptr ? h.tempo->bpm : 0,
                        h.tempo != nullptr ? h.tempo->pace : 0, h.tempo != nullptr, h.ballad};
  choose_the_rest(b, wish);
  return b;
}

}  // namespace son1k::music
